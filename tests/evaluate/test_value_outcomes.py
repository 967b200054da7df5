"""How well liked recommended items are, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from foretaste.domain.data import EvaluationCases
from foretaste.domain.event_value import ValueCurve
from foretaste.evaluate.protocols import evaluate_model
from foretaste.evaluate.value_outcomes import outcomes_by_model, value_outcomes

from .helpers import Fixed, cases

CURVE = ValueCurve((1.0, 3.0, 5.0), (-1.0, 0.0, 1.0))
SCORES = Fixed(*range(100, 70, -1))
"""Thirty items, the first first."""


def rated(*pairs: tuple[int, float]) -> EvaluationCases:
    """(item, its stars) that each person took next, after item 29."""
    plain = cases(*([29, item] for item, _ in pairs))
    interactions = plain.interactions
    value = interactions.value.copy()
    value[1::2] = [stars for _, stars in pairs]
    worth = CURVE.worth(value)
    valued = replace(interactions, value=value, worth=worth, value_curves={"view": CURVE})
    return EvaluationCases(valued, plain.user_indices, plain.target_rows)


def test_only_what_was_recommended_counts_for_the_mean() -> None:
    found = rated((0, 5), (1, 3.5), (2, 2), (20, 1))
    outcomes = value_outcomes(evaluate_model(SCORES, found), found, masked=True)
    assert outcomes is not None
    assert outcomes.recommended_rated == 3
    assert outcomes.mean_rating == pytest.approx(10.5 / 3)
    assert outcomes.low_share == pytest.approx(1 / 3)
    assert outcomes.mean_rating_of_all == pytest.approx(11.5 / 4)
    assert outcomes.low_share_of_all == 0.5
    gains, discounts = np.array([1, 0.25, 0, 0]), 1 / np.log2([2, 3, 4, 22])
    assert outcomes.graded_ndcg == pytest.approx(gains @ discounts / gains.sum())
    assert "3.50 on average (2.88 of all that was), 33.3% low (50.0%)" in outcomes.sentence()


def test_what_has_no_value_has_gain_and_no_rating() -> None:
    found = rated((0, np.nan), (1, 4))
    outcomes = value_outcomes(evaluate_model(SCORES, found), found, masked=True)
    assert outcomes is not None
    assert (outcomes.recommended_rated, outcomes.mean_rating) == (1, 4)
    gains = np.array([1, 0.5])
    assert outcomes.graded_ndcg == pytest.approx(gains @ [1, 1 / np.log2(3)] / 1.5)


def test_lists_without_a_rated_item_say_so() -> None:
    found = rated((20, 5))
    outcomes = value_outcomes(evaluate_model(SCORES, found), found, masked=True)
    assert outcomes is not None
    assert outcomes.mean_rating is None
    assert outcomes.sentence() == "no recommended item was rated next"
    assert outcomes.figures()["low_share"] is None


def test_without_values_there_is_nothing_to_say() -> None:
    found = cases([0, 1], [2, 3])
    assert outcomes_by_model({"a": evaluate_model(SCORES, found)}, found, masked=True) == {}


def test_ratings_are_judged_though_the_model_does_not_count_by_them() -> None:
    found = rated(*((0, stars) for stars in (1, 2, 3, 4, 5) * 12))
    plain = replace(found.interactions, worth=None, value_curves={}, event_types=("rating",))
    uncounted = EvaluationCases(plain, found.user_indices, found.target_rows)
    outcomes = value_outcomes(evaluate_model(SCORES, uncounted), uncounted, masked=True)
    assert outcomes is not None
    assert outcomes.mean_rating == pytest.approx(3)
    assert outcomes.low_share == pytest.approx(0.2)
