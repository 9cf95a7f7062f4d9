"""`--report`: a run over a folder as one HTML file, that needs no server and no other file."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from figures.display_rules import DISPLAY_RULES
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.record import finite
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Plan
from pipeline.reporting.experiment_tables import ExperimentResult
from pipeline.reporting.html_cards import (
    Card,
    accuracy_card,
    cost_card,
    count_cards,
    experiment_card,
    metric_cards,
)
from pipeline.reporting.html_charts import chart_images
from pipeline.reporting.html_head import facts, page_title
from pipeline.reporting.html_results import ResultSections, accuracy_table, experiment_table
from pipeline.reporting.html_tables import HtmlTable
from pipeline.reporting.html_templates import template_environment
from pipeline.reporting.results import ResultTables
from pipeline.reporting.thumbnail_gallery import (
    CORRECTNESS,
    LARGE_SIDE,
    RIGHT,
    UNKNOWN,
    ThumbnailGallery,
    shrink,
    thumbnail_uri,
)
from pipeline.reporting.undefined import UndefinedValues
from representations import UPSAMPLING
from runtime import atomic_write

NAME = "report.html"
GALLERY_BYTES, CHART_BYTES = 13_000_000, 3_000_000  # with tables and constants below 20 million
MOST_FAILURES = 300
VIEW_BYTES, LEAST_VIEW_BYTES, ALL_VIEWS_BYTES = 150_000, 20_000, 2_000_000  # of a view; of all
VIEW_SHARE = 12  # a view takes at most such a part of the room that is left
NOT_SHOWN = ("explanations", "viewed", "failed", "figures", "without_ground_truth")  # of the record


class HtmlReport:
    """Takes explanations image by image, and writes the page when the run is over."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.gallery = ThumbnailGallery(plan.display, len(plan.images), GALLERY_BYTES)
        self._undefined = UndefinedValues()
        self._noun = "Images"
        self._experiments: list[ExperimentResult] = []
        self._views: list[dict[str, Any]] = []
        self._views_received, self._view_bytes = 0, 0

    def add(self, path: Path, explanations: list[Explanation]) -> None:
        """Takes the explanations of one image."""
        self._undefined.add(explanations)
        if any(explanation.clip for explanation in explanations):
            self._noun = "Clips"
        self.gallery.add(path, explanations)

    def add_views(self, views: Iterable[ViewImage]) -> None:
        """Takes images of views, as many as there is room for."""
        for view in views:
            self._views_received += 1
            left = ALL_VIEWS_BYTES - self._view_bytes
            most = max(LEAST_VIEW_BYTES, min(VIEW_BYTES, left // VIEW_SHARE))
            source = thumbnail_uri(shrink(view.image, LARGE_SIDE), most * 3 // 4)
            if len(source) <= left:
                self._view_bytes += len(source)
                title = [*view.title.split("\n"), *([view.path.name] if view.path else [])]
                self._views.append({"source": source, "title": title})

    def add_experiment(self, result: ExperimentResult) -> None:
        """Takes what an experiment found over all images."""
        self._experiments.append(result)

    def write(
        self, record: dict[str, Any], failures: list[tuple[str, str]], results: ResultTables | None
    ) -> Path:
        """Writes the page of what was added, and gives its path; `results`: the store's tables."""
        sections = results and ResultSections(self.plan, results, self._undefined)
        gallery = self.gallery
        charts = {name: chart.figure for name, chart in (results.charts if results else {}).items()}
        content = {
            "title": page_title(record, gallery.received > 0 or not self._views_received),
            "notices": self._notices(record),
            "facts": facts(self.plan, record, self._noun),
            "cards": list(self._cards(len(failures), sections)),
            "tables": self._tables(sections),
            "charts": list(chart_images(charts, CHART_BYTES)),
            "views": self._views,
            "views_not_shown": self._views_received - len(self._views),
            "noun": self._noun,
            "filters": self._filters(),
            "colour_bars": list(gallery.colour_bars),
            "cards_shown": gallery.shown,
            "is_large": gallery.is_large,
            "figures": gallery.figures,
            "gallery": gallery.parts(),  # one after the other, never all at once
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

    def _notices(self, record: dict[str, Any]) -> list[str]:
        """What a reader has to know before anything else."""
        gallery = self.gallery
        notices = ["The run was stopped before its end."] if record["interrupted"] else []
        notices += [c for classifier in record["classifiers"] for c in classifier["cautions"]]
        if gallery.shown < gallery.received:
            notices.append(
                f"{gallery.shown:,} of {gallery.received:,} images are shown, evenly spread; "
                f"{gallery.received - gallery.shown:,} were left out to keep this file small, and "
                "are in the tables and in the store."
            )
        return notices

    def _cards(self, failed: int, sections: ResultSections | None) -> Iterator[Card]:
        """The figures of merit."""
        gallery = self.gallery
        yield from count_cards(
            gallery.received, gallery.images, self._noun, failed, self._views_received
        )
        yield from accuracy_card(self._accuracy())
        if sections:
            yield from metric_cards(sections.rankings, self.plan.evaluation.metrics)
        yield from map(experiment_card, self._experiments)
        if sections:
            yield from cost_card(sections.costs)

    def _tables(self, sections: ResultSections | None) -> list[HtmlTable]:
        """All tables, in the order in which they are read."""
        accuracy = self._accuracy()
        of_accuracy = [accuracy_table(accuracy)] if accuracy else []
        of_experiments = [
            experiment_table(result.table.title, result.summary(), result.table.about)
            for result in self._experiments
        ]
        return [*of_accuracy, *(sections.tables() if sections else []), *of_experiments]

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
