"""What an interaction was worth: settings and curves."""

import numpy as np
import pytest
from pydantic import ValidationError

from foretaste.domain.event_value import (
    MIN_WEIGHT,
    ValueCurve,
    ValueSettings,
    counted_weights,
    curves_to_json,
    version_curves,
)
from foretaste.domain.opinions import OpinionWords


def worths(settings: ValueSettings, *values: float) -> list[float]:
    curve = settings.value_curve()
    assert curve is not None
    return curve.worth(np.array(values, np.float32)).tolist()


def test_from_the_threshold_on_it_counts_fully_and_below_it_is_a_dislike() -> None:
    assert worths(ValueSettings(threshold=3.5), 1, 3.25, 3.5, 5) == [-1, -1, 1, 1]
    assert worths(ValueSettings(threshold=0.7), 0.5, 0.7, 0.75) == [-1, 1, 1]


def test_a_curve_is_straight_between_its_points_and_flat_beyond() -> None:
    settings = ValueSettings(curve=((1, -1), (3, 0), (5, 1)))
    assert worths(settings, -7, 1, 2, 4, 5, 1e15) == [-1, -1, -0.5, 0.5, 1, 1]


def test_without_a_value_it_counts_fully() -> None:
    assert worths(ValueSettings(threshold=4), np.nan) == [1]


def test_with_nothing_set_all_count_fully() -> None:
    stars = np.array([1, 2, 3, 4, 5] * 20, np.float32)
    assert ValueSettings().curve_for("rating", stars) is None
    assert ValueSettings(counts=True).curve_for("rating", stars) is not None
    assert ValueSettings(counts=True).curve_for("purchase", stars) is None


@pytest.mark.parametrize("event_type", ["view", "click", "play", "listen", "watch", "read"])
def test_shares_are_shares_beside_a_few_seconds(event_type: str) -> None:
    counted = ValueSettings(counts=True)
    shares = np.linspace(0, 1, 400, dtype=np.float32)
    curve = counted.curve_for(event_type, np.append(shares, np.float32(240)))
    assert curve is not None
    assert curve.worth(np.array([0.5, 240], np.float32)).tolist() == [0.5625, 1]
    assert counted.curve_for(event_type, shares * 240) is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"threshold": 3, "curve": [[1, 0], [2, 1]]}, "not both"),
        ({"curve": [[2, 0], [1, 1]]}, "must rise"),
        ({"curve": [[1, 0], [2, 3]]}, "between -1"),
        ({"threshold": np.inf}, "finite"),
        ({"curve": [[np.nan, 1]]}, "finite"),
        ({"reads_words": True}, "needs counts"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ValueSettings.model_validate(wrong)


def test_a_disliked_item_was_taken_all_the_same_and_a_refusal_stays_one() -> None:
    weights = np.array([2, 2, 1, -1], np.float32)
    found = counted_weights(weights, np.array([0.5, -1, 1, -1], np.float32))
    assert found.tolist() == pytest.approx([1, 2 * MIN_WEIGHT, 1, -1])


def test_a_version_keeps_its_curves_and_an_older_one_has_none() -> None:
    words = OpinionWords({"good": 1.5, "bad": -2.0}, (-2.0, 1.5), (-0.5, 1.0))
    curves = {
        "rating": ValueCurve((1.0, 2.5, 5.0), (-1.0, 0.0, 1.0)),
        "review": ValueCurve((1.0, 5.0), (-1.0, 1.0), words),
    }
    assert version_curves(curves_to_json(curves)) == curves
    assert version_curves({"event": 3}) == {}


def test_a_text_without_a_value_counts_by_its_words() -> None:
    words = OpinionWords({"good": 1.0, "bad": -1.0}, (-1.0, 1.0), (-0.5, 1.0))
    curve = ValueCurve((1.0, 5.0), (-1.0, 1.0), words)
    values = np.array([np.nan, np.nan, np.nan, 5], np.float32)
    texts = ["Bad!", "good, bad, who knows", "", "bad"]
    assert curve.worth(values, texts).tolist() == [-0.5, 0.25, 1, 1]
    assert curve.worth(values).tolist() == [1, 1, 1, 1]


def test_it_says_what_counts_how_much() -> None:
    curve = ValueCurve((0.5, 2.5, 5.0), (-1.0, 0.0, 1.0))
    assert str(curve) == "0.5 counts as a dislike, 2.5 hardly, 5 fully"
    assert str(ValueCurve((1.0, 10.0), (0.5, 1.0))) == "1 counts 50 %, 10 fully"
