"""What is said around titles, in whatever order, in a small catalogue of films."""

import pytest

from understand.test_reader import meaning


@pytest.mark.parametrize(
    ("text", "intent", "items"),
    [
        ("Heat I have seen twice already", "hide", "4"),
        ("i think the third one looks fun", "take", "3"),
        ("what should I watch after The Shining?", "like", "2"),
        ("what goes well with Blade Runner", "like", "5"),
        ("I really enjoyed Heat, is there more of that sort?", "like", "4"),
        ("I just finished Matilda and want more like that", "like", "6"),
        ("Office Space was boring", "hide", "8"),
        ("I didn't enjoy Office Space", "hide", "8"),
        ("Heat was great, Alien too", "take", "4"),
        ("Heat fand ich damals toll", "take", "4"),
    ],
)
def test_words_of_known_classes_around_a_title(text: str, intent: str, items: str) -> None:
    found = meaning(text)
    assert (found.intent, found.items[:1], found.query) == (intent, (items,), None)


@pytest.mark.parametrize(
    "text", ["sharks like Jaws has", "have you got Heat", "a heat wave thriller"]
)
def test_other_words_beside_a_title_are_a_search(text: str) -> None:
    assert meaning(text).intent not in ("take", "hide")


def test_why_an_item_is_shown_with_something_told_of_the_person() -> None:
    found = meaning("why are you showing me Toy Story, I'm 45")
    assert (found.intent, found.items) == ("why", ("3",))


def test_what_is_said_behind_an_item_of_it() -> None:
    found = meaning("hmm the second maybe, but is it long?")
    assert (found.intent, found.items, found.topic) == ("about", ("2",), "length")
