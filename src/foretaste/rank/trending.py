"""Trending: how many people took each item within a window in, scores of all items out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Catalogue, Floats
from foretaste.errors import InputError

UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
LONGEST = 10 * 366 * UNITS["d"]
NAMES = (("week", "w"), ("day", "d"), ("hour", "h"), ("minute", "m"))


def seconds(window: Any) -> float:
    """A window as people write it: "24h", "7d", "2w", or a number of seconds."""
    text = str(window).strip().lower()
    unit = UNITS.get(text[-1:], 1.0)
    try:
        found = float(text[:-1] if text[-1:] in UNITS else text) * unit
    except ValueError:
        found = 0.0
    if not 0 < found <= LONGEST:  # nan neither
        raise InputError(
            f"window: '{window}' is no length of time; write it like 24h, 7d or 2w, or in seconds"
        )
    return found


def spoken(window: float) -> str:
    """In words: the last 7 days."""
    for name, letter in NAMES:
        count = window / UNITS[letter]
        if count >= 1 and count == int(count) and not (name == "week" and count < 2):
            return f"the last {name}" if count == 1 else f"the last {int(count)} {name}s"
    return f"the last {window:g} seconds"


def counts(takers: Sequence[tuple[str, int]], catalogue: Catalogue) -> Floats:
    """[items], how many people took each."""
    found = np.zeros(len(catalogue), np.float32)
    for item, people in takers:
        place = catalogue.index.get(item)
        if place is not None and place < len(found):
            found[place] = people
    return found


def scores(people: Floats, log_popularity: Floats) -> Floats:
    """[items], by people; where as many took two, and for those nobody took, by popularity.

    people, log_popularity: [items]
    """
    low, high = float(log_popularity.min(initial=0)), float(log_popularity.max(initial=-np.inf))
    scaled = (log_popularity - low) / max(high - low, 1e-6)
    return np.asarray(people + scaled * np.float32(0.5), np.float32)
