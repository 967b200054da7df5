"""Values that are said by an item that has them, and which values there are."""

import pytest

from understand.test_reader import meaning
from understand.test_typing import meaning as shop_meaning


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("something in the same colour as the Summer Dress", {"colour": "Yellow"}),
        ("the same price as the Oxford Shirt", {"price": {"gte": 47.2, "lte": 70.8}}),
        ("shoes in the same colour as the leather boots", {"colour": "Brown"}),
    ],
)
def test_the_same_value_as_an_item(text: str, condition: dict[str, object]) -> None:
    assert condition in shop_meaning(text).conditions


def test_the_same_value_as_the_list() -> None:
    assert {"year": {"gte": 1979.0, "lte": 1995.0}} in meaning(
        "something of the same year"
    ).conditions


def test_a_value_that_is_disliked_is_left_out() -> None:
    found = shop_meaning("I don't like the colour of the Summer Dress")
    assert (found.intent, found.conditions) == ("refine", ({"not": {"colour": "Yellow"}},))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("what colours are there?", "colour"),
        ("which sizes do you have?", "size"),
        ("what kind of things do you sell?", "type"),
        ("Welche Farben gibt es?", "colour"),
    ],
)
def test_which_values_there_are(text: str, column: str) -> None:
    found = shop_meaning(text)
    assert (found.topic, found.column, found.items) == ("values", column, ())


def test_a_colour_that_nothing_has_is_told() -> None:
    found = shop_meaning("purple shoes")
    assert (found.absent_words, found.query) == (("purple",), None)
    assert list(found.conditions) == [{"type": "Shoes"}]
