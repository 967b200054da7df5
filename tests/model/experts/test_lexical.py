"""Lexical: what shares words with the recent items."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Item
from foretaste.model.experts.lexical import LexicalExpert

from ..world import World, again, item, shelf

BOOKS = [
    Item("0", "dune messiah herbert"),
    Item("1", "dune herbert"),
    Item("2", "emma austen"),
    Item("3", "persuasion austen"),
    Item("4", "solaris"),
]


@pytest.fixture
def books(here: World) -> LexicalExpert:
    return LexicalExpert.fit(replace(here.training(), catalogue=shelf(BOOKS)))[0]


def test_shared_words_bring_items_together(books: LexicalExpert, here: World) -> None:
    rows = books.log_prob([here.took(0), here.took(2), here.took(0, 2)])

    assert rows[0].argsort()[::-1][:2].tolist() in ([0, 1], [1, 0])
    assert rows[1][3] > rows[1][[0, 1, 4]].max()
    assert rows[2][3] > rows[2][1]  # the newer one weighs more


def test_an_item_of_words_of_its_own_says_nothing(books: LexicalExpert, here: World) -> None:
    assert not books.is_active(here.took(4))
    assert books.is_active(here.took(4, 1))
    np.testing.assert_allclose(books.log_prob([here.took(4)]), -np.log(5), atol=1e-6)


def test_a_new_item_comes_by_its_words(books: LexicalExpert, here: World) -> None:
    books.grow(shelf([*BOOKS, Item("5", "sense and sensibility austen")]))
    row = books.log_prob([here.took(2)])[0]

    assert row[5] > row[[0, 1, 4]].max()


def test_each_reason_is_the_item_it_comes_from(books: LexicalExpert, here: World) -> None:
    (terms,) = books.terms(here.took(0, 2), np.array([3], np.int32))
    by_event = {term.event: term.nats for term in terms if term.event}

    assert by_event["2"] > 0 > by_event["0"]


@pytest.mark.parametrize("titles", [["", ""], ["one", "two"], ["only"]])
def test_is_left_out_where_no_two_items_share_a_word(here: World, titles: list[str]) -> None:
    bare = shelf([Item(str(n), title) for n, title in enumerate(titles)])

    assert LexicalExpert.fit(replace(here.training(), catalogue=bare)) == []


def test_it_knows_the_words_it_was_fitted_on_whatever_became_of_the_items(
    books: LexicalExpert, here: World, folder: Path
) -> None:
    changed = shelf([*BOOKS[:2], *(Item(str(n), f"x{n}") for n in (2, 3, 4))])
    back = again(books, changed, folder)
    books.grow(changed)

    asked = [here.took(0), here.took(2)]
    np.testing.assert_allclose(back.log_prob(asked), books.log_prob(asked), atol=1e-6)


def test_the_world_is_read_by_cluster(here: World) -> None:
    expert = LexicalExpert.fit(here.training())[0]
    expert.grow(shelf([*here.items, item(60, 3)]))
    row = expert.log_prob([here.took(46, 47)])[0]

    assert row[45:].min() > row[:45].max()
