"""The page itself, in Gradio: what is on it, and what happens where."""

import re
import sys
import threading
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import gradio as gr
import matplotlib
import numpy as np
from markupsafe import Markup, escape

from images import find_images, read_image
from methods import METHODS, Method
from pipeline.explaining.explanation import drawable
from pipeline.reporting.thumbnail_gallery import shrink
from registry import Option
from representations import ALPHA, REPRESENTATIONS
from web.render import DisplayOptions, downloads_html, guess_title, image_html, maps_html
from web.service import MOST_BYTES, Answer, ExplanationService, call_of, limit, read_upload

SAMPLES = Path(__file__).parent.parent / "data"
AS_IT_SUITS = "as it suits"
COLORMAPS = [AS_IT_SUITS, *sorted(name for name in matplotlib.colormaps if name[-2:] != "_r")]
BY_RULE = "the last"
SHOWN = "overlay"  # of the representations, at first
FIRST, COMPARED = "GRADCAM", ["GRADCAM", "FEM"]
PRESET = "preset"
SORRY = "That did not work"  # above what a visitor is told


def friendly(handler: Callable) -> Callable:
    """The handler; where it fails the visitor is told in a line, and nothing else changes."""

    @wraps(handler)
    def told(*arguments):
        try:
            return handler(*arguments)
        except Exception as error:
            gr.Warning(describe(error), title=SORRY)
            return gr.skip()

    return told


def first_of_chain(handler: Callable) -> Callable:
    """The same, and what would follow upon its success does not happen."""

    @wraps(handler)
    def told(*arguments):
        try:
            return handler(*arguments)
        except Exception as error:
            raise gr.Error(describe(error), title=SORRY, print_exception=False) from error

    return told


def describe(error: Exception) -> str:
    """What a visitor is told of an error, as HTML; those that are not theirs go to the log."""
    if isinstance(error, (ValueError, OSError)):
        return str(escape(str(error)))
    traceback.print_exception(error, file=sys.stderr)
    return "Something went wrong here; the log has more."


def make_page(service: ExplanationService) -> gr.Blocks:
    """The page, not yet served."""
    with gr.Blocks(
        title="Why this class?", analytics_enabled=False, delete_cache=(300, 900)
    ) as page:
        Page(service).build()
    return page


class Page:
    """The page's parts, and what they do to each other."""

    def __init__(self, service: ExplanationService):
        self.service = service
        self.samples = find_images([SAMPLES])
        self._stops: dict[threading.Event, str | None] = {}  # of running requests: whose it is

    def build(self) -> None:
        """Puts all parts on the page that is open, and joins them."""
        self.image, self.answer = gr.State(), gr.State()
        gr.Markdown("# What did the classifier look at?")
        with gr.Row():
            with gr.Column(scale=2, min_width=300):
                self._build_image()
            with gr.Column(scale=3, min_width=300):
                self._build_explanation()
                self._build_look()
                self._build_comparison()
        self._join()

    def _build_image(self) -> None:
        self.upload = gr.File(
            label="An image", show_label=False, file_types=["image"], height=130, elem_id="upload"
        )
        gr.Markdown(f"An image of up to {MOST_BYTES // 10**6} MB, or one of these:")
        self.gallery = gr.Gallery(
            [shrink(read_image(path)) for path in self.samples],
            label="Sample images",
            show_label=False,
            columns=5,
            height="auto",
            object_fit="cover",
            allow_preview=False,
            buttons=[],
            elem_id="samples",
        )
        self.original = gr.HTML(elem_classes="image", elem_id="image")
        names = self.service.names
        self.classifier = gr.Dropdown(
            names, value=names[0], label="Classifier", visible=len(names) > 1
        )
        self.guesses = gr.Radio(
            [], label="It sees (choose a class to explain it)", elem_classes="guesses"
        )
        self.target = gr.Dropdown(
            self.service.classes(names[0]),
            value=None,
            label="Any other class",
            info="start typing; A:B asks why A and not B",
            allow_custom_value=True,
            elem_id="target",
        )

    def _build_explanation(self) -> None:
        with gr.Row():
            self.method = gr.Dropdown(
                [(row.title, name) for name, row in METHODS.items()], value=FIRST, label="Method"
            )
            self.layer = gr.Dropdown(
                self._layers(self.service.names[0]), value=BY_RULE, label="Layer"
            )
        self.about = gr.Markdown(summary(METHODS[FIRST]))
        self.forms: dict[str, gr.Group] = {}
        self.options: dict[tuple[str, str], Any] = {}
        for name, row in METHODS.items():
            with gr.Group(visible=name == FIRST) as self.forms[name], gr.Row():
                for key, part in form(row).items():
                    self.options[name, key] = part
        with gr.Row():
            self.start = gr.Button("Explain", variant="primary")
            self.stop = gr.Button("Stop")
        self.maps = gr.HTML(min_height=120, elem_id="maps")
        self.downloads = gr.HTML(elem_id="downloads")

    def _build_look(self) -> None:
        with gr.Row():
            self.representation = gr.Dropdown(
                self._representations(FIRST), value=SHOWN, label="Shown as"
            )
            self.colormap = gr.Dropdown(COLORMAPS, value=AS_IT_SUITS, label="Colormap")
            self.alpha = gr.Slider(0, 1, ALPHA, step=0.05, label="Map's weight")

    def _build_comparison(self) -> None:
        with gr.Accordion("Compare methods and classes side by side", open=False):
            self.compared = gr.Dropdown(
                [(row.title, name) for name, row in METHODS.items()],
                value=COMPARED,
                multiselect=True,
                label="Methods",
            )
            self.targets = gr.Dropdown(
                self.service.classes(self.service.names[0]), multiselect=True, label="Classes"
            )
            self.compare = gr.Button("Compare")

    def _join(self) -> None:
        """What happens when: an image, a class, a method and the like are chosen."""
        seen = [self.image, self.original, self.guesses, self.target, self.targets]
        shown = [self.answer, self.maps, self.downloads]
        asked = [self.image, self.classifier, self.method, self.layer, self.target]
        look = [self.representation, self.colormap, self.alpha]
        everything = [*asked, *look, *self.options.values()]
        private = {"api_visibility": "private"}
        alone = {"concurrency_id": "classifiers", "concurrency_limit": len(self.service.names)}
        alone |= {**private, "show_progress_on": self.maps}
        quick = {"fn": self._explain_if_quick, "inputs": everything, "outputs": shown, **alone}
        quiet = alone | {"show_progress": "hidden"}  # so that an error does not cover the maps
        taken = self.upload.upload(self._take, [self.upload, self.classifier], seen, **quiet)
        taken.success(**quick)
        for done in (taken.success, taken.failure):  # room for the next image
            done(lambda: None, None, self.upload, **private)
        self.gallery.select(self._take_sample, self.classifier, seen, **quiet).success(**quick)
        self.classifier.input(
            self._change_classifier, [self.image, self.classifier], [*seen, self.layer], **quiet
        ).success(**quick)
        self.guesses.input(_same, self.guesses, self.target, **private).success(**quick)
        self.target.input(_same, self.target, self.guesses, **private).success(**quick)
        described = [self.about, self.representation, *self.forms.values()]
        self.method.input(self._describe, self.method, described, **private).success(**quick)
        self.layer.input(**quick)
        self.start.click(self._explain, everything, shown, **alone)
        compared = [self.image, self.classifier, self.compared, self.targets, self.layer, *look]
        self.compare.click(self._compare, compared, shown, **alone)
        self.stop.click(self._stop, concurrency_limit=None, **private)
        gr.on(
            [self.representation.input, self.colormap.input, self.alpha.input],
            self._redraw,
            [self.answer, *look],
            [self.maps, self.downloads],
            trigger_mode="always_last",
            **private,
        )

    @first_of_chain
    def _take(self, path: str | None, name: str):
        """A visitor's image. What Gradio wrote of it is removed as soon as it is read."""
        file = Path(path or "").resolve()
        if not file.is_relative_to(Path(gr.utils.get_upload_folder()).resolve()):
            raise ValueError("no image has come")
        try:
            content = file.read_bytes()
        finally:
            file.unlink(missing_ok=True)
        return self._seen(read_upload(content), name)

    @first_of_chain
    def _take_sample(self, event: gr.SelectData, name: str):
        """One of our own images, by its number."""
        return self._seen(drawable(read_image(self.samples[int(event.index)])), name)

    @first_of_chain
    def _change_classifier(self, image: np.ndarray | None, name: str):
        """The same image, seen by another classifier."""
        layers = gr.update(choices=self._layers(name), value=BY_RULE)
        return *self._seen(image, name), layers

    def _seen(self, image: np.ndarray | None, name: str) -> tuple:
        """The image, how it is shown, its best classes, and all classes (twice)."""
        classes = self.service.classes(name)
        if image is None:
            none = gr.update(choices=[], value=None)
            return None, "", none, *[gr.update(choices=classes, value=None)] * 2
        guesses = self.service.guesses(name, image)
        choices = [(guess_title(guess.title, guess.probability), guess.target) for guess in guesses]
        best = guesses[0].target
        return (
            image,
            image_html(shrink(image)),
            gr.update(choices=choices, value=best),
            gr.update(choices=classes, value=best),
            gr.update(choices=classes, value=[guess.target for guess in guesses[:2]]),
        )

    def _describe(self, method: str):
        """What the method does, what its maps can be shown as, and the form of its options."""
        shown = gr.update(choices=self._representations(method), value=SHOWN)
        forms = [gr.update(visible=name == method) for name in self.forms]
        return summary(METHODS[method]), shown, *forms

    @friendly
    def _explain(self, progress=gr.Progress(), request: gr.Request = None, *values):  # noqa: B008
        """The map that was asked for."""
        image, name, method, layer, target, *rest = values
        if image is None:
            raise ValueError("choose an image first")
        given = zip(self.options, rest[3:], strict=True)
        call = call_of(method, {key: value for (own, key), value in given if own == method})
        return self._shown(name, image, [call], target, layer, rest[:3], progress, request)

    def _explain_if_quick(self, progress=gr.Progress(), request: gr.Request = None, *values):  # noqa: B008
        """The same without being asked, where it takes no time."""
        image, _, method, *_ = values
        if image is None:
            return gr.skip()
        if METHODS[method].many_passes:
            line = Markup("<p>{} takes a while: press Explain.</p>").format(METHODS[method].title)
            return None, str(line), ""
        return self._explain(progress, request, *values)

    @friendly
    def _compare(self, progress=gr.Progress(), request: gr.Request = None, *values):  # noqa: B008
        """Maps of several methods and classes, by each method's own defaults."""
        image, name, methods, targets, layer, *look = values
        if image is None:
            raise ValueError("choose an image first")
        if not methods or not targets:
            raise ValueError("choose at least one method and one class")
        calls = [call_of(method, {}) for method in methods]
        return self._shown(name, image, calls, ",".join(targets), layer, look, progress, request)

    def _shown(self, name, image, calls, target, layer, look, progress, request) -> tuple:
        """The answer, and its two parts of the page; the visitor sees how far it has come."""
        look = chosen_look(*look)
        stop = threading.Event()
        self._stops[stop] = request.session_hash
        try:
            answer = self.service.explain(
                name,
                image,
                calls,
                target or "predicted",
                layer=None if layer == BY_RULE else layer,
                tell=lambda done, total: progress((done, total), desc="Stop keeps what is known"),
                stop=stop,
            )
        finally:
            del self._stops[stop]
        return answer, maps_html(answer, look), downloads_html(answer, look)

    def _stop(self, request: gr.Request) -> None:
        """Ends the visitor's own requests early."""
        for stop, session in list(self._stops.items()):
            if session == request.session_hash:
                stop.set()

    @friendly
    def _redraw(self, answer: Answer | None, *look):
        """The same maps, drawn anew."""
        if answer is None:
            return gr.skip()
        return maps_html(answer, chosen_look(*look)), downloads_html(answer, chosen_look(*look))

    def _layers(self, name: str) -> list[str]:
        return [BY_RULE, *self.service.layers(name)]

    def _representations(self, method: str) -> list[str]:
        of_all = [name for name, drawn in REPRESENTATIONS.items() if drawn.of_all]
        return [*of_all, *METHODS[method].draws]


def summary(method: Method) -> str:
    """What a method does, without the shapes of its arrays."""
    return re.sub(r"\(N, [^)]*\),? ", "", method.summary)


def _same(chosen: str) -> str:
    return chosen


def chosen_look(representation: str, colormap: str, alpha: float) -> DisplayOptions:
    """How the visitor wants maps to be drawn."""
    return DisplayOptions(representation, None if colormap == AS_IT_SUITS else colormap, alpha)


def form(row: Method) -> dict[str, Any]:
    """A field for each option of a method, and one for its presets where it has some."""
    fields = {}
    if row.presets:
        choices = [("none", ""), *((preset, preset) for preset in row.presets)]
        fields[PRESET] = gr.Dropdown(choices, value="", label=PRESET, min_width=120)
    return fields | {name: field(option) for name, option in row.options.items()}


def field(option: Option) -> Any:
    """What a visitor sets an option with, by its type."""
    told = {"label": option.name, "info": option.help, "value": option.default, "min_width": 120}
    if get_origin(option.kind) is Literal:
        return gr.Dropdown(list(get_args(option.kind)), **told)
    if option.kind is bool:
        return gr.Checkbox(**told)
    if option.kind is int:
        return gr.Number(precision=0, minimum=0, maximum=limit(option), **told)
    return gr.Number(**told) if option.kind is float else gr.Textbox(**told)
