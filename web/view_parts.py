"""The part of the page that shows what is inside a classifier."""

from typing import Any

import gradio as gr

from views import VIEWS
from web.fields import form, summary

VIEW_CHOICES = [(view.title, name) for name, view in VIEWS.items()]
FIRST = next(iter(VIEWS))


class ViewParts:
    """A view, its options and its image, none of which does anything yet."""

    def __init__(self):
        with gr.Accordion("Inside the classifier", open=False):
            self.view = gr.Dropdown(VIEW_CHOICES, value=FIRST, label="View")
            self.about = gr.Markdown(summary(VIEWS[FIRST]))
            self.forms: dict[str, gr.Group] = {}
            self.options: dict[tuple[str, str], Any] = {}  # by the view's name and the option's
            for name, view in VIEWS.items():
                with gr.Group(visible=name == FIRST) as self.forms[name], gr.Row():
                    for option, field in form(view).items():
                        self.options[name, option] = field
            with gr.Row():
                self.start = gr.Button("Show", variant="primary")
                self.stop = gr.Button("Stop")
            self.image = gr.HTML(min_height=60, elem_id="view")
            self.downloads = gr.HTML(elem_id="view_downloads")

    @property
    def of_view(self) -> list[Any]:
        """What another view changes."""
        return [self.about, *self.forms.values()]

    @property
    def of_answer(self) -> list[Any]:
        """What is shown."""
        return [self.image, self.downloads]
