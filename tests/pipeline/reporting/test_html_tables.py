"""Tables of the report page: their numbers as text, and how they sort in a browser."""

import math

import pytest

from pipeline.plan import Display, Plan
from pipeline.reporting.experiment_tables import ExperimentResult, ExperimentTable
from pipeline.reporting.html_report import HtmlReport
from pipeline.reporting.html_tables import (
    CLEAR,
    LEADING,
    MOST_ROWS,
    Cell,
    Column,
    HtmlTable,
    decimals_of,
    number_cell,
    number_cells,
    number_text,
)

NAN = math.nan
VALUES = {"a10": 0.25, "a9": None, "b": 0.5, "c": 0.0, "d": -1.5}  # by the names of rows
RECORD = {
    "classifiers": [
        {"name": "network", "input_size": (8, 8), "precision": "float32", "layer": None}
        | {"cautions": []}
    ],
    "versions": {"toolkit": "1.2.3"},
    "interrupted": False,
}


@pytest.fixture
def table(tmp_path, browser):
    """A table of the names and VALUES in a browser."""
    rows = [
        {"classifier": "network", "method": "GRADCAM", "way": name, "kept": value}
        for name, value in VALUES.items()
    ]
    shown = ExperimentTable(
        title="Trial", by=("method", "way"), means={"kept": "kept"}, headline="kept", about="."
    )
    report = HtmlReport(Plan(images=(), display=Display(output_dir=tmp_path)))
    report.add_experiment(ExperimentResult(name="trial", table=shown, rows=rows))
    page = browser.new_page()
    page.goto(report.write(RECORD, [], None).as_uri())
    yield page.locator("#trial table")
    page.close()
    report.close()


def names(table) -> list[str]:
    return table.locator("tbody tr > :nth-child(2)").all_inner_texts()


def header(table, title: str):
    return table.locator("th", has_text=title)


def test_a_click_sorts_by_number_and_what_has_none_stays_last(table):
    button = header(table, "Kept").get_by_role("button")
    button.click()
    assert header(table, "Kept").get_attribute("aria-sort") == "ascending"
    assert names(table) == ["d", "c", "a10", "b", "a9"]
    button.click()
    assert header(table, "Kept").get_attribute("aria-sort") == "descending"
    assert names(table) == ["b", "a10", "c", "d", "a9"]


def test_a_key_sorts_by_text_and_numbers_in_it_count_as_numbers(table):
    header(table, "Kept").get_by_role("button").click()
    header(table, "Way").get_by_role("button").press("Enter")
    assert names(table) == ["a9", "a10", "b", "c", "d"]
    assert header(table, "Kept").get_attribute("aria-sort") is None


def test_the_reason_stands_beside_the_cell_and_below_the_table(table):
    (missing,) = table.locator("td[title]").all()
    assert missing.inner_text() == "n/aa"  # the letter of its note
    assert missing.get_attribute("title") == "no image tells"
    notes = table.locator("xpath=ancestor::section").locator(".note").all_inner_texts()
    assert "a n/a: no image tells." in notes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.500"),
        (0.0, "0.00"),
        (12.34, "12.3"),
        (119.4, "119"),
        (4000.0, "4,000"),
        (7, "7"),
        (0.000012, "1.2e-05"),
        (-0.0456, "-0.0456"),
    ],
)
def test_a_number_has_three_digits(value, text):
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([1.0, 4000.0], 0),
        ([0.5, 0.25], 3),
        ([12.3, 4.5], 1),
        ([12.3, 0.04], 3),
        ([0.5, 1e-9], 4),
        ([NAN, 2.5], 2),
        ([NAN], 0),
        ([0.0, 0.0], 0),
    ],
)
def test_a_column_has_as_many_decimals_as_its_numbers_need(values, decimals):
    assert decimals_of(values) == decimals


def test_a_number_that_decimals_would_make_zero_is_written_in_full():
    cells = number_cells([0.5, 1e-9, 0.0], [""] * 3)
    assert [cell.text for cell in cells] == ["0.5000", "1.0e-09", "0.0000"]
    assert [cell.key for cell in cells] == [0.5, 1e-9, 0.0]


def test_nan_is_never_written():
    assert number_cell(NAN, "why") == Cell("n/a", reason="why")
    assert number_cells([NAN, 1.5], ["why", "why"])[0] == Cell("n/a", reason="why")
    assert number_cell(1.5, "why").reason == ""


def test_each_reason_is_a_footnote_once():
    cells = [number_cell(NAN, f"reason {number % 28}") for number in range(56)]
    table = HtmlTable(title="T", columns=[Column("x")], rows=[[cell] for cell in cells])
    assert len(table.footnotes) == 28
    assert table.footnotes["reason 0"] == "a"
    assert table.footnotes["reason 25"] == "z"
    assert table.footnotes["reason 27"] == "b2"


def test_only_marks_that_are_there_are_explained():
    rows = [[number_cell(0.5, mark=LEADING)], [number_cell(0.4)]]
    assert list(HtmlTable(title="T", columns=[Column("x")], rows=rows).legend) == [LEADING]
    rows[1] = [number_cell(0.4, mark=CLEAR)]
    assert list(HtmlTable(title="T", columns=[Column("x")], rows=rows).legend) == [CLEAR, LEADING]


def test_a_long_table_says_where_the_rest_is():
    rows = [[Cell("x")]] * (MOST_ROWS + 1000)
    table = HtmlTable(title="T", columns=[Column("x")], rows=rows, more="all.csv has all")
    assert len(table.shown) == MOST_ROWS
    assert table.left_out == "The first 300 of 1,300 rows; all.csv has all."
    assert HtmlTable(title="T", columns=[Column("x")], rows=rows[:MOST_ROWS]).left_out == ""
