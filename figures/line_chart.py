"""A chart of lines for one cell of a figure, in colours that the colour-blind can tell apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), black and yellow left out
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", ":", "-.")


class Line(NamedTuple):
    """Values (S,) over places (S,), and whose they are."""

    places: Sequence[float]
    values: Sequence[float]
    kind: str = ""  # of which there is one line for each name: its dashes tell
    name: str = ""  # its colour tells


class Style(NamedTuple):
    """How the lines of a name or a kind are drawn."""

    text: str
    colour: str = "black"
    dashes: str = "-"


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """Lines, what their axes mean, and how they are drawn."""

    lines: tuple[Line, ...]
    across: str
    up: str
    limits: tuple[float, float] | None = None  # of the values
    is_doubling: bool = False  # whether each place is about twice the one before

    def named(self, name: str) -> "LineChart":
        """The same, its lines under this name."""
        return replace(self, lines=tuple(line._replace(name=name) for line in self.lines))

    def with_lines(self, others: Iterable["LineChart"]) -> "LineChart":
        """The same with the lines of others."""
        return replace(self, lines=sum((other.lines for other in others), self.lines))

    def draw(self, axes, font: float, styles: "Styles | None" = None) -> None:
        """Draws the lines and their axes, all texts in a font of so many points.

        `styles` are those of several charts, where they are to share them.
        """
        styles = styles or Styles([self])
        for line in self.lines:
            marker = "o" if len(line.places) < 16 else None
            axes.plot(
                line.places,
                line.values,
                marker=marker,
                markersize=2,
                linewidth=1,
                **styles.of(line),
            )
        if self.is_doubling:
            self._double(axes)
        else:
            axes.locator_params(nbins=3)
        if self.limits:
            axes.set_ylim(*self.limits)
            if self.limits[0] < 0:
                axes.axhline(0, color="black", linewidth=0.5)
        axes.set_xlabel(self.across, fontsize=font, labelpad=1)
        axes.set_ylabel(self.up, fontsize=font, labelpad=1)
        tidy(axes, font)

    def _double(self, axes) -> None:
        axes.set_xscale("log")
        places = sorted({place for line in self.lines for place in line.places})
        ends = [places[0], places[-1]] if len(places) > 1 else places
        axes.set_xticks(ends, labels=[f"{place:g}" for place in ends])
        axes.minorticks_off()


class Styles:
    """Colours of names and dashes of kinds, the same in all of several charts."""

    def __init__(self, charts: Iterable[LineChart]):
        lines = [line for chart in charts for line in chart.lines]
        self._names = list(dict.fromkeys(line.name for line in lines))
        self._kinds = list(dict.fromkeys(line.kind for line in lines if line.kind))

    def of(self, line: Line) -> dict[str, str]:
        """How matplotlib is to draw a line."""
        return {"color": self._colour(line.name), "linestyle": self._dashes(line.kind)}

    @property
    def legend(self) -> list[Style]:
        """What has to be said of colours and of dashes; nothing of lines without a name."""
        colours = [Style(name, self._colour(name)) for name in self._names if name]
        if colours and len(self._kinds) == 1:
            return colours  # one kind needs no telling apart
        return colours + [Style(kind, dashes=self._dashes(kind)) for kind in self._kinds]

    def _colour(self, name: str) -> str:
        return colour_of(self._names.index(name)) if name else "black"

    def _dashes(self, kind: str) -> str:
        return DASHES[self._kinds.index(kind) % len(DASHES)] if kind else DASHES[0]


def tidy(axes, font: float) -> None:
    """Thin lines, a light grid and ticks in the figure's font."""
    axes.grid(alpha=0.3, linewidth=0.5)
    axes.tick_params(labelsize=font, length=2, pad=1, width=0.5)
    for side, spine in axes.spines.items():
        spine.set_linewidth(0.5)
        spine.set_visible(side in ("left", "bottom"))


def colour_of(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
