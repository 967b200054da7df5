"""Curves from the values there are, and interactions weighed by them."""

import numpy as np
import pytest

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Event
from foretaste.domain.event_value import MIN_WEIGHT, ValueSettings
from foretaste.domain.store import EventColumns
from foretaste.prepare.interactions import build_user_context, build_user_histories
from foretaste.prepare.value_curves import apply_value_curves, fit_value_curves

from .helpers import LETTERS, made, row

COUNTED = {name: ValueSettings(counts=True) for name in ("rating", "view", "purchase")}
STARS = (1, 2, 3, 4, 4, 4, 5, 5, 5, 3) * 10


def rated(*stars: float, kind: str = "rating") -> list[EventColumns]:
    return [row("ann", "a", at, kind, value=value) for at, value in enumerate(stars)]


def weights_of(*rows: EventColumns, **settings: ValueSettings) -> list[float]:
    interactions = made(*rows)
    curves = fit_value_curves(interactions, COUNTED | settings)
    return apply_value_curves(interactions, curves).weight.tolist()


def test_ratings_count_by_their_own_scale() -> None:
    weights = weights_of(*rated(*STARS))
    one, two, three, four, *_, five = weights[:7]
    assert one == two == pytest.approx(MIN_WEIGHT)
    assert MIN_WEIGHT < three < four == five == 1
    doubled = weights_of(*rated(*(2 * star for star in STARS)))
    assert doubled == pytest.approx(weights, abs=0.02)


def test_nearly_only_five_stars_make_no_dislike_of_four() -> None:
    curves = fit_value_curves(made(*rated(*(5,) * 95, 4, 1, 1, 1, 1)), COUNTED)
    assert curves["rating"].worth(np.array([4.0], np.float32))[0] > 0.2


def test_prices_and_seconds_say_nothing_and_nothing_is_changed() -> None:
    rows = [*rated(*STARS, kind="purchase"), *rated(*STARS, kind="view"), row("bob", "b", 1)]
    interactions = made(*rows)
    assert fit_value_curves(interactions, COUNTED) == {}
    assert apply_value_curves(interactions, {}) is interactions


def test_few_ratings_and_ratings_all_alike_say_nothing() -> None:
    assert set(weights_of(*rated(1, 5, 3))) == {1}
    assert set(weights_of(*rated(*(5,) * 99))) == {1}


def test_a_share_of_a_view_counts_by_it() -> None:
    weights = weights_of(*rated(*np.linspace(0, 1, 60).tolist(), kind="view"))
    assert weights[0] == pytest.approx(MIN_WEIGHT)
    assert weights[-1] == 1
    assert np.diff(weights).min() >= 0


def test_what_is_set_holds_over_the_data() -> None:
    assert set(weights_of(*rated(*STARS), rating=ValueSettings(counts=False))) == {1}
    found = weights_of(*rated(3, 4), rating=ValueSettings(threshold=4))
    assert found == pytest.approx([MIN_WEIGHT, 1])
    found = weights_of(
        *rated(1, 10, kind="purchase"), purchase=ValueSettings(curve=((1, 0.5), (10, 1)))
    )
    assert found == pytest.approx([0.5, 1])


def test_an_event_is_weighed_alike_wherever_it_is_read() -> None:
    """In a training, when it is asked for, and when it is learnt."""
    rows = [*rated(*STARS), row("ann", "b", 200), row("ann", "c", 201, "hide", value=1)]
    interactions = made(*rows)
    curves = fit_value_curves(interactions, COUNTED)
    trained = apply_value_curves(interactions, curves)
    numbered = list(enumerate(rows, 1))
    _, learnt = build_user_histories(
        numbered, LETTERS, EVENT_TYPE_WEIGHTS, trained.event_types, curves
    )["ann"]
    events = [
        Event(str(number), kind, at, user="ann", item=item, value=value)
        for number, (_, _, item, kind, value, at, _, _) in numbered
    ]
    asked = build_user_context(
        events, LETTERS, EVENT_TYPE_WEIGHTS, trained.event_types, now=300.0, curves=curves
    )
    for context in (learnt, asked):
        assert context.weight.tolist() == trained.weight.tolist()
        assert context.worth is not None
        assert trained.worth is not None
        assert context.worth.tolist() == trained.worth.tolist()
    assert trained.filter_rows(trained.value > 3).worth is not None
