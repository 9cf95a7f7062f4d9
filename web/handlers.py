"""What happens when a visitor chooses something: values of the page in, values for it out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import gradio as gr
import numpy as np
from markupsafe import Markup

from images import read_image
from methods import METHODS
from methods.method import Method
from pipeline.explaining.drawable import drawable
from registry import Call
from web.answers import Answer
from web.fields import LAST_LAYER, display_options, hint, representation_choices, summary
from web.limits import call_of
from web.link import CLASS, CLASSES, one_of
from web.messages import stop_on_error, warn_on_error
from web.page_parts import SHOWN_FIRST
from web.render import downloads_html, guess_title, maps_html, subject_html
from web.render_boxes import detection_title
from web.running import KEEPS, RunningRequests
from web.service import ExplanationService
from web.subjects import Subject
from web.upload_store import UploadStore
from web.uploads import read_clip_upload, read_upload
from web.visitors import visitor_of

GUESSES_COMPARED = 2
UPLOADED = "uploaded"  # in the place of a sample image's name


def long_method_html(method: Method) -> str:
    """What is shown in the place of maps that nobody has to wait for."""
    return str(Markup("<p>{} takes a while: press Explain.</p>").format(method.title))


class Handlers:
    """What the page does for its visitors, with a service that they share."""

    def __init__(
        self,
        service: ExplanationService,
        uploads: UploadStore | None = None,
        samples: Mapping[str, Path] | None = None,
        options: Sequence[tuple[str, str]] = (),
    ):
        """`samples` are files by their names.

        `options` are (method, option) of each field, as `explain` gets their values.
        """
        self.service = service
        self._uploads = uploads
        self._samples = samples or {}
        self._options = options
        self.requests = RunningRequests()

    @stop_on_error
    def take_upload(
        self,
        token: str,
        name: str,
        before: Subject | None,
        target: str | None,
        box: str,
        request: gr.Request,
    ):
        """A visitor's image or clip, which is read once; a class that was chosen first is kept."""
        self.requests.stop(request.session_hash)
        frames = self.service.abilities(name).frames
        with self._uploads.taken(visitor_of(request.client), token) as file:
            subject = read_clip_upload(file, frames) if frames else read_upload(file.read_bytes())
        chosen = (target, box or "") if before is None else ()
        return UPLOADED, *self._classified(subject, name, *chosen)

    @stop_on_error
    def take_sample(
        self,
        event: gr.SelectData,
        name: str,
        before: Subject | None,
        target: str | None,
        box: str,
        request: gr.Request,
    ):
        """One of the sample images, by its number; a class that was chosen first is kept."""
        self.requests.stop(request.session_hash)
        if event.index not in range(len(self._samples)):
            raise ValueError(f"there are {len(self._samples)} sample images")
        image = list(self._samples)[event.index]
        chosen = (target, box or "") if before is None else ()
        return image, *self._classified(self.sample(image), name, *chosen)

    def sample(self, image: str) -> np.ndarray | None:
        """The sample image of that name; None for a visitor's own. Raises ValueError."""
        if image == UPLOADED:
            return None
        return drawable(read_image(self._samples[one_of("sample image", image, self._samples)]))

    @stop_on_error
    def change_classifier(self, subject: Subject | None, name: str, method: str, shown: str):
        """The image as another classifier sees it, that classifier's layers, and its method."""
        can = self.service.abilities(name)
        return self.of_classifier(
            subject, name, method if method in can.methods else can.method, shown
        )

    def of_classifier(
        self,
        subject: Subject | None,
        name: str,
        method: str,
        shown: str,
        target: str | None = None,
        box: str = "",
    ) -> tuple:
        """What goes with a classifier: the image as it sees it, its layers, and the method."""
        can = self.service.abilities(name)
        layers = gr.update(choices=[LAST_LAYER, *self.service.layers(name)], value=LAST_LAYER)
        offered = hint(bool(can.frames)), gr.update(visible=not can.frames)
        changed = self.change_method(method, name, shown)
        boxes = gr.update(visible=can.detects)
        classified = self._classified(subject, name, target, box)
        return *classified, layers, *offered, boxes, method, *changed

    def _classified(
        self, subject: Subject | None, name: str, target: str | None = None, box: str = ""
    ) -> tuple:
        """The image or clip, how it is shown, its best classes, all classes (twice), its boxes.

        The class and the box are those, where they are given, in the place of the best class.
        """
        classes = self.service.classes(name)
        if not self.service.abilities(name).fit(subject):
            nothing = gr.update(choices=[], value=None)
            chosen, compared = (gr.update(choices=classes, value=one) for one in (target, None))
            return None, "", nothing, chosen, compared, nothing, box, ""
        guesses = self.service.guesses(name, subject)
        detections = self.service.detections(name, subject)
        choices = [(guess_title(guess.title, guess.probability), guess.target) for guess in guesses]
        targets = [guess.target for guess in guesses]
        boxes = [(detection_title(one), str(one.number)) for one in detections]
        target = None if box else target or targets[0]
        own = {CLASS: targets[0], CLASSES: targets[:GUESSES_COMPARED]}
        return (
            subject,
            subject_html(subject, detections),
            gr.update(choices=choices, value=target if target in targets else None),
            gr.update(choices=classes, value=target),
            gr.update(choices=classes, value=own[CLASSES]),
            gr.update(choices=boxes, value=box if box in dict(boxes).values() else None),
            box,
            json.dumps(own),
        )

    def change_method(self, method: str, name: str, shown: str = SHOWN_FIRST):
        """What the method does, what its maps can be shown as, and the form of its options.

        They are shown as they were, where that goes for the method too.
        """
        choices = representation_choices(method, bool(self.service.abilities(name).frames))
        forms = [gr.update(visible=one == method) for one in METHODS]
        shown = shown if shown in choices else SHOWN_FIRST
        return summary(METHODS[method]), gr.update(choices=choices, value=shown), *forms

    @warn_on_error
    def explain(self, progress=gr.Progress(), request: gr.Request = None, *values):  # noqa: B008
        """The answer to what is set on the page, its maps and its downloads."""
        subject, name, method, layer, target, box, *rest = values
        values = zip(self._options, rest[3:], strict=True)
        given = {option: value for (owner, option), value in values if owner == method}
        return self._explain(
            name,
            subject,
            [call_of(METHODS[method], given)],
            target=target,
            box=box,
            layer=layer,
            display=rest[:3],
            progress=progress,
            session=request.session_hash,
        )

    def explain_if_quick(self, progress=gr.Progress(), request: gr.Request = None, *values):  # noqa: B008
        """What `explain` gives, of a method that takes no time; of others, a line that says so."""
        subject, _, method, *_ = values
        if subject is None:
            return gr.skip()
        if METHODS[method].many_passes:
            return None, long_method_html(METHODS[method]), ""
        return self.explain(progress, request, *values)

    @warn_on_error
    def compare(self, progress=gr.Progress(), request: gr.Request = None, *values):  # noqa: B008
        """The answer of several methods, by their defaults, about several classes."""
        subject, name, methods, targets, layer, *display = values
        if not methods or not targets:
            raise ValueError("choose at least one method and one class")
        return self._explain(
            name,
            subject,
            [call_of(METHODS[method], {}) for method in methods],
            target=",".join(targets),
            layer=layer,
            display=display,
            progress=progress,
            session=request.session_hash,
        )

    def _explain(
        self,
        name: str,
        subject: Subject | None,
        calls: list[Call],
        *,
        target: str | None,
        box: str = "",
        layer: str,
        display: Sequence,
        progress: gr.Progress,
        session: str | None,
    ) -> tuple[Answer, str, str]:
        """The answer, its maps and its downloads; the visitor sees how far it has come."""
        if subject is None:
            raise ValueError("choose an image first")
        options = display_options(*display)
        with self.requests.running(session) as stop:
            answer = self.service.explain(
                name,
                subject,
                calls,
                target or "",
                box=box,
                layer=None if layer == LAST_LAYER else layer,
                on_progress=lambda done, total: progress((done, total), desc=KEEPS),
                stop=stop,
            )
        return answer, maps_html(answer, options), downloads_html(answer, options)

    def stop(self, request: gr.Request) -> None:
        """Ends the visitor's own requests early."""
        self.requests.stop(request.session_hash)

    @warn_on_error
    def redraw(self, answer: Answer | None, *display):
        """The maps and downloads of an answer, drawn in another way."""
        if answer is None:
            return gr.skip()
        options = display_options(*display)
        return maps_html(answer, options), downloads_html(answer, options)
