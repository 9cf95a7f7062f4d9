"""What is on the page, in the order in which a visitor sees it."""

from collections.abc import Mapping
from typing import Any

import gradio as gr
import numpy as np

from images.finding import VIDEOS
from methods import METHODS
from representations import ALPHA
from web.experiment_parts import ExperimentParts
from web.fields import (
    AS_IT_SUITS,
    COLORMAPS,
    LAST_LAYER,
    METHOD_CHOICES,
    form,
    hint,
    representation_choices,
    summary,
)
from web.html import render
from web.service import ExplanationService
from web.view_parts import ViewParts

SHOWN_FIRST = "overlay"  # of the representations
SAMPLE = "african_elephant"  # the image that is shown first
COMPARED = ["GRADCAM", "FEM"]
COLUMN = 300  # pixels: the narrowest that one is


class PageParts:
    """The parts of the page that is open, none of which does anything yet."""

    def __init__(self, service: ExplanationService, samples: Mapping[str, np.ndarray]):
        """`samples` are the thumbnails of the images that a visitor can click, by their names."""
        name = service.names[0]
        can = service.abilities(name)
        self._first, self._of_clips = can.method, bool(can.frames)
        self.image, self.answer = gr.State(), gr.State()
        self.query = gr.Textbox(visible="hidden")  # of a link, for as long as it is not opened
        self.sample = gr.Textbox(SAMPLE, visible=False)  # the image's name
        self.own = gr.Textbox(visible=False)  # the settings that go with the image, as JSON
        gr.Markdown("# What did the classifier look at?")
        with gr.Row(elem_id="columns"):  # one below the other where the window is narrow
            with gr.Column(min_width=COLUMN, elem_id="form"):
                self._add_image(samples)
                self._add_classes(service.names, service.classes(name))
                self._add_boxes(can.detects)
                self._add_method(service.layers(name))
            with gr.Column(min_width=COLUMN, elem_id="result"):
                self._add_maps()
                self._add_display()
                self._add_link()
                self._add_comparison(service.classes(name))
                self.experiments = ExperimentParts()
                self.views = ViewParts()

    @property
    def of_image(self) -> list[Any]:
        """What another image or classifier changes."""
        chosen = [self.guesses, self.target, self.targets, self.boxes, self.box]
        return [self.image, self.original, *chosen, self.own]

    @property
    def of_classifier(self) -> list[Any]:
        """What another classifier changes, beside the image."""
        return [self.layer, self.hint, self.gallery, self.of_boxes, self.method, *self.of_method]

    @property
    def of_answer(self) -> list[Any]:
        """What an explanation changes."""
        return [self.answer, self.maps, self.downloads]

    @property
    def of_method(self) -> list[Any]:
        """What another method changes."""
        return [self.about, self.representation, *self.forms.values()]

    @property
    def of_display(self) -> list[Any]:
        """How maps are drawn."""
        return [self.representation, self.colormap, self.alpha]

    def _add_image(self, samples: Mapping[str, np.ndarray]) -> None:
        self.upload = gr.File(
            label="An image or a clip",
            show_label=False,
            file_types=["image", *sorted(VIDEOS)],
            height=130,
            elem_id="upload",
        )
        self.token = gr.Textbox(visible=False)  # of the upload
        self.hint = gr.Markdown(hint(self._of_clips))
        self.gallery = gr.Gallery(
            list(samples.values()),
            label="Sample images",
            show_label=False,
            columns=5,
            height="auto",
            object_fit="cover",
            allow_preview=False,
            buttons=[],
            elem_id="samples",
            visible=not self._of_clips,
        )
        self.original = gr.HTML(elem_classes="image", elem_id="image")

    def _add_classes(self, names: list[str], classes: list[tuple[str, str]]) -> None:
        self.classifier = gr.Dropdown(
            names, value=names[0], label="Classifier", visible=len(names) > 1
        )
        self.guesses = gr.Radio(
            [], label="It sees (choose a class to explain it)", elem_classes="guesses"
        )
        self.target = gr.Dropdown(
            classes,
            value=None,
            label="Any other class",
            info="start typing; A:B asks why A and not B",
            allow_custom_value=True,
            elem_id="target",
        )

    def _add_boxes(self, detects: bool) -> None:
        with gr.Group(visible=detects) as self.of_boxes:
            self.boxes = gr.Radio(
                [], label="Detections (choose one to explain it)", elem_classes="guesses"
            )
            self.box = gr.Textbox(
                "",
                label="Box",
                info="a detection's number, or x, y, w, h in pixels of the image; then Enter",
                max_length=100,
                elem_id="box",
            )

    def _add_method(self, layers: list[str]) -> None:
        with gr.Row():
            self.method = gr.Dropdown(METHOD_CHOICES, value=self._first, label="Method")
            self.layer = gr.Dropdown([LAST_LAYER, *layers], value=LAST_LAYER, label="Layer")
        self.about = gr.Markdown(summary(METHODS[self._first]))
        self.forms: dict[str, gr.Group] = {}
        self.options: dict[tuple[str, str], Any] = {}  # by the method's name and the option's
        for name, method in METHODS.items():
            with gr.Group(visible=name == self._first) as self.forms[name], gr.Row():
                for option, field in form(method).items():
                    self.options[name, option] = field
        with gr.Row():
            self.start = gr.Button("Explain", variant="primary")
            self.stop = gr.Button("Stop")

    def _add_maps(self) -> None:
        self.maps = gr.HTML(min_height=120, elem_id="maps", js_on_load=render("wipe.js"))

    def _add_display(self) -> None:
        with gr.Row():
            self.representation = gr.Dropdown(
                representation_choices(self._first, self._of_clips),
                value=SHOWN_FIRST,
                label="Shown as",
            )
            self.colormap = gr.Dropdown(COLORMAPS, value=AS_IT_SUITS, label="Colormap")
            self.alpha = gr.Slider(0, 1, ALPHA, step=0.05, label="Map's weight")
        self.downloads = gr.HTML(elem_id="downloads")

    def _add_link(self) -> None:
        with gr.Row(elem_id="link_row"):
            self.link = gr.Textbox(
                label="Link to these settings",
                info="to a sample image too; of an image of your own it carries the settings only",
                interactive=False,
                min_width=COLUMN,
                elem_id="link",
            )
            self.copy = gr.Button("Copy", scale=0, min_width=120)

    def _add_comparison(self, classes: list[tuple[str, str]]) -> None:
        with gr.Accordion("Compare methods and classes side by side", open=False):
            self.compared = gr.Dropdown(
                METHOD_CHOICES, value=COMPARED, multiselect=True, label="Methods"
            )
            self.targets = gr.Dropdown(classes, multiselect=True, label="Classes")
            self.compare = gr.Button("Compare")
