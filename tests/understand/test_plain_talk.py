"""What people say beside a wish: why, who for, how many, and that it was a slip."""

from typing import Any

import pytest

from foretaste.understand.meaning import Scene
from foretaste.understand.reader import understand
from understand.test_reader import SHOWN, VOCABULARY, meaning
from understand.test_typing import VOCABULARY as SHOP
from understand.test_typing import meaning as shop_meaning


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("what are people watching these days", "find"),
        ("what's everyone reading at the moment?", "find"),
        ("random pick please", "find"),
        ("you choose", "find"),
        ("seen it, next", "next"),
        ("not in the mood for any of those", "next"),
        ("none of these are what I wanted", "next"),
        ("rubbish. all of it", "next"),
        ("what kind of questions can I ask you", "help"),
        ("wrong button sorry, take that back", "undo"),
        ("what's on sale", "unknown"),
        ("can you recommend a good restaurant near here", "unknown"),
        ("¿me recomiendas un restaurante?", "unknown"),
        ("est-ce que le cinéma est ouvert dimanche ?", "unknown"),
    ],
)
def test_what_names_nothing_of_the_catalogue(text: str, intent: str) -> None:
    reading = meaning(text)
    assert (reading.intent, reading.query, reading.conditions, reading.changes) == (
        intent,
        None,
        (),
        (),
    )


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("my girlfriend and I both want a comedy", [{"genres": "Comedy"}]),
        ("kids asleep, finally. a scary one?", [{"genres": "Horror"}]),
        ("none of these are what I wanted, I said scary", [{"genres": "Horror"}]),
        ("my book club needs something scary", [{"genres": "Horror"}]),
        ("best rated horror", [{"genres": "Horror"}]),
        ("can it be a comedy", [{"genres": "Comedy"}]),
        ("drop everything before 1980", [{"year": {"gte": 1980.0}}]),
        ("not over 90 minutes", [{"runtime": {"lte": 90.0}}]),
        ("100 minutes at the most", [{"runtime": {"lte": 100.0}}]),
    ],
)
def test_what_is_left_when_the_talk_around_it_is_gone(text: str, conditions: list[Any]) -> None:
    reading = meaning(text)
    assert (list(reading.conditions), reading.query, reading.changes) == (
        conditions,
        None,
        (),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no wool I'm allergic", "wool"),
        ("musicals are banned in this house", "musicals"),
        ("why is everything about war. I don't want to see it anymore", "war"),
        ("no me pongas más películas de terror", "terror"),
        ("bitte keinen Horror mehr anzeigen", "horror"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    reading = meaning(text)
    assert reading.conditions == ()
    assert reading.query is None
    [change] = reading.changes
    assert change.clause.strength == "none"
    assert words in change.clause.text


def test_an_item_that_bored_somebody_is_in_no_list() -> None:
    reading = meaning("I really enjoyed Alien but Heat bored me")
    assert (reading.intent, reading.items) == ("take", ("1",))
    assert list(reading.conditions) == [{"not": {"id": ["4"]}}]
    assert reading.query is None


def test_what_impressed_nobody_is_hidden() -> None:
    reading = meaning("I wasn't that impressed with Heat")
    assert (reading.intent, reading.items) == ("hide", ("4",))


def test_what_is_similar_is_so_to_what_was_spoken_of() -> None:
    scene = Scene(VOCABULARY, SHOWN, has_question=True, subject=("4",), topic="text")
    reading = understand("anything similar?", scene)
    assert (reading.intent, reading.items) == ("like", ("4",))
    reading = understand("anything else?", scene)
    assert (reading.intent, reading.items) == ("next", ())


@pytest.mark.parametrize(("text", "count"), [("just three", 3), ("two is enough", 2)])
def test_how_many_are_wanted(text: str, count: int) -> None:
    reading = meaning(text)
    assert (reading.intent, reading.count, reading.conditions) == ("refine", count, ())


def test_no_more_than_a_number_is_a_price_and_no_count() -> None:
    assert list(shop_meaning("no more than fifty").conditions) == [{"price": {"lte": 50.0}}]


@pytest.mark.parametrize("text", ["that's too much money", "out of my price range"])
def test_too_much_is_cheaper(text: str) -> None:
    [condition] = shop_meaning(text).conditions
    assert set(condition["price"]) == {"lt"}


def test_litres_are_no_price() -> None:
    reading = shop_meaning("shoes, ideally yellow, around 30 litres")
    assert {"type": "Shoes"} in reading.conditions
    assert len(reading.conditions) == 2
    assert "30 litres" in (reading.query or "")
    assert "ideally" not in (reading.query or "")


def test_what_nothing_can_be_the_shortest_by_is_told() -> None:
    reading = shop_meaning("the longest dresses")
    assert reading.problems == ("no attribute of the items is a length",)
    assert list(reading.conditions) == [{"type": "Dresses"}]


def test_question_after_the_item_in_french() -> None:
    reading = understand(
        "le deuxième, c'est sorti quand ?", Scene(VOCABULARY, SHOWN, language="fr")
    )
    assert (reading.intent, reading.items, reading.topic) == ("about", ("2",), "year")


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("I wonder if you could help me find a nice comedy", [{"genres": "Comedy"}]),
        ("something my dad would like, he's 70 and he likes horror", [{"genres": "Horror"}]),
        ("can I get the same list without Toy Story", [{"not": {"id": ["3"]}}]),
        ("the first one is a bit old for me", [{"year": {"gt": 1979.0}}]),
    ],
)
def test_whoever_asks_politely_is_understood(text: str, conditions: list[Any]) -> None:
    reading = meaning(text)
    assert (list(reading.conditions), reading.query) == (conditions, None)


def test_what_is_for_children_is_so_behind_an_item_too() -> None:
    reading = meaning("what have you got that's similar to number four but for kids")
    assert (reading.intent, reading.items) == ("like", ("4",))
    assert list(reading.conditions) == [{"genres": "Children"}]


def test_a_size_behind_a_refusal_is_wanted() -> None:
    reading = shop_meaning("a coat that's not brown, size XS, under 200")
    assert {"size": "XS"} in reading.conditions
    assert {"not": {"colour": "Brown"}} in reading.conditions


def test_a_word_of_titles_is_no_value_of_an_attribute() -> None:
    assert shop_meaning("love in winter").conditions == ()
    reading = shop_meaning("have you any summer dresses left")
    assert (reading.query, list(reading.conditions)) == ("summer", [{"type": "Dresses"}])


@pytest.mark.parametrize(
    ("text", "intent", "items"),
    [
        ("number one and number three can go", "hide", ("1", "3")),
        ("I couldn't get through Heat, what a snoozefest", "hide", ("4",)),
        ("quit pushing Heat on me!!!", "hide", ("4",)),
        ("we'll have the fourth", "take", ("4",)),
        ("oh Heat!! more like that", "like", ("4",)),
        ("the first or the fourth, whats the difference", "compare", ("1", "4")),
        ("who directed Heat and who directed Alien?", "compare", ("4", "1")),
        ("can you give me the plot of Heat in one sentence", "about", ("4",)),
    ],
)
def test_what_is_done_with_items(text: str, intent: str, items: tuple[str, ...]) -> None:
    reading = meaning(text)
    assert (reading.intent, reading.items) == (intent, items)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hullo, anybody there?", "greet"),
        ("oops didn't mean that, go back", "undo"),
        ("my brother was using this, clear everything and start fresh", "start_over"),
    ],
)
def test_all_that_is_said_in_other_words(text: str, intent: str) -> None:
    assert meaning(text).intent == intent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I've had it up to here with horror", "horror"),
        ("les comédies musicales, plus jamais !", "musicales"),
        ("horror can stay at home", "horror"),
        ("horror makes my blood boil, leave it out from now on", "horror"),
        ("the wife says no more car chases", "car chases"),
    ],
)
def test_what_somebody_has_had_enough_of(text: str, words: str) -> None:
    [change] = meaning(text).changes
    assert change.clause.strength == "none"
    assert words in change.clause.text


def test_it_should_be_is_said_of_the_list() -> None:
    scene = Scene(VOCABULARY, SHOWN, has_question=True, filter={"genres": "Horror"})
    reading = understand("and it should be funny", scene)
    assert reading.intent == "refine"
    assert list(reading.conditions) == [{"genres": {"all": ["Horror", "Comedy"]}}]
    assert understand("the old ones, before 1980", scene).intent == "refine"


def test_a_size_goes_on_with_the_list() -> None:
    scene = Scene(SHOP, has_question=True, filter={"type": "Shirts"})
    reading = understand("my size is XL", scene)
    assert (reading.intent, list(reading.conditions)) == ("refine", [{"size": "XL"}])


def test_a_range_at_the_end_is_a_price_in_a_shop() -> None:
    prices = [c for c in shop_meaning("shoes for dad 50 to 150").conditions if "price" in c]
    assert prices == [{"price": {"gte": 50.0, "lte": 150.0}}]
    assert not any("price" in c for c in shop_meaning("shoes size 38 to 40").conditions)


def test_what_is_said_of_what_is_wanted_refuses_nothing() -> None:
    reading = meaning("I want horror that creeps me out")
    assert list(reading.conditions) == [{"genres": "Horror"}]
    assert reading.changes == ()
