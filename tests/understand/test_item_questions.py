"""Questions about one item: which item, and what of it."""

from dataclasses import replace

import pytest

from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.reader import understand
from understand.test_reader import SHOWN, VOCABULARY, meaning

SCENE = Scene(VOCABULARY, SHOWN, has_question=True)


def after(first: str, then: str) -> Meaning:
    """The second of two things said."""
    before = understand(first, SCENE)
    return understand(then, replace(SCENE, subject=before.items[:1], topic=before.topic))


@pytest.mark.parametrize(
    ("text", "item", "topic"),
    [
        ("how long is Heat?", "4", "length"),
        ("who directed The Shining", "2", "maker"),
        ("what year is number 3 from", "3", "year"),
        ("the second one, who's in it?", "2", "cast"),
        ("what's Blade Runner about", "5", "text"),
        ("tell me about the film Heat", "4", "facts"),
        ("what do people say about it?", "1", "reviews"),
        ("is the last one in stock?", "5", "stock"),
        ("what genres does Alien have", "1", "noun"),
        ("is Toy Story a comedy?", "3", "quality"),
        ("which of these is the oldest?", "1", "year"),
        ("which one is shorter?", "3", "length"),
        ("Wie lange dauert Heat?", "4", "length"),
        ("qui a réalisé Alien ?", "1", "maker"),
        ("¿de qué trata Heat?", "4", "text"),
    ],
)
def test_an_item_and_what_is_asked_of_it(text: str, item: str, topic: str) -> None:
    said = meaning(text)
    assert (said.intent, said.items, said.topic) == ("about", (item,), topic)


@pytest.mark.parametrize(
    "text",
    [
        "who is the president of France?",
        "how old is the universe",
        "is it going to rain",
        "what's up",
    ],
)
def test_what_is_no_item_is_no_such_question(text: str) -> None:
    assert meaning(text).intent != "about"


def test_a_title_with_a_value_and_a_mark_asks_whether_it_is_so() -> None:
    said = meaning("Blade Runner in horror?", shown=False)
    assert (said.intent, said.topic, said.conditions) == (
        "about",
        "quality",
        ({"genres": "Horror"},),
    )
    assert meaning("Blade Runner in horror", shown=False).intent != "about"


def test_it_is_the_item_that_was_spoken_of_last() -> None:
    assert after("how long is Heat?", "and who directed it?").items == ("4",)
    assert after("how long is Heat?", "and the second?").topic == "length"
    assert after("how long is Heat?", "and the second?").items == ("2",)


def test_a_correction_names_the_item_that_was_meant() -> None:
    corrected = understand("no, I meant the 1982 one", replace(SCENE, topic="length"))
    assert (corrected.intent, corrected.items, corrected.topic) == ("about", ("5",), "length")


def test_a_correction_of_a_question_that_is_not_kept_asks_for_what_is_known() -> None:
    corrected = understand("no, I meant the 1982 one", replace(SCENE, topic="quality"))
    assert corrected.topic == "facts"


@pytest.mark.parametrize("text", ["no, comedies", "actually no, make it comedies"])
def test_a_correction_refuses_nothing(text: str) -> None:
    corrected = meaning(text)
    assert (corrected.conditions, corrected.changes) == (({"genres": "Comedy"},), ())


def test_another_value_is_asked_for_in_place_of_one() -> None:
    other = meaning("what about comedies?")
    assert (other.intent, other.conditions) == ("refine", ({"genres": "Comedy"},))


def test_what_nothing_here_is_known_by_is_no_comparison() -> None:
    assert meaning("newer than my phone").problems == ("what it is compared with is not known",)


def test_a_day_and_its_weather_are_no_topic_of_a_film() -> None:
    assert meaning("a comedy for a rainy sunday", shown=False).query is None


def test_umlauts_may_be_typed_without_them() -> None:
    assert meaning("Komoedien fuer Kinder").conditions == meaning("Komödien für Kinder").conditions


@pytest.mark.parametrize(
    ("text", "item", "topic"),
    [
        ("Heat, how long", "4", "length"),
        ("first one any good?", "1", "reviews"),
        ("and the director of the 2nd?", "2", "maker"),
        ("the office one, when", "8", "year"),
        ("how long is the blade one", "5", "length"),
        ("Heat, wie lange?", "4", "length"),
        ("et le réalisateur de Heat ?", "4", "maker"),
        ("¿y el director de Heat?", "4", "maker"),
        ("the oldest", "1", "year"),
    ],
)
def test_a_question_in_a_word_or_two(text: str, item: str, topic: str) -> None:
    question = meaning(text)
    assert (question.intent, question.items, question.topic) == ("about", (item,), topic)


def test_a_word_asks_of_what_was_spoken_of() -> None:
    assert after("who directed Heat?", "how long?").items == ("4",)


def test_of_nothing_nothing_is_asked() -> None:
    assert meaning("is it on at eight", shown=False).intent == "unknown"
