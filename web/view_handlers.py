"""What happens when a visitor wants to see what is inside a classifier."""

from collections.abc import Sequence

import gradio as gr

from views import VIEWS
from web.fields import LAST_LAYER, summary
from web.limits import call_of
from web.messages import warn_on_error
from web.render_views import view_downloads_html, view_html
from web.running import KEEPS, RunningRequests
from web.service import ExplanationService


class ViewHandlers:
    """Views for visitors, with a service that they share."""

    def __init__(
        self,
        service: ExplanationService,
        requests: RunningRequests,
        options: Sequence[tuple[str, str]],
    ):
        """`options` are (view, option) of each field, as `show` gets their values."""
        self.service, self.requests = service, requests
        self._options = options

    @staticmethod
    def change_view(name: str) -> tuple:
        """What the view shows, and the form of its options."""
        return summary(VIEWS[name]), *(gr.update(visible=one == name) for one in VIEWS)

    @warn_on_error
    def show(self, progress=gr.Progress(), request: gr.Request = None, *values):  # noqa: B008
        """The view that is chosen, and its downloads."""
        subject, name, view, layer, target, *rest = values
        values = zip(self._options, rest, strict=True)
        given = {option: value for (owner, option), value in values if owner == view}
        with self.requests.running(request.session_hash) as stop:
            answer = self.service.view(
                name,
                call_of(VIEWS[view], given),
                subject,
                target or "",
                layer=None if layer == LAST_LAYER else layer,
                on_progress=lambda done, total: progress((done, total), desc=KEEPS),
                stop=stop,
            )
        return view_html(answer), view_downloads_html(answer)
