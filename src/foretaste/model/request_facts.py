"""Facts of a request: what is known of somebody in, what the exponents depend on out."""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.data import Floats, UserContext
from foretaste.domain.event_times import SECONDS_PER_DAY

REQUEST_FACTS = (
    "always",
    "history length",
    "rarity of the last item",
    "query",
    "nothing taken",
    "age of the last event",
)
"""What the exponents depend on."""
SECONDS_PER_HOUR = 3600.0
MAX_SILENCE_SECONDS = 7 * SECONDS_PER_DAY
"""A silence of everybody's counts for so long at most: a file of last year ended just now."""


def measure_facts(
    user_contexts: Sequence[UserContext], log_popularity: Floats, latest_time: float = np.inf
) -> Floats:
    """[user_contexts, facts], each about between -1 and 1 so that one step size serves all.

    latest_time: of the newest event by anybody; of a silence since then only `MAX_SILENCE_SECONDS`
    count.
    """
    rows = []
    for user_context in user_contexts:
        consumed_items = user_context.consumed_items
        rarity = (
            float(-log_popularity[consumed_items[-1]] - np.log(len(log_popularity)))
            if len(consumed_items)
            else 0
        )
        query = float(user_context.has_query)
        has_no_items = float(not len(consumed_items))
        now = min(user_context.now, latest_time + MAX_SILENCE_SECONDS)
        age = (
            float(max(now - user_context.at[-1], 0.0))
            if len(user_context) and user_context.now
            else 0.0
        )
        age = (
            np.log1p(age // SECONDS_PER_HOUR * SECONDS_PER_HOUR / SECONDS_PER_DAY) / 3
        )  # whole hours: asked twice, the same answer
        rows.append(
            (1.0, np.log1p(len(consumed_items)) / 2 - 1, rarity / 2, query, has_no_items, age)
        )
    return np.array(rows, np.float32)
