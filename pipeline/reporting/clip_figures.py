"""Figures of clips' maps: strips of frames over their maps, and animations."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from figures import Sheet
from figures.sheet import most_columns
from images.clips import sampled
from pipeline.explaining.explanation import HEADLINE, Explanation, titles_apart
from pipeline.plan import Display, Plan
from pipeline.reporting.captions import Captions, colour_bar_spans
from pipeline.reporting.figure_files import FigureFiles
from pipeline.reporting.file_names import run_name, single_name

SHOWN = 8  # frames of a strip, evenly spaced, where a clip has more
GAP = 4  # white pixels between the frame and its maps


class ClipFigures:
    """Draws explanations clip by clip, as `MapFigures` does those of images."""

    def __init__(
        self,
        plan: Plan,
        captions: Captions,
        classifiers: Sequence[str],
        files: FigureFiles,
    ):
        self.plan, self.display, self.files = plan, plan.display, files
        self.captions, self.classifiers = captions, classifiers
        asked = plan.display.representations
        self.representations = ("overlay",) if asked is None else asked

    def add(self, path: Path, explanations: Sequence[Explanation]) -> None:
        """Draws one clip's explanations: an animation each, and strips."""
        rows = []
        for explanation in explanations:
            for representation in self.representations:
                maps = represented_frames(explanation, representation, self.display)
                rows.append((explanation, representation, maps))
                stem = f"{single_name(explanation)}_{representation}"
                self._animate(stem, explanation, maps)
                if self.display.kind == "singles":
                    self._save_strip(stem, rows[-1:])
        if self.display.kind == "grid" and rows:
            plan = replace(self.plan, images=(path,), views=())
            self._save_strip(run_name(plan, self.classifiers), rows)

    def finish(self) -> None:
        """Nothing is kept."""

    def _animate(self, stem: str, explanation: Explanation, maps: np.ndarray) -> None:
        """The frames beside their maps, or with `bare` the maps alone, at the clip's own pace."""
        shown = maps
        if self.display.kind != "bare":
            gap = np.full((*maps.shape[:2], GAP, 3), 255, np.uint8)
            shown = np.concatenate([explanation.image, gap, maps], axis=2)
        self.files.save_animation(stem, shown, pause=explanation.clip.seconds / len(maps))

    def _save_strip(self, stem: str, rows: list) -> None:
        """A figure with the frames in its first row and the maps of each explanation in another."""
        first = rows[0][0]
        numbers = first.clip.numbers
        count = len(numbers)
        most = min(SHOWN, most_columns(self.display.width, has_labels=True))
        chosen = range(count) if count <= most else sampled(count, most)
        images = [first.image[i] for i in chosen]
        labels, bars = [["", "frames"]], []
        headline, titles = titles_apart([explanation for explanation, *_ in rows])
        for number, (explanation, representation, maps) in enumerate(rows, start=1):
            images += [maps[i] for i in chosen]
            kind = [representation.replace("_", " ")] if len(self.representations) > 1 else []
            labels.append(["", *titles[number - 1].split("\n"), *kind])
            of_row = [explanation], [representation], number, len(chosen) - 1
            bars += colour_bar_spans(self.display.colormap, *of_row)
        if len({span.bar for span in bars}) == 1:
            bars = bars[-1:]
        shown = list({id(explanation): explanation for explanation, *_ in rows}.values())
        representations = list(dict.fromkeys(name for _, name, _ in rows))
        selection = f", {len(chosen)} of them shown" if len(chosen) < count else ""
        about = f"{count} frames of {first.path.name}{selection}. "
        sheet = Sheet(
            images=images,
            titles=[f"frame {numbers[i]}" for i in chosen] + [""] * (len(images) - len(chosen)),
            columns=len(chosen),
            headline=HEADLINE.join([first.path.name, headline]),
            labels=labels,
            bars=bars,
            caption=about + self.captions.of_maps(shown, representations),
            width=self.display.width,
        )
        self.files.save(stem, sheet, about + self.captions.in_full(shown, representations))


def represented_frames(
    explanation: Explanation, representation: str, display: Display
) -> np.ndarray:
    """(T, H, W, 3): a map for every frame, all on one scale: they are drawn as one long image."""
    strip = explanation.strip
    longest = max(strip.image.shape)
    drawn = strip.represented(representation, **display.drawing, largest=longest)
    return np.stack(np.split(drawn, len(explanation.image), axis=1))
