"""The range of an option's numbers, as it stands beside the option's type."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Of numbers that will do: ends that belong to them (`least`, `most`) or not."""

    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None

    def __contains__(self, value: float) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        """In words: "at least 1", "above 0 and below 1"."""
        ends = {
            "at least": self.least,
            "above": self.above,
            "at most": self.most,
            "below": self.below,
        }
        return " and ".join(f"{word} {end:g}" for word, end in ends.items() if end is not None)


SEED = Bounds(least=0)
COUNT = Bounds(least=1)
SHARE = Bounds(above=0, below=1)
NOT_NEGATIVE = Bounds(least=0)
