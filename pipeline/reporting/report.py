"""What a run leaves behind: lines on the console, figures, tables, a page, and the record."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.dataset.runner import Outcome, Runner
from pipeline.dataset.store import FOLDER
from pipeline.reporting.captions import Captions
from pipeline.reporting.change_figures import ChangeFigures
from pipeline.reporting.clip_figures import ClipFigures
from pipeline.reporting.console import Console
from pipeline.reporting.experiment_tables import experiment_results
from pipeline.reporting.figure_files import FigureFiles
from pipeline.reporting.file_names import run_name
from pipeline.reporting.html_report import HtmlReport
from pipeline.reporting.map_figures import MapFigures
from pipeline.reporting.results import Results
from pipeline.reporting.run_record import RunRecord
from pipeline.reporting.view_figures import ViewFigures
from runtime import csv_cell, working, write_text


class Report:
    """Joins what prints, what draws and what records: each outcome goes to all of them."""

    def __init__(self, runner: Runner, started: float | None = None, by_workers: int = 0):
        """`started` is when the work was begun; `by_workers` were done and stored since then."""
        plan, classifiers = runner.plan, runner.classifiers
        self.plan, self._keys = plan, runner.keys
        self._names = [classifier.name for classifier in classifiers]
        self.record = RunRecord(plan, classifiers, runner.truths)
        self.console = Console(len(plan.images), started)
        self._stored = -by_workers  # images that the store had before
        self.files = FigureFiles(plan.display, self._wrote, self.console.is_verbose)
        captions = Captions(plan, self.record.layers, self.record.cautions)
        if classifiers[0].frames:
            self.maps = ClipFigures(plan, captions, self._names, self.files)
        else:
            self.maps = MapFigures(plan, captions, self._names, runner.truths, self.files)
        draws = bool(self.maps.representations)
        self.changes = ChangeFigures(plan, captions, self.files, draws)
        self.views = ViewFigures(plan.display, self.files)
        self._results = Results(plan, self._keys)
        self._html = HtmlReport(plan) if plan.display.report else None
        self._failures: dict[tuple[str, str], str] = {}  # (image, of what) -> reason
        self._done, self._views = 0, 0
        self._at_once = runner.images_at_once

    @property
    def is_incomplete(self) -> bool:
        """Whether anything failed, or the run was stopped."""
        return bool(self._failures) or self.record.interrupted

    def progress(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The outcomes, with a bar where there are many."""
        return self.console.progress(outcomes, self._at_once)

    def add(self, outcome: Outcome) -> None:
        """Takes what became of one subject: prints, draws and records it."""
        for failure in outcome.failures:
            self._failed(outcome.path, failure.asker, failure.reason)
        if outcome.path is not None and not any(not f.asker for f in outcome.failures):
            self._done += 1
            self._stored += outcome.is_stored
        self.console.outcome(outcome)
        if self.console.is_verbose:
            self.record.add_explanations(outcome.explanations)
            self.record.add_views(outcome.views)
        self.changes.add(outcome.changed)
        if outcome.explanations:
            self.maps.add(outcome.path, outcome.explanations)
        for view in outcome.views:
            self._views += 1
            self.views.add(view)
        if self._html:
            self._html.add_views(outcome.views)
            flat = [explanation.flat for explanation in outcome.explanations]
            self._html.add(outcome.path, flat)

    def interrupted(self) -> None:
        """Says that the run was stopped, and what is kept of it."""
        self.record.interrupted = True
        kept = []
        if self.plan.methods or not self._views:
            kept.append(f"{self._done} of {len(self.plan.images)} images")
        if self._views:
            kept.append(f"{self._views} view{'s' if self._views > 1 else ''}, as far as they went")
        self.console.interrupted(", ".join(kept))

    def finish(self) -> None:
        """Saves the last figures, and the tables and charts."""
        with working("drawing figures and tables"):
            self._finish()

    def _finish(self) -> None:
        self.files.finish()
        if self.files.bare and not self.console.is_verbose:
            print(f"{self.files.bare} images in {self.plan.display.output_dir}")
        self.maps.finish()
        self.views.finish()
        self._write_experiments()
        metrics = self.plan.evaluation.metrics
        tables = self._results.find() if self._done and (metrics or self._html) else None
        if metrics and tables:
            for path in self._results.write(tables, self.files):
                self._wrote(path)
        if latex := self.files.write_latex():
            self._wrote(latex)
        if self._html:
            failures = [(image, reason) for (image, _), reason in self._failures.items()]
            self._wrote(self._html.write(self.record.as_dict(), failures, tables))
        self._write_failures()
        if self.plan.methods and not self.console.is_verbose:
            store = self.plan.display.output_dir / FOLDER
            self.console.total(self._done, max(0, self._stored), len(self._failures), store)

    def write_record(self) -> None:
        """Saves the record, also of a run that failed on its way."""
        if self._html:
            self._html.close()
        path = self.files.names.path(run_name(self.plan, self._names), "json")
        replaces = path.exists()
        self.record.write(path)
        self.console.wrote(path, replaces)

    def _failed(self, path: Path | None, asker: str, reason: str) -> None:
        """Says why something failed, the first time."""
        key = "" if path is None else str(path), asker
        if key in self._failures:
            return
        self._failures[key] = reason
        if self.console.failed(reason):
            self.record.add_failure(path, asker, reason)

    def _wrote(self, path: Path, replaces: bool = False) -> None:
        """Puts a figure or table into the record, and says where it is."""
        self.record.add_file(path)
        self.console.wrote(path, replaces)

    def _write_experiments(self) -> None:
        for result in experiment_results(self.plan, self._keys):
            title, about = result.table.title, result.table.about
            print(f"{title}\n{result.as_text('simple')}\n{about}")
            for path, replaces in result.write(
                self.plan.display.output_dir, self.record.interrupted
            ):
                self._wrote(path, replaces)
            if self._html:
                self._html.add_experiment(result)

    def _write_failures(self) -> None:
        """Writes failures.csv where there are any; one of an earlier run goes."""
        path = self.plan.display.output_dir / "failures.csv"
        path.unlink(missing_ok=True)
        if not self._failures:
            return
        table = io.StringIO(newline="")
        rows = [
            tuple(map(csv_cell, (image, asker, reason)))
            for (image, asker), reason in self._failures.items()
        ]
        csv.writer(table).writerows([("image", "of", "reason"), *rows])
        write_text(path, table.getvalue())
        self.console.wrote(path)
