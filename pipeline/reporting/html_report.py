"""`--report`: a run over a folder as one HTML file, that needs no server and no other file."""

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup

from figures.charts import pixels
from figures.display_rules import DISPLAY_RULES
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.record import finite
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Plan
from pipeline.reporting.html_templates import data_uri, template_environment
from pipeline.reporting.results import ResultTables
from pipeline.reporting.tables import SECONDS, sections, written
from pipeline.reporting.thumbnail_gallery import (
    CORRECTNESS,
    RIGHT,
    UNKNOWN,
    ThumbnailGallery,
    shrink,
    thumbnail_uri,
)
from representations import UPSAMPLING
from runtime import atomic_write

NAME = "report.html"
GALLERY_BYTES, CHART_BYTES = 13_500_000, 2_500_000  # with tables and constants below 20 million
MOST_ROWS = 300  # of a table; the CSV files have all
MOST_FAILURES = 300
VIEW_BYTES, ALL_VIEWS_BYTES = 60_000, 2_000_000  # of a view's image, and of all
DPI = 110  # of a chart
CHART_COLOURS = 64
NOT_SHOWN = ("explanations", "viewed", "failed", "figures", "without_ground_truth")  # of the record


class HtmlReport:
    """Takes explanations image by image, and writes the page when the run is over."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.gallery = ThumbnailGallery(plan.display, len(plan.images), GALLERY_BYTES)
        self._experiments: dict[str, tuple[list[dict[str, Any]], str]] = {}  # rows; what they mean
        self._views: list[dict[str, Any]] = []
        self._views_received, self._view_bytes = 0, 0

    def add(self, path: Path, explanations: list[Explanation]) -> None:
        """Takes the explanations of one image."""
        self.gallery.add(path, explanations)

    def add_views(self, views: Iterable[ViewImage]) -> None:
        """Takes images of views, as many as there is room for."""
        for view in views:
            self._views_received += 1
            source = thumbnail_uri(shrink(view.image), VIEW_BYTES)
            if self._view_bytes + len(source) <= ALL_VIEWS_BYTES:
                self._view_bytes += len(source)
                title = [*view.title.split("\n"), *([view.path.name] if view.path else [])]
                self._views.append({"source": source, "title": title})

    def add_experiment(self, title: str, rows: list[dict[str, Any]], about: str) -> None:
        """Takes what an experiment found over all images."""
        self._experiments[title] = rows, about

    def write(
        self, record: dict[str, Any], failures: list[tuple[str, str]], results: ResultTables | None
    ) -> Path:
        """Writes the page of what was added, and gives its path; `results`: the store's tables."""
        content = {
            "summary": self._summary(failures),
            "tables": self._tables(results),
            "charts": list(_charts(results)),
            "views": self._views,
            "views_not_shown": self._views_received - len(self._views),
            "filters": self._filters(),
            "colour_bars": list(self.gallery.colour_bars),
            "gallery": self.gallery.parts(),  # one after the other, never all at once
            "failures": [reason for _, reason in failures[:MOST_FAILURES]],
            "failures_not_shown": max(0, len(failures) - MOST_FAILURES),
            "constants": list(_flat(finite(self._constants(record)))),
        }
        template = template_environment().get_template("report.html")
        path = self.plan.display.output_dir / NAME
        with atomic_write(path) as file:
            template.stream(content).dump(file, encoding="utf-8", errors="backslashreplace")
        return path

    def close(self) -> None:
        """Lets go of what was not written."""
        self.gallery.close()

    def _summary(self, failures: list) -> str:
        """What the run was about, in a paragraph."""
        gallery = self.gallery
        phrases = [f"{gallery.received} of {gallery.images} images explained"]
        phrases += [f"{len(failures)} failed"] if failures else []
        if gallery.shown < gallery.received:
            phrases.append(
                f"{gallery.shown} of them are shown, evenly spread; "
                f"{gallery.received - gallery.shown} were left out to keep this file small, and "
                "are in the tables and in the store"
            )
        return f"{'; '.join(phrases)}."

    def _tables(self, results: ResultTables | None) -> list[dict[str, Any]]:
        """Title, HTML and notes of each table."""
        import pandas as pd

        tables = sections(results.tables) if results else {}
        tables.pop("Accuracy", None)
        if rows := self._accuracy():
            tables = {"Accuracy": pd.DataFrame(rows)} | tables
        notes = {"Methods": SECONDS}
        parts = [_table(title, table, notes.get(title, "")) for title, table in tables.items()]
        for title, (rows, about) in self._experiments.items():
            parts.append(_table(title, pd.DataFrame(rows), about))
        return parts

    def _accuracy(self) -> list[dict[str, Any]]:
        """A row for each classifier that knows the class of some image."""
        rows = []
        for classifier, counts in self.gallery.correctness.items():
            known = sum(counts.values()) - counts[UNKNOWN]
            if known:
                right = counts[RIGHT]
                row = {"classifier": classifier, "right": right, "known": known}
                rows.append(row | {"accuracy": right / known})
        return rows

    def _filters(self) -> list[dict[str, Any]]:
        """Key, title and choices (name, value) of everything in which the images differ."""
        gallery = self.gallery
        counts = gallery.correctness.values()
        correctness = {name: name for name in CORRECTNESS if any(count[name] for count in counts)}
        filters = {
            "true": ("Class", gallery.true_classes),
            "predicted": ("Predicted class", gallery.predicted_classes),
            "method": ("Method", gallery.methods),
            "classifier": ("Classifier", gallery.classifiers),
            "correctness": ("Prediction", correctness),
        }
        return [
            {"key": key, "title": title, "choices": sorted(values.items(), key=_by_name)}
            for key, (title, values) in filters.items()
            if len(values) > 1
        ]

    def _constants(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record without its images, and how their maps are drawn here."""
        display, gallery = self.plan.display, self.gallery
        constants = {key: value for key, value in record.items() if key not in NOT_SHOWN}
        rules = (DISPLAY_RULES[rule].caption for rule in sorted(gallery.rules))
        constants["drawn"] = {
            "representation": gallery.representation,
            "colormap": display.colormap or "turbo; RdBu_r where maps have a sign",
            "alpha": display.alpha,
            "rules": [UPSAMPLING, *dict.fromkeys(rules)],
        }
        return constants


def _by_name(choice: tuple[str, Any]) -> str:
    return choice[0].casefold()


def _table(title: str, table, about: str = "") -> dict[str, Any]:
    """A pandas frame as HTML with its title, and what it means."""
    notes = [about] if about else []
    notes += [f"The first {MOST_ROWS} of {len(table)} rows."] if len(table) > MOST_ROWS else []
    html = Markup(written(table.head(MOST_ROWS), "html"))  # tabulate has escaped it
    return {"title": title, "html": html, "notes": notes}


def _charts(results: ResultTables | None) -> Iterator[tuple[str, str]]:
    """Name and source of each chart, as long as there is room."""
    from PIL import Image

    left = CHART_BYTES
    for name, chart in (results.charts if results else {}).items():
        chart.figure.set_dpi(DPI)
        file = io.BytesIO()
        Image.fromarray(pixels(chart.figure)).quantize(CHART_COLOURS).save(
            file, "png", optimize=True
        )
        source = data_uri(file.getvalue(), "image/png")
        if len(source) <= left:
            left -= len(source)
            yield name.replace("_", " "), source


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every single value in dictionaries and lists, by the path to it."""
    if isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list)) for item in value):
        value = {str(number): item for number, item in enumerate(value, start=1)}
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{name} · {key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        yield name, ", ".join(map(str, value))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, default=str)
