"""Words for errors: the nearest name to a mistyped one."""

import difflib
from collections.abc import Iterable


def suggest(name: str, names: Iterable[str]) -> str:
    """ "; did you mean 'X'?" for the nearest of `names` whatever its case, or nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in names}
    nearest = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.5)
    return f"; did you mean '{by_folded[nearest[0]]}'?" if nearest else ""
