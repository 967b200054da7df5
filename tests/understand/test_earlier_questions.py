"""A question of earlier in the talk that is asked again."""

from dataclasses import replace

import pytest

from foretaste.understand.meaning import Scene
from foretaste.understand.reader import understand
from understand.test_reader import VOCABULARY

EARLIER = (
    {"query": "space", "filter": {"genres": "Sci-Fi", "year": {"lt": 1985.0}}},
    {"query": None, "filter": {"genres": "Horror", "and": [{"not": {"about": "blood"}}]}},
)
SCENE = Scene(VOCABULARY, has_question=True, earlier_questions=EARLIER)


@pytest.mark.parametrize(
    "text",
    ["the horror films again", "ok, back to the horror ones", "show me those horror ones again"],
)
def test_it_comes_back_as_it_was(text: str) -> None:
    reading = understand(text, SCENE)
    assert (reading.intent, reading.query) == ("find", None)
    assert list(reading.conditions) == [{"genres": "Horror"}, {"not": {"about": "blood"}}]


def test_what_is_said_behind_it_is_added() -> None:
    reading = understand("the space ones again but from before 1980", SCENE)
    assert reading.query == "space"
    assert list(reading.conditions) == [
        {"genres": "Sci-Fi"},
        {"year": {"lt": 1985.0}},
        {"year": {"lt": 1980.0}},
    ]


def test_what_was_not_asked_for_is_searched() -> None:
    reading = understand("the crime films again", SCENE)
    assert list(reading.conditions) == [{"genres": "Crime"}]


def test_german_says_so_too() -> None:
    reading = understand("nochmal die Horror", replace(SCENE, language="de"))
    assert {"genres": "Horror"} in reading.conditions
