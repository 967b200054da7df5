"""Interactions in; the newest positive ones, and how well known each item was then, out."""

import numpy as np

from foretaste.domain.data import EvaluationCases, Interactions, Longs
from foretaste.prepare.streaming_counts import prior_events

NEWEST_SHARE = 0.2
"""Share of the positive interactions, in order of time, that counts as newest."""
MAX_NEWEST_CASES = 20_000


def newest_positive_cases(
    interactions: Interactions, *, repeats: bool
) -> tuple[EvaluationCases, Longs]:
    """(newest positive interactions, [cases] how many of the item, by anyone, came before each).

    repeats: whether an item that the user had already consumed counts. Where lists hide consumed
    items, a repeat says nothing of the lists.
    """
    rows = np.flatnonzero(interactions.positive_mask())
    if not repeats and len(rows):
        keys = interactions.row_users()[rows] * (np.int64(interactions.item.max()) + 1)
        _, first_rows = np.unique(keys + interactions.item[rows], return_index=True)
        rows = rows[np.sort(first_rows)]
    order = np.argsort(interactions.at[rows], kind="stable")
    count = min(-(-int(len(rows) * NEWEST_SHARE * 1000) // 1000), MAX_NEWEST_CASES)
    rows = np.sort(rows[order[len(rows) - count :]]).astype(np.int64)
    user_indices = np.searchsorted(interactions.offsets, rows, side="right") - 1
    return EvaluationCases(interactions, user_indices.astype(np.int64), rows), prior_events(
        interactions
    )[rows]
