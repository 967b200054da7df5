"""Trending: how many people took each item within a window in, scores of all items out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Catalogue, Floats
from foretaste.errors import InputError

UNIT_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
MAX_WINDOW_SECONDS = 10 * 366 * UNIT_SECONDS["d"]


def parse_window(window: Any) -> float:
    """A window as people write it: "24h", "7d", "2w", or a number of seconds."""
    text = str(window).strip().lower()
    unit = UNIT_SECONDS.get(text[-1:], 1.0)
    try:
        duration = float(text[:-1] if text[-1:] in UNIT_SECONDS else text) * unit
    except ValueError:
        duration = 0.0
    if not 0 < duration <= MAX_WINDOW_SECONDS:  # nan neither
        raise InputError(
            f"window: '{window}' is no length of time; write it like 24h, 7d or 2w, or in seconds"
        )
    return duration


def counts_by_item(user_counts: Sequence[tuple[str, int]], catalogue: Catalogue) -> Floats:
    """[items], how many people took each."""
    item_counts = np.zeros(len(catalogue), np.float32)
    for item, user_count in user_counts:
        item_index = catalogue.index.get(item)
        if item_index is not None and item_index < len(item_counts):
            item_counts[item_index] = user_count
    return item_counts


def trending_scores(user_counts: Floats, log_popularity: Floats) -> Floats:
    """[items], by people; where as many took two, and for those nobody took, by popularity.

    user_counts, log_popularity: [items]
    """
    low, high = float(log_popularity.min(initial=0)), float(log_popularity.max(initial=-np.inf))
    scaled = (log_popularity - low) / max(high - low, 1e-6)
    return np.asarray(user_counts + scaled * np.float32(0.5), np.float32)
