"""Helpers for the terms of a score."""

from functools import lru_cache

import numpy as np

from foretaste.domain.data import Term

AVERAGE = "average item"
"""The feature of the constant part of every log P: what an item no one can tell apart would get."""


@lru_cache
def average(expert: str, items: int) -> Term:
    """Log of 1 over the size of the catalogue, the same for every item."""
    return Term(expert, -float(np.log(items)), feature=AVERAGE)


def against_average(expert: str, log_prob: float, items: int, feature: str) -> list[Term]:
    """Log P in two parts: the average item's, and what the feature adds to or takes from it."""
    base = average(expert, items)
    return [base, Term(expert, log_prob - base.nats, feature=feature)]
