"""What a search names as facets, and what stays words."""

from typing import Any

import pytest

from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.understand.search_query import SearchVocabulary, read_search
from foretaste.understand.title_phrases import TitlePhrases
from understand.test_reader import ITEMS, VOCABULARY, reads

TITLES = [item.title for item in ITEMS]


def vocabulary(*more_titles: str) -> SearchVocabulary:
    """The films, and others of no genre."""
    from foretaste.domain.data import Item

    items = [*ITEMS, *(Item(f"x{n}", title, {}, {}) for n, title in enumerate(more_titles))]
    catalogue = build_catalogue(items, reads([""] * len(items)))
    return SearchVocabulary(FilterIndex(catalogue, ItemAvailability.of(items)), VOCABULARY.words)


@pytest.mark.parametrize(
    ("text", "words", "facets"),
    [
        ("horror before 1980", None, [{"genres": "Horror"}, {"year": {"lt": 1980.0}}]),
        ("a slow film about space", "a slow film about space", []),
        ("comedy without romance", None, [{"genres": "Comedy"}, {"not": {"genres": "Romance"}}]),
        ("no romance", None, [{"not": {"genres": "Romance"}}]),
        ("more horror please", None, [{"genres": "Horror"}]),
        ("crime from the 90s", None, [{"genres": "Crime"}, {"year": {"gte": 1990, "lte": 1999}}]),
        ("films for my kids", None, [{"genres": "Children"}]),
        ("comdies", None, [{"genres": "Comedy"}]),
        ("Komödien vor 1996", None, [{"genres": "Comedy"}, {"year": {"lt": 1996.0}}]),
        ("aliens under two hours", "aliens", [{"runtime": {"lt": 120.0}}]),
        ("hoodies under 5 €", "hoodies under 5 €", []),
        ("thank you", "thank you", []),
        ("фильм ужасов", "фильм ужасов", []),
        ("", "", []),
    ],
)
def test_facets_and_words(text: str, words: str | None, facets: list[Any]) -> None:
    query = read_search(text, vocabulary())
    assert (query.words, list(query.facets)) == (words, facets)


@pytest.mark.parametrize(
    ("text", "words", "color"),
    [
        ("rote Gießkanne", "Gießkanne", "rot"),
        ("gießkanne in weißer", "gießkanne", "weiß"),
        ("rotes messer", "messer", "rot"),
        ("Messer, rot", "Messer", "rot"),
        ("roter", None, "rot"),
        ("tote Gießkanne", "tote Gießkanne", None),
    ],
)
def test_adjectives_of_german_have_endings(text: str, words: str | None, color: str | None) -> None:
    from foretaste.domain.data import Item

    colors = ("rot", "weiß", "blau")
    items = [
        Item(f"{title}-{own}", title, {}, {"Farbe": (own,)})
        for title in ("Gießkanne", "Messer", "Toter Winkel")
        for own in colors
    ]
    catalogue = build_catalogue(items, reads([""] * len(items)))
    known_words = {"giesskanne", "messer", "winkel", *colors}
    index = FilterIndex(catalogue, ItemAvailability.of(items))
    query = read_search(text, SearchVocabulary(index, known_words), "de")
    assert (query.words, list(query.facets)) == (words, [{"Farbe": color}] if color else [])


def test_words_are_put_into_english_only_where_the_catalogue_has_those() -> None:
    """The catalogue has “comet” and no “red”, so a red comet is not searched for in English."""
    with_comet = vocabulary("Comet")
    assert read_search("rote Comet", with_comet, "de").words == "rote Comet"


def test_a_title_is_searched_for_as_it_is() -> None:
    for title in ("Romance", "The Shining", "shining", "matilda"):
        assert read_search(title, vocabulary()).facets == ()


def test_a_word_of_titles_is_no_value() -> None:
    """Most of what is called "crime scene" is no crime film, so neither is the search for it."""
    with_titles = vocabulary("The crime scene", "Crime scene cleaners")
    assert read_search("crime scene", with_titles).facets == ()
    assert read_search("crime", with_titles).facets == ()
    assert read_search("crime scene", vocabulary()).facets == ({"genres": "Crime"},)


def test_a_number_of_a_title_is_no_bound() -> None:
    text = "class of 1999 horror"
    assert {"year": {"gte": 1999.0, "lte": 1999.0}} in read_search(text, vocabulary()).facets
    with_title = read_search(text, vocabulary("Class of 1999"))
    assert with_title.facets == ({"genres": "Horror"},)


def test_a_negation_of_a_title_leaves_nothing_out() -> None:
    assert read_search("no country for old", vocabulary("No Country for Old Men")).facets == ()


def test_what_is_not_to_be_so_much_is_not_searched_for() -> None:
    query = read_search("horror, not too scary", vocabulary())
    assert "scary" not in (query.words or "")
    assert {"genres": "Horror"} in query.facets


def test_phrases_are_of_whole_words() -> None:
    phrases = TitlePhrases(["Star Wars", "A star", "Starship; wars", "X"])
    assert phrases.rows("star").tolist() == [0, 1]
    assert phrases.rows("STAR wars").tolist() == [0]
    assert phrases.rows("").tolist() == []
    assert phrases.is_title("a star")
    assert not phrases.is_title("wars")


def test_a_title_is_whole_but_for_its_article_and_year() -> None:
    phrases = TitlePhrases(["Shining, The (1980)", "Shining Through the Years", "The Shining Path"])
    assert phrases.is_title("the shining")
    assert phrases.is_title("Shining path")
    assert not phrases.is_title("shining through")


def test_titles_that_change_or_come_are_read_beside_the_others() -> None:
    first = TitlePhrases(("Star Wars", "A star", "X"))
    titles = ("Star Wars", "A moon", "X", "Red star")
    second = first.updated(titles)
    assert second.rows("star").tolist() == [0, 3]
    assert second.rows("moon").tolist() == [1]
    assert second.is_title("the red star")
    assert first.rows("star").tolist() == [0, 1]
    third = second.updated(("Star Wars", "A star", "X", "Red star", "Moon"))
    assert third.rows("star").tolist() == [0, 1, 3]
    assert third.rows("moon").tolist() == [4]
    assert third.updated(("Moon",)).rows("star").tolist() == []
