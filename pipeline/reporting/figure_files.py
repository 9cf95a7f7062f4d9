"""Figures, bare images and animations on their way into the output folder."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from figures import ANIMATION, ColourBar
from figures.grid import LARGEST_CELL
from figures.saving import save_animation, save_image
from pipeline.plan import Display
from pipeline.reporting.file_names import FileNames
from runtime import BackgroundWriter
from utils import grid_layout


class FigureFiles:
    """Saves what is drawn under names that no other file of the run has."""

    def __init__(self, display: Display, wrote: Callable[[Path, bool], None], is_verbose: bool):
        """`wrote` is told of each file, and whether it replaces one; of bare images if verbose."""
        self.display = display
        self.names = FileNames(display.output_dir)
        self.bare = 0  # images without a figure around them
        self._wrote, self._is_verbose = wrote, is_verbose
        self._writer = BackgroundWriter()

    def save(
        self,
        stem: str,
        images: Sequence[np.ndarray | None],
        titles: Sequence[str],
        columns: int,
        caption: str,
        bars: Iterable[ColourBar] = (),
        largest: float = LARGEST_CELL,
    ) -> None:
        """Saves a figure of images with their titles, `largest` inches wide at most."""
        path = self.names.path(stem, self.display.figure_format)
        replaces = path.exists()
        grid_layout(
            images,
            titles,
            columns=columns,
            path=path,
            show=self.display.show,
            caption=caption,
            colour_bars=list(bars),
            largest=largest,
        )
        self._wrote(path, replaces)

    def save_bare(self, stem: str, draw: Callable[[], np.ndarray], weight: int = 0) -> None:
        """Saves the image that `draw` gives as PNG, and nothing around it, while others go on.

        `weight` is how many bytes `draw` needs.
        """
        path = self.names.path(stem, "png")
        self.bare += 1
        if self._is_verbose:
            self._wrote(path, path.exists())
        self._writer.submit(lambda: save_image(draw(), path), weight)

    def save_animation(self, stem: str, frames: np.ndarray, **timing: float) -> None:
        """Saves frames (F, H, W, 3) as they follow each other; see `figures.saving`."""
        path = self.names.path(stem, ANIMATION)
        replaces = path.exists()
        self._wrote(save_animation(frames, path, **timing), replaces)

    def finish(self) -> None:
        """Returns when all bare images are written."""
        self._writer.finish()
