"""The page, in Gradio: which handler answers to what a visitor does, and what it changes."""

from pathlib import Path
from typing import Any

import gradio as gr

from images import find_images, read_image
from pipeline.reporting.thumbnail_gallery import shrink
from web.experiment_handlers import ExperimentHandlers
from web.handlers import Handlers
from web.html import render
from web.limits import LONGEST_TEXT
from web.link import link_fields, link_script
from web.opening import Opening
from web.page_parts import PageParts
from web.service import ExplanationService
from web.upload_store import UploadStore
from web.view_handlers import ViewHandlers
from web.visitor_queue import PageBlocks

SAMPLES = Path(__file__).parent.parent / "data"
PRIVATE = {"api_visibility": "private"}


def make_page(service: ExplanationService, uploads: UploadStore) -> gr.Blocks:
    """The page, not yet served."""
    samples = {path.stem: path for path in find_images([SAMPLES])}
    with PageBlocks(title="Why this class?", fill_width=True, analytics_enabled=False) as page:
        thumbnails = {name: shrink(read_image(path)) for name, path in samples.items()}
        parts = PageParts(service, thumbnails)
        Page(parts, Handlers(service, uploads, samples, list(parts.options))).join(page)
    return page


class Page:
    """The parts of the page that is open, joined to their handlers."""

    def __init__(self, parts: PageParts, handlers: Handlers):
        self.parts = parts
        self.handlers = handlers
        # As many requests at once as there are classifiers; further ones wait in the queue.
        limit = len(handlers.service.names)
        self._one_each = PRIVATE | {"concurrency_id": "classifiers", "concurrency_limit": limit}
        self._one_each["show_progress_on"] = parts.maps
        self._quiet = self._one_each | {"show_progress": "hidden"}  # an error covers no maps

    def join(self, page: gr.Blocks) -> None:
        """Joins all parts: from here on they do something."""
        self._join_link(page)
        self._join_image()
        self._join_classes()
        self._join_boxes()
        self._join_method()
        self._join_comparison()
        self._join_display()
        self._join_views()
        self._join_experiments()
        for stop in (self.parts.stop, self.parts.experiments.stop, self.parts.views.stop):
            stop.click(self.handlers.stop, concurrency_limit=None, **PRIVATE)

    @property
    def _inputs(self) -> list[Any]:
        """What an explanation depends on, in the order of `Handlers.explain`."""
        parts = self.parts
        chosen = [parts.image, parts.classifier, parts.method, parts.layer, parts.target, parts.box]
        return [*chosen, *parts.of_display, *parts.options.values()]

    @property
    def _quick(self) -> dict[str, Any]:
        """An event's arguments: explain, if that takes no time."""
        explain = {"fn": self.handlers.explain_if_quick, "inputs": self._inputs}
        return explain | {"outputs": self.parts.of_answer} | self._one_each

    def _join_link(self, page: gr.Blocks) -> None:
        """What the page opens with; the link in its field and in the address bar.

        A sample that is explained already takes no place in the queue; what a link asks for does.
        """
        parts, fields = self.parts, link_fields(self.parts)
        opening = Opening(self.handlers, parts, fields)
        page.load(
            opening.open,
            parts.query,
            opening.outputs,
            js=f"() => location.search.slice(0, {LONGEST_TEXT})",
            concurrency_limit=None,
            show_progress_on=parts.maps,
            **PRIVATE,
        )
        parts.query.change(
            opening.open_link, parts.query, opening.outputs, **self._one_each
        ).success(**self._quick)
        link = {"fn": None, "inputs": [parts.own, *fields.values()], "outputs": parts.link}
        link |= {"js": link_script(fields)} | PRIVATE
        settled = parts.maps.change(None, js="() => {}", **PRIVATE)  # the others have come as well
        settled.then(**link)
        parts.copy.click(**link).then(None, parts.link, parts.copy, js=render("copy.js"), **PRIVATE)

    def _join_image(self) -> None:
        """An upload or a sample is classified, then explained.

        The browser itself sends on the upload's token, in the place of all that it knows of it.
        """
        parts, handlers = self.parts, self.handlers
        before = [parts.classifier, parts.image, parts.target, parts.box]
        taken = [parts.sample, *parts.of_image]
        parts.upload.upload(
            None,
            parts.upload,
            [parts.token, parts.upload],
            js="file => [file.path, null]",
            **PRIVATE,
        ).success(
            handlers.take_upload,
            [parts.token, *before],
            taken,
            **self._quiet,
        ).success(**self._quick)
        parts.gallery.select(handlers.take_sample, before, taken, **self._quiet).success(
            **self._quick
        )

    def _join_classes(self) -> None:
        """Another classifier or class; the radio and the list show the same class.

        The browser itself shows it, so that who presses Explain at once has it explained.
        """
        parts = self.parts
        parts.classifier.input(
            self.handlers.change_classifier,
            [parts.image, parts.classifier, parts.method, parts.representation],
            [*parts.of_image, *parts.of_classifier],
            **self._quiet,
        ).success(**self._quick)
        for chosen, shown in ((parts.guesses, parts.target), (parts.target, parts.guesses)):
            chosen.input(
                None,
                chosen,
                [shown, parts.boxes, parts.box],
                js="target => [target, null, '']",
                **PRIVATE,
            ).success(**self._quick)

    def _join_boxes(self) -> None:
        """A box that is chosen or typed, in the place of a class."""
        parts = self.parts
        no_class = [parts.guesses, parts.target]
        parts.boxes.input(
            None,
            parts.boxes,
            [parts.box, *no_class],
            js="number => [number, null, null]",
            **PRIVATE,
        ).success(**self._quick)
        parts.box.submit(
            None, None, [parts.boxes, *no_class], js="() => [null, null, null]", **PRIVATE
        ).success(**self._quick)

    def _join_method(self) -> None:
        """Another method or layer, and the button that explains."""
        parts, handlers = self.parts, self.handlers
        parts.method.input(
            handlers.change_method, [parts.method, parts.classifier], parts.of_method, **PRIVATE
        ).success(**self._quick)
        parts.layer.input(**self._quick)
        parts.start.click(handlers.explain, self._inputs, parts.of_answer, **self._one_each)

    def _join_comparison(self) -> None:
        parts = self.parts
        inputs = [parts.image, parts.classifier, parts.compared, parts.targets, parts.layer]
        inputs += parts.of_display
        parts.compare.click(self.handlers.compare, inputs, parts.of_answer, **self._one_each)

    def _join_experiments(self) -> None:
        """The button that changes the image and explains it again."""
        parts, experiments = self.parts, self.parts.experiments
        handlers = ExperimentHandlers(self.handlers.service, self.handlers.requests)
        experiments.start.click(
            handlers.explain_again,
            [parts.answer, *experiments.of_changes, *parts.of_display],
            experiments.of_answer,
            **self._one_each | {"show_progress_on": experiments.changes},
        )

    def _join_views(self) -> None:
        """Another view, and the button that shows it."""
        parts, views = self.parts, self.parts.views
        handlers = ViewHandlers(self.handlers.service, self.handlers.requests, list(views.options))
        views.view.input(handlers.change_view, views.view, views.of_view, **PRIVATE)
        inputs = [parts.image, parts.classifier, views.view, parts.layer, parts.target]
        views.start.click(
            handlers.show,
            [*inputs, *views.options.values()],
            views.of_answer,
            **self._one_each | {"show_progress_on": views.image},
        )

    def _join_display(self) -> None:
        """Another look of the same maps."""
        parts = self.parts
        gr.on(
            [parts.representation.input, parts.colormap.input, parts.alpha.input],
            self.handlers.redraw,
            [parts.answer, *parts.of_display],
            [parts.maps, parts.downloads],
            trigger_mode="always_last",
            **PRIVATE,
        )
