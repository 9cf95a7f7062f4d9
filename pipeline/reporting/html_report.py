"""`--report`: a run over a folder as one HTML file, that needs no server and no other file."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

from figures.charts import pixels
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.record import finite
from pipeline.plan import Plan
from pipeline.reporting.results import ResultTables
from pipeline.reporting.tables import SECONDS, sections, written
from pipeline.reporting.thumbnail_gallery import (
    ANSWERS,
    RIGHT,
    UNKNOWN,
    Gallery,
    data_uri,
    legend,
    text,
)
from representations import DISPLAY_RULES, UPSAMPLING
from runtime import atomic_write

NAME = "report.html"
GALLERY, CHARTS = 15_000_000, 2_500_000  # bytes; with tables and constants it is below 20 million
MOST_ROWS = 300  # of a table; the CSV files have all
MOST_FAILURES = 300
DOTS = 110  # of a chart, per inch
PAGE = Path(__file__).with_name("report.html")
UNTOLD = ("explanations", "viewed", "failed", "figures", "without_ground_truth")  # of the record


class HtmlReport:
    """Takes explanations image by image, and writes the page when the run is over."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.gallery = Gallery(plan.display, len(plan.images), GALLERY)
        self._experiments: dict[str, tuple[list[dict[str, Any]], str]] = {}  # rows; what they mean

    def add(self, path: Path, explanations: list[Explanation]) -> None:
        """Takes the explanations of one image."""
        self.gallery.add(path, explanations)

    def add_experiment(self, title: str, rows: list[dict[str, Any]], about: str) -> None:
        """Takes what an experiment found over all images."""
        self._experiments[title] = rows, about

    def write(
        self, record: dict[str, Any], failures: list[tuple[str, str]], found: ResultTables | None
    ) -> Path:
        """Writes the page of what was added, and gives its path; `found` are the store's tables."""
        parts = {
            "summary": self._summary(failures),
            "tables": self._tables(found),
            "charts": "".join(_charts(found)),
            "filters": self._filters(),
            "legends": "".join(map(legend, self.gallery.bars)),
            "failures": _failures(failures),
            "constants": self._constants(record),
        }
        before, after = PAGE.read_text(encoding="utf-8").split("$gallery")
        path = self.plan.display.output_dir / NAME
        with atomic_write(path) as file:
            file.write(Template(before).substitute(parts).encode("utf-8", "replace"))
            file.writelines(self.gallery.parts())
            file.write(Template(after).substitute(parts).encode("utf-8", "replace"))
        return path

    def close(self) -> None:
        """Lets go of what was not written."""
        self.gallery.close()

    def _summary(self, failures: list) -> str:
        """What the run was about, in a paragraph."""
        gallery = self.gallery
        told = [f"{gallery.come} of {gallery.images} images explained"]
        told += [f"{len(failures)} failed"] if failures else []
        if gallery.shown < gallery.come:
            told.append(
                f"{gallery.shown} of them are shown, evenly spread; {gallery.come - gallery.shown} "
                "were left out to keep this file small, and are in the tables and in the store"
            )
        return text("; ".join(told), 1000) + "."

    def _tables(self, found: ResultTables | None) -> str:
        import pandas as pd

        shown = sections(found.tables) if found else {}
        shown.pop("Accuracy", None)
        if rows := self._accuracy():
            shown = {"Accuracy": pd.DataFrame(rows)} | shown
        below = {"Methods": SECONDS}
        parts = [_table(title, table, below.get(title, "")) for title, table in shown.items()]
        for title, (rows, about) in self._experiments.items():
            parts.append(_table(title, pd.DataFrame(rows), about))
        return "".join(parts)

    def _accuracy(self) -> list[dict[str, Any]]:
        """A row for each classifier that knows the class of some image."""
        rows = []
        for classifier, answers in self.gallery.answers.items():
            known = sum(answers.values()) - answers[UNKNOWN]
            if known:
                right = answers[RIGHT]
                row = {"classifier": classifier, "right": right, "known": known}
                rows.append(row | {"accuracy": right / known})
        return rows

    def _filters(self) -> str:
        """A choice for everything in which the images differ."""
        gallery = self.gallery
        answers = {name: name for name in ANSWERS if any(g[name] for g in gallery.answers.values())}
        choices = {
            "true": ("Class", gallery.true),
            "predicted": ("Predicted class", gallery.predicted),
            "method": ("Method", gallery.methods),
            "classifier": ("Classifier", gallery.classifiers),
            "answer": ("Prediction", answers),
        }
        return "".join(
            _choice(key, title, names) for key, (title, names) in choices.items() if len(names) > 1
        )

    def _constants(self, record: dict[str, Any]) -> str:
        display, gallery = self.plan.display, self.gallery
        told = {key: value for key, value in record.items() if key not in UNTOLD}
        told["drawn"] = {
            "representation": gallery.representation,
            "colormap": display.colormap or "turbo; RdBu_r where maps have a sign",
            "alpha": display.alpha,
            "rules": [UPSAMPLING, *(DISPLAY_RULES[rule].caption for rule in sorted(gallery.rules))],
        }
        rows = "".join(
            f"<tr><th>{text(name, 200)}</th><td>{text(value, 2000)}</td></tr>"
            for name, value in _flat(finite(told))
        )
        return f"<table>{rows}</table>"


def _table(title: str, table, about: str = "") -> str:
    """A pandas frame with its title, and below it what it means."""
    body = written(table.head(MOST_ROWS), "html")
    told = [about] if about else []
    told += [f"The first {MOST_ROWS} of {len(table)} rows."] if len(table) > MOST_ROWS else []
    below = "".join(f"<p>{text(line, 1000)}</p>" for line in told)
    return f'<h3>{text(title, 200)}</h3><div class="wide">{body}</div>{below}'


def _charts(found: ResultTables | None) -> Iterator[str]:
    """The charts as images, as long as there is room."""
    from PIL import Image

    left = CHARTS
    for name, chart in (found.charts if found else {}).items():
        chart.set_dpi(DOTS)
        file = io.BytesIO()
        Image.fromarray(pixels(chart)).quantize(64).save(file, "png", optimize=True)
        source = data_uri(file.getvalue(), "image/png")
        if len(source) <= left:
            left -= len(source)
            yield f'<img class="chart" src="{source}" alt="{text(name.replace("_", " "))}">'


def _choice(key: str, title: str, names: dict[str, Any]) -> str:
    options = "".join(
        f'<option value="{text(str(value))}">{text(name)}</option>'
        for name, value in sorted(names.items(), key=lambda pair: str(pair[0]).casefold())
    )
    start = f'<label>{title} <select data-key="{key}" aria-label="{title}">'
    return f'{start}<option value="">all</option>{options}</select></label>'


def _failures(failures: list[tuple[str, str]]) -> str:
    if not failures:
        return ""
    lines = "".join(f"<li>{text(reason, 500)}</li>" for _, reason in failures[:MOST_FAILURES])
    rest = len(failures) - MOST_FAILURES
    more = f"<p>and {rest} more, in failures.csv</p>" if rest > 0 else ""
    return f"<h2>Images that failed</h2><ul>{lines}</ul>{more}"


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every single value in dictionaries and lists, by the path to it."""
    if isinstance(value, (list, tuple)) and any(isinstance(one, (dict, list)) for one in value):
        value = {str(number): one for number, one in enumerate(value, start=1)}
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _flat(one, f"{name} · {key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        yield name, ", ".join(map(str, value))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, default=str)
