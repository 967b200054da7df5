"""What a list is to be about, in four languages: translated, said back as it was typed, and no
genre where a name of several words is meant; and items by a word of their title and their kind.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from foretaste.converse.sentences import as_typed
from foretaste.domain.data import Floats, Item
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.reader import understand
from foretaste.understand.vocabulary import Vocabulary

ROWS = (
    ("1", "Glory", "War|Drama", "Zwick", "Broderick"),
    ("2", "Unforgiven", "Western", "Clint Eastwood", "Clint Eastwood"),
    ("3", "Wolves return to the northern forest", "Nature", "Reid", "Nobody"),
    ("4", "Yoga Mat", "Sports", "Asana", "Nobody"),
    ("5", "War and Peace", "War|Drama", "Bondarchuk", "Savelyeva"),
)
ITEMS = [
    Item(
        item_id,
        title,
        {"plot": "a story of the world"},
        {"genres": tuple(genres.split("|")), "directors": (director,), "cast": (actor,)},
    )
    for item_id, title, genres, director, actor in ROWS
]


def reads(texts: Sequence[str]) -> Floats:
    """A language in which no two words mean the same."""
    return np.eye(max(len(texts), 2), 64, dtype=np.float32)[: len(texts)]


VOCABULARY = Vocabulary(
    FilterIndex(build_catalogue(ITEMS, reads([""] * len(ITEMS))), ItemAvailability.of(ITEMS)), None
)


def meaning(text: str, language: str = "en") -> Meaning:
    return understand(text, Scene(VOCABULARY, {}, language=language))


@pytest.mark.parametrize(
    ("text", "query", "said"),
    [
        ("un livre sur les dragons", "dragon", "dragons"),
        ("ein Buch über Drachen", "dragon", "drachen"),
        ("un libro sobre dragones", "dragon", "dragones"),
        ("Filme über Haie", "shark", "haie"),
        ("einen Film über den zweiten Weltkrieg", "second world war", "zweiten weltkrieg"),
        ("关于龙的书", "dragon", "dragon"),
    ],
)
def test_a_topic_is_searched_by_its_english_words_alone(text: str, query: str, said: str) -> None:
    reading = meaning(text)
    assert (reading.query, reading.said_query, reading.conditions) == (query, said, ())


@pytest.mark.parametrize(
    ("words", "text", "typed"),
    [
        ("zweiten weltkrieg", "einen Film über den zweiten Weltkrieg", "zweiten Weltkrieg"),
        ("okologie", "Bücher über Ökologie?", "Ökologie"),
        ("dragon", "关于龙的书", "龙"),
    ],
)
def test_words_are_said_back_as_they_were_typed(words: str, text: str, typed: str) -> None:
    assert as_typed(words, text) == typed


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("movies about world war 2", "world war"),
        ("films about the civil war", "civil war"),
        ("un film sur la guerre civile", "civil war"),
    ],
)
def test_a_name_of_several_words_is_no_genre(text: str, query: str) -> None:
    reading = meaning(text)
    assert reading.conditions == ()
    assert query in str(reading.query)


def test_the_genre_alone_is_one() -> None:
    assert list(meaning("war films").conditions) == [{"genres": "War"}]


def test_a_misspelt_name_behind_with_is_of_the_cast() -> None:
    assert list(meaning("westerns with Clint Eastwod").conditions) == [
        {"genres": "Western"},
        {"cast": "Clint Eastwood"},
    ]
    assert {"directors": "Clint Eastwood"} in meaning("directed by Clint Eastwod").conditions


@pytest.mark.parametrize(
    ("text", "intent", "item"),
    [
        ("similar to the wolves article", "like", "3"),
        ("when was the wolves story published", "about", "3"),
        ("Was kostet die Yogamatte?", "about", "4"),
        ("parecida a War and Peace", "like", "5"),
    ],
)
def test_items_by_a_word_of_their_title(text: str, intent: str, item: str) -> None:
    reading = meaning(text)
    assert (reading.intent, reading.items) == (intent, (item,))


def test_what_no_title_has_is_still_missing() -> None:
    reading = meaning("similar to the whales article")
    assert (reading.intent, reading.items) == ("like", ())
    assert reading.missing_title is not None


def test_a_title_tells_no_language() -> None:
    assert meaning("parecida a War and Peace").language == "es"


@pytest.mark.parametrize("text", ["what are you able to do", "what is this capable of"])
def test_help(text: str) -> None:
    assert meaning(text).intent == "help"


def test_a_place_that_does_not_interest_is_hidden() -> None:
    shown = {item.id: item.title for item in ITEMS}
    reading = understand(
        "not interested in the second", Scene(VOCABULARY, shown, has_question=True)
    )
    assert (reading.intent, reading.items) == ("hide", ("2",))
