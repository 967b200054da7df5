"""Queries that people might look for items with."""

import numpy as np
import pytest

from foretaste.domain.data import Item
from foretaste.model.made_up_queries import _neighbours, _QueryMaker, made_up_queries

from .world import READER, shelf

CATALOGUE = shelf(
    [
        Item(
            str(n),
            f"Title{n}",
            {"plot": f"a quiet river stone number{n} below lunar rocket gardens"},
            {"genre": (("drama", "comedy")[n % 2],), "year": (str(1990 + n % 3),)},
        )
        for n in range(40)
    ]
)


def maker(neighbours: dict[str, str] | None = None) -> _QueryMaker:
    return _QueryMaker(CATALOGUE, neighbours or {}, np.random.default_rng(0))


def test_words_of_the_description_are_not_of_the_title() -> None:
    queries = [maker().description(3) for _ in range(5)]
    assert all("title3" not in query and len(query.split()) >= 2 for query in queries)


def test_values_of_attributes() -> None:
    words = {word for _ in range(10) for word in maker().attributes(2).split()}
    assert words <= {"drama", "1992"}


def test_a_paraphrase_has_none_of_the_words() -> None:
    query = maker({"river": "stream", "stone": "pebble", "rocket": "missile"}).paraphrase(0)
    assert set(query.split()) <= {"stream", "pebble", "missile"}
    assert len(query.split()) >= 2
    assert maker().paraphrase(0) == ""


def test_neighbours_are_no_forms_of_a_word() -> None:
    texts = [
        "river stone garden",
        "rivers stones gardens",
        "lunar rocket piano",
        "river lunar jazz",
    ]
    catalogue = shelf([Item(str(n), text) for n, text in enumerate(texts * 6)])
    pairs = _neighbours(catalogue, READER, np.random.default_rng(0))
    assert all(word[:4] != other[:4] for word, other in pairs.items())


def test_every_kind_is_asked_and_again_the_same() -> None:
    targets = np.arange(40, dtype=np.int32)
    queries = made_up_queries(targets, CATALOGUE, READER, np.random.default_rng(1))
    assert queries == made_up_queries(targets, CATALOGUE, READER, np.random.default_rng(1))
    assert all(queries)
    assert any(query in CATALOGUE.full_texts[n] for n, query in enumerate(queries))
    assert any(
        set(query.split()) <= {"drama", "comedy", "1990", "1991", "1992"} for query in queries
    )


@pytest.mark.parametrize("texts", [["x"], ["one title", "another"], ["", "y"]])
def test_catalogues_with_hardly_a_word(texts: list[str]) -> None:
    catalogue = shelf([Item(str(n), text) for n, text in enumerate(texts)])
    targets = np.arange(len(texts), dtype=np.int32)
    assert len(made_up_queries(targets, catalogue, READER, np.random.default_rng(0))) == len(texts)
