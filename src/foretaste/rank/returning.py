"""What was taken comes back: one person's events and the intervals at which people take items again
in; the items that are due again, and those that it is too early for, out.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Doubles, Interactions, Ints, UserContext
from foretaste.rank.trade_settings import ReplenishSettings

LATEST_SHARE = 3.0
"""Of the interval, how long after the last time an item is due: whoever has not come back by then
gets it elsewhere."""
MAX_SPREAD = 0.5
"""Of the intervals of an item, how far the middle half may reach, as a part of the median, for them
to be regular."""
MIN_PEOPLE = 3
"""Who must have bought an item again: one person's habit says nothing of others."""
MIN_INTERVAL_SECONDS = 2 * 86_400.0
"""Two orders of one day are one errand."""
MAX_OWN_INTERVALS = 3
"""A person's own intervals from which on everyone's do not matter."""


class ReturningItems(NamedTuple):
    """Of what somebody took."""

    due_items: Ints
    early_items: Ints


def learn_intervals(interactions: Interactions, settings: ReplenishSettings) -> Mapping[int, float]:
    """Item → the seconds after which people take it again, of those that are taken again at about
    regular intervals.
    """
    codes = [
        code for code, name in enumerate(interactions.event_types) if name in settings.event_types
    ]
    rows = np.flatnonzero(np.isin(interactions.kind, codes) & (interactions.item >= 0))
    users, items, times = (
        interactions.row_users()[rows],
        interactions.item[rows],
        interactions.at[rows],
    )
    order = np.lexsort((times, users, items))
    users, items, times = users[order], items[order], times[order]
    is_again = (items[1:] == items[:-1]) & (users[1:] == users[:-1])
    gaps = np.diff(times)
    kept = is_again & (gaps >= MIN_INTERVAL_SECONDS)
    gap_items, gap_users, gaps = items[1:][kept], users[1:][kept], gaps[kept]
    intervals = {}
    bounds = [*np.flatnonzero(np.diff(gap_items, prepend=-1)).tolist(), len(gaps)]
    for start, stop in pairwise(bounds):
        people = len(np.unique(gap_users[start:stop]))
        if stop - start >= settings.min_intervals and people >= MIN_PEOPLE:
            low, median, high = np.percentile(gaps[start:stop], (25, 50, 75))
            if high - low <= MAX_SPREAD * median:
                intervals[int(gap_items[start])] = float(median)
    return intervals


def returning_items(
    context: UserContext,
    event_types: tuple[str, ...],
    intervals: Doubles,
    settings: ReplenishSettings,
) -> ReturningItems:
    """Of what this person used up the items that are due, and those that are not yet.

    event_types: of the codes in `context.kind`. intervals: [items], seconds after which people take
    each again; nan where that is not known.
    """
    codes = [code for code, name in enumerate(event_types) if name in settings.event_types]
    rows = np.flatnonzero(np.isin(context.kind, codes) & (context.item >= 0) & (context.weight > 0))
    due_items: list[int] = []
    early_items: list[int] = []
    for item in np.unique(context.item[rows]).tolist():
        times = np.sort(context.at[rows][context.item[rows] == item])
        interval = _own_interval(times, float(intervals[item]))
        if not np.isfinite(interval):
            continue
        silence = context.now - times[-1]
        if silence < settings.early_share * interval:
            early_items.append(item)
        elif silence <= LATEST_SHARE * interval:
            due_items.append(item)
    return ReturningItems(np.array(due_items, np.int32), np.array(early_items, np.int32))


def _own_interval(times: Doubles, interval: float) -> float:
    """Everyone's interval, drawn towards this person's own, the more often they came back."""
    gaps = np.diff(times)
    gaps = gaps[gaps >= MIN_INTERVAL_SECONDS]
    if not np.isfinite(interval) or not len(gaps):
        return interval
    own_share = min(len(gaps) / MAX_OWN_INTERVALS, 1.0)
    return float(own_share * np.median(gaps) + (1 - own_share) * interval)


def recent_items(context: UserContext, pause: float) -> npt.NDArray[np.integer]:
    """What this person took within the last `pause` seconds."""
    is_recent = (context.item >= 0) & (context.weight > 0) & (context.now - context.at < pause)
    return np.unique(context.item[is_recent])
