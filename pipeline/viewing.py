"""The views of a plan: of each classifier, and of each picture or class where they take one."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from classifier import Classifier
from fem import get_img_array
from pictures import PictureError, read_ahead, resized, resized_clip
from pipeline.explanation import drawable
from pipeline.names import view_name
from pipeline.plan import Plan
from pipeline.report import Report
from running import noting
from views import VIEWS, ViewCall

CELLS, COLUMNS = 12, 4  # of one figure
PAGE = 7.0  # inches: a mosaic is as wide as a page


class Subject(NamedTuple):
    """What a view is given: a picture, a class, or nothing."""

    path: Path | None = None
    picture: np.ndarray | None = None  # (H, W, 3) uint8, as it was read; of clips (T, H, W, 3)
    class_index: int | None = None


class Viewed(NamedTuple):
    """A picture that a view made of a subject."""

    call: ViewCall
    classifier: Classifier
    subject: Subject
    picture: np.ndarray  # (H, W, 3) uint8
    notes: dict[str, Any]
    frames: np.ndarray | None  # (F, H, W, 3) uint8 of its way, where it ascended
    seconds: float

    @property
    def label(self) -> str | None:
        """The name of the class, where there is one."""
        index = self.subject.class_index
        return None if index is None else self.classifier.title(index)

    @property
    def classifier_title(self) -> str:
        return self.classifier.name + " (random weights)" * self.classifier.random_weights

    @property
    def name(self) -> str:
        """Of its file."""
        return view_name(self.call, self.classifier, self.subject.path, self.label)

    @property
    def title(self) -> str:
        """View, classifier, class, and what the view has to say, a line each."""
        view, index = VIEWS[self.call.name], self.subject.class_index
        of = (self.label or "").replace("_", " ")
        words = view.words(self.classifier, index, self.notes)
        parts = view.titled(self.call.given), self.classifier_title, of, words
        return "\n".join(part for part in parts if part)

    def row(self) -> dict[str, Any]:
        """What the run's record says of it."""
        path = self.subject.path
        return {
            "picture": None if path is None else str(path),
            "classifier": self.classifier_title,
            "view": str(self.call),
            "class_index": self.subject.class_index,
            "label": self.label,
            "size": self.picture.shape[:2],
            "seconds": self.seconds,
            "notes": self.notes,
        }


def view_all(plan: Plan, classifiers: Iterable[Classifier], report: Report) -> None:
    """Makes every view's pictures and hands them to the report; on Ctrl-C there are those so far.

    Raises ValueError where a view cannot be had of a classifier.
    """
    gallery, kept = Gallery(plan, report), 0
    try:
        for viewed in _viewed(plan, list(classifiers), report):
            gallery.add(viewed)
            kept += 1
            if viewed.notes.get("stopped_early"):
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        report.interrupted(f"{kept} view{'s' * (kept != 1)}, as far as they went")
    gallery.finish()


def look(call: ViewCall, classifier: Classifier, subject: Subject) -> Viewed:
    """The view of one subject."""
    images = None
    if subject.picture is not None:
        bring = resized_clip if classifier.frames else resized
        images = bring(subject.picture, classifier.input_size)[np.newaxis]
    classes = None if subject.class_index is None else np.array([subject.class_index])
    started = time.perf_counter()
    with noting() as notes:
        (picture,) = VIEWS[call.name](classifier, images, classes, **call.given)
    frames = notes.pop("frames", [None])[0]
    seconds = time.perf_counter() - started
    return Viewed(call, classifier, subject, picture, notes, frames, seconds)


def _viewed(plan: Plan, classifiers: list[Classifier], report: Report) -> Iterator[Viewed]:
    """First what needs no picture, then picture by picture; no class twice."""
    seen: set[tuple] = set()
    subjects = Subjects(plan)
    for path, picture in _pictures(plan, classifiers, report):
        for classifier in classifiers:
            for call in plan.views:
                takes = VIEWS[call.name].takes
                for subject in subjects.of[takes](classifier, path, picture):
                    key = classifier.name, str(call), subject.path, subject.class_index
                    if key in seen:
                        continue
                    seen.add(key)
                    try:
                        yield look(call, classifier, subject)
                    except PictureError as error:
                        report.failed(path, f"picture '{path}': {error}")


class Subjects:
    """What a plan's views are given, from one picture, or before any is read."""

    def __init__(self, plan: Plan):
        self.targets = plan.targets
        self.of: dict[str, Callable[..., Iterator[Subject]]] = {
            "nothing": self._nothing,
            "picture": self._picture,
            "class": self._classes,
        }

    def need_pictures(self, call: ViewCall, classifier: Classifier) -> bool:
        """Whether the view has to wait for pictures."""
        takes = VIEWS[call.name].takes
        asked = self.targets.asked(classifier)
        by_picture = {"picture": True, "class": any(one.needs_picture for one in asked)}
        return by_picture.get(takes, False)

    def _nothing(self, classifier: Classifier, path, picture) -> Iterator[Subject]:
        if picture is None:
            yield Subject()

    def _picture(self, classifier: Classifier, path, picture) -> Iterator[Subject]:
        if picture is not None:
            yield Subject(path, picture)

    def _classes(self, classifier: Classifier, path, picture) -> Iterator[Subject]:
        if picture is None:
            indices = self.targets.fixed(classifier)
        else:
            image = resized(picture, classifier.input_size)
            indices = self.targets.indices(classifier, classifier.scores(image[np.newaxis])[0])
        for index in indices:
            yield Subject(class_index=index)


def _pictures(plan: Plan, classifiers: list[Classifier], report: Report) -> Iterator[tuple]:
    """(None, None) at first, then path and picture of all that can be read, where views need any.

    Those that cannot are reported.
    """
    yield None, None
    subjects = Subjects(plan)
    if not any(subjects.need_pictures(call, c) for call in plan.views for c in classifiers):
        return
    for path, picture in report.progress(read_ahead(_read, plan.pictures)):
        if isinstance(picture, PictureError):
            report.failed(path, str(picture))
        else:
            yield path, picture


def _read(path: Path) -> tuple[Path, np.ndarray | PictureError]:
    try:
        return path, get_img_array(path)
    except PictureError as error:
        return path, error


class Gallery:
    """Takes the pictures of views and draws them; holds no more than each view's next figure."""

    def __init__(self, plan: Plan, report: Report):
        self.display = plan.display
        self.report = report
        self._pages: dict[tuple[str, str], list[Viewed]] = {}

    def add(self, viewed: Viewed) -> None:
        """Puts a picture into the record, says what it is and draws it."""
        if self.report.tells:
            self.report.record["viewed"].append(viewed.row())
            of = [str(viewed.subject.path)] if viewed.subject.path else []
            print(", ".join([*of, *viewed.title.split("\n")]))
        if self.display.format == "gif":
            self.report.save_animation(viewed.name, viewed.frames)
        if self.display.kind == "bare":
            self.report.save_bare(viewed.name, lambda picture=viewed.picture: picture)
            return
        page = self._pages.setdefault((str(viewed.call), viewed.classifier.name), [])
        page.append(viewed)
        cells = sum(len(_cells(one)) for one in page)
        is_alone = self.display.kind == "singles" or VIEWS[viewed.call.name].is_mosaic
        if is_alone or cells + len(_cells(viewed)) > CELLS:
            self._save(page)

    def finish(self) -> None:
        """Saves the figures that are not full."""
        for page in self._pages.values():
            if page:
                self._save(page)

    def _save(self, page: list[Viewed]) -> None:
        first = page[0]
        view = VIEWS[first.call.name]
        images, titles = zip(*(cell for viewed in page for cell in _cells(viewed)), strict=True)
        self.report.save(
            _page_name(page),
            images,
            titles,
            min(COLUMNS, len(images)),
            caption(page),
            **({"largest": PAGE} if view.is_mosaic else {}),
        )
        page.clear()


def _cells(viewed: Viewed) -> list[tuple[np.ndarray, str]]:
    """Pictures and their titles: before the view's that of the picture, unless it is a mosaic."""
    path, picture = viewed.subject.path, viewed.subject.picture
    if picture is None:
        return [(viewed.picture, viewed.title)]
    if VIEWS[viewed.call.name].is_mosaic:
        return [(viewed.picture, f"{path.name}\n{viewed.title}")]
    return [(drawable(picture), path.name), (viewed.picture, viewed.title)]


def _page_name(page: list[Viewed]) -> str:
    first = page[0]
    if len(page) == 1:
        return first.name
    path = Path(f"{len(page)}_pictures") if first.subject.path else None
    labels = "-".join(viewed.label for viewed in page if viewed.label) or None
    return view_name(first.call, first.classifier, path, labels)


def caption(page: list[Viewed]) -> str:
    """All options, the layer where the view looks at the target layer, and where it was stopped."""
    first = page[0]
    view = VIEWS[first.call.name]
    parts = [view.in_words(first.call.given)] + [view.legend] * bool(view.legend)
    if view.takes == "picture":
        parts.append(f"{first.classifier.name}: layer {first.classifier.layer}.")
    if any(viewed.notes.get("stopped_early") for viewed in page):
        parts.append("The last was stopped early.")
    return " ".join(parts)
