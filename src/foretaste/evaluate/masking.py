"""One person's behaviour in; the items that a list leaves out for them out.

The same as `rank.filters.seen` and `rank.filters.refused`, which hide them from a list that is
shown: so a list that is judged is the list that people see.
"""

import numpy as np

from foretaste.domain.data import Behaviour, Ints


def refused_items(behaviour: Behaviour) -> Ints:
    """[refused], each item whose last event is a refusal, which nobody is shown again."""
    if not (behaviour.weight < 0).any():
        return np.empty(0, np.int32)
    last = dict(zip(behaviour.item.tolist(), behaviour.weight.tolist(), strict=True))
    return np.array([item for item, weight in last.items() if item >= 0 and weight < 0], np.int32)


def hidden_items(behaviour: Behaviour, *, hide_seen: bool) -> Ints:
    """[hidden], what they refused and, with `hide_seen`, what they took; an item may come twice."""
    refused = refused_items(behaviour)
    return np.concatenate([behaviour.taken, refused]) if hide_seen else refused
