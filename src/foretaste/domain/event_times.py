"""What the times of events can tell."""

import numpy as np

from foretaste.domain.arrays import Array
from foretaste.domain.data import Interactions

SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = 365 * SECONDS_PER_DAY
MAX_SECONDS_PER_EVENT = 2
"""Seconds that an order has for each event of the longest history: one, or two where every second
event was left out. No person does something every second for as long as the file goes on."""
MIN_NUMBERED_HISTORIES = 10
"""Histories below which a common beginning may be chance: a test of somebody who installs it."""


def has_order_only(interactions: Interactions) -> bool:
    """Whether `at` is only an order (0, 1, 2, …) and not a time.

    No service recorded behaviour in 1970, so times that all lie in that year are counters. So are
    those of a later year where most histories begin at one moment and all of them end within as
    many seconds as the longest has events.
    """
    return are_order_only(interactions.at, interactions.offsets)


def are_order_only(at: Array, offsets: Array) -> bool:
    """Whether these times are only an order. at: [events], one history after another, each in
    its order; offsets: [users + 1], where each history begins.
    """
    if not len(at):
        return False
    return bool(np.all((at >= 0) & (at < SECONDS_PER_YEAR))) or _count_from_one_moment(at, offsets)


def _count_from_one_moment(at: Array, offsets: Array) -> bool:
    """Whether each history is numbered from the same moment on, a second an event."""
    lengths = np.diff(offsets)  # [users]
    longest = int(lengths.max())
    first_moments = at[offsets[:-1][lengths > 0]]
    is_numbered = longest > 1 and bool(np.all(at == np.floor(at)))
    return (
        is_numbered
        and len(first_moments) >= MIN_NUMBERED_HISTORIES
        and 0 < float(np.ptp(at)) <= MAX_SECONDS_PER_EVENT * longest
        and float(np.mean(first_moments == at.min())) > 0.5
    )
