"""Freshness: the ages of items and a half-life in, what it adds to their scores out.

An item loses ln 2 nats at each half-life, down to a floor: past MAX_HALF_LIVES of them an item is
old, and older ones are no less likely. An item whose time is not known is old.
"""

import numpy as np

from foretaste.domain.data import Doubles, Floats
from foretaste.rank.slate_parts import ScoreBoost

MAX_HALF_LIVES = 8.0
FRESHNESS_EXPERT = "freshness"
"""Names the terms that come from the age of an item."""


def fresh_shares(ages: Doubles, half_life: float) -> Floats:
    """[..., items], from 1 of what has just come down to 0. ages: seconds; inf where not known."""
    half_lives = np.maximum(ages, 0.0) / half_life
    return np.maximum(1.0 - half_lives / MAX_HALF_LIVES, 0.0).astype(np.float32)


def freshness_boost(arrival_times: Doubles, now: float, half_life: float) -> ScoreBoost:
    """What age adds to the score of each item. arrival_times: [items], -inf where not known."""
    shares = fresh_shares(now - arrival_times, half_life)
    nats = float(np.log(2.0) * MAX_HALF_LIVES)
    return ScoreBoost(shares > 0, nats, "new", FRESHNESS_EXPERT, shares)
