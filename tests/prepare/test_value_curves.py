"""Curves from the values there are, and interactions weighed by them."""

import numpy as np
import pytest

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Event, Interactions
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


def test_reviews_without_stars_are_weighed_alike_wherever_they_are_read() -> None:
    """By words that others used who gave stars, in a training, when asked for, and when learnt."""
    rows = reviewed(240)
    rows += [row("zoe", "b", 900, "review", text="It is dull."), row("zoe", "c", 901, "review")]
    trained = weighed(rows)
    zoe = trained.users.index("zoe")
    worth = trained.user_context(zoe, int(trained.offsets[zoe + 1])).worth
    assert worth is not None
    assert worth[0] < 0 < 1 == worth[1]
    numbered = list(enumerate(rows, 1))
    curves, types = trained.value_curves, trained.event_types
    histories = build_user_histories(numbered, LETTERS, EVENT_TYPE_WEIGHTS, types, curves)
    assert histories["zoe"][1].worth is not None
    assert histories["zoe"][1].worth.tolist() == worth.tolist()
    events = [
        Event(f"{at}", "review", at, user="zoe", item=item, text=text)
        for _, _, item, _, _, at, text, _ in rows[-2:]
    ]
    asked = build_user_context(events, LETTERS, EVENT_TYPE_WEIGHTS, types, now=1e3, curves=curves)
    assert asked.worth is not None
    assert asked.worth.tolist() == worth.tolist()


def test_what_one_author_writes_often_teaches_no_words() -> None:
    rows = reviewed(240)
    flood = [
        row("troll", "b", at, "review", value=1, text=f"lively purple <b>number</b> {at}")
        for at in range(300)
    ]
    told, flooded = (weighed(own).value_curves["review"].opinions for own in (rows, rows + flood))
    assert told is not None
    assert flooded is not None
    assert "purple" not in flooded.nats
    assert flooded.nats["lively"] > told.nats["lively"] - 0.7  # one more who disagrees, of 161


def test_words_say_nothing_where_few_have_stars_or_they_do_not_tell() -> None:
    assert weighed(reviewed(100)).value_curves["review"].opinions is None
    same = [row(f"u{at}", "a", at, "review", value=at % 5, text="It is.") for at in range(240)]
    assert weighed(same).value_curves["review"].opinions is None


def reviewed(count: int) -> list[EventColumns]:
    """Of so many authors: who finds it dull gives one star, who finds it lively four or five."""
    return [
        row(
            f"u{at}", "a", at, "review",
            value=1 if at % 3 == 0 else 4 + at % 2,
            text="A dull thing" if at % 3 == 0 else "A lively thing",
        )
        for at in range(count)
    ]  # fmt: skip


def weighed(rows: list[EventColumns]) -> Interactions:
    interactions = made(*rows)
    settings = {"review": ValueSettings(counts=True, reads_words=True)}
    return apply_value_curves(interactions, fit_value_curves(interactions, settings))


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
