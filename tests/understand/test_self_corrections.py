"""What is meant by somebody who corrects themselves within a sentence."""

import pytest

from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.reader import understand
from understand.test_reader import VOCABULARY as FILMS
from understand.test_typing import VOCABULARY as CLOTHES


def films(text: str, language: str = "en") -> Meaning:
    return understand(text, Scene(FILMS, language=language))


@pytest.mark.parametrize(
    ("text", "language", "items"),
    [
        ("something like Heat, sorry, I meant Toy Story", "en", ("3",)),
        ("I've already seen Heat, I mean Alien", "en", ("1",)),
        ("etwas wie Heat, ich meine Alien", "de", ("1",)),
        ("quelque chose comme Heat, je veux dire Alien", "fr", ("1",)),
        ("algo como Heat, digo Alien", "es", ("1",)),
    ],
)
def test_an_item_takes_the_place_of_an_item(
    text: str, language: str, items: tuple[str, ...]
) -> None:
    assert films(text, language).items == items


def test_a_title_alone_is_the_one_that_was_meant() -> None:
    assert films("Heat, I mean Alien").query == "alien"


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("black shoes, sorry, yellow", ({"type": "Shoes"}, {"colour": "Yellow"})),
        ("dresses under 30 sorry under 20", ({"type": "Dresses"}, {"price": {"lt": 20.0}})),
        ("dresses under 30, wait, 50", ({"type": "Dresses"}, {"price": {"lt": 50.0}})),
        ("shoes, no, dresses", ({"type": "Dresses"},)),
        ("shoes, no dresses", ({"type": "Shoes"},)),
    ],
)
def test_a_value_or_a_number_takes_the_place_of_its_kind(
    text: str, conditions: tuple[object, ...]
) -> None:
    conditions_by_column = sorted(understand(text, Scene(CLOTHES)).conditions, key=str)
    assert conditions_by_column == sorted(conditions, key=str)


def test_an_apology_corrects_nothing() -> None:
    assert understand("shoes, sorry for the trouble", Scene(CLOTHES)).conditions == (
        {"type": "Shoes"},
    )
