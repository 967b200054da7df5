"""Opinions: of experts that have none of their own, and of rows that differ in a few places."""

import numpy as np

from foretaste.domain.data import Ints
from foretaste.model.expert_scorer import (
    NO_ITEMS,
    CatalogueScorer,
    SparseScorer,
    matching_positions,
    scorer_of,
    top_positions,
)
from foretaste.model.product import ProductOfExperts

from .world import World


class Plain:
    """An expert that only does what it must."""

    def __init__(self, expert: object) -> None:
        self._expert = expert

    def __getattr__(self, name: str) -> object:
        if name == "scorer":
            raise AttributeError(name)
        return getattr(self._expert, name)


def test_an_expert_without_opinions_is_asked_for_the_whole(
    product: ProductOfExperts, here: World
) -> None:
    one, some = here.took(1, 2), np.array([5, 3], np.int32)
    opinion = scorer_of(Plain(product.experts[1]), one)  # type: ignore[arg-type]

    assert isinstance(opinion, CatalogueScorer)
    np.testing.assert_allclose(opinion.log_prob(some), product.experts[1].log_prob([one])[0][some])
    assert not len(opinion.candidates(5))
    assert list(opinion.terms(some)) == list(product.experts[1].terms(one, some))


def test_a_sparse_row_is_its_prior_but_for_a_few() -> None:
    prior = np.log(np.arange(1, 7) / 21).astype(np.float32)

    def of(items: Ints | None) -> np.ndarray:
        return prior.copy() if items is None else prior[items]

    row = SparseScorer(of, -1.0, np.array([1, 4], np.int32), np.array([-9.0, -2.0], np.float32))
    wanted = prior - 1
    wanted[[1, 4]] = -9, -2
    some = np.array([4, 0, 4, 5], np.int32)

    np.testing.assert_allclose(row.log_prob(), wanted)
    np.testing.assert_allclose(row.log_prob(some), wanted[some])
    assert row.candidates(1).tolist() == [4]
    assert row.candidates(5).tolist() == [4]  # 1 is less likely for being among the few


def test_the_best_are_the_highest() -> None:
    scores = np.array([3, 9, 1, 7], np.float32)

    assert sorted(top_positions(scores, 2).tolist()) == [1, 3]
    assert sorted(top_positions(scores, 9).tolist()) == [0, 1, 2, 3]


def test_what_is_in_both() -> None:
    places, which = matching_positions(np.array([9, 2, 5], np.int32), np.array([2, 3, 9], np.int32))

    assert (places.tolist(), which.tolist()) == ([0, 1], [2, 0])
    assert not len(matching_positions(np.array([1], np.int32), NO_ITEMS)[0])
