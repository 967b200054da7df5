"""What is added to the probability of some items. In: the scores of a list, and how much; out: what
that adds to each score.

A list earns most within a share for some items where each place is weighed by its chance of being
taken plus a constant for these items (the price of the constraint, one for all lists). So it is
added to probabilities, not to scores: an item that is likely anyway keeps its place, and what gives
way is what was hardly likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.data import Doubles, Floats
from foretaste.rank.index import Mask
from foretaste.rank.slate_parts import ScoreBoost


@dataclass(frozen=True)
class ProbabilityShift:
    """What is added to the probability of each of some items, or taken off."""

    mask: Mask
    """[items], which."""
    probability: float
    """Above 0, what is added; below 0, each keeps the share p / (p + that) of its own p."""
    name: str
    expert: str
    """Whose term it is."""


def shift_boosts(shifts: Sequence[ProbabilityShift], scores: Floats) -> list[ScoreBoost]:
    """The same as additions to scores. scores: [items], -inf for what is not to be shown."""
    if not shifts:
        return []
    is_scored = np.isfinite(scores)
    if not is_scored.any():
        return []
    log_probs = np.asarray(scores, np.float64)
    log_probs = log_probs - _log_sum_exp(log_probs[is_scored])
    boosts = []
    for shift in shifts:
        mask = shift.mask & is_scored
        own = log_probs[mask]
        nats = np.logaddexp(own, np.log(abs(shift.probability))) - own
        nats *= np.sign(shift.probability)
        log_probs[mask] += nats
        shares = np.zeros(len(scores), np.float32)
        shares[mask] = nats
        boosts.append(ScoreBoost(mask, 1.0, shift.name, shift.expert, shares))
    return boosts


def _log_sum_exp(values: Doubles) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))
