"""What somebody does now: all that a person did in, the last session or the items at hand out."""

import numpy as np

from foretaste.domain.data import UserContext

SESSION_GAP_SECONDS = 30 * 60.0
"""Without an event for so long a session is over, as in web analytics."""


def session_context(context: UserContext, seed_count: int) -> UserContext:
    """The same question with the items at hand alone; without any, with the events of the last
    session. What was said of tastes and what is asked for stays.

    seed_count: of the last rows, those that are items at hand.
    """
    if seed_count:
        return context.select_events(slice(max(len(context) - seed_count, 0), None))
    if not len(context):
        return context
    gaps = np.flatnonzero(np.diff(context.at) > SESSION_GAP_SECONDS)
    return context.select_events(slice(int(gaps[-1]) + 1 if len(gaps) else 0, None))
