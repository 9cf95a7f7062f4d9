"""Experiments as parts of the page: image and map after each change, and the tables' values."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from figures import draw_grid
from figures.saving import as_png
from pipeline.explaining.changes import RANDOM_PLACES, ChangedExplanation
from pipeline.explaining.drawable import drawable
from pipeline.explaining.explanation import Explanation, class_with_probability, colour_bar
from pipeline.reporting.change_figures import ABOUT, TITLES
from pipeline.reporting.experiment_tables import EXPERIMENT_TABLES
from pipeline.reporting.html_templates import data_uri
from web.answers import ChangesAnswer
from web.display import DisplayOptions
from web.files import Link, image_uri
from web.html import render

DIGITS = 3
COLUMNS = 4  # of a figure: an image and its map, twice
MEANINGS = {  # of the columns of a table
    "augmentations": "Class kept: 1 where the predicted class stays what it was. Map kept: 1 where "
    "the correlation is at least 0.5.",
    "masking": "Loss: how much the probability of the class falls. Random: the mean of the same "
    f"where the region is moved to each of {RANDOM_PLACES} random places.",
}


class Cell(NamedTuple):
    """An image (H, W, 3) and what stands under it."""

    image: np.ndarray
    title: str


def changes_html(answer: ChangesAnswer, options: DisplayOptions) -> str:
    """The image and its map beside those after each change, and a table for each experiment."""
    pairs = [
        [{"source": image_uri(cell.image), "caption": _one_line(cell)} for cell in pair]
        for pair in _pairs(answer.changed, options)
    ]
    tables = [
        {
            "title": EXPERIMENT_TABLES[name].title,
            "columns": [name.replace("_", " ") for name in rows[0]],
            "rows": [[_text(value) for value in row.values()] for row in rows],
            "about": f"{ABOUT[name](group)} {MEANINGS[name]}",
        }
        for name, group in _groups(answer.changed).items()
        if (rows := [_table_row(one, ("image", "classifier")) for one in group])
    ]
    remarks = list(answer.failures)
    if answer.left_out:
        remarks.append(f"Stopped before {', '.join(answer.left_out)}.")
    return render("changes.html", pairs=pairs, tables=tables, remarks=remarks)


def change_downloads_html(answer: ChangesAnswer, options: DisplayOptions) -> str:
    """Links to the figure, and to a table of each experiment."""
    if not answer.changed:
        return ""
    links = [Link("changes.png", _figure(answer, options), "figure (PNG)")]
    for name, group in _groups(answer.changed).items():
        file = io.StringIO()
        rows = [_table_row(one) for one in group]
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        source = data_uri(file.getvalue().encode(), "text/csv")
        links.append(Link(f"{name}.csv", source, f"{name} (CSV)"))
    return render("downloads.html", links=links)


def _groups(changed: list[ChangedExplanation]) -> dict[str, list[ChangedExplanation]]:
    """What came of each experiment."""
    groups: dict[str, list[ChangedExplanation]] = {}
    for one in changed:
        groups.setdefault(one.change.experiment, []).append(one)
    return groups


def _pairs(changed: list[ChangedExplanation], options: DisplayOptions) -> Iterator[list[Cell]]:
    """Image and map of each explanation, then of what became of it."""
    before = None
    for one in changed:
        if one.before is not before:
            before = one.before
            image = Cell(drawable(before.image), "the image")
            yield [image, Cell(_map(before, options), before.title)]
        image_title, map_title = TITLES[one.change.experiment](one)
        predicted = one.values["predicted"], one.values["predicted_probability"]
        seen = class_with_probability(*predicted)
        image = Cell(drawable(one.after.image), f"{image_title}\nseen as {seen}")
        yield [image, Cell(_map(one.after, options), map_title)]


def _map(explanation: Explanation, options: DisplayOptions) -> np.ndarray:
    """The map over its image: charts are of one map, and not of two beside each other."""
    return explanation.represented("overlay", options.colormap, options.alpha)


def _figure(answer: ChangesAnswer, options: DisplayOptions) -> str:
    cells = [cell for pair in _pairs(answer.changed, options) for cell in pair]
    about = " ".join(ABOUT[name](group) for name, group in _groups(answer.changed).items())
    maps = [e for one in answer.changed for e in (one.before, one.after)]
    bars = list(dict.fromkeys(colour_bar(options.colormap, e.rule) for e in maps))
    images, titles = [cell.image for cell in cells], [cell.title for cell in cells]
    return data_uri(as_png(draw_grid(images, titles, COLUMNS, about, bars)), "image/png")


def _one_line(cell: Cell) -> str:
    return cell.title.replace("\n", " · ")


def _table_row(changed: ChangedExplanation, left_out: Sequence[str] = ("image",)) -> dict[str, Any]:
    """A row without the image, of which there is one, and which has no name here."""
    return {name: value for name, value in changed.table_row.items() if name not in left_out}


def _text(value: Any) -> str:
    """A value as a table has it."""
    if not isinstance(value, float):
        return "" if value is None else str(value).replace("_", " ")
    return "" if math.isnan(value) else f"{value:.{DIGITS}g}"
