"""Mixes of kinds: how far the mix of a list is from that of what a person takes."""

import numpy as np

from foretaste.domain.data import Doubles

SMOOTHING = 0.01
"""Steck's α: a kind that the list lacks costs much, and not without end."""


def divergence(own_mix: Doubles, list_mix: Doubles) -> Doubles:
    """[...], Σ p · log(p / ((1 - α) · q + α · p)) over the last axis; 0 where both are the same.

    Steck 2018, "Calibrated Recommendations", section 3. own_mix: p, [..., groups], which sums to 1;
    list_mix: q, [..., groups].
    """
    mixed = (1 - SMOOTHING) * list_mix + SMOOTHING * own_mix
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(own_mix > 0, own_mix * np.log(own_mix / mixed), 0.0)
    return np.asarray(terms.sum(axis=-1))
