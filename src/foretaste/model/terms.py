"""Helpers for the terms of a score."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat

import numpy as np

from foretaste.domain.data import Term

AVERAGE_ITEM = "average item"
"""The feature of the constant part of every log P: what an item no one can tell apart would get."""


@lru_cache
def average_item_term(expert: str, items: int) -> Term:
    """Log of 1 over the size of the catalogue, the same for every item."""
    return Term(expert, -float(np.log(items)), feature=AVERAGE_ITEM)


def terms_against_average(
    expert: str, log_probs: Iterable[float], items: int, feature: str | Sequence[str]
) -> list[list[Term]]:
    """Each log P in two parts: the average item's, and what the feature adds to or takes from it.

    items: of the catalogue. feature: the same for all, or one for each.
    """
    base = average_item_term(expert, items)
    features = repeat(feature) if isinstance(feature, str) else feature
    return [
        [base, Term(expert, float(log_prob) - base.nats, feature=name)]
        for log_prob, name in zip(log_probs, features, strict=False)
    ]
