"""Histories in; the newest takings, with how well known each item was at that moment, out."""

import numpy as np

from foretaste.domain.data import EvaluationCases, Interactions, Longs
from foretaste.prepare.streaming_counts import prior_events

NEWEST_SHARE = 0.2
"""Of the takings, in order of time, those that are newest."""
MAX_NEWEST_CASES = 20_000


def newest_positive_cases(
    interactions: Interactions, *, repeats: bool
) -> tuple[EvaluationCases, Longs]:
    """(the newest takings, [cases] how many takings of the item by anyone came before each).

    repeats: whether a user's taking of an item they had taken before counts. Where lists hide what
    was taken it says nothing of them.
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
