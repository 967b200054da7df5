"""Filters as a person reads them, without the names of columns."""

from typing import Any

import pytest

from foretaste.generate.condition_text import condition_texts
from foretaste.generate.item_display import ItemDisplay
from foretaste.generate.messages import LANGUAGES, messages_in

FILTERS: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"genres": "Horror"}, "Horror", "Horror"),
    ({"year": {"lt": 1980.0}}, "before 1980", "vor 1980"),
    ({"year": {"gte": 1990, "lte": 1999}}, "1990 to 1999", "1990 bis 1999"),
    ({"year": {"gte": 1999.0, "lte": 1999.0}}, "1999", "1999"),
    ({"price": {"lte": 50.0}}, "up to €50.00", "bis 50,00 €"),
    ({"runtime_minutes": {"lt": 120.0}}, "under 2 hr", "unter 2 Std."),
    ({"not": {"genres": "Romance"}}, "without Romance", "ohne Romance"),
    ({"not": {"about": "violent"}}, "without violent", "ohne violent"),
    ({"genres": ["Drama", "Crime"]}, "Drama or Crime", "Drama oder Crime"),
    ({"genres": {"all": ["Drama", "Crime"]}}, "Drama, Crime", "Drama, Crime"),
    ({"released": {"gte": "2010-05-01"}}, "since May 1, 2010", "ab 1. Mai 2010"),
    ({"or": [{"genres": "Drama"}, {"year": {"gt": 2000}}]}, "Drama or after 2000", ""),
    ({"and": [{"genres": "Drama"}, {"not": {"id": ["7"]}}]}, "Drama", "Drama"),
)


def text(item_filter: dict[str, Any], language: str) -> str:
    display = ItemDisplay(messages=messages_in(language), currency="EUR")
    return ", ".join(condition_texts(item_filter, display)).replace("\u00a0", " ")


@pytest.mark.parametrize(("item_filter", "english", "german"), FILTERS)
def test_in_words(item_filter: dict[str, Any], english: str, german: str) -> None:
    assert text(item_filter, "en") == english
    assert text(item_filter, "de") == german or not german


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_of_a_column_and_no_sign_is_said(language: str) -> None:
    for item_filter, *_ in FILTERS:
        said = text(item_filter, language)
        assert said
        assert not any(column in said for column in ("genres", "year", "price", "runtime", "about"))
        assert not set("<>≤≥={}[]:") & set(said)
