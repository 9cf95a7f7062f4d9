"""Saving a figure so that the same command gives the same bytes, and showing it."""

import io
import sys
import warnings
from pathlib import Path

import numpy as np

from figures.fonts import use_fonts_for
from runtime import as_path, atomic_write

FORMATS = ("png", "pdf", "svg")
ANIMATION = "gif"
PAUSE, REST = 0.12, 2.0  # seconds that a frame of an ascent, and its last, stand
SHORTEST_PAUSE = 20  # milliseconds; shorter ones are made longer by those who show them
DPI = 300
NO_DATES = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}


def save_figure(figure, path: str | Path) -> Path:
    """The path that the figure was saved to; png at 300 dpi, pdf and svg without dates.

    Texts of pdf and svg are texts, in fonts that publishers take.

    Folders are made as needed. Raises ValueError for another format.
    """
    import matplotlib

    path = as_path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise ValueError(f"figure '{path}': expected one of {', '.join(FORMATS)}, got '{kind}'")
    settings = {"svg.hashsalt": "explanation", "svg.fonttype": "none", "pdf.fonttype": 42}
    use_fonts_for(figure)
    with matplotlib.rc_context(settings), atomic_write(path) as file, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # it was said which, in one line
        figure.savefig(file, dpi=DPI, metadata=NO_DATES[kind], format=kind)
    return path


def as_png(figure) -> bytes:
    """The figure as a notebook shows it: a PNG of half the dots."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI // 2)
    return file.getvalue()


def save_image(image: np.ndarray, path: str | Path) -> Path:
    """The path that the RGB image (H, W, 3) uint8 was saved to, as PNG, quickly packed."""
    import cv2

    path = as_path(path)
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    settings += [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # that of older releases is quick by itself
        settings += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_SUB]
    _, content = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    with atomic_write(path) as file:
        file.write(content)
    return path


def save_animation(
    frames: np.ndarray, path: str | Path, pause: float = PAUSE, rest: float | None = None
) -> Path:
    """The path that the RGB frames (F, H, W, 3) uint8 were saved to, as `as_gif` has them."""
    path = as_path(path)
    with atomic_write(path) as file:
        file.write(as_gif(frames, pause, rest))
    return path


def as_gif(frames: np.ndarray, pause: float = PAUSE, rest: float | None = None) -> bytes:
    """RGB frames (F, H, W, 3) uint8 as a GIF that goes on and on.

    `pause` is in seconds, from one frame to the next; after the last it is `rest`, where given.
    """
    from PIL import Image

    first, *others = (Image.fromarray(frame) for frame in frames)
    pauses = [pause] * len(others) + [pause if rest is None else rest]
    times = [max(SHORTEST_PAUSE, round(1000 * seconds)) for seconds in pauses]
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, duration=times, loop=0)
    return file.getvalue()


def show_figure(figure) -> None:
    """Shows the figure, in a notebook or in a window until it is closed; says so if it cannot."""
    notebook = sys.modules.get("IPython")
    if notebook and hasattr(notebook.get_ipython(), "kernel"):
        notebook.display.display(figure)
        return
    import matplotlib.pyplot as plt
    from matplotlib.backends.registry import BackendFilter, backend_registry

    if plt.get_backend().lower() not in backend_registry.list_builtin(BackendFilter.INTERACTIVE):
        print("--show: there is no display here; see the saved file", file=sys.stderr)
        return
    window = plt.figure(figsize=figure.get_size_inches())
    window.canvas.manager.canvas.figure = figure
    figure.set_canvas(window.canvas.manager.canvas)
    plt.show(block=True)
    plt.close(window)
