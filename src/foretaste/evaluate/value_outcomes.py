"""Ranks and what people thought of what they took in; how well liked the recommended items are out.

A list that is taken from is not yet a list that is liked. So beside how often a list holds what was
taken next stands what the taken items were worth: the gain of each by its value (graded relevance,
Järvelin and Kekäläinen 2002), and the mean value of those that were in the lists.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foretaste.domain.data import Doubles, EvaluationCases, Interactions
from foretaste.domain.event_value import RATED_TYPES, ValueCurve, ValueSettings
from foretaste.evaluate.protocols import RankingResult

LIST_LENGTH = 10


@dataclass(frozen=True)
class ValueOutcomes:
    """Of the lists of ten of a model, and what people took next."""

    graded_ndcg: float
    """NDCG@10 with the worth of each taken item as its gain, those disliked 0, over the ideal."""
    recommended_rated: int
    """Recommended items that were taken next and have a value, such as a rating."""
    mean_rating: float | None
    """Their mean value; None where there is none."""
    low_share: float | None
    """The share of them that is worth less than nothing: a dislike."""
    mean_rating_of_all: float
    """Of everything that was taken next, in the lists or not."""
    low_share_of_all: float

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)

    def sentence(self) -> str:
        """For the report."""
        if self.mean_rating is None or self.low_share is None:
            return "no recommended item was rated next"
        return (
            f"recommended items that people rated next: {self.recommended_rated:,}, rated "
            f"{self.mean_rating:.2f} on average ({self.mean_rating_of_all:.2f} of all that was), "
            f"{self.low_share:.1%} low ({self.low_share_of_all:.1%}); NDCG@10 by rating "
            f"{self.graded_ndcg:.4f}"
        )


def value_outcomes(
    result: RankingResult, cases: EvaluationCases, *, masked: bool
) -> ValueOutcomes | None:
    """Of a model on these cases; None where no value says what an interaction was worth.

    Ratings are judged by their scale, whether the model counts by it or not.
    """
    interactions, rows = cases.interactions, cases.target_rows
    values = interactions.value[rows].astype(np.float64)
    worths = np.ones(len(rows))
    is_valued = np.zeros(len(rows), np.bool_)
    for code, curve in _curves_by_code(interactions).items():
        has_value = (interactions.kind[rows] == code) & np.isfinite(values)
        worths[has_value] = curve.worth(interactions.value[rows[has_value]])
        is_valued |= has_value
    if not is_valued.any():
        return None
    gains = np.maximum(worths, 0)
    ndcg = result.values(f"ndcg@{LIST_LENGTH}", masked=masked)
    ranks = result.ranks.masked if masked else result.ranks.unmasked
    is_rated_hit = is_valued & (ranks < LIST_LENGTH)
    return ValueOutcomes(
        graded_ndcg=float(gains @ ndcg / max(gains.sum(), 1e-9)),
        recommended_rated=int(is_rated_hit.sum()),
        mean_rating=_mean(values[is_rated_hit]),
        low_share=_mean((worths[is_rated_hit] < 0).astype(np.float64)),
        mean_rating_of_all=float(values[is_valued].mean()),
        low_share_of_all=float((worths[is_valued] < 0).mean()),
    )


def _curves_by_code(interactions: Interactions) -> dict[int, ValueCurve]:
    """By event type: what the model counted by, else what its ratings say."""
    curves: dict[int, ValueCurve] = {}
    for code, name in enumerate(interactions.event_types):
        curve = interactions.value_curves.get(name)
        if curve is None and name in RATED_TYPES:
            values = interactions.value[interactions.kind == code]
            curve = ValueSettings(counts=True).curve_for(name, values)
        if curve is not None:
            curves[code] = curve
    return curves


def outcomes_by_model(
    results: Mapping[str, RankingResult], cases: EvaluationCases, *, masked: bool
) -> dict[str, ValueOutcomes]:
    """By model; {} where no value says what an interaction was worth."""
    outcomes = {
        name: value_outcomes(result, cases, masked=masked) for name, result in results.items()
    }
    return {name: outcome for name, outcome in outcomes.items() if outcome is not None}


def _mean(values: Doubles) -> float | None:
    return float(values.mean()) if len(values) else None
