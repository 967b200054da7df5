"""What people type into the chat of a shop: typos, sizes, compounds, questions of service."""

from collections.abc import Sequence

import numpy as np
import pytest

from foretaste.domain.data import Floats, Item
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.reader import understand
from foretaste.understand.search_query import SearchVocabulary, read_search
from foretaste.understand.vocabulary import Vocabulary

ROWS = [
    ("1", "Oxford Shirt", "Shirts", "Blue", "M|L|XL", "Men", "59"),
    ("2", "Striped Blouse", "Blouses", "Blue", "S|M", "Women", "45"),
    ("3", "Leather Boots", "Shoes", "Brown", "M|L", "Women", "179"),
    ("4", "Running Shoes", "Shoes", "Black", "M|L", "Men", "110"),
    ("5", "Summer Dress", "Dresses", "Yellow", "XS|S", "Women", "69"),
    ("6", "Kids Parka", "Coats", "Yellow", "XS|S", "Children", "89"),
    ("7", "Love in Winter", "Romance", "White", "S", "Women", "20"),
]
ITEMS = [
    Item(
        item_id,
        title,
        {"description": "made well"},
        {
            "type": (kind,),
            "colour": (colour,),
            "size": tuple(sizes.split("|")),
            "gender": (gender,),
            "price": (price,),
        },
    )
    for item_id, title, kind, colour, sizes, gender, price in ROWS
]


def reads(texts: Sequence[str]) -> Floats:
    """A language in which no two words mean the same."""
    return np.eye(max(len(texts), 2), 64, dtype=np.float32)[: len(texts)]


INDEX = FilterIndex(build_catalogue(ITEMS, reads([""] * len(ITEMS))), ItemAvailability.of(ITEMS))
VOCABULARY = Vocabulary(INDEX, None)
SHOWN = {item.id: item.title for item in ITEMS[:5]}


def meaning(text: str, language: str = "en") -> Meaning:
    return understand(text, Scene(VOCABULARY, SHOWN, has_question=True, language=language))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("I dont want shoes", "shoes"),
        ("dont show me dresses", "dresses"),
        ("i cant stand yellow", "yellow"),
        ("Im not interested in shoes", "shoes"),
        ("nothng yellow", "yellow"),
        ("nevr show me shoes", "shoes"),
        ("nix Gelbes", "gelbes"),
        ("j aime pas les robes", "les robes"),
    ],
)
def test_a_refusal_is_one_however_it_is_typed(text: str, refused: str) -> None:
    found = meaning(text)
    changes = [(change.clause.strength, change.clause.text) for change in found.changes]
    assert (changes, found.conditions, found.query) == ([("none", refused)], (), None)


@pytest.mark.parametrize("text", ["shoes wihtout leather", "shoes witout leather"])
def test_a_search_refuses_however_it_is_typed(text: str) -> None:
    search = read_search(text, SearchVocabulary(INDEX, VOCABULARY.words))
    assert search.facets == ({"type": "Shoes"}, {"not": {"about": "leather"}})


@pytest.mark.parametrize(
    "text",
    [
        "keep shoes away from me",
        "shoes aren't really for me",
        "hold the shoes",
        "shoes? no thanks",
        "something else than shoes",
        "shoes put me to sleep",
        "my kids are scared of shoes",
        "shoes are out",
        "the opposite of shoes",
        "dnt want shoes",
        "auf Schuhe habe ich keine Lust",
        "Schuhe sind nicht mein Ding",
        "Schuhe kann ich nicht ab",
        "von Schuhen habe ich genug",
        "chaussures, très peu pour moi",
        "tampoco zapatos",
    ],
)
def test_what_is_refused_is_never_asked_for(text: str) -> None:
    found = meaning(text)
    assert {"type": "Shoes"} not in found.conditions
    assert not {change.clause.strength for change in found.changes} & {"more", "much more"}
    assert found.changes or {"not": {"type": "Shoes"}} in found.conditions


@pytest.mark.parametrize(
    "text",
    [
        "neither shoes nor dresses",
        "weder Schuhe noch Kleider",
        "ni chaussures ni robes",
        "ni zapatos ni vestidos",
    ],
)
def test_neither_refuses_both(text: str) -> None:
    found = meaning(text)
    assert found.conditions == ({"not": {"type": "Shoes"}}, {"not": {"type": "Dresses"}})
    assert found.query is None


def test_what_about_asks_for_something_or_for_an_item() -> None:
    assert meaning("what about something around 100?").intent == "refine"
    found = meaning("what about Oxford Shirt?")
    assert (found.intent, found.items) == ("why_not", ("1",))


@pytest.mark.parametrize(
    ("text", "strength", "words"),
    [
        ("but not so warm", "less", "warm"),
        ("not that warm", "less", "warm"),
        ("aber nicht so warm", "less", "warm"),
        ("mais pas trop chaud", "less", "chaud"),
        ("pero no tan abrigado", "less", "abrigado"),
    ],
)
def test_a_negation_behind_but_goes_on(text: str, strength: str, words: str) -> None:
    found = meaning(text)
    assert [(c.clause.strength, c.clause.text) for c in found.changes] == [(strength, words)]
    assert (found.query, found.items) == (None, ())


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("shoes in size L", [{"type": "Shoes"}, {"size": "L"}]),
        ("XL shirts", [{"size": "XL"}, {"type": "Shirts"}]),
        ("dresses, not in size xs", [{"type": "Dresses"}, {"not": {"size": "XS"}}]),
        ("ein Kleid in Größe S", [{"type": "Dresses"}, {"size": "S"}]),
        ("une robe en taille S", [{"type": "Dresses"}, {"size": "S"}]),
        ("un vestido en talla S", [{"type": "Dresses"}, {"size": "S"}]),
        ("women's shoes", [{"gender": "Women"}, {"type": "Shoes"}]),
        ("Damenschuhe", [{"gender": "Women"}, {"type": "Shoes"}]),
        ("des chaussures pour homme", [{"type": "Shoes"}, {"gender": "Men"}]),
        ("zapatos de mujer", [{"type": "Shoes"}, {"gender": "Women"}]),
        ("shoes around 100", [{"type": "Shoes"}, {"price": {"gte": 80.0, "lte": 120.0}}]),
        ("máximo 60 euros", [{"price": {"lte": 60.0}}]),
        ("not that expensive", [{"price": {"lt": 69.0}}]),
        ("shirts but not a love story", [{"type": "Shirts"}, {"not": {"type": "Romance"}}]),
        ("newer", []),
    ],
)
def test_what_the_items_must_be(text: str, conditions: list[object]) -> None:
    language = "de" if text == "Damenschuhe" else "en"  # a word alone tells no language
    found = meaning(text, language)
    assert [dict(condition) for condition in found.conditions] == conditions
    assert not found.changes


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("the cheapest shoes", [{"type": "Shoes"}, {"price": {"lte": 179.0}}]),
        ("the cheapest ones", [{"price": {"lte": 59.0}}]),
        ("die günstigsten Schuhe", [{"type": "Shoes"}, {"price": {"lte": 179.0}}]),
        ("les moins chers", [{"price": {"lte": 59.0}}]),
        ("los más caros", [{"price": {"gte": 89.0}}]),
        ("cheap shoes", [{"type": "Shoes"}, {"price": {"lte": 179.0}}]),
        ("günstige Schuhe", [{"type": "Shoes"}, {"price": {"lte": 179.0}}]),
        ("des chaussures pas chères", [{"type": "Shoes"}, {"price": {"lte": 179.0}}]),
        ("zapatos baratos", [{"type": "Shoes"}, {"price": {"lte": 179.0}}]),
        ("más baratos", [{"price": {"lt": 69.0}}]),
        ("nothing cheap", []),
        ("not the cheapest", [{"not": {"about": "cheapest"}}]),
    ],
)
def test_a_superlative_is_among_what_else_is_asked_for(text: str, conditions: list[object]) -> None:
    assert list(meaning(text).conditions) == conditions


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("What's your return policy?", "unknown"),
        ("do you have a discount code?", "unknown"),
        ("is there free shipping?", "unknown"),
        ("is the parka in stock?", "unknown"),
        ("habt ihr einen Gutschein?", "unknown"),
        ("kann ich das zurückgeben?", "unknown"),
        ("quels sont les délais de livraison ?", "unknown"),
        ("¿tienen código de descuento?", "unknown"),
        ("lösch alles, was du über mich weißt", "my_data"),
        ("supprime tout ce que tu sais de moi", "my_data"),
        ("yo", "greet"),
        ("Servus", "greet"),
    ],
)
def test_what_is_no_question_of_items(text: str, intent: str) -> None:
    assert (meaning(text).intent, meaning(text).query) == (intent, None)


@pytest.mark.parametrize(
    "text",
    [
        "nothing warm for a seven year old",
        "nothing warm for my five-year-old",
        "nichts Warmes für einen Siebenjährigen",
        "rien de chaud, c'est pour un enfant de six ans",
    ],
)
def test_a_child_is_known_by_its_age(text: str) -> None:
    found = meaning(text)
    assert found.conditions == ({"gender": "Children"},)
    assert [change.clause.strength for change in found.changes] == ["none"]


def test_somebody_old_is_no_child() -> None:
    assert meaning("a coat for an 80 year old").conditions == ({"type": "Coats"},)


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("shoes M", [{"type": "Shoes"}, {"size": "M"}]),
        ("a dress w size S", [{"type": "Dresses"}, {"size": "S"}]),
        ("smth 4 my 6yo", [{"gender": "Children"}]),
        ("coat for an 8 yr old girl", [{"type": "Coats"}, {"gender": "Children"}]),
        ("im 12, which shoes", [{"type": "Shoes"}, {"gender": "Children"}]),
        ("yelow dress", [{"colour": "Yellow"}, {"type": "Dresses"}]),
        ("20-40", [{"price": {"gte": 20.0, "lte": 40.0}}]),
    ],
)
def test_what_is_typed_on_a_phone(text: str, conditions: list[object]) -> None:
    assert sorted(meaning(text).conditions, key=str) == sorted(conditions, key=str)


@pytest.mark.parametrize(
    "text", ["pls dont track me", "womens coat M max 200", "de niro pacino", "r u a robot"]
)
def test_words_that_others_have_too_change_no_language(text: str) -> None:
    assert meaning(text).language == "en"


def test_a_kind_in_two_words_that_is_also_a_title_is_a_kind() -> None:
    assert meaning("yellow dress, but not in size S").intent == "find"


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("something not black, she's size m", [{"size": "M"}, {"not": {"colour": "Black"}}]),
        ("medium shoes", [{"size": "M"}, {"type": "Shoes"}]),
        ("what can i get for 30", [{"price": {"lte": 30.0}}]),
        ("shoes for wet weather", [{"type": "Shoes"}]),  # no leather
    ],
)
def test_what_else_is_typed_on_a_phone(text: str, conditions: list[object]) -> None:
    assert sorted(meaning(text).conditions, key=str) == sorted(conditions, key=str)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("k thx bye", "thanks"),
        ("tell me a secret", "unknown"),
        ("do u have a shop in london", "unknown"),
        ("what should we wear, me and my mum", "find"),
        ("show me something else", "next"),
    ],
)
def test_what_asks_for_no_list_of_words(text: str, intent: str) -> None:
    assert (meaning(text).intent, meaning(text).query) == (intent, None)
