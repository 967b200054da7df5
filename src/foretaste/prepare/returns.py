"""In: one person's events in time order. Out: which of them are purchases that came back.

A return takes back the last purchase of the same item before it, as if it had never been: the
person does not have it, and it says nothing of what they want. What they did besides, such as a
view, stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from foretaste.domain.bare_event import BareEvent
from foretaste.domain.data import Event
from foretaste.domain.event_types import RETURN_EVENT, RETURNABLE_TYPES


def reads_returns(weights: Mapping[str, float]) -> bool:
    """Whether a return takes a purchase back: not where the settings give returns a weight of their
    own, by which they count like other events.
    """
    return weights.get(RETURN_EVENT) == 0


def returned_purchases(events: Iterable[tuple[str, int]]) -> list[int]:
    """events: (event type, internal item id) in time order. → positions of the purchases that came
    back, in the order of their returns.
    """
    kept_positions = defaultdict[int, list[int]](list)
    returned_positions = []
    for position, (event_type, item) in enumerate(events):
        if event_type in RETURNABLE_TYPES:
            kept_positions[item].append(position)
        elif event_type == RETURN_EVENT and kept_positions[item]:
            returned_positions.append(kept_positions[item].pop())
    return returned_positions


def returned_items(
    events: Iterable[Event | BareEvent], index: Mapping[str, int], weights: Mapping[str, float]
) -> tuple[int, ...]:
    """The internal ids of the items that one person sent back. index: external → internal id."""
    if not reads_returns(weights):
        return ()
    items = {event.item for event in events if event.kind == RETURN_EVENT}
    return tuple(sorted(index[item] for item in items if item is not None and item in index))


def rows_not_returned(
    row_users: npt.NDArray[np.int32],
    items: npt.NDArray[np.int32],
    type_codes: npt.NDArray[np.int8],
    event_types: Sequence[str],
    return_code: int,
) -> npt.NDArray[np.bool_]:
    """[rows], False of returns and of the purchases that they take back.

    row_users, items, type_codes: [rows], by person and then by time; a code is a place in
    `event_types`. return_code: that of returns, below 0 where they take nothing back.
    """
    is_return = type_codes == return_code
    is_kept = ~is_return
    for user in np.unique(row_users[is_return]).tolist():
        start, stop = np.searchsorted(row_users, (user, user + 1)).tolist()
        types = [event_types[code] for code in type_codes[start:stop].tolist()]
        returned = returned_purchases(zip(types, items[start:stop].tolist(), strict=True))
        is_kept[start + np.array(returned, np.int64)] = False
    return is_kept
