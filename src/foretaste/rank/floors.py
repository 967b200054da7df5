"""Floors: what share of a list some items are to have at least, from its first place on.

Of a list that chance makes from a catalogue in which a share p of what is shown is of a group, how
many of the first k are of it is binomial. A list in which there are fewer than chance would make
likely, at any k, is not fair to the group (FA*IR, Zehlike et al., CIKM 2017). So each place has a
least number of the group's items by then, and where the list would have fewer the best of the group
takes it: within the group and outside the order of the scores stays.

A list is tested at each of its places, so the level of one test is lowered until a list made by
chance fails somewhere with no more than the probability that is let pass.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from foretaste.domain.data import Doubles, Longs
from foretaste.errors import InputError
from foretaste.rank.index import Mask

SEARCH_STEPS = 25
"""Halvings of the level of one test."""
ROUNDING = 1e-9
"""Of a level: 1 - .9 is a little less than .1 in floating numbers."""


@dataclass(frozen=True)
class PrefixFloor:
    """At least how many of some items there are among the first k of a list, for each k."""

    mask: Mask
    """[items], which"""
    minimum_counts: Longs
    """[places], of the first place, of the first two, …"""
    name: str
    """The field that asks for it."""


@lru_cache(maxsize=256)
def prefix_minimums(n: int, share: float, significance: float) -> Longs:
    """[n], the least number of the group's items among the first 1, 2, …, n.

    share: of the group in a list made by chance. significance: the probability with which such a
    list is taken for unfair, at any of its places.
    """
    cumulative = cumulative_probabilities(n, share)
    low, high = 0.0, significance
    fair_counts, counts = minimums_at(cumulative, low), minimums_at(cumulative, high)
    if _failure_probability(counts, share) <= significance:
        return counts
    for _ in range(SEARCH_STEPS):
        level = (low + high) / 2
        counts = minimums_at(cumulative, level)
        is_fair = np.array_equal(counts, fair_counts)
        if is_fair or _failure_probability(counts, share) <= significance:
            low, fair_counts = level, counts
        else:
            high = level
    return fair_counts


def cumulative_probabilities(n: int, share: float) -> Doubles:
    """[n, n + 1], that a list made by chance has at most 0, 1, …, n of the group among its first
    1, 2, …, n. Without `scipy.stats`, whose import takes longer than a list may.
    """
    rows, probability = np.zeros((n, n + 1)), np.zeros(n + 1)
    probability[0] = 1.0
    for position in range(n):
        probability = _one_place_on(probability, share)
        rows[position] = probability.cumsum()
    return rows


def minimums_at(cumulative: Doubles, level: float) -> Longs:
    """[n], the smallest counts whose cumulative probability is no less than the level, a test a
    place. cumulative: as of `cumulative_probabilities`.
    """
    return (cumulative < level * (1 - ROUNDING)).sum(axis=1).astype(np.int64)


def _one_place_on(probability: Doubles, share: float) -> Doubles:
    """[n + 1], how likely each count is with one more place."""
    with_item = np.concatenate([[0.0], probability[:-1]]) * share
    return probability * (1 - share) + with_item


def _failure_probability(minimum_counts: Longs, share: float) -> float:
    """That a list made by chance has too few at some place: paths that never had, by their counts,
    a place at a time (Zehlike et al. 2017, section 4).
    """
    probability: Doubles = np.zeros(len(minimum_counts) + 1)
    probability[0] = 1.0
    for minimum in minimum_counts.tolist():
        probability = _one_place_on(probability, share)
        probability[:minimum] = 0.0
    return float(1 - probability.sum())


class FloorCounts:
    """How many of each group a list has so far."""

    def __init__(self, floors: Sequence[PrefixFloor]) -> None:
        self._floors = floors
        self._counts = [0] * len(floors)

    def add(self, item: int, change: int = 1) -> None:
        """One more item of the list."""
        for number, floor in enumerate(self._floors):
            self._counts[number] += change * bool(floor.mask[item])

    def lacking(self, position: int) -> list[PrefixFloor]:
        """Those that would have too few with the item at a place, unless it is of theirs.

        position: in this page, from 1.
        """
        return [
            floor
            for floor, count in zip(self._floors, self._counts, strict=True)
            if count < floor.minimum_counts[min(position, len(floor.minimum_counts)) - 1]
        ]

    def protects(self, item: int) -> bool:
        """Whether a floor speaks of the item."""
        return any(floor.mask[item] for floor in self._floors)


def check_joint_floors(floors: Sequence[PrefixFloor], showable: Mask) -> None:
    """Raises InputError where floors cannot be met together, with what could be, whatever the
    scores are. Where too few items are there it is no conflict: as many as there are will do.

    showable: [items], what may be in the list.
    """
    if len(floors) < 2:
        return
    patterns = np.stack([floor.mask & showable for floor in floors])
    kinds = np.unique(patterns[:, patterns.any(axis=0)], axis=1).T  # [kinds, floors]
    counts = np.zeros(len(floors), np.int64)
    for position in range(1, len(floors[0].minimum_counts) + 1):
        minimums = np.array([floor.minimum_counts[position - 1] for floor in floors])
        is_lacking = (counts < minimums) & kinds.any(axis=0)
        if not is_lacking.any():
            continue
        counts = counts + kinds[int(np.argmax((kinds & is_lacking).sum(axis=1)))]
        if ((counts < minimums) & kinds.any(axis=0)).any():
            raise InputError(_conflict_text(floors, position, minimums.tolist(), counts.tolist()))


def _conflict_text(
    floors: Sequence[PrefixFloor], position: int, minimums: Iterable[int], counts: Iterable[int]
) -> str:
    parts = [
        f"{floor.name} {minimum} (could be {count})"
        for floor, minimum, count in zip(floors, minimums, counts, strict=True)
    ]
    return (
        f"{floors[0].name}: these floors cannot be met together: among the first {position} places "
        f"they want {', '.join(parts)}; lower the percent of one of them"
    )
