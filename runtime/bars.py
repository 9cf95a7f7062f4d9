"""How far a long step is: a bar on a terminal, elsewhere a line a minute."""

import sys
import time
from contextlib import ExitStack

from runtime.text import escaped
from runtime.waiting import bar_on_the_line, is_terminal

MINUTE = 60  # seconds between two lines, and what is worth an estimate


class Bar:
    """Counts what is done of a total, and says how much time is left.

    What was `already` there counts as done, and not for the rate.
    """

    def __init__(
        self,
        total: int,
        unit: str,
        what: str = "",
        *,
        first: int = 1,
        only_lines: bool = False,
        stays: bool = False,
    ):
        """`unit` is what is counted, `what` is being done.

        The time left is told from the `first` so many on, as many as come at once. A terminal has
        lines too with `only_lines`, and with `stays` the bar at its end.
        """
        self.total, self.unit, self.what = total, unit, escaped(what)
        self.done, self.already = 0, 0
        self._first, self._only_lines, self._stays = first, only_lines, stays
        self._started = self._said = time.monotonic()
        self._has_estimate = False
        self._bar = None

    def __enter__(self) -> "Bar":
        self._stack = ExitStack()
        if is_terminal(sys.stderr) and not self._only_lines:
            from tqdm import tqdm

            self._stack.enter_context(bar_on_the_line())
            self._bar = self._stack.enter_context(
                tqdm(
                    total=self.total,
                    desc=self.what or None,
                    unit=self.unit,
                    leave=self._stays,
                    smoothing=0,  # so that the rate is that of what is done here
                    dynamic_ncols=True,
                )
            )
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def update(self, count: int = 1, already: bool = False) -> None:
        """So many more are done, or were there `already`."""
        self.done += count
        self.already += count if already else 0
        if self._bar is not None:
            self._bar.initial = self.already
            if already:
                self._bar.set_postfix_str(f"{self.already} already stored", refresh=False)
            self._bar.update(count)
        elif self.done < self.total and self._is_due():
            self._said = time.monotonic()
            print(self.line, file=sys.stderr, flush=True)

    def _is_due(self) -> bool:
        """Whether a line is: after a minute, and as soon as it is known that it takes that long."""
        left = self.seconds_left
        is_news = not self._has_estimate and left is not None
        self._has_estimate |= is_news
        return (is_news and left >= MINUTE) or time.monotonic() - self._said >= MINUTE

    @property
    def seconds_left(self) -> float | None:
        """By the rate so far; None where too little was done here."""
        done = self.done - self.already
        spent = time.monotonic() - self._started
        return spent / done * (self.total - self.done) if done >= max(1, self._first) else None

    @property
    def line(self) -> str:
        """How far it is, in words."""
        what = f"{self.what}: " if self.what else ""
        stored = f" ({self.already:,} already stored)" if self.already else ""
        left = self.seconds_left
        left = "" if left is None else f", about {duration(left)} left"
        return f"{what}{self.done:,} of {counted(self.total, self.unit)}{stored}{left}"


def duration(seconds: float) -> str:
    """The time in words, as exactly as an estimate deserves: 40 s, 8 min, 2 h 10 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def counted(count: int, unit: str) -> str:
    """The number and its unit, in the plural but for one: 1 image, 1,203 images."""
    return f"{count:,} {unit}" + (
        "" if count == 1 else "es" if unit.endswith(("ch", "ss")) else "s"
    )
