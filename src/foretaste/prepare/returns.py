"""In: histories. Out: the same without the purchases that came back; see `domain.returns`."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from foretaste.domain.bare_event import BareEvent
from foretaste.domain.data import Event
from foretaste.domain.event_types import RETURN_EVENT
from foretaste.domain.returns import reads_returns, returned_purchases


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
