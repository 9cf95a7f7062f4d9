"""The page of a run: what it weighs, what it says, and what it does in a browser."""

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup, escape
from PIL import Image
from support import ROOT, noise

import main
from evaluation.measure import MetricResults
from methods import METHODS
from pipeline.explaining.explanation import Explanation
from pipeline.plan import Display, Plan
from pipeline.reporting.experiment_tables import ExperimentResult, ExperimentTable
from pipeline.reporting.html_report import GALLERY_BYTES, HtmlReport
from pipeline.reporting.html_templates import shorten, template_environment
from pipeline.reporting.thumbnail_gallery import (
    LEAST,
    SIDE,
    ThumbnailGallery,
    shrink,
    thumbnail,
)

ODD = "a&b <img src=x onerror=alert(1)> \"'.png"
HOSTILE = "<script>alert(\"1\")</script>&amp;'\"><i onclick='alert(2)'>"
NAN = float("nan")
HOSTILE_RECORD = {
    "classifiers": [
        {"name": HOSTILE, "input_size": (8, 8), "precision": "float32", "layer": HOSTILE}
        | {"cautions": [HOSTILE]}
    ],
    "versions": {},
    "interrupted": False,
    HOSTILE: HOSTILE,
}
HOSTILE_EXPERIMENT = ExperimentResult(
    name=HOSTILE,
    table=ExperimentTable(
        title=HOSTILE, by=(HOSTILE,), means={"kept": "kept"}, headline="kept", about=HOSTILE
    ),
    rows=[{HOSTILE: HOSTILE, "kept": 1, "classifier": "network", "method": "GRADCAM"}],
)
IMAGES = {
    "American_black_bear": ("american_black_bear", "american_black_bear_forest"),
    "macaw": ("macaw",),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where a run with metrics over two classes, one file broken, has left its page."""
    folder = tmp_path_factory.mktemp("report")
    for class_name, names in IMAGES.items():
        (folder / "images" / class_name).mkdir(parents=True)
        for name in names:
            shutil.copy(ROOT / f"data/{name}.jpg", folder / "images" / class_name)
    Image.fromarray(noise(count=1)[0].astype(np.uint8)).save(folder / "images" / "macaw" / ODD)
    (folder / "images" / "macaw" / "<b>broken.png").write_bytes(b"no")
    arguments = ["--test_image_path", str(folder / "images"), "--report"]
    arguments += ["--explanation_method=GRADCAM,FEM", "--metrics=SPARSITY,DELETION:step=5000"]
    status = main.main([*arguments, "--representation=none", "--output_dir", str(folder / "out")])
    assert status == 1
    return folder


@pytest.fixture(scope="module")
def page(folder) -> str:
    return (folder / "out" / "report.html").read_text()


@pytest.fixture
def opened(folder, browser):
    """The page in a phone's browser, and what it asked for."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    opened, asked, errors = context.new_page(), [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("dialog", lambda dialog: errors.append(dialog.message))
    opened.goto((folder / "out" / "report.html").as_uri())
    yield opened
    context.close()
    assert not errors
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []


def texts(page: str) -> str:
    """What a browser shows of the page, and the values of all attributes."""
    found = []
    parser = HTMLParser()
    parser.handle_data = found.append
    parser.handle_starttag = lambda tag, attributes: found.extend(v or "" for _, v in attributes)
    parser.feed(page)
    parser.close()
    return "".join(found)


def noisy(count: int = 1) -> list[Explanation]:
    """Explanations of an image that packs as badly as any."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (400, 600, 3), np.uint8)
    return [
        Explanation(
            image=image,
            map=rng.random((7, 7), np.float32),
            class_index=0,
            label=f"class {i}",
            probability=0.5,
            classifier="network",
            method=METHODS["GRADCAM"].call(),
            top=[("", "ant", 0.5)],
        )
        for i in range(count)
    ]


@pytest.mark.parametrize(("images", "maps"), [(3, 1), (10, 2), (60, 3), (60, 9)])
def test_a_gallery_keeps_its_budget_whatever_the_number_of_images(images, maps):
    budget = GALLERY_BYTES // 25
    gallery = ThumbnailGallery(Display(), images, budget)
    explanations = noisy(maps)
    for number in range(images):
        gallery.add(Path(f"{number}.png"), explanations)
    weight = sum(len(part.encode()) for part in gallery.parts())
    assert weight <= budget
    assert gallery.shown == min(images, budget // (LEAST * (1 + maps)))
    assert gallery.shown < 10 or weight > budget / 2


def test_images_that_are_left_out_are_evenly_spread():
    gallery = ThumbnailGallery(Display(), 40, 20 * LEAST)  # 20 thumbnails: 10 images
    for number in range(40):
        gallery.add(Path(f"{number}.png"), noisy())
    shown = [int(number) for number in re.findall(r'title="(\d+).png"', "".join(gallery.parts()))]
    assert (gallery.shown, gallery.received) == (10, 40)
    assert shown == list(range(3, 40, 4))


def test_a_thumbnail_is_small_in_pixels_and_bytes():
    image = noisy()[0].image
    assert max(shrink(image).shape) == SIDE
    assert len(thumbnail(shrink(image), 5000)) <= 5000
    assert len(thumbnail(shrink(image), 0)) < 0.75 * LEAST


def test_long_names_lose_their_middle():
    assert shorten("a" * 90 + "b") == "a" * 40 + "…" + "a" * 39 + "b"


def test_the_page_asks_nobody_for_anything(page):
    assert len(page) < 2_000_000
    targets = re.findall(r'(?:src|href)="(.{5})', page)
    assert all(target == "data:" or target[0] == "#" for target in targets)
    assert "://" not in page
    assert "default-src 'none'" in page


def test_names_are_escaped(page):
    assert "<img src=x" not in page
    assert str(escape(ODD)) in page
    assert "&lt;b&gt;broken.png" in page


def test_a_name_that_is_html_is_escaped_wherever_it_may_stand(tmp_path):
    (harmless,) = noisy()
    hostile = replace(
        harmless,
        label=HOSTILE,
        classifier=HOSTILE,
        true_class=HOSTILE,
        true_index=0,
        predicted_index=0,
        top=[("", HOSTILE, 0.5)],
        diagnosis=HOSTILE,
        notes={"caution": HOSTILE},
        results=MetricResults({"SPARSITY": NAN}, {"SPARSITY": {"reason": HOSTILE}}),
    )
    paths = (Path("harmless.png"), Path(HOSTILE))
    report = HtmlReport(Plan(images=paths, display=Display(output_dir=tmp_path)))
    report.add(paths[0], [harmless])
    report.add(paths[1], [hostile])
    report.add_experiment(HOSTILE_EXPERIMENT)
    page = report.write(HOSTILE_RECORD, [(HOSTILE, HOSTILE)], None).read_text()

    assert page.count("<script") == 1  # ours
    assert "onclick='" not in page
    places = {"head": 4, "notice": 1, "card": 7, "accuracy": 1, "filters": 2}
    places |= {"experiment": 5, "its card": 1, "failures": 1, "constants": 5}
    assert texts(page).count(HOSTILE) == sum(places.values())


def test_the_page_is_made_part_by_part():
    made = []

    def parts():
        for number in range(3):
            made.append(number)
            yield Markup(f"<article>{number}</article>")

    content = dict.fromkeys(["title", "noun", "failures_not_shown", "is_large", "figures"], "")
    lists = ["notices", "facts", "cards", "tables", "charts", "views", "filters", "colour_bars"]
    content |= {key: [] for key in [*lists, "failures", "constants"]} | {"cards_shown": 3}
    template = template_environment().get_template("report.html")
    for piece in template.generate(content, gallery=parts()):
        if piece.startswith("<article>"):
            assert piece == f"<article>{made[-1]}</article>"
            assert len(made) == int(piece[9]) + 1
    assert made == [0, 1, 2]


def test_tables_charts_failures_and_constants_are_there(page):
    for title in ("Accuracy", "Metrics", "By class", "Methods", "Agreement"):
        assert f"<h3>{title}" in page
    assert page.count('class="chart"') == 4  # boxes, curves, agreement, confusion
    assert page.count('class="dark chart"') == 4
    for constant in (
        "methods · 1 · options · relu",
        "weights_sha256",
        "versions · keras",
        "versions · toolkit",
        "5000",
    ):
        assert constant in page


def test_right_and_wrong_predictions_are_told(page):
    assert page.count('data-correctness="right"') == 4
    assert page.count('data-correctness="wrong"') == 4  # a brown bear, and noise


def test_filters_choose_images_and_maps(opened):
    assert opened.locator("article:visible").count() == 4
    opened.get_by_label("Prediction").select_option("wrong")
    assert opened.locator("article:visible").count() == 2
    opened.get_by_label("Class", exact=True).select_option("American_black_bear")
    assert (
        opened.locator("article:visible h3").text_content().startswith("american_black_bear_forest")
    )
    opened.get_by_label("Method", exact=True).select_option("FEM")
    assert opened.locator("article:visible figure[data-method]:not([hidden])").count() == 1
    opened.get_by_label("Name").fill("macaw")
    assert opened.locator("output").inner_text() == "0 of 4 shown"


def test_a_click_enlarges_a_map_beside_its_image(opened):
    opened.locator("figure[data-method] button").first.click()
    assert opened.locator("dialog figure:visible").count() == 2
    opened.locator("dialog > p button").click()
    assert opened.locator("dialog figure:visible").count() == 0


def test_the_page_fits_a_phone(opened):
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_run_without_metrics_has_its_page_too_also_when_resumed(folder, tmp_path):
    arguments = ["--test_image_path", str(folder / "images" / "American_black_bear"), "--report"]
    arguments += ["--output_dir", str(tmp_path), "--display_type=bare"]
    assert main.main(arguments) == 0
    page = tmp_path / "report.html"
    first = page.read_text()
    assert main.main(arguments) == 0
    undated = [re.sub(r"20\d\d-\d\d-\d\dT[\d:+-]+", "", text) for text in (first, page.read_text())]
    assert undated[0] == undated[1]  # but for when it was
    assert first.count("<article") == 2
    assert "By class" not in first


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_follow_the_theme(opened, scheme):
    opened.emulate_media(color_scheme=scheme)
    assert opened.locator(".dark.chart:visible").count() == (4 if scheme == "dark" else 0)
    assert opened.locator(".chart:visible").count() == 4


def test_every_link_of_the_page_leads_somewhere(page):
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links <= set(re.findall(r' id="([^"]+)"', page))
    assert {"tables", "images", "failures", "accuracy", "metrics", "methods"} <= links
