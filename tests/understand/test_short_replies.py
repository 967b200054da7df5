"""What a word or two said of the list in hand ask for."""

from typing import Any

import pytest

from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.reader import understand
from understand.test_typing import SHOWN, VOCABULARY


def reply(text: str, asked_filter: dict[str, Any]) -> Meaning:
    return understand(text, Scene(VOCABULARY, SHOWN, has_question=True, filter=asked_filter))


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("ok 130 then", {"lt": 130.0}),
        ("make it 80 euros", {"lt": 80.0}),
        ("say 120?", {"lt": 120.0}),
    ],
)
def test_a_number_alone_takes_the_place_of_the_one_asked_for(
    text: str, test: dict[str, float]
) -> None:
    changed = reply(text, {"type": "Shoes", "price": {"lt": 100.0}})
    assert (changed.intent, changed.conditions) == ("refine", ({"price": test},))


def test_a_number_that_no_bound_is_near_changes_none() -> None:
    assert reply("1990", {"price": {"lt": 100.0}}).conditions != ({"price": {"lt": 1990.0}},)


@pytest.mark.parametrize(
    ("text", "intent"),
    [("size s", "refine"), ("yellow", "refine"), ("shoes", "find"), ("show me yellow", "find")],
)
def test_values_of_other_attributes_go_on_with_the_question(text: str, intent: str) -> None:
    assert reply(text, {"type": "Dresses"}).intent == intent
