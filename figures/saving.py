"""Saving a figure so that the same command gives the same bytes, and showing it."""

import sys
from pathlib import Path

import numpy as np

FORMATS = ("png", "pdf", "svg")
DPI = 300
NO_DATES = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}


def save_figure(figure, path: str | Path) -> Path:
    """The path that the figure was saved to; png at 300 dpi, pdf and svg without dates.

    Folders are made as needed. Raises ValueError for another format.
    """
    import matplotlib

    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise ValueError(f"figure '{path}': expected one of {', '.join(FORMATS)}, got '{kind}'")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")  # so that no figure is ever half written
    with matplotlib.rc_context({"svg.hashsalt": "explanation", "svg.fonttype": "path"}):
        figure.savefig(unfinished, dpi=DPI, metadata=NO_DATES[kind], format=kind)
    return unfinished.replace(path)


def save_picture(image: np.ndarray, path: str | Path) -> Path:
    """The path that the RGB picture (H, W, 3) uint8 was saved to, as PNG, quickly packed."""
    import cv2

    path = Path(path)
    unfinished = path.with_name(path.name + ".part")
    _, content = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    unfinished.write_bytes(content)
    return unfinished.replace(path)


def save_animation(frames: np.ndarray, path: str | Path, pause: float) -> Path:
    """The path that the frames (T, H, W, 3) uint8 were saved to, as a GIF that goes on and on.

    `pause` is in seconds, from one frame to the next.
    """
    from PIL import Image

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = (Image.fromarray(frame) for frame in frames)
    unfinished = path.with_name(path.name + ".part")
    pause = max(20, round(1000 * pause))  # faster ones are slowed down by those who show them
    first.save(unfinished, "GIF", save_all=True, append_images=others, duration=pause, loop=0)
    return unfinished.replace(path)


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
