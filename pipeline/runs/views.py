"""The views of a plan: of each classifier, and of each image or class where they take one."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from classifier import Classifier
from fem import get_img_array
from images import ImageError, resized, resized_clip
from pipeline.explaining.explanation import drawable
from pipeline.plan import Plan
from pipeline.reporting.file_names import view_name
from pipeline.reporting.report import Report
from registry import Call
from runtime import noting, prefetch

CELLS, COLUMNS = 12, 4  # of one figure
PAGE = 7.0  # inches: a mosaic is as wide as a page


class Subject(NamedTuple):
    """What a view is given: an image, a class, or nothing."""

    path: Path | None = None
    image: np.ndarray | None = None  # (H, W, 3) uint8, as it was read; of clips (T, H, W, 3)
    class_index: int | None = None


class Viewed(NamedTuple):
    """An image that a view made of a subject."""

    call: Call
    classifier: Classifier
    subject: Subject
    image: np.ndarray  # (H, W, 3) uint8
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
        view, index = self.call.entry, self.subject.class_index
        of = (self.label or "").replace("_", " ")
        words = view.words(self.classifier, index, self.notes)
        parts = self.call.title, self.classifier_title, of, words
        return "\n".join(part for part in parts if part)

    def row(self) -> dict[str, Any]:
        """What the run's record says of it."""
        path = self.subject.path
        return {
            "image": None if path is None else str(path),
            "classifier": self.classifier_title,
            "view": str(self.call),
            "class_index": self.subject.class_index,
            "label": self.label,
            "size": self.image.shape[:2],
            "seconds": self.seconds,
            "notes": self.notes,
        }


def view_all(plan: Plan, classifiers: Iterable[Classifier], report: Report) -> None:
    """Makes every view's images and hands them to the report; on Ctrl-C there are those so far.

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


def look(call: Call, classifier: Classifier, subject: Subject) -> Viewed:
    """The view of one subject."""
    images = None
    if subject.image is not None:
        bring = resized_clip if classifier.frames else resized
        images = bring(subject.image, classifier.input_size)[np.newaxis]
    classes = None if subject.class_index is None else np.array([subject.class_index])
    started = time.perf_counter()
    with noting() as notes:
        (image,) = call.entry(classifier, images, classes, **call.given)
    frames = notes.pop("frames", [None])[0]
    seconds = time.perf_counter() - started
    return Viewed(call, classifier, subject, image, notes, frames, seconds)


def _viewed(plan: Plan, classifiers: list[Classifier], report: Report) -> Iterator[Viewed]:
    """First what needs no image, then image by image; no class twice."""
    seen: set[tuple] = set()
    subjects = Subjects(plan)
    for path, image in _images(plan, classifiers, report):
        for classifier in classifiers:
            for call in plan.views:
                takes = call.entry.takes
                for subject in subjects.of[takes](classifier, path, image):
                    key = classifier.name, str(call), subject.path, subject.class_index
                    if key in seen:
                        continue
                    seen.add(key)
                    try:
                        yield look(call, classifier, subject)
                    except ImageError as error:
                        report.failed(path, f"image '{path}': {error}")


class Subjects:
    """What a plan's views are given, from one image, or before any is read."""

    def __init__(self, plan: Plan):
        self.targets = plan.targets
        self.of: dict[str, Callable[..., Iterator[Subject]]] = {
            "nothing": self._nothing,
            "image": self._image,
            "class": self._classes,
        }

    def need_images(self, call: Call, classifier: Classifier) -> bool:
        """Whether the view has to wait for images."""
        takes = call.entry.takes
        parts = self.targets.parts(classifier)
        by_image = {"image": True, "class": any(part.needs_image for part in parts)}
        return by_image.get(takes, False)

    def _nothing(self, classifier: Classifier, path, image) -> Iterator[Subject]:
        if image is None:
            yield Subject()

    def _image(self, classifier: Classifier, path, image) -> Iterator[Subject]:
        if image is not None:
            yield Subject(path, image)

    def _classes(self, classifier: Classifier, path, image) -> Iterator[Subject]:
        if image is None:
            indices = self.targets.fixed_indices(classifier)
        else:
            image = resized(image, classifier.input_size)
            indices = self.targets.indices(classifier, classifier.scores(image[np.newaxis])[0])
        for index in indices:
            yield Subject(class_index=index)


def _images(plan: Plan, classifiers: list[Classifier], report: Report) -> Iterator[tuple]:
    """(None, None) at first, then path and image of all that can be read, where views need any.

    Those that cannot are reported.
    """
    yield None, None
    subjects = Subjects(plan)
    if not any(subjects.need_images(call, c) for call in plan.views for c in classifiers):
        return
    for path, image in report.progress(prefetch(_read, plan.images)):
        if isinstance(image, ImageError):
            report.failed(path, str(image))
        else:
            yield path, image


def _read(path: Path) -> tuple[Path, np.ndarray | ImageError]:
    try:
        return path, get_img_array(path)
    except ImageError as error:
        return path, error


class Gallery:
    """Takes the images of views and draws them; holds no more than each view's next figure."""

    def __init__(self, plan: Plan, report: Report):
        self.display = plan.display
        self.report = report
        self._pages: dict[tuple[str, str], list[Viewed]] = {}

    def add(self, viewed: Viewed) -> None:
        """Puts an image into the record, says what it is and draws it."""
        if self.report.tells:
            self.report.record["viewed"].append(viewed.row())
            of = [str(viewed.subject.path)] if viewed.subject.path else []
            print(", ".join([*of, *viewed.title.split("\n")]))
        if self.display.format == "gif":
            self.report.save_animation(viewed.name, viewed.frames)
        if self.display.kind == "bare":
            self.report.save_bare(viewed.name, lambda image=viewed.image: image)
            return
        page = self._pages.setdefault((str(viewed.call), viewed.classifier.name), [])
        page.append(viewed)
        cells = sum(len(_cells(one)) for one in page)
        is_alone = self.display.kind == "singles" or viewed.call.entry.is_mosaic
        if is_alone or cells + len(_cells(viewed)) > CELLS:
            self._save(page)

    def finish(self) -> None:
        """Saves the figures that are not full."""
        for page in self._pages.values():
            if page:
                self._save(page)

    def _save(self, page: list[Viewed]) -> None:
        first = page[0]
        view = first.call.entry
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
    """Images and their titles: before the view's that of the image, unless it is a mosaic."""
    path, image = viewed.subject.path, viewed.subject.image
    if image is None:
        return [(viewed.image, viewed.title)]
    if viewed.call.entry.is_mosaic:
        return [(viewed.image, f"{path.name}\n{viewed.title}")]
    return [(drawable(image), path.name), (viewed.image, viewed.title)]


def _page_name(page: list[Viewed]) -> str:
    first = page[0]
    if len(page) == 1:
        return first.name
    path = Path(f"{len(page)}_images") if first.subject.path else None
    labels = "-".join(viewed.label for viewed in page if viewed.label) or None
    return view_name(first.call, first.classifier, path, labels)


def caption(page: list[Viewed]) -> str:
    """All options, the layer where the view looks at the target layer, and where it was stopped."""
    first = page[0]
    view = first.call.entry
    parts = [first.call.description] + [view.legend] * bool(view.legend)
    if view.takes == "image":
        parts.append(f"{first.classifier.name}: layer {first.classifier.layer}.")
    if any(viewed.notes.get("stopped_early") for viewed in page):
        parts.append("The last was stopped early.")
    return " ".join(parts)
