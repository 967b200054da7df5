"""One person's behaviour in; the items that a list leaves out for them out.

The same as `consumed_items` and `negative_feedback_items` in `rank/filters.py`, which hide them
from a list that is shown: so a list that is judged is the list that people see.
"""

import numpy as np

from foretaste.domain.data import Ints, UserContext


def find_negative_feedback(user_context: UserContext) -> Ints:
    """[refused], each item whose last event is a refusal, which nobody is shown again."""
    if not (user_context.weight < 0).any():
        return np.empty(0, np.int32)
    last_weights = dict(zip(user_context.item.tolist(), user_context.weight.tolist(), strict=True))
    return np.array(
        [item for item, weight in last_weights.items() if item >= 0 and weight < 0], np.int32
    )


def hidden_items(user_context: UserContext, *, hide_seen: bool) -> Ints:
    """[hidden], what they refused and, with `hide_seen`, what they took; an item may come twice."""
    negative_feedback = find_negative_feedback(user_context)
    return (
        np.concatenate([user_context.consumed_items, negative_feedback])
        if hide_seen
        else negative_feedback
    )
