"""Items best first in, the same in an order in which the list keeps to a person's own mix out.

Steck's greedy algorithm ("Calibrated Recommendations", RecSys 2018, section 4): next is the item
with which (1 - s) · mean relevance of the list - s · its miscalibration is greatest. Relevance is
the score, scaled to 0 to 1 over the items given, as where `diversity` makes a list varied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Catalogue, Doubles, Feature, Floats, Ints
from foretaste.domain.mixes import divergence
from foretaste.errors import InputError, did_you_mean

MIN_OWN_ITEMS = 5
"""Items with a value that a person must have taken to have a mix."""


@dataclass(frozen=True)
class OwnMix:
    """What a list is to keep to."""

    feature: Feature
    shares: Doubles
    """[values], the person's own"""
    strength: float
    """From 0, the order of the scores, to 1, the mix alone."""

    @classmethod
    def of(cls, feature: Feature, items: Ints, strength: float) -> Self | None:
        """Of the items somebody took; None where too few have a value. An item of several values
        counts for each in equal parts.
        """
        valued_items = [item for item in items.tolist() if len(feature.item_codes(item))]
        if len(valued_items) < MIN_OWN_ITEMS or strength <= 0:
            return None
        shares = item_shares(feature, np.array(valued_items, np.int32)).mean(axis=0)
        return cls(feature, np.asarray(shares), strength)

    def rerank(self, items: Sequence[int], scores: Floats, n: int) -> list[int]:
        """All of them: the first `n` as the mix wants, then the others in their order.

        scores: [catalogue].
        """
        if len(items) < 2:
            return list(items)
        item_indices = np.array(items, np.int32)
        relevance = scores[item_indices].astype(np.float64)
        span = float(relevance.max() - relevance.min())
        relevance = (relevance - relevance.min()) / max(span, 1e-9)
        shares = item_shares(self.feature, item_indices)
        has_value: npt.NDArray[np.bool_] = shares.sum(axis=1) > 0
        list_sum, valued_count = np.zeros(len(self.shares)), 0
        is_free = np.ones(len(items), np.bool_)
        order = list[int]()
        for length in range(1, min(n, len(items)) + 1):
            mixes = (list_sum + shares) / np.maximum(valued_count + has_value, 1)[:, None]
            gains = (1 - self.strength) * relevance / length
            gains -= self.strength * divergence(self.shares, mixes)
            best = int(np.argmax(np.where(is_free, gains, -np.inf)))
            is_free[best] = False
            list_sum, valued_count = list_sum + shares[best], valued_count + int(has_value[best])
            order.append(best)
        order += np.flatnonzero(is_free).tolist()
        return [items[position] for position in order]


def item_shares(feature: Feature, items: Ints) -> Doubles:
    """[items, values], how much of each item is of each value; a row of zeros without any."""
    shares = np.zeros((len(items), len(feature.values)))
    for row, item in enumerate(items.tolist()):
        codes = feature.item_codes(item)
        shares[row, codes] = 1 / max(len(codes), 1)
    return shares


def mix_feature(catalogue: Catalogue, column: str | None) -> Feature | None:
    """The column whose mix a list keeps to; without a name the first that says what kind an item
    is. Raises InputError for a column that is not there.
    """
    if column is None:
        kinds = (
            feature
            for feature in catalogue.descriptive_features
            if feature.feature_type in ("category", "list")
        )
        return next(kinds, None)
    names = {feature.column: feature for feature in catalogue.features}
    if column not in names:
        hint = did_you_mean(column, names) if names else "the items have no columns"
        raise InputError(f"own_mix_column: there is no column '{column}'; {hint}")
    return names[column]
