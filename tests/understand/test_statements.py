"""Sentences that only tell something of the person are no search; those that ask are."""

import pytest

from understand.test_reader import meaning
from understand.test_typing import meaning as shop_meaning


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("I have to be up early, a comedy please", [{"genres": "Comedy"}]),
        ("a comedy, my brother is coming over and we are knackered", [{"genres": "Comedy"}]),
        ("we are 4 people and can't agree, maybe horror", [{"genres": "Horror"}]),
        ("a bit boring, rather crime", [{"genres": "Crime"}]),
    ],
)
def test_what_is_told_is_left_out(text: str, conditions: list[object]) -> None:
    found = meaning(text, shown=False)
    assert (found.query, list(found.conditions)) == (None, conditions)


def test_what_is_told_is_searched_for_where_nothing_else_is_said() -> None:
    assert meaning("I'm travelling to Lisbon", shown=False).query == "travelling to lisbon"


def test_what_somebody_wants_is_no_statement() -> None:
    found = meaning("a film for us, my brother loves horror", shown=False)
    assert {"genres": "Horror"} in found.conditions


def test_what_somebody_has_is_not_asked_for() -> None:
    found = shop_meaning("I already have black shoes, do you have a dress?")
    assert list(found.conditions) == [{"type": "Dresses"}]
