"""What happens when a visitor wants to see whether an explanation holds."""

from collections.abc import Sequence

import gradio as gr

from pipeline.explaining.changes import Augmentation, Change, Masking
from web.fields import display_options
from web.messages import warn_on_error
from web.render_experiments import change_downloads_html, changes_html
from web.running import KEEPS, RunningRequests
from web.service import ExplanationService


class ExperimentHandlers:
    """Experiments for visitors, with a service that they share."""

    def __init__(self, service: ExplanationService, requests: RunningRequests):
        self.service, self.requests = service, requests

    @warn_on_error
    def explain_again(self, progress=gr.Progress(), request: gr.Request = None, *values):  # noqa: B008
        """The maps of an answer after each change of its image, and their downloads."""
        answer, augmentations, ways, share, fill, shape, *display = values
        if answer is None:
            raise ValueError("explain an image first")
        options = display_options(*display)
        with self.requests.running(request.session_hash) as stop:
            changed = self.service.explain_again(
                answer,
                chosen_changes(augmentations, ways, share, fill, shape),
                on_progress=lambda done, total: progress((done, total), desc=KEEPS),
                stop=stop,
            )
        return changes_html(changed, options), change_downloads_html(changed, options)


def chosen_changes(
    augmentations: Sequence[str], ways: Sequence[str], share: float, fill: str, shape: str
) -> list[Change]:
    """The changes that are chosen, in the order in which they are shown."""
    how = {"fraction": share, "fill": fill, "shape": shape}
    maskings = [Masking(keep=way == "keep", **how) for way in ways]
    return [*map(Augmentation, augmentations), *maskings]
