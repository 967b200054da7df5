"""The order of a list, and conditions that hold no longer."""

from dataclasses import replace

import pytest

from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.number_columns import NO_COLUMN
from foretaste.understand.ordering import NOT_SORTABLE
from foretaste.understand.reader import understand
from understand.test_reader import SHOWN, VOCABULARY, meaning


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("sort them by year", "newer"),
        ("can you sort these by length please?", "shorter"),
        ("order the list by runtime, longest first", "longer"),
        ("sort by year, oldest first", "older"),
        ("newest first", "newer"),
        ("the longest ones first please", "longer"),
        ("year, low to high", "older"),
        ("length high to low", "longer"),
        ("from the oldest to the newest", "older"),
        ("sort from newest to oldest", "newer"),
        ("Sortiere sie nach Jahr", "newer"),
        ("kannst du sie nach der Länge sortieren", "shorter"),
        ("die ältesten zuerst", "older"),
        ("trie-les par année", "newer"),
        ("les plus longs d'abord", "longer"),
        ("ordénalos por año, de menor a mayor", "older"),
    ],
)
def test_an_order_alone(text: str, order: str) -> None:
    said = meaning(text)
    assert (said.intent, said.order, said.query, said.conditions) == ("refine", order, None, ())


def test_an_order_beside_what_is_asked_for() -> None:
    said = meaning("comedies sorted by year", shown=False)
    assert (said.intent, said.order, said.conditions) == ("find", "newer", ({"genres": "Comedy"},))
    said = meaning("horror films, oldest first", shown=False)
    assert (said.intent, said.order, said.conditions) == ("find", "older", ({"genres": "Horror"},))
    said = meaning("the newest comedies first", shown=False)
    assert (said.order, said.conditions) == ("newer", ({"genres": "Comedy"},))


@pytest.mark.parametrize(
    "text",
    ["a film about the first men on the moon", "in order to laugh", "the first one", "Alien first"],
)
def test_what_only_sounds_like_an_order(text: str) -> None:
    assert meaning(text).order is None


def test_what_nothing_here_has_cannot_be_put_in_order() -> None:
    said = meaning("sort them by price")
    assert (said.order, said.problems) == (None, (NO_COLUMN["price"],))
    said = meaning("sort them by how funny they are")
    assert (said.order, said.problems) == (None, (NOT_SORTABLE,))


def asked(text: str, **conditions: object) -> Meaning:
    scene = Scene(VOCABULARY, SHOWN, has_question=True, filter=conditions)
    return understand(text, replace(scene, language="en"))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("take the year limit off", "year"),
        ("forget about the year", "year"),
        ("any year", "year"),
        ("the genre doesn't matter", "genres"),
        ("I don't care about the year", "year"),
        ("remove the genres filter", "genres"),
        ("das Jahr ist egal", "year"),
        ("peu importe l'année", "year"),
        ("el año no importa", "year"),
    ],
)
def test_a_condition_is_lifted(text: str, column: str) -> None:
    said = asked(text, year={"lt": 1990.0}, genres="Horror")
    assert (said.intent, said.lifted, said.changes) == ("refine", (column,), ())


def test_only_what_holds_can_be_lifted() -> None:
    assert asked("any year", genres="Horror").lifted == ()
    assert asked("forget romance", genres="Romance").intent == "undo", "a wish, for good"
