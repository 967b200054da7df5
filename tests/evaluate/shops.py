"""Small shops whose lists can be worked out by hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from foretaste.domain.data import EvaluationCases, Floats, Item, UserContext
from foretaste.evaluate.sampled_lists import (
    AvailabilityWindows,
    ListInputs,
    SampledLists,
    sampled_lists,
)
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.prepare.streaming_counts import StreamingCounts

Scores = Callable[[list[UserContext]], dict[str, Floats]]


def items(n: int, **attributes: Sequence[tuple[str, ...]]) -> list[Item]:
    """`i0`, `i1`, … with a value of each column for each."""
    return [
        Item(f"i{place}", f"Item {place}", attributes={c: v[place] for c, v in attributes.items()})
        for place in range(n)
    ]


def shop(
    cases: EvaluationCases, goods: Sequence[Item], vectors: Floats | None = None
) -> ListInputs:
    """Without texts unless vectors are given."""
    empty = np.zeros((len(goods), 2), np.float32)
    shelf = build_catalogue(goods, empty if vectors is None else vectors)
    return ListInputs(
        shelf, AvailabilityWindows.of(goods), StreamingCounts.from_interactions(cases.interactions)
    )


def sample(
    cases: EvaluationCases, place: ListInputs, *scores: float, hide_seen: bool = True
) -> SampledLists:
    """The lists of a product that gives everybody these scores."""
    return sampled_lists(everybody(product=scores), cases, place, hide_seen=hide_seen)


def everybody(**scores: Sequence[float]) -> Scores:
    """Each model gives everybody the same scores."""

    def score(behaviours: list[UserContext]) -> dict[str, Floats]:
        size = len(behaviours), 1
        return {name: np.tile(np.array(row, np.float32), size) for name, row in scores.items()}

    return score


def at(cases: EvaluationCases, times: Sequence[float]) -> EvaluationCases:
    """With other times, a row each."""
    return replace(cases, interactions=replace(cases.interactions, at=np.array(times, np.float64)))
