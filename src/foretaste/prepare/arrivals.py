"""Histories in; the newest takings, with how well known each item was at that moment, out."""

import numpy as np

from foretaste.domain.data import Cases, Histories, Longs
from foretaste.prepare.streaming_counts import prior_events

NEWEST_SHARE = 0.2
"""Of the takings, in order of time, those that are newest."""
MAX_TAKINGS = 20_000


def newest_takings(histories: Histories, *, repeats: bool) -> tuple[Cases, Longs]:
    """(the newest takings, [cases] how many takings of the item by anyone came before each).

    repeats: whether a user's taking of an item they had taken before counts. Where lists hide what
    was taken it says nothing of them.
    """
    rows = np.flatnonzero(histories.takes())
    if not repeats and len(rows):
        keys = histories.owners()[rows] * (np.int64(histories.item.max()) + 1)
        _, first = np.unique(keys + histories.item[rows], return_index=True)
        rows = rows[np.sort(first)]
    order = np.argsort(histories.at[rows], kind="stable")
    count = min(-(-int(len(rows) * NEWEST_SHARE * 1000) // 1000), MAX_TAKINGS)
    rows = np.sort(rows[order[len(rows) - count :]]).astype(np.int64)
    people = np.searchsorted(histories.offsets, rows, side="right") - 1
    return Cases(histories, people.astype(np.int64), rows), prior_events(histories)[rows]
