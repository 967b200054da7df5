"""Words against a dense matrix, whatever is put in."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import Floats
from foretaste.model.inverted_index import WordIndex

ITEMS, WIDTH = 300, 40
ALL = np.arange(WIDTH, dtype=np.int32)


def table(seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    size = (ITEMS, WIDTH)
    return np.asarray(np.where(rng.random(size) < 0.1, rng.random(size), 0), np.float32)


def same(words: WordIndex, dense: Floats) -> None:
    taste = np.random.default_rng(5).random((dense.shape[1],), np.float32)
    which = np.arange(dense.shape[1], dtype=np.int32)
    some = np.array([len(dense) - 1, 7, 7, 0], np.int32)

    np.testing.assert_allclose(words.scores(which, taste), dense @ taste, atol=1e-4)
    np.testing.assert_allclose(
        words.scores_of(which, taste, some), (dense @ taste)[some], atol=1e-4
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 20), max_size=15), st.integers(0, 400))
def test_is_a_dense_matrix(changed: list[int], new: int) -> None:
    dense = table()
    words = WordIndex(sp.csr_matrix(dense))
    rng = np.random.default_rng(len(changed))
    grown = np.zeros((ITEMS + new, WIDTH + 1), np.float32)
    grown[:ITEMS, :WIDTH] = dense
    for item in [*changed, *range(ITEMS, ITEMS + new)]:
        which = np.sort(rng.choice(WIDTH + 1, 4, replace=False)).astype(np.int32)
        weights = rng.random(4).astype(np.float32)
        words.put(item, which, weights)
        grown[item] = 0
        grown[item, which] = weights
    same(words, grown[:, : words._word_count])
    assert words.size == len(grown)


def test_near_are_those_with_the_most_of_the_rarest_words() -> None:
    dense = table()
    words = WordIndex(sp.csr_matrix(dense))
    taste = np.zeros(WIDTH, np.float32)
    taste[[3, 9]] = 1
    which = np.array([3, 9], np.int32)
    items, sums = words.nearest(which, taste[which], 5)

    assert set(items) == set(np.argsort(-(dense @ taste))[:5])
    np.testing.assert_allclose(sums, (dense @ taste)[items], atol=1e-5)


def test_no_word_is_nothing() -> None:
    words = WordIndex(sp.csr_matrix(table()))
    nothing = np.empty(0, np.int32), np.empty(0, np.float32)

    assert not words.scores(*nothing).any()
    assert not len(words.nearest(*nothing, 5)[0])


def test_counts_and_means_are_by_word() -> None:
    dense = table()
    words = WordIndex(sp.csr_matrix(dense))

    np.testing.assert_array_equal(words.item_counts(), (dense > 0).sum(axis=0))
    np.testing.assert_allclose(words.mean_weights(), dense.mean(axis=0), rtol=1e-5)
