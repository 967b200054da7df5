"""Trending: how many people took each item within a window in, scores of all items out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.duration import parse_duration


def parse_window(window: Any) -> float:
    """A window as people write it: "24h", "7d", "2w", or a number of seconds."""
    return parse_duration(window, "window")


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
