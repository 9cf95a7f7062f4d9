"""The runner: read images ahead, ask the classifiers, measure, store, hand the explanations on.

What a store holds already is not asked again: its explanations are made of its rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifier import Classifier
from evaluation.ground_truth import GroundTruthError
from fem import get_img_array
from images import ImageError, read_clip, resized
from methods import METHODS
from pipeline.dataset.evaluate import evaluated
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.rows import Source, content_hash, failed_row, restored, stored_row, unit_key
from pipeline.dataset.store import Index, Store
from pipeline.explaining.explain import Asked, Box, CutShortError, asked, explain_batch
from pipeline.explaining.explanation import Explanation
from pipeline.plan import PREDICTED, Plan, Targets
from registry import Call, parse_call
from runtime import as_path, prefetch, read_bytes


class Outcome(NamedTuple):
    """What became of an image."""

    path: Path
    explanations: list[Explanation]  # none where the store has all of them and nothing is drawn
    error: str | None = None


class Loaded(NamedTuple):
    """An image on its way: its file, and what is still to be done with it."""

    source: Source
    image: np.ndarray | None = None  # None where nothing is to be done, or it is broken
    inputs: tuple[np.ndarray, ...] = ()  # at each classifier's input size
    error: str | None = None


def explain(
    classifier: Classifier,
    image: str | Path | np.ndarray,
    method: str,
    target: str | int = PREDICTED,
    target_box: int | Box | None = None,
    **options,
) -> Explanation:
    """The explanation of one image, a file or (H, W, 3) uint8 RGB, for one class.

    `target` is a class name, a WordNet id, an index or `predicted`; `target_box`, of a detector,
    the number of a detection or x, y, w, h in the image. A classifier of clips takes a video, a
    GIF, a folder of frames, or its T frames (T, H, W, 3). Raises ValueError or ImageError.
    """
    call = parse_call(method, METHODS)
    call = Call(call.entry, call.given | options)
    call.entry.check(classifier, call.given)
    path = None if isinstance(image, np.ndarray) else as_path(image)
    pixels = image if path is None else _read(path, classifier)
    text = f"index:{target}" if isinstance(target, int | np.integer) else target
    targets = Targets(text, box=target_box)
    targets.asked(classifier)
    (found,) = explain_batch([asked(pixels, classifier, [call], path)], classifier, targets)
    if isinstance(found, ImageError):
        raise found
    if len(found) > 1:
        raise ValueError(f"target '{target}' stands for {len(found)} classes; explain one")
    return found[0]


def _read(path: Path, classifier: Classifier) -> np.ndarray:
    """The image (H, W, 3), or as many frames (T, H, W, 3) of the clip as the classifier takes."""
    return read_clip(path, classifier.frames).frames if classifier.frames else get_img_array(path)


class Runner:
    """Explains a plan's images, a batch at a time, and stores what it finds."""

    def __init__(self, plan: Plan, classifiers: Sequence[Classifier], evidence: GroundTruthIndex):
        self.plan = plan
        self.classifiers = classifiers
        self.evidence = evidence
        self._folders = {f for f in {path.parent for path in plan.images} if _is_there(f)}
        self.stopped = False  # by Ctrl-C, which is known when a batch has its outcomes
        self.store = Store(plan.display.output_dir)
        self.index = Index(plan.display.output_dir)
        self.keys = [
            [unit_key(classifier, method, plan.targets) for method in plan.methods]
            for classifier in classifiers
        ]

    def outcomes(self, images: Iterable[Path]) -> Iterator[Outcome]:
        """What becomes of each image, in their order; ends after what was there on Ctrl-C.

        Raises StoreError, and FileNotFoundError where the images' folder is gone.
        """
        size = self.plan.images_at_once
        for loaded in _batches(prefetch(self._load, images, size), size):
            yield from self._batch(loaded)
            if self.stopped:
                return

    def pending(self, images: Iterable[Path]) -> list[Path]:
        """The images that are not known to be done, as far as can be told without reading."""
        return [path for path in images if not self._known_done(path)]

    def _known_done(self, path: Path) -> bool:
        try:
            status = path.stat()
        except (OSError, ValueError):
            return False
        hashed = self.index.known_hash(str(path), status.st_size, status.st_mtime_ns)
        source = Source(path, hashed or "", status.st_size, status.st_mtime_ns)
        return bool(hashed) and self._is_done(source)

    def _load(self, path: Path) -> Loaded:
        """Reads an image as far as there is something to do with it."""
        try:
            status = path.stat()
            hashed = self.index.known_hash(str(path), status.st_size, status.st_mtime_ns)
            source = Source(path, hashed or "", status.st_size, status.st_mtime_ns)
            if hashed and not self.plan.uses_stored and self._is_done(source):
                return Loaded(source)
            content = read_bytes(path)
            source = source._replace(hash=content_hash(content))
            if not self.plan.uses_stored and self._is_done(source):
                return Loaded(source)
            image = get_img_array(path, content)
        except (OSError, ValueError) as error:
            if path.parent in self._folders and not path.parent.is_dir():
                raise FileNotFoundError(
                    f"the folder '{path.parent}' is gone; what was finished is stored"
                ) from error
            if not isinstance(error, ImageError):
                reason = getattr(error, "strerror", None) or error
                error = ImageError(f"image '{path}' cannot be read: {reason}")
            return Loaded(Source(path, "", 0, 0), error=str(error))
        sizes = {classifier.input_size: None for classifier in self.classifiers}
        images = {size: resized(image, size) for size in sizes}
        own = tuple(images[classifier.input_size] for classifier in self.classifiers)
        return Loaded(source, image, own)

    def _is_done(self, source: Source) -> bool:
        """Whether the store has every unit of the image, with the metrics that are wanted."""
        wanted = self.evidence.wanted(source.path)
        for keys in self.keys:
            for key in keys:
                stored = self.index.find(source.columns() | key)
                if stored is None or not wanted <= stored.metrics:
                    return False
        return True

    def _batch(self, batch: list[Loaded]) -> list[Outcome]:
        """The outcomes of a batch, by all classifiers; its rows go to the store.

        When it was stopped, there are none of images of which nothing is known.
        """
        found: list[list[Explanation]] = [[] for _ in batch]
        errors = [loaded.error for loaded in batch]
        for number in range(len(self.classifiers)):
            if self.stopped:
                break
            here = [i for i, loaded in enumerate(batch) if loaded.inputs and not errors[i]]
            answers = self._by_classifier([batch[i] for i in here], number) if here else []
            for i, answer in zip(here, answers, strict=True):
                if isinstance(answer, list):
                    found[i] += answer
                else:
                    errors[i] = str(answer)
        for loaded, error in zip(batch, errors, strict=True):
            if error is not None:
                pairs = zip(self.classifiers, self.keys, strict=True)
                self.store.add(
                    failed_row(loaded.source, key, classifier.name, error)
                    for classifier, keys in pairs
                    for key in keys
                )
        return [
            Outcome(loaded.source.path, some if error is None else [], error)
            for loaded, some, error in zip(batch, found, errors, strict=True)
            if some or error is not None or not self.stopped
        ]

    def _by_classifier(self, batch: list[Loaded], number: int) -> list:
        """For each image its explanations by one classifier, or the error that it has."""
        classifier, methods = self.classifiers[number], self.plan.methods
        stored = [self._stored(loaded, number) for loaded in batch]
        missing = [
            Asked(
                loaded.source.path,
                loaded.image,
                loaded.inputs[number],
                [method for method in methods if str(method) not in done],
            )
            for loaded, done in zip(batch, stored, strict=True)
        ]
        fresh: list = [[] for _ in batch]
        asking = [i for i, one in enumerate(missing) if one.methods]
        if asking:
            try:
                made = explain_batch([missing[i] for i in asking], classifier, self.plan.targets)
            except CutShortError as stop:
                made, self.stopped = stop.found, True
            for i, some in zip(asking, made, strict=True):
                fresh[i] = some
        return [
            self._finished(loaded.source, some, done, number)
            for loaded, some, done in zip(batch, fresh, stored, strict=True)
        ]

    def _stored(self, loaded: Loaded, number: int) -> dict[str, list[Explanation]]:
        """What the store has of the image by a classifier: explanations by method."""
        found = {}
        classifier = self.classifiers[number]
        wanted = self.evidence.wanted(loaded.source.path)
        drawn = self.plan.display.representations or ()
        for method, key in zip(self.plan.methods, self.keys[number], strict=True):
            stored = self.index.find(loaded.source.columns() | key)
            if stored is None or "colour" in drawn:  # which is not stored
                continue
            rows = self.index.rows(stored)
            if rows is None:  # its part is damaged, or was set aside with the whole store
                continue
            contrasts = any(row["class_index"] >= len(classifier.labels) for row in rows)
            if contrasts and (self.plan.experiments.passes or not wanted <= stored.metrics):
                continue  # their indices were those of another run
            found[str(method)] = [restored(row, loaded.image, method, classifier) for row in rows]
        return found

    def _finished(
        self,
        source: Source,
        fresh: list[Explanation] | ImageError,
        done: dict[str, list[Explanation]],
        number: int,
    ) -> list[Explanation] | ImageError | GroundTruthError:
        """The image's explanations, evaluated and stored, fresh ones and stored ones in order."""
        if isinstance(fresh, ImageError):
            return fresh
        by_method = {str(method): done.get(str(method), []) for method in self.plan.methods}
        for explanation in fresh:
            by_method[str(explanation.method)].append(explanation)
        whole = [explanation for own in by_method.values() for explanation in own]
        metrics = self.plan.evaluation.metrics
        try:
            whole = list(evaluated(whole, self.classifiers[number], metrics, self.evidence))
        except GroundTruthError as error:
            return error
        self.stopped |= any(explanation.stopped_early for explanation in whole)
        wanted = self.evidence.wanted(source.path)
        for key in self.keys[number]:
            own = [e for e in whole if str(e.method) == key["method"]]
            old = self.index.find(source.columns() | key)
            complete = old is not None and wanted <= old.metrics
            if not complete and not any(e.stopped_early for e in own):
                self.store.add([stored_row(e, source, key, self.plan.map_type) for e in own])
        return whole


def _is_there(folder: Path) -> bool:
    """Whether a folder was there when the run began: a list may name one that never was."""
    try:
        return folder.is_dir()
    except (OSError, ValueError):
        return False


def _batches(items: Iterable[Loaded], size: int) -> Iterator[list[Loaded]]:
    """Lists of `size` items, the last with the rest."""
    batch: list[Loaded] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
