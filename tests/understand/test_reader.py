"""What is said, and what is meant by it, in a small catalogue of films."""

from collections.abc import Sequence

import numpy as np
import pytest

from foretaste.domain.data import Floats, Item
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.understand.language import detect_language
from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.reader import understand
from foretaste.understand.vocabulary import Vocabulary

ROWS = (
    ("1", "Alien", "Horror|Sci-Fi", 1979, 117),
    ("2", "Shining, The", "Horror", 1980, 146),
    ("3", "Toy Story", "Children|Comedy", 1995, 81),
    ("4", "Heat", "Crime", 1995, 170),
    ("5", "Blade Runner", "Sci-Fi", 1982, 117),
    ("6", "Matilda (1996)", "Children|Comedy", 1996, 98),
    ("7", "Romance", "Drama|Romance", 1999, 84),
    ("8", "Office Space", "Comedy", 1999, 89),
)
ITEMS = [
    Item(
        item_id,
        title,
        {"plot": "a story"},
        {"genres": tuple(genres.split("|")), "year": (str(year),), "runtime": (str(minutes),)},
    )
    for item_id, title, genres, year, minutes in ROWS
]


def reads(texts: Sequence[str]) -> Floats:
    """A language in which no two words mean the same."""
    return np.eye(max(len(texts), 2), 64, dtype=np.float32)[: len(texts)]


VOCABULARY = Vocabulary(
    FilterIndex(build_catalogue(ITEMS, reads([""] * 8)), ItemAvailability.of(ITEMS)), None
)
SHOWN = {item.id: item.title for item in ITEMS[:5]}


def meaning(text: str, *, shown: bool = True) -> Meaning:
    return understand(text, Scene(VOCABULARY, SHOWN if shown else {}, has_question=shown))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hi", "greet"),
        ("Good evening!", "greet"),
        ("thanks!", "thanks"),
        ("thank you so much", "thanks"),
        ("what can you do?", "help"),
        ("delete all my data", "my_data"),
        ("What do you know about me?", "my_data"),
        ("forget everything", "forget"),
        ("start over", "start_over"),
        ("undo", "undo"),
        ("show more", "next"),
        ("what else?", "next"),
        ("what's the weather like in Berlin?", "unknown"),
        ("who is the president of France?", "unknown"),
        ("where is my parcel?", "unknown"),
        ("tell me a joke", "unknown"),
        ("surprise me", "find"),
    ],
)
def test_all_that_is_said(text: str, intent: str) -> None:
    found = meaning(text)
    assert (found.intent, found.query, found.changes) == (intent, None, ())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("un film lento sullo spazio", "it"),
        ("qualcosa per i miei bambini", "it"),
        ("più corto", "it"),
        ("um filme lento sobre o espaço", "pt"),
        ("algo para os meus filhos", "pt"),
        ("iets voor mijn kinderen", "nl"),
        ("niets gewelddadigs alsjeblieft", "nl"),
        ("een trui onder de 50 euro", "nl"),
        ("algo para mis hijos", "es"),
        ("algo parecido a Heat", "es"),
        ("nada violento por favor", "es"),
        ("ein Film voller Gefühl", "de"),
        ("un film lent sur l'espace", "fr"),
        ("nothing violent for my kids", "en"),
    ],
)
def test_languages_that_are_like_one_of_the_four(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(("text", "count"), [("two more", 2), ("give me 3 more", 3)])
def test_how_many_more(text: str, count: int) -> None:
    assert (meaning(text).intent, meaning(text).count) == ("next", count)


@pytest.mark.parametrize(
    ("text", "intent", "items"),
    [
        ("why the second?", "why", "2"),
        ("why?", "why", "1"),
        ("why Heat?", "why", "4"),
        ("why not The Shining?", "why_not", "2"),
        ("why isn't Shining, The on it?", "why_not", "2"),
        ("why not matilda?", "why_not", "6"),
        ("why is Heat not here?", "why_not", "4"),
        ("Why not Blade Runer?", "why_not", "5"),
        ("more like the second", "like", "2"),
        ("something like Toy Story", "like", "3"),
        ("I loved Alien and Blade Runner, what else?", "like", "1 5"),
        ("I adored Heat. What should I see next?", "like", "4"),
        ("less like the third", "not_like", "3"),
        ("I'll take the first", "take", "1"),
        ("I liked Heat", "take", "4"),
        ("not the second", "hide", "2"),
        ("I've seen the last one", "hide", "5"),
        ("compare the first and the third", "compare", "1 3"),
        ("what's the difference between Alien and Heat?", "compare", "1 4"),
    ],
)
def test_what_is_asked_of_items(text: str, intent: str, items: str) -> None:
    found = meaning(text)
    assert (found.intent, " ".join(found.items)) == (intent, items)


def test_a_title_that_there_is_not_is_no_list() -> None:
    found = meaning("why not The Godfather?")
    assert (found.intent, found.items, found.missing_title) == ("why_not", (), "the godfather")


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("a horror film before 1980", [{"genres": "Horror"}, {"year": {"lt": 1980.0}}]),
        ("scary movies from the 90s", [{"genres": "Horror"}, {"year": {"gte": 1990, "lte": 1999}}]),
        ("comedies under two hours", [{"genres": "Comedy"}, {"runtime": {"lt": 120.0}}]),
        ("comedies without romance", [{"genres": "Comedy"}, {"not": {"genres": "Romance"}}]),
        ("something safe for children", [{"genres": "Children"}]),
        ("horror or comedies", [{"genres": ["Horror", "Comedy"]}]),
        ("but newer", [{"year": {"gt": 1982.0}}]),
        ("shorter", [{"runtime": {"lt": 117.0}}]),
        ("newer than the second", [{"year": {"gt": 1980.0}}]),
        ("like Toy Story but shorter", [{"runtime": {"lt": 81.0}}]),
        ("films of the 80s or 90s", [{"year": {"gte": 1980, "lte": 1999}}]),
        ("skip anything before 1990", [{"year": {"gte": 1990.0}}]),
        ("but nothing before 1990", [{"year": {"gte": 1990.0}}]),
        ("no horror before 1990", []),
    ],
)
def test_what_the_items_must_be(text: str, conditions: list[object]) -> None:
    assert list(meaning(text).conditions) == conditions


@pytest.mark.parametrize(
    ("text", "changes", "conditions"),
    [
        (
            "nothing violent, something for my kids to watch",
            "none: violent",
            [{"genres": "Children"}],
        ),
        ("I don't like romance", "none: romance", []),
        ("no horror, but newer", "none: horror", [{"year": {"gt": 1982.0}}]),
        ("more comedies, less crime", "more: comedies|less: crime", []),
        ("no horror tonight", "", [{"not": {"genres": "Horror"}}]),
        ("not only comedies", "", [{"genres": "Comedy"}]),
    ],
)
def test_what_changes_for_all_lists(text: str, changes: str, conditions: list[object]) -> None:
    found = meaning(text)
    said = "|".join(f"{c.clause.strength}: {c.clause.text}" for c in found.changes)
    assert (said, list(found.conditions)) == (changes, conditions)


def test_a_number_of_nothing_here_is_said() -> None:
    assert meaning("hoodies under 50 euros").problems == ("no attribute of the items is a price",)


def test_a_title_alone_is_searched_for() -> None:
    assert meaning("Office Space").query == "office space"
    assert meaning("films about an office").query == "office"


@pytest.mark.parametrize(("text", "language"), [("宇宙の映画", "ja"), ("фильм о космосе", "ru")])
def test_another_language_is_known_as_such(text: str, language: str) -> None:
    found = meaning(text)
    assert (found.intent, found.language) == ("unknown", language)


@pytest.mark.parametrize(
    ("text", "previous", "language"),
    [
        ("ein Film über den Weltraum", "en", "de"),
        ("un film lent sur l'espace", "en", "fr"),
        ("una película lenta sobre el espacio", "en", "es"),
        ("mehr", "en", "de"),
        ("no slow comedies", "en", "en"),
        ("bread, no space", "en", "en"),
        ("lonely astronauts far away from earth", "en", "en"),
    ],
)
def test_the_language_is_found(text: str, previous: str, language: str) -> None:
    assert detect_language(text, previous=previous) == language


HORROR_BEFORE_1980 = [{"genres": "Horror"}, {"year": {"lt": 1980.0}}]
NEWER = [{"year": {"gt": 1982.0}}]
CHILDREN = [{"genres": "Children"}]


@pytest.mark.parametrize(
    ("text", "intent", "conditions", "changes", "items"),
    [
        ("ein Horrorfilm vor 1980", "find", HORROR_BEFORE_1980, "", ""),
        ("nichts Brutales, etwas für meine Kinder", "find", CHILDREN, "none", ""),
        ("warum nicht The Shining?", "why_not", [], "", "2"),
        ("noch drei", "next", [], "", ""),
        ("aber neuer", "refine", NEWER, "", ""),
        ("lösche alle meine Daten", "my_data", [], "", ""),
        ("rückgängig", "undo", [], "", ""),
        ("un film d'horreur avant 1980", "find", HORROR_BEFORE_1980, "", ""),
        ("rien de violent, quelque chose pour mes enfants", "find", CHILDREN, "none", ""),
        ("pourquoi pas The Shining ?", "why_not", [], "", "2"),
        ("mais plus récent", "refine", NEWER, "", ""),
        ("supprime toutes mes données", "my_data", [], "", ""),
        ("una película de terror anterior a 1980", "find", HORROR_BEFORE_1980, "", ""),
        ("nada violento, algo para mis hijos", "find", CHILDREN, "none", ""),
        ("¿por qué no The Shining?", "why_not", [], "", "2"),
        ("pero más reciente", "refine", NEWER, "", ""),
        ("borra todos mis datos", "my_data", [], "", ""),
    ],
)
def test_other_languages(
    text: str, intent: str, conditions: list[object], changes: str, items: str
) -> None:
    found = meaning(text)
    assert (found.intent, " ".join(found.items)) == (intent, items)
    assert list(found.conditions) == conditions
    assert "|".join(change.clause.strength for change in found.changes) == changes


@pytest.mark.parametrize(
    ("text", "intent", "items"),
    [
        ("why on earth would you give me Heat", "why", "4"),
        ("pourquoi tu me proposes Heat ?", "why", "4"),
        ("I'll pass on Heat", "hide", "4"),
        ("thanks but i've already seen Alien", "hide", "1"),
        ("ok take Heat off, seen it", "hide", "4"),
        ("not Heat, the others are fine", "hide", "4"),
        ("Heat kenne ich, was noch?", "hide", "4"),
        ("I've seen Heat and Romance", "hide", "4 7"),
        ("what would you suggest for someone who loved Alien and Heat?", "like", "1 4"),
        ("first or second?", "compare", "1 2"),
        ("die ersten beiden vergleichen bitte", "compare", "1 2"),
        ("more like the toy one", "like", "3"),
    ],
)
def test_items_in_the_words_of_customers(text: str, intent: str, items: str) -> None:
    found = meaning(text)
    assert (found.intent, " ".join(found.items), found.query) == (intent, items, None)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("stop tracking me", "my_data"),
        ("can I see what you've learned about me?", "my_data"),
        ("turn off personalisation", "my_data"),
        ("Welche Daten habt ihr über mich gespeichert?", "my_data"),
        ("que savez-vous de moi ?", "my_data"),
        ("¿qué sabéis de mí?", "my_data"),
        ("do you sell popcorn?", "unknown"),
        ("book two seats for tonight", "unknown"),
        ("kannst du mir eine Pizza bestellen?", "unknown"),
        ("tu peux m'appeler un taxi ?", "unknown"),
        ("¿vendéis entradas de cine?", "unknown"),
        ("what's 12 times 9?", "unknown"),
        ("not bad! some more?", "next"),
        ("no, I meant something else, start again", "start_over"),
        ("a film for my wife", "find"),
    ],
)
def test_what_needs_no_items(text: str, intent: str) -> None:
    found = meaning(text)
    assert (found.intent, found.query, found.conditions) == (intent, None, ())


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("crime not older than 1985", [{"genres": "Crime"}, {"year": {"gte": 1985.0}}]),
        ("1985-1990 crime", [{"genres": "Crime"}, {"year": {"gte": 1985.0, "lte": 1990.0}}]),
        ("crime since may 1990", [{"genres": "Crime"}, {"year": {"gte": 1990.0}}]),
        ("crime, 120+ minutes", [{"genres": "Crime"}, {"runtime": {"gte": 120.0}}]),
        ("crimen de los noventa", [{"genres": "Crime"}, {"year": {"gte": 1990, "lte": 1999}}]),
        ("I don't want to see anything that isn't a comedy", [{"genres": "Comedy"}]),
        ("the 3 best comedies", [{"genres": "Comedy"}]),
        ("ein Krimi, nicht zu lang", [{"genres": "Crime"}, {"runtime": {"lt": 117.0}}]),
        ("a good Krimi", [{"genres": "Crime"}]),
    ],
)
def test_bounds_in_the_words_of_customers(text: str, conditions: list[object]) -> None:
    found = meaning(text)
    assert (list(found.conditions), found.changes) == (conditions, ())


@pytest.mark.parametrize("text", ["non, plus de comédies", "plus de comédies, non merci"])
def test_more_in_french_is_no_more_beside_a_no(text: str) -> None:
    assert [change.clause.strength for change in meaning(text).changes] == ["none"]


def test_a_refusal_with_its_reason_asks_for_nothing() -> None:
    found = meaning("no horror please, I get nightmares")
    assert (found.intent, found.query) == ("fewer", None)


def test_what_is_by_the_makers_of_an_item() -> None:
    items = [
        Item("1", "Jaws", {}, {"director": ("Steven Spielberg",)}),
        Item("2", "Duel", {}, {"director": ("Steven Spielberg",)}),
    ]
    index = FilterIndex(build_catalogue(items, reads([""] * 2)), ItemAvailability.of(items))
    scene = Scene(Vocabulary(index, None), {})
    for text in ("something by the director of Jaws", "etwas vom Regisseur von Jaws"):
        assert understand(text, scene).conditions == ({"director": "Steven Spielberg"},)


@pytest.mark.parametrize(
    ("text", "intent", "items"),
    [
        ("can't decide between Alien and Heat", "compare", "1 4"),
        ("why don't I ever see Romance in my list?", "why_not", "7"),
        ("I saw Heat yesterday and loved it", "take", "4"),
        ("didn't like Heat at all", "hide", "4"),
        ("Heat hat mir überhaupt nicht gefallen", "hide", "4"),
        ("je n'ai pas du tout aimé Heat", "hide", "4"),
        ("Heat no me gustó nada", "hide", "4"),
    ],
)
def test_what_became_of_an_item(text: str, intent: str, items: str) -> None:
    found = meaning(text)
    assert (found.intent, " ".join(found.items), found.query) == (intent, items, None)


def test_a_number_of_items_is_no_bound() -> None:
    found = meaning("no more than 3 films about crime")
    assert (found.count, found.conditions) == (3, ({"genres": "Crime"},))


@pytest.mark.parametrize(
    ("text", "intent", "items"),
    [
        ("2", "like", "2"),
        ("read the 2nd one already", "hide", "2"),
        ("finished Heat. next?", "like", "4"),
        ("done with Matilda, loved it", "take", "6"),
        ("Alien vs Heat", "compare", "1 4"),
        ("Toy Story is too scary for me", "hide", "3"),
        ("Alien is too old for me", "refine", ""),
        ("the shining one", "like", "2"),
        ("not my thing", "next", ""),
    ],
)
def test_items_as_they_are_named_on_a_phone(text: str, intent: str, items: str) -> None:
    reading = meaning(text)
    assert (reading.intent, reading.items) == (intent, tuple(items.split()))


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("from 94 or 95", [{"year": {"gte": 1994.0, "lte": 1995.0}}]),
        ("late 80s", [{"year": {"gte": 1985.0, "lte": 1989.0}}]),
        ("anfang der 80er", [{"year": {"gte": 1980.0, "lte": 1984.0}}]),
        ("fin des années 80", [{"year": {"gte": 1985.0, "lte": 1989.0}}]),
        ("mediados de los 90", [{"year": {"gte": 1993.0, "lte": 1997.0}}]),
        ("before i was born (1985)", [{"year": {"lt": 1985.0}}]),
        ("published between 1950 and 70", [{"year": {"gte": 1950.0, "lte": 1970.0}}]),
        ("i'm sad cheer me up", [{"genres": "Comedy"}]),
        ("comedies but not Toy Story", [{"genres": "Comedy"}, {"not": {"id": ["3"]}}]),
    ],
)
def test_what_the_items_must_be_in_few_words(text: str, conditions: list[object]) -> None:
    assert list(meaning(text, shown=False).conditions) == conditions


def test_what_is_refused_is_not_asked_for_by_another_word() -> None:
    reading = meaning("not horror but a bit creepy", shown=False)
    assert {"genres": "Horror"} not in reading.conditions
    assert reading.query is not None
    assert "creepy" in reading.query


def test_a_word_of_many_items_is_no_title_that_is_left_out() -> None:
    assert meaning("sci-fi but nothing with heat", shown=False).conditions[-1] == {
        "not": {"about": "heat"}
    }


def test_what_was_never_seen_is_asked_for() -> None:
    assert meaning("never seen a horror film", shown=False).conditions == ({"genres": "Horror"},)


def test_how_an_item_is_compared_asks_for_its_number() -> None:
    assert meaning("Heat, is it long?").topic == "length"
    assert meaning("ist Alien alt?").topic == "year"
