"""Views by one classifier: of images, of classes and of nothing, stored, or made and stored."""

from collections.abc import Sequence

from classifier import Classifier
from figures import ANIMATION
from pipeline.dataset.rows import Source, failed_row, stored_view, view_key, view_row
from pipeline.dataset.store import Index, Store
from pipeline.explaining.request import Failure, Request
from pipeline.explaining.view_image import ViewImage, make_view
from pipeline.plan import Plan
from registry import Call
from runtime import first_line


class ViewUnits:
    """Makes, restores and stores a plan's views of one classifier.

    A unit is one view of one image, class, or nothing.
    """

    def __init__(self, plan: Plan, classifier: Classifier, index: Index, store: Store):
        self.plan, self.classifier = plan, classifier
        self.index, self.store = index, store
        self.of_images = [call for call in plan.views if call.entry.takes == "image"]
        self.of_classes = [call for call in plan.views if call.entry.takes == "class"]
        self.of_nothing = [call for call in plan.views if call.entry.takes == "nothing"]
        self._wants_frames = plan.display.format == ANIMATION

    def is_done(self, source: Source) -> bool:
        """Whether the store has every view of the image."""
        return all(
            self.is_stored(source, view_key(self.classifier, call)) for call in self.of_images
        )

    def is_stored(self, source: Source, key: dict[str, str]) -> bool:
        """Whether the store has a unit, with its frames if they are wanted."""
        if self._wants_frames:
            return self._find(source, key) is not None
        return self.index.find(source.columns() | key) is not None  # its image need not be read

    def views_of_image(
        self, source: Source, request: Request, draws: bool
    ) -> tuple[list[ViewImage], list[Failure]]:
        """The image's views, and what failed; with `draws` those too that are stored."""
        return self._views(self.of_images, source, request, None, draws)

    def views_of_class(self, class_index: int, draws: bool) -> tuple[list[ViewImage], list]:
        """The views of a class."""
        return self._views(self.of_classes, Source(), None, class_index, draws)

    def views_of_nothing(self, draws: bool) -> tuple[list[ViewImage], list]:
        """The views of the classifier itself."""
        return self._views(self.of_nothing, Source(), None, None, draws)

    def _find(self, source: Source, key: dict[str, str]):
        """The row of the unit; None where there is none that will do."""
        stored = self.index.find(source.columns() | key)
        if stored is None:
            return None
        rows = self.index.rows(stored)
        if rows is None:  # its part is damaged, or was set aside with the whole store
            return None
        (row,) = rows
        return None if self._wants_frames and row["view_frames"] is None else row

    def _views(
        self,
        calls: Sequence[Call],
        source: Source,
        request: Request | None,
        class_index: int | None,
        draws: bool,
    ) -> tuple[list[ViewImage], list[Failure]]:
        views, failures = [], []
        for call in calls:
            key = view_key(self.classifier, call, class_index)
            row = self._find(source, key)
            if row is not None:
                image = request and request.image
                views += [stored_view(row, call, self.classifier, image)] if draws else []
                continue
            try:
                made = make_view(call, self.classifier, request, class_index)
            except Exception as error:  # one image must not end a run
                if request is None or type(error) is ValueError:
                    raise  # a mistake in what was asked for, or in the classifier
                reason = f"image '{source.path}', {call}: {first_line(error)}"
                failures.append(Failure(str(call), reason))
                self.store.add([failed_row(source, key, self.classifier, reason)])
                continue
            views.append(made)
            if made.stopped_early:
                break
            self.store.add([view_row(made, source, key, self._wants_frames)])
        return views, failures
