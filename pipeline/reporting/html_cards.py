"""Figures of merit on the report page: a card for each thing that a reader asks first."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from evaluation.ranking import Ranking
from evaluation.statistics import ALL, FEWEST
from methods import METHODS
from pipeline.reporting.experiment_tables import ExperimentResult
from pipeline.reporting.html_results import interval_text
from pipeline.reporting.html_tables import number_text
from registry import Call, parse_call

MOST_NAMED = 3  # methods on a card's line
NO_BEST = "no clear best"


class CardLine(NamedTuple):
    """A value, of what it is, and what more there is to say of it."""

    value: str
    detail: str = ""
    of: str = ""
    is_best: bool = False

    @property
    def is_unclear(self) -> bool:
        """Whether it says that there is none."""
        return self.value == NO_BEST


@dataclass(frozen=True, kw_only=True)
class Card:
    """A title over values."""

    title: str
    lines: Sequence[CardLine]
    note: str = ""  # beside the title
    link: str = ""  # of a section of the page
    is_warning: bool = False


def count_cards(done: int, images: int, noun: str, failed: int, views: int) -> Iterable[Card]:
    """How much was explained, what failed, and how many views there are."""
    if done or not views:
        value = f"{done:,} of {images:,}"
        link = "images" if done else ""
        yield Card(title=f"{noun} explained", lines=[CardLine(value)], link=link)
    if failed:
        line = CardLine(f"{failed:,}", "with their reasons below")
        yield Card(title="Failed", lines=[line], link="failures", is_warning=True)
    if views:
        yield Card(title="Views", lines=[CardLine(f"{views:,}")], link="views")


def accuracy_card(rows: Sequence[Mapping[str, Any]]) -> Iterable[Card]:
    """How often each classifier is right; no card where no image's class is known."""
    lines = [
        CardLine(
            f"{row['accuracy']:.1%}",
            f"{row['right']:,} of {row['known']:,} right",
            row["classifier"] if len(rows) > 1 else "",
        )
        for row in rows
    ]
    if lines:
        yield Card(title="Accuracy", lines=lines, link="accuracy")


def metric_cards(rankings: Sequence[Ranking], metrics: Sequence[Call]) -> Iterable[Card]:
    """For each metric the best method of each classifier, or that none is clearly so."""
    of_all = [ranking for ranking in rankings if ranking.class_name == ALL]
    several = len({ranking.classifier for ranking in of_all}) > 1
    for call in metrics:
        ranked = [ranking for ranking in of_all if ranking.metric == str(call)]
        lines = [_ranked(ranking, ranking.classifier if several else "") for ranking in ranked]
        if lines:
            note = f"{call.entry.better} is better"
            yield Card(title=call.title, note=note, lines=lines, link="metrics")


def _ranked(ranking: Ranking, of: str) -> CardLine:
    """What a card says of one ranking."""
    mean = number_text(ranking.mean)
    interval = interval_text(ranking.low, ranking.high) if ranking.low < ranking.high else ""
    if ranking.methods == 1:
        return CardLine(mean, ", ".join(filter(None, [_names(ranking.best), interval])), of)
    with_interval = f"{mean} ({interval})" if interval else mean
    if ranking.all_tie:
        return CardLine(NO_BEST, f"all {ranking.methods} methods tie at {mean}", of)
    if ranking.is_clear:
        return CardLine(_names(ranking.best), with_interval, of, is_best=True)
    if len(ranking.best) > 1:
        return CardLine(NO_BEST, f"{_names(ranking.best)} tie at {mean}", of)
    if ranking.values < FEWEST:
        few = f"{_names(ranking.best)} {with_interval}, of only {ranking.values} maps"
        return CardLine(NO_BEST, few, of)
    is_all = 1 < len(ranking.close) == ranking.methods - 1
    rivals = "all others" if is_all else _names(ranking.close)
    verb = "overlaps" if len(ranking.close) == 1 else "overlap"
    return CardLine(NO_BEST, f"{_names(ranking.best)} {with_interval}; {rivals} {verb}", of)


def experiment_card(result: ExperimentResult) -> Card:
    """How often explanations, or predictions, have survived an experiment."""
    headlines = result.headlines()
    several = len({classifier for classifier, _ in headlines}) > 1
    lines = [
        CardLine(
            "n/a" if math.isnan(share) else f"{share:.1%}",
            ", ".join([_names([method]), *([classifier] if several else [])]),
        )
        for (classifier, method), share in headlines.items()
    ]
    title = result.table.title
    return Card(title=title, note=result.table.headline, lines=lines, link=title)


def cost_card(rows: Sequence[Mapping[str, Any]]) -> Iterable[Card]:
    """What a map costs: of the fastest and of the slowest method."""
    timed = sorted((row for row in rows if row["seconds"] > 0), key=lambda row: row["seconds"])
    several = len({row["classifier"] for row in timed}) > 1
    chosen = [timed[0], timed[-1]] if len(timed) > 1 else timed
    lines = [_cost(row, several, len(timed) > 1) for row in chosen]
    if lines:
        yield Card(title="Time of a map", lines=lines, link="methods")


def _cost(row: Mapping[str, Any], several: bool, is_one_of_many: bool) -> CardLine:
    passes = row["passes"]
    counted = [] if math.isnan(passes) else [f"{passes:,.0f} pass{'' if passes == 1 else 'es'}"]
    who = [_names([row["method"]])] if is_one_of_many else []
    who += [row["classifier"]] if several else []
    return CardLine(_seconds(row["seconds"]), ", ".join([*who, *counted]))


def _seconds(seconds: float) -> str:
    """A time with its unit."""
    return f"{number_text(seconds)} s" if seconds >= 1 else f"{number_text(1000 * seconds)} ms"


def _names(methods: Sequence[str]) -> str:
    """The titles of methods, those beyond the third as their number."""
    titles = [parse_call(method, METHODS).title for method in methods[:MOST_NAMED]]
    more = len(methods) - len(titles)
    if more:
        return f"{', '.join(titles)} and {more} more"
    return " and ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)
