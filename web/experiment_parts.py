"""The part of the page that changes the image, to see whether its explanation holds."""

from typing import Any, get_args

import gradio as gr

from experiments import AUGMENTATIONS
from experiments.masking import Fill, Shape

FIRST = ["horizontal_flip", "blur"]
WAYS = [("hidden", "mask"), ("kept, and all else hidden", "keep")]
SHARE = 0.2
LEAST_WIDTH = 120  # pixels


class ExperimentParts:
    """Changes to choose, and what came of them; none of it does anything yet."""

    def __init__(self):
        with gr.Accordion("Does it hold?", open=False):
            gr.Markdown("The image of the maps above is changed, and explained again.")
            choices = [(name.replace("_", " "), name) for name in AUGMENTATIONS]
            self.augmentations = gr.CheckboxGroup(choices, value=FIRST, label="Changed by")
            self.ways = gr.CheckboxGroup(WAYS, value=["mask"], label="What the map shows most is")
            with gr.Row():
                self.share = gr.Slider(
                    0.05, 0.95, SHARE, step=0.05, label="Share of the image", min_width=LEAST_WIDTH
                )
                self.fill = gr.Dropdown(
                    list(get_args(Fill)), label="Hidden with", min_width=LEAST_WIDTH
                )
                self.shape = gr.Dropdown(
                    list(get_args(Shape)), label="Cut along", min_width=LEAST_WIDTH
                )
            with gr.Row():
                self.start = gr.Button("Change and explain again", variant="primary")
                self.stop = gr.Button("Stop")
            self.changes = gr.HTML(min_height=60, elem_id="changes")
            self.downloads = gr.HTML(elem_id="change_downloads")

    @property
    def of_changes(self) -> list[Any]:
        """What is to be done to the image."""
        return [self.augmentations, self.ways, self.share, self.fill, self.shape]

    @property
    def of_answer(self) -> list[Any]:
        """What came of it."""
        return [self.changes, self.downloads]
