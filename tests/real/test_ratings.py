"""Ratings: found among the columns, their scale told, and from where on they are a positive."""

from collections import Counter
from typing import Any

import pytest

from foretaste.behaviour.reading.ratings import load_rating_scale
from foretaste.behaviour.settings import BehaviourSettings

from .conftest import Shop

AT = 1_770_000_000


def add(shop: Shop, cells: list[str], column: str = "rating", **settings: Any) -> list[str]:
    rows = [f'u{n},i{n % 5},{AT + n},"{cell}"' for n, cell in enumerate(cells)]
    return list(
        shop.add("events", "\n".join([f"user,item,at,{column}", *rows]), **settings).warnings
    )


@pytest.mark.parametrize(
    ("cells", "scale", "positive_from"),
    [
        (["1", "2", "3", "4", "5"] * 4, (1, 5, 1), 4),
        (["3", "5", "2", "4"] * 4, (1, 5, 1), 4),
        (["0.5", "3.5", "4.0", "5.0", "3.0"] * 4, (0.5, 5, 0.5), 3.5),
        (["8", "7", "10", "3", "1"] * 4, (1, 10, 1), 7),
        (["4,5", "3,0", "5,0", "2,5"] * 4, (1, 5, 0.5), 3.5),
        (["0", "1", "1", "0"] * 4, (0, 1, 1), 1),
        (["-1", "1", "1", "-1"] * 4, (-1, 1, 1), 1),
        (["100", "80", "20", "60"] * 4, (1, 100, 1), 61),
        (["3", "3", "3", "2", "1", "3", "2", "4"] * 4, (1, 4, 1), 3),
        (["1", "2", "2", "1", "1", "3", "5"] * 4, (1, 5, 1), 2),
    ],
)
def test_the_scale_and_the_threshold_come_from_the_data(
    shop: Shop, cells: list[str], scale: tuple[float, float, float], positive_from: float
) -> None:
    warnings = add(shop, cells)
    found = load_rating_scale(shop.store, BehaviourSettings())
    assert found is not None
    assert (found.low, found.high, found.step) == scale
    assert found.positive_from == positive_from
    assert {event.kind for event in shop.events} == {"rating"}
    assert any(
        f"ratings from {scale[0]:g} to {scale[1]:g}" in warning
        and "behaviour.positive_rating" in warning
        for warning in warnings
    )


def test_the_threshold_is_a_setting(shop: Shop) -> None:
    add(shop, ["1", "3", "5"] * 4)
    found = load_rating_scale(shop.store, BehaviourSettings(positive_rating=5))
    assert found is not None
    assert found.positive_from == 5


@pytest.mark.parametrize(
    "cells",
    [["12.99", "5.49", "8.79"], ["250", "1", "4093", "17"], ["-300", "20", "1"]],
    ids=["prices", "plays", "balances"],
)
def test_a_column_called_value_that_holds_no_ratings_is_none(shop: Shop, cells: list[str]) -> None:
    warnings = add(shop, cells * 4, "value")
    assert {event.kind for event in shop.events} == {"view"}
    assert load_rating_scale(shop.store, BehaviourSettings()) is None
    assert any("no ratings" in warning for warning in warnings)


@pytest.mark.parametrize("column", ["value", "stars", "Book-Rating", "Bewertung"])
def test_a_column_of_ratings_is_found(shop: Shop, column: str) -> None:
    add(shop, ["4", "5", "1"] * 4, column)
    assert {event.kind for event in shop.events} == {"rating"}


def test_what_was_taken_and_not_rated_is_a_view(shop: Shop) -> None:
    warnings = add(shop, ["-1", "8", "7", "-1", "10"] * 4)
    found = load_rating_scale(shop.store, BehaviourSettings())
    assert found is not None
    assert (found.low, found.high) == (1, 10)
    unrated = [event for event in shop.events if event.value is None]
    assert {event.kind for event in unrated} == {"view"}
    assert len(unrated) == 8
    assert any("-1 says that an item was taken and not rated" in warning for warning in warnings)


def test_many_ratings_of_0_are_said(shop: Shop) -> None:
    warnings = add(shop, ["0", "8", "0", "0", "10"] * 4)
    assert any("60% of the ratings are 0" in warning for warning in warnings)


def test_ratings_among_other_events_have_their_own_scale(shop: Shop) -> None:
    rows = [f"u{n},i1,purchase,{AT + n},{n}9.99" for n in range(9)]
    rows += [f"u{n},i1,rate,{AT + n},{1 + n % 5}" for n in range(9)]
    shop.add("events", "\n".join(["user,item,event,at,value", *rows]))
    found = load_rating_scale(shop.store, BehaviourSettings())
    assert found is not None
    assert (found.low, found.high, found.positive_from) == (1, 5, 4)


def test_a_rating_that_cannot_be_is_refused_with_the_setting(shop: Shop) -> None:
    result = shop.add(
        "events", f"user,item,at,rating\nu,i,{AT},11\nv,i,{AT},4\n", rating_range=(1, 5)
    )
    assert "rating 11 is out of range" in result.rejects[0].problem


def test_a_row_that_leaves_the_rating_out_says_that_the_item_was_taken(shop: Shop) -> None:
    warnings = add(shop, ["", "4.5", "", "2", ""] * 4)
    assert Counter(event.kind for event in shop.events) == {"view": 12, "rating": 8}
    assert any("rows without a rating were taken for type view" in note for note in warnings)


def test_what_such_a_row_says_of_attention_is_its_value(shop: Shop) -> None:
    rows = [f"u{n},i{n % 5},{AT + n},{n % 4 or ''},{n * 5}" for n in range(20)]
    shop.add("events", "\n".join(["user,item,at,rating,progress_pct", *rows]))
    values = {event.value for event in shop.events if event.kind == "view"}
    assert values == {0.0, 0.2, 0.4, 0.6, 0.8}


def test_a_few_blanks_in_a_table_of_ratings_are_mistakes(shop: Shop) -> None:
    add(shop, ["4", "5", "1", "2"] * 5 + [""])
    assert {event.kind for event in shop.events} == {"rating"}
    assert len(shop.events) == 20


def test_who_writes_and_does_not_rate_has_written_a_review(shop: Shop) -> None:
    rows = [
        f"u{n},i{n % 5},{AT + n},{5 if n % 2 else ''},{'' if n % 4 else 'nice'}" for n in range(20)
    ]
    shop.add("events", "\n".join(["user,item,at,stars,text", *rows]))
    assert Counter(event.kind for event in shop.events) == {"rating": 10, "review": 5, "view": 5}


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["2 von 5", "5 von 5", "4,5 von 5 Sternen"], {2.0, 5.0, 4.5}),
        (["4/5", "1 / 5", "5 out of 5 stars"], {4.0, 1.0, 5.0}),
        (["★★★★☆", "★☆☆☆☆", "★★★★★"], {4.0, 1.0, 5.0}),
        (["⭐⭐⭐", "5 stars", "1 star"], {3.0, 5.0, 1.0}),
        (["4/5", "8/10", "3/10"], {8.0, 3.0}),
    ],
)
def test_ratings_in_words_and_stars(shop: Shop, cells: list[str], values: set[float]) -> None:
    warnings = add(shop, cells * 4, "Sterne")
    assert {event.kind for event in shop.events} == {"rating"}
    assert {event.value for event in shop.events} == values
    assert any("ratings from 1 to" in note for note in warnings)


def test_ratings_in_words_among_other_events(shop: Shop) -> None:
    rows = [f"u{n},i1,rate,{AT + n},{1 + n % 5} von 5" for n in range(9)]
    rows += [f"u{n},i1,purchase,{AT + n},19.99" for n in range(9)]
    shop.add("events", "\n".join(["user,item,event,at,value", *rows]))
    assert {event.value for event in shop.events} == {1.0, 2.0, 3.0, 4.0, 5.0, 19.99}


@pytest.mark.parametrize("cell", ["7 von 5", "great", "4 of a kind"])
def test_what_is_no_rating_is_refused(shop: Shop, cell: str) -> None:
    result = shop.add("events", f"user,item,at,rating\nu1,i1,{AT},4\nu2,i1,{AT},{cell}")
    assert (result.added, result.rejected) == (1, 1)
