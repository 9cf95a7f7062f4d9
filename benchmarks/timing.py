"""Timing several ways of doing a thing side by side, so that the machine's moods hit all alike."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

ROUNDS = 9  # at least; quick things are repeated for longer
SECONDS = 6.0  # for each way, at least
MOST_ROUNDS = 60


class Timing(NamedTuple):
    """Seconds of one way, over all rounds."""

    seconds: list[float]

    @property
    def minimum(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def interleaved(
    ways: dict[str, Callable[[], object]],
    *,
    warm_up: int = 2,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
) -> dict[str, Timing]:
    """The ways' timings, taken in turn round by round, after some rounds that do not count."""
    for _ in range(warm_up):
        for way in ways.values():
            way()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    started = time.perf_counter()
    while True:
        for name, way in ways.items():
            before = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - before)
        done = len(taken[name])
        long_enough = time.perf_counter() - started > seconds * len(ways)
        if done >= MOST_ROUNDS or (done >= rounds and long_enough):
            return {name: Timing(values) for name, values in taken.items()}


def print_ratios(title: str, timings: dict[str, Timing], goals: dict[str, float] | None = None):
    """A table of the timings as parts of the first one's: ratio of medians, ratio of minima."""
    (unit, *_) = timings
    base = timings[unit]
    print(f"\n{title} ({len(base.seconds)} rounds in turn)")
    print(f"  {'':34} {'median ms':>10} {'ratio':>7} {'min ms':>9} {'ratio':>7}")
    for name, timing in timings.items():
        median, minimum = timing.median / base.median, timing.minimum / base.minimum
        goal = (goals or {}).get(name)
        goal_text = (
            "" if goal is None else f"  goal {goal}: {'met' if median <= goal else 'missed'}"
        )
        print(
            f"  {name:34} {timing.median * 1e3:10.1f} {median:7.3f} "
            f"{timing.minimum * 1e3:9.1f} {minimum:7.3f}{goal_text}",
            flush=True,
        )
