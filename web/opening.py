"""What the page opens with: a sample that is explained already, or what a link says."""

import threading
from collections.abc import Mapping
from typing import Any

import gradio as gr
from markupsafe import Markup

from methods import METHODS
from representations import ALPHA
from web.classifier_pool import BusyError
from web.fields import AS_IT_SUITS, LAST_LAYER, display_options, representation_choices
from web.handlers import UPLOADED, Handlers, long_method_html
from web.link import CLASS, CLASSES, is_link, one_of, read_link
from web.messages import SORRY, describe
from web.page_parts import SHOWN_FIRST, PageParts
from web.render import downloads_html, maps_html
from web.view_handlers import ViewHandlers

UPLOADED_LINE = (
    "<p>This link carries settings, and not the image that they were for: choose one.</p>"
)
Updates = dict[Any, Any]  # new values of parts of the page


class Opening:
    """What visitors see first: the sample is explained once, for all of them."""

    def __init__(self, handlers: Handlers, parts: PageParts, fields: Mapping[str, Any]):
        """`fields` are those that a link has values of, by their names."""
        self._handlers, self._parts, self._fields = handlers, parts, fields
        self._lock = threading.Lock()
        self._sample: Updates | None = None

    @property
    def outputs(self) -> list[Any]:
        """All parts that it may fill; the maps come last, and the link is made with them."""
        parts, fields = self._parts, self._fields.values()
        filled = [*parts.of_image, *parts.of_classifier, *parts.views.of_view, *fields]
        return list(dict.fromkeys([parts.query, *filled, *parts.of_answer]))

    def open(self, query: str, request: gr.Request) -> Updates:
        """The explained sample; where the address is a link, that alone, for `open_link`.

        A visitor who chooses an image before the sample is there keeps that.
        """
        if is_link(query):
            return {self._parts.query: query}
        with self._handlers.requests.running(request.session_hash) as stop:
            sample = self._explained_sample()
        return gr.skip() if stop.is_set() else sample

    def open_link(self, query: str, request: gr.Request) -> Updates:
        """The fields as a link has them; the sample, and a line, where it has what cannot be."""
        self._handlers.requests.stop(request.session_hash)
        try:
            return self._filled(read_link(query, self._fields))
        except Exception as error:
            gr.Warning(f"This link cannot be opened: {describe(error)}", title=SORRY)
            return self._explained_sample()

    def _explained_sample(self) -> Updates:
        """The fields with the sample image, and its maps; why there are none, where there are none.

        Who comes while it is explained waits for it, and nobody explains it again. Updates are
        copied, since Gradio takes them apart.
        """
        with self._lock:
            if self._sample is None:
                try:
                    self._sample = self._explain_sample()
                except BusyError as error:
                    return self._line(error)
                except Exception as error:  # of the visitors' host's own model
                    self._sample = self._line(error)
            return {
                part: dict(value) if isinstance(value, dict) else value
                for part, value in self._sample.items()
            }

    def _explain_sample(self) -> Updates:
        parts, service = self._parts, self._handlers.service
        filled = self._filled({})
        name, subject = service.names[0], filled[parts.image]
        method = METHODS[service.abilities(name).method]
        if subject is None:
            return filled  # there are no sample clips
        if method.many_passes:
            return filled | {parts.maps: long_method_html(method)}
        answer = service.explain(name, subject, [method.call()], filled[parts.target]["value"])
        options = display_options(SHOWN_FIRST, AS_IT_SUITS, ALPHA)
        shown = answer, maps_html(answer, options), downloads_html(answer, options)
        return filled | dict(zip(parts.of_answer, shown, strict=True))

    def _line(self, error: Exception) -> Updates:
        line = Markup("<p>The sample image is not explained: {}</p>")
        return {self._parts.maps: str(line.format(Markup(describe(error))))}

    def _filled(self, settings: Mapping[str, Any]) -> Updates:
        """The parts of the page by these settings. Raises ValueError where they do not fit."""
        parts, service = self._parts, self._handlers.service
        name = settings.get("classifier", service.names[0])
        can, layers = service.abilities(name), [LAST_LAYER, *service.layers(name)]
        method = one_of("method here", settings.get("method", can.method), can.methods)
        shown = settings.get("representation", SHOWN_FIRST)
        one_of("representation here", shown, representation_choices(method, bool(can.frames)))
        image = settings.get("image", parts.sample.value)
        subject = None if can.frames else self._handlers.sample(image)
        chosen = settings.get(CLASS), settings.get("box", "")
        of_classifier = self._handlers.of_classifier(subject, name, method, shown, *chosen)
        filled = dict(zip([*parts.of_image, *parts.of_classifier], of_classifier, strict=True))
        filled[parts.layer]["value"] = one_of("layer", settings.get("layer", LAST_LAYER), layers)
        if CLASSES in settings:
            filled[parts.targets]["value"] = settings[CLASSES]
        if "view" in settings:
            filled |= zip(
                parts.views.of_view, ViewHandlers.change_view(settings["view"]), strict=True
            )
        if image == UPLOADED:
            filled[parts.maps] = UPLOADED_LINE
        rest = {self._fields[name]: value for name, value in settings.items()}
        return rest | filled
