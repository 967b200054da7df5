"""The index of the searches says which items have a word: the same as their texts do."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Item
from foretaste.loop import Foretaste
from foretaste.online.indexed_words import IndexedWords
from foretaste.rank.about import Mask, items_mentioning

TITLES = (
    "A crème for hands",
    "Creme brulee",
    "Not without you",
    "日本の映画",
    "The lighter jackets",
    "snake_case for a CRÈME",
)


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    """Items that came after the training, too."""
    opened = Foretaste.open(trained)
    opened.store.put_items([Item(f"new-{n}", title) for n, title in enumerate(TITLES)])
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "words", ["crème", "creme", "hand", "not", "日本", "light jacket", "snake_case", "a crème", ""]
)
def test_items_have_a_word_where_their_texts_do(shop: Foretaste, words: str) -> None:
    snapshot = shop.catch_up()
    readings = snapshot.catalogue.full_texts
    looked_up = items_mentioning(readings, words, IndexedWords(snapshot).items_with)
    assert np.array_equal(looked_up, items_mentioning(readings, words))


def test_few_texts_are_looked_through(shop: Foretaste) -> None:
    snapshot = shop.catch_up()
    catalogue, indexed_words = snapshot.catalogue, IndexedWords(snapshot)
    mask = indexed_words.items_with(["jacket", "jackets"])
    assert mask is not None
    assert [catalogue.titles[row] for row in np.flatnonzero(mask).tolist()] == [TITLES[4]]
    assert indexed_words.items_with(["not", "nots"]) is None, "the index leaves it out"
    assert indexed_words.items_with(["日本"]) is None, "the index has its characters"


def test_conditions_of_a_service_ask_the_index(shop: Foretaste) -> None:
    snapshot = shop.catch_up()
    index, asked = shop.slates.index(snapshot), list[Sequence[str]]()
    of_index = index.items_with_words

    def items_with_words(forms: Sequence[str]) -> Mask | None:
        asked.append(forms)
        return of_index(forms)

    index.items_with_words = items_with_words
    filtered = shop.recommend(n=5, filter={"about": "jackets"})
    assert "new-4" in {item.id for item in filtered}
    assert "jackets" in asked[0]
