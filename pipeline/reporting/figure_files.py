"""Figures, bare images and animations on their way into the output folder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from figures import ANIMATION, Sheet
from figures.saving import save_animation, save_figure, save_image
from pipeline.plan import Display
from pipeline.reporting.file_names import FileNames
from pipeline.reporting.latex import LatexFigures
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
        self._latex = LatexFigures(display)

    def save(self, stem: str, sheet: Sheet, about: str = "") -> None:
        """Saves a figure; `about` is its caption in LaTeX, where that says more."""
        path = self.names.path(stem, self.display.figure_format)
        replaces = path.exists()
        self._latex.add(path, about or sheet.caption, sheet.width)
        if self.display.caption == "file":
            sheet = replace(sheet, caption="")
        grid_layout(path=path, show=self.display.show, **vars(sheet))
        self._wrote(path, replaces)

    def save_chart(self, chart, name: str, about: str) -> Path:
        """Saves a chart under the name that it has in every run, and gives its path."""
        path = self.display.output_dir / f"{name}.{self.display.figure_format}"
        self._latex.add(path, about, self.display.width)
        return save_figure(chart, path)

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

    def write_latex(self) -> Path | None:
        """Writes figures.tex, of all figures and charts; its path, None where there are none."""
        return self._latex.write()
