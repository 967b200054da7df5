"""What the times of events can tell."""

import numpy as np

from foretaste.domain.data import Interactions

SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = 365 * SECONDS_PER_DAY


def has_order_only(interactions: Interactions) -> bool:
    """Whether `at` is only an order (0, 1, 2, …) and not a time.

    No service recorded behaviour in 1970, so times that all lie in that year are counters.
    """
    return interactions.event_count > 0 and bool(
        np.all((interactions.at >= 0) & (interactions.at < SECONDS_PER_YEAR))
    )
