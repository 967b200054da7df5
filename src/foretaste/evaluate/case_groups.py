"""Ranked test cases in; how good the lists are for people of each activity and items of each
popularity out.

A mean over all hides who it is made of: a model may serve those who did much and fail newcomers, or
live off the best known items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from foretaste.domain.data import EvaluationCases, Longs
from foretaste.evaluate.metrics import Interval, intervals
from foretaste.evaluate.protocols import RankingResult
from foretaste.evaluate.sampled_lists import PriorCounts

MAX_GROUPS = 4
"""Groups of about equal size, besides that of 0."""
GROUP_METRIC = "recall@10"


class CaseCounts(NamedTuple):
    """What is known of each test case before it happens."""

    history_lengths: Longs
    """[cases], items that the person had taken by then."""
    target_events: Longs
    """[cases], how often anybody had taken by then what they took."""


class NumberRange(NamedTuple):
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


@dataclass(frozen=True, slots=True)
class GroupResult:
    """How good the lists are in the cases of one group."""

    numbers: NumberRange
    """Of items or of events, by which the group is made."""
    cases: int
    product: Interval
    """Recall@10."""
    popularity: Interval | None
    """The same of what is popular; None where that was not measured."""

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "numbers": list(self.numbers),
            "cases": self.cases,
            "product": list(self.product),
            "popularity": None if self.popularity is None else list(self.popularity),
        }


def case_counts(cases: EvaluationCases, counts: PriorCounts) -> CaseCounts:
    """Of the cases, in their order. counts: of the histories of the cases."""
    interactions = cases.interactions
    positives = np.concatenate([[0], np.cumsum(interactions.positive_mask())])
    first_rows = interactions.offsets[cases.user_indices]
    history_lengths = positives[cases.target_rows] - positives[first_rows]
    positions = counts.positions[cases.target_rows]
    return CaseCounts(history_lengths, counts.events_before(cases.targets, positions))


def number_ranges(values: Longs, max_groups: int = MAX_GROUPS) -> list[NumberRange]:
    """Ranges that hold about equally many of the values, which are whole numbers from 0; 0 is a
    range of its own.
    """
    ranges = [NumberRange(0, 0)] if (values == 0).any() else []
    values = values[values > 0]
    if not len(values):
        return ranges
    shares = np.arange(max_groups) / max_groups
    starts = np.unique(np.quantile(values, shares, method="higher"))
    group_indices = np.searchsorted(starts, values, side="right")
    for group in np.unique(group_indices):
        members = values[group_indices == group]
        ranges.append(NumberRange(int(members.min()), int(members.max())))
    return ranges


def group_results(
    values: Longs,
    product: RankingResult,
    popularity: RankingResult | None,
    *,
    masked: bool,
    seed: int = 0,
) -> tuple[GroupResult, ...]:
    """The cases by their value, [cases] each, lowest first."""
    models = [product] if popularity is None else [product, popularity]
    hits = np.stack([model.values(GROUP_METRIC, masked=masked) for model in models], axis=1)
    groups = []
    for numbers in number_ranges(values):
        members = (values >= numbers.low) & (values <= numbers.high)
        rng = np.random.default_rng(seed)
        own, *others = intervals(hits[members], product.users[members], rng)
        groups.append(GroupResult(numbers, int(members.sum()), own, _first_or_none(others)))
    return tuple(groups)


def _first_or_none(estimates: Sequence[Interval]) -> Interval | None:
    return estimates[0] if estimates else None
