"""Trailers and the like are in no list by themselves."""

import pytest

from foretaste.domain.data import Item, Request
from foretaste.rank.extras import asks_for_extras, extra_items
from foretaste.rank.trade_settings import ExtrasSettings

from .shop import index_of

SETTINGS = ExtrasSettings()


def titles(column: str, *values: str) -> list[Item]:
    return [
        Item(f"{place}", f"title {place}", attributes={column: (value,)} if value else {})
        for place, value in enumerate(values)
    ]


def extras_of(column: str, *values: str) -> list[str]:
    index = index_of(titles(column, *values))
    mask = extra_items(index, SETTINGS)
    return [] if mask is None else [values[item] for item in mask.nonzero()[0]]


@pytest.mark.parametrize("column", ["type", "content_type", "Kind", "videoType", "Inhaltstyp"])
def test_the_column_by_any_of_its_names(column: str) -> None:
    assert extras_of(column, "movie", "Trailer", "episode", "") == ["Trailer"]


@pytest.mark.parametrize(
    "value",
    [
        "TRAILERS",
        "teaser",
        "Bonus-Clip",
        "behind_the_scenes",
        "Vorschau",
        "Bande annonce",
        "Tráiler",
    ],
)
def test_the_words_of_catalogues(value: str) -> None:
    assert extras_of("type", "movie", "series", value) == [value]


def test_what_is_none() -> None:
    assert extras_of("type", "movie", "episode", "short") == []
    assert extras_of("genres", "Drama", "Trailer", "Comedy") == []
    assert extras_of("type", "clip", "clip", "clip", "movie") == [], "clips are what there is"


def test_who_names_them_in_a_filter_asks_for_them() -> None:
    index = index_of(titles("content_type", "movie", "trailer", "movie"))
    asked = Request(filter={"content_type": "trailer"})
    assert asks_for_extras(asked, SETTINGS, index)
    either = Request(filter={"or": [{"content_type": ["movie", "Trailers"]}, {"genres": "Drama"}]})
    assert asks_for_extras(either, SETTINGS, index)
    for other in (
        {"genres": "Drama"},
        {"not": {"content_type": "episode"}},
        {"content_type": "movie"},
    ):
        assert not asks_for_extras(Request(filter=other), SETTINGS, index), other
    assert not asks_for_extras(Request(), SETTINGS, index)
