"""In: the scores of items of which some are variants of one product. Out: the same with one variant
of each group on offer.

The history and the counts know the item that represents a group, so its score is the group's. On
offer is the variant with the best score of its own among those that may be shown: where a filter
asks for red, the red one; where the first is sold out, another.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Feature, Floats, Ints

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class VariantGroups:
    """Which items are variants of one product."""

    codes: Ints
    """[items], the group of each; -1 of none."""

    @classmethod
    def of(cls, feature: Feature | None, index: Mapping[str, int]) -> "VariantGroups | None":
        """By the attribute that names the group; None where nothing is a variant.

        index: id → item: one that is called as a group is of it.
        """
        if feature is None or not len(feature.codes):
            return None
        codes = np.full(len(feature.offsets) - 1, -1, np.int32)
        filled = np.flatnonzero(np.diff(feature.offsets))
        codes[filled] = feature.codes[feature.offsets[filled]]
        for code, group in enumerate(feature.values):
            product = index.get(group, -1)
            if product >= 0 and codes[product] < 0:
                codes[product] = code
        return cls(codes)

    def with_members(self, items: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
        """These items, and all others of their groups."""
        groups = np.unique(self.codes[items])
        groups = groups[groups >= 0]
        if not len(groups):
            return items
        return np.union1d(items, np.flatnonzero(np.isin(self.codes, groups)))

    def scorable(self, allowed: Flags) -> Flags:
        """[items], those and all others of a group of which one is allowed: their scores count."""
        groups = np.unique(self.codes[allowed])
        return np.asarray(allowed | np.isin(self.codes, groups[groups >= 0]))

    def choose(
        self, scores: Floats, boosts: Floats, hidden: Flags, pinned: Collection[int]
    ) -> "ChosenVariants":
        """One of each group. scores, boosts: [items], of the model and of rules; hidden: [items],
        what may not be shown; pinned: items that are in the list whatever their score.
        """
        members = np.flatnonzero(self.codes >= 0)
        codes, own_scores = self.codes[members], scores[members]
        best_rows = _first_rows(np.lexsort((members, -own_scores, codes)), codes)
        is_pinned = np.isin(members, np.fromiter(pinned, np.int64))
        totals = own_scores + boosts[members]
        order = np.lexsort((members, -totals, hidden[members], ~is_pinned, codes))
        shown, best = members[_first_rows(order, codes)], members[best_rows]
        grouped_scores, scored_items = scores.copy(), np.arange(len(scores), dtype=np.int32)
        grouped_scores[shown], scored_items[shown] = scores[best], best
        not_shown = hidden.copy()
        not_shown[members] = True
        not_shown[shown] = hidden[shown]
        return ChosenVariants(grouped_scores, not_shown, scored_items)

    def shown_member(self, item: int, items: Ints) -> int | None:
        """Another of the item's group among these."""
        if self.codes[item] < 0:
            return None
        others = items[(self.codes[items] == self.codes[item]) & (items != item)]
        return int(others[0]) if len(others) else None


@dataclass(frozen=True)
class ChosenVariants:
    """What is on offer of each group."""

    scores: Floats
    """[items], of a variant that is on offer the best of its group."""
    hidden: Flags
    """[items], also every other variant."""
    scored_items: Ints
    """[items], the item whose score each has."""


def _first_rows(order: npt.NDArray[np.integer], codes: Ints) -> npt.NDArray[np.integer]:
    """Of rows that are in the order of their groups, the first of each."""
    sorted_codes = codes[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = sorted_codes[1:] != sorted_codes[:-1]
    return order[is_first]
