"""What is to go with something that the person has."""

from typing import Any

import pytest

from understand.test_reader import meaning
from understand.test_typing import meaning as shop_meaning


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("which shoes go with a yellow dress?", [{"type": "Shoes"}, {"not": {"type": "Dresses"}}]),
        (
            "Welche Schuhe passen zu einem gelben Kleid?",
            [{"type": "Shoes"}, {"not": {"type": "Dresses"}}],
        ),
        ("something to wear with my brown shoes", [{"not": {"type": "Shoes"}}]),
    ],
)
def test_what_the_person_has_is_not_asked_for(text: str, conditions: list[Any]) -> None:
    reading = shop_meaning(text)
    assert reading.intent in ("find", "refine")
    assert (reading.query, sorted(map(str, reading.conditions))) == (
        None,
        sorted(map(str, conditions)),
    )


def test_a_list_is_asked_for_where_nothing_else_is_said() -> None:
    assert shop_meaning("something that goes with a green umbrella").intent in ("find", "refine")


def test_films_go_with_nothing() -> None:
    assert meaning("a comedy that goes with pizza").query == "goes with pizza"
