"""In: one person's events in time order. Out: which of them are purchases that came back.

A return takes back the last purchase of the same item before it, as if it had never been: the
person does not have it, and it says nothing of what they want. What they did besides, such as a
view, stays.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping

from foretaste.domain.event_types import RETURN_EVENT, RETURNABLE_TYPES


def reads_returns(weights: Mapping[str, float]) -> bool:
    """Whether a return takes a purchase back: not where the settings give returns a weight of their
    own, by which they count like other events.
    """
    return weights.get(RETURN_EVENT) == 0


def returned_purchases(events: Iterable[tuple[str, Hashable]]) -> list[int]:
    """events: (event type, item) in time order. → positions of the purchases that came
    back, in the order of their returns.
    """
    kept_positions = defaultdict[Hashable, list[int]](list)
    returned_positions = []
    for position, (event_type, item) in enumerate(events):
        if event_type in RETURNABLE_TYPES:
            kept_positions[item].append(position)
        elif event_type == RETURN_EVENT and kept_positions[item]:
            returned_positions.append(kept_positions[item].pop())
    return returned_positions
