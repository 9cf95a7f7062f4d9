"""Maps of clips as parts of the page: animations, and strips of frames over their maps."""

from collections.abc import Sequence

import numpy as np

from figures.saving import as_gif
from images import Clip
from images.clips import sampled
from pipeline.explaining.explanation import Explanation
from pipeline.plan import Display
from pipeline.reporting.clip_figures import GAP, SHOWN, represented_frames
from pipeline.reporting.html_templates import data_uri
from representations import REPRESENTATIONS
from web.display import DisplayOptions


def clip_uri(clip: Clip) -> str:
    """The clip as an animation, at its own pace."""
    return animation_uri(clip.frames, clip.seconds / len(clip.frames))


def animation_uri(frames: np.ndarray, pause: float, rest: float | None = None) -> str:
    """Frames (F, H, W, 3) as a GIF within the page; `pause` and `rest` are in seconds."""
    return data_uri(as_gif(frames, pause, rest), "image/gif")


def map_animation(explanation: Explanation, options: DisplayOptions) -> str:
    """A clip's frames beside their maps, as an animation."""
    maps = map_frames(explanation, options)
    gap = np.full((*maps.shape[:2], GAP, 3), 255, np.uint8)
    shown = np.concatenate([explanation.image, gap, maps], axis=2)
    return animation_uri(shown, explanation.clip.seconds / len(maps))


def strip_cells(
    explanations: Sequence[Explanation], options: DisplayOptions
) -> tuple[list[np.ndarray], list[str], int]:
    """Frames, then the maps of each explanation at these; their titles; how many are in a row."""
    clip = explanations[0].clip
    count = len(clip.numbers)
    chosen = range(count) if count <= SHOWN else sampled(count, SHOWN)
    images = [explanations[0].image[i] for i in chosen]
    titles = [f"frame {clip.numbers[i]}" for i in chosen]
    for explanation in explanations:
        maps = map_frames(explanation, options)
        images += [maps[i] for i in chosen]
        titles += [explanation.title, *[""] * (len(chosen) - 1)]
    return images, titles, len(chosen)


def strip_image(explanations: Sequence[Explanation], options: DisplayOptions) -> np.ndarray:
    """The same as one image: a row of frames, and a row of maps for each explanation."""
    images, _, columns = strip_cells(explanations, options)
    white = ((0, GAP), (0, GAP), (0, 0))
    cells = [np.pad(image, white, constant_values=255) for image in images]
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])[:-GAP, :-GAP]


def map_frames(explanation: Explanation, options: DisplayOptions) -> np.ndarray:
    """(T, H, W, 3): the maps as they are drawn. Raises ValueError where clips are not drawn so."""
    if not REPRESENTATIONS[options.representation].of_clips:
        drawn = ", ".join(name for name, one in REPRESENTATIONS.items() if one.of_clips)
        raise ValueError(f"clips are drawn as {drawn}; not as {options.representation}")
    display = Display(colormap=options.colormap, alpha=options.alpha)
    return represented_frames(explanation, options.representation, display)
