"""One request: the scorer is the product, and its pool never makes a list short."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from foretaste.domain.cold_pool import ColdPool
from foretaste.model.index import base
from foretaste.model.product import HIDING_OFFSET, ProductOfExperts
from foretaste.model.product_scorer import COLD_SHARE_FACTOR

from .world import ITEMS, World, ordinary, strange

EVERY = np.arange(ITEMS, dtype=np.int32)


def test_scores_are_those_of_the_product(product: ProductOfExperts, here: World) -> None:
    some = np.array([41, 3, 23, 3], np.int32)
    for one in [*strange().values(), *ordinary(here)]:
        row, scorer = product.score([one])[0], product.scorer(one)

        np.testing.assert_allclose(scorer.scores(), row, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(scorer.scores(some), row[some], rtol=1e-4, atol=1e-3)


def test_terms_sum_to_the_score(product: ProductOfExperts, here: World) -> None:
    for one in [*strange().values(), *ordinary(here)]:
        scorer = product.scorer(one)
        for deep in (True, False):
            sums = [sum(term.nats for term in some) for some in scorer.terms(EVERY, deep=deep)]
            np.testing.assert_allclose(sums, scorer.scores(EVERY), rtol=1e-5, atol=1e-4)


def test_a_small_catalogue_is_scored_whole(product: ProductOfExperts, here: World) -> None:
    allowed = np.arange(ITEMS) % 3 > 0

    pool = product.scorer(here.took(1, 2)).candidate_pool(allowed, 5)
    assert pool.tolist() == np.flatnonzero(allowed).tolist()


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if sixty items were too many to score them all."""
    monkeypatch.setattr(base, "EXHAUSTIVE_LIMIT", 20)
    monkeypatch.setattr("foretaste.model.product_scorer.CANDIDATES_PER_EXPERT", 8)


@pytest.mark.usefixtures("_large")
def test_of_a_large_one_the_candidates_of_all(product: ProductOfExperts, here: World) -> None:
    scorer = product.scorer(here.took(1, 2))
    pool = scorer.candidate_pool(np.ones(ITEMS, bool), 5)

    assert 10 <= len(pool) < ITEMS
    assert pool.tolist() == sorted(set(pool.tolist()))
    best = np.argsort(-scorer.scores())[:5]
    assert set(best.tolist()) <= set(pool.tolist())


@pytest.mark.usefixtures("_large")
def test_where_few_are_allowed_these_are_scored(product: ProductOfExperts, here: World) -> None:
    allowed = EVERY >= 45
    pool = product.scorer(here.took(1, 2)).candidate_pool(allowed, 10)

    assert pool.tolist() == list(range(45, 60))


@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize("n", [1, 10, 30, 60])
def test_the_list_is_never_short(product: ProductOfExperts, here: World, n: int) -> None:
    rng = np.random.default_rng(n)
    for one in [*strange().values(), *ordinary(here)]:
        allowed = rng.random(ITEMS) < rng.random()
        pool = product.scorer(one).candidate_pool(allowed, n)

        assert allowed[pool].all()
        row = product.scorer(one).score_row(allowed, n)
        assert np.isfinite(row).sum() >= min(n, allowed.sum())
        assert not allowed[np.isneginf(row)].sum() or np.isfinite(row).sum() >= n
        assert len(pool) >= min(n, allowed.sum())


@pytest.mark.usefixtures("_large")
def test_what_is_asked_for_besides_is_scored_too(product: ProductOfExperts, here: World) -> None:
    scorer, every = product.scorer(here.took(1, 2)), np.ones(ITEMS, bool)
    lasting = EVERY >= 45
    row = scorer.score_row(every, 5, extra_masks=[lasting], items=[31])

    assert np.isfinite(row[31])
    assert np.isfinite(row[45:]).sum() >= 5
    finite = np.isfinite(row)
    np.testing.assert_allclose(row[finite], scorer.scores()[finite], rtol=1e-4, atol=1e-3)
    assert np.isneginf(row[~finite]).all()


def test_untaken_items_have_no_place_where_nothing_tells_them_apart(
    product: ProductOfExperts, here: World
) -> None:
    asked = here.took(1, 2)

    def pools(**changed: Any) -> tuple[ColdPool, ...]:
        return replace(product, **changed).scorer(asked).cold_items(0.2)

    told_apart = np.zeros((4, 4), np.float32)
    hidden = np.array([[HIDING_OFFSET, 0, 0, 0]] * 4, np.float32)
    assert pools(offsets=hidden, cold_share=0.5) == ()
    assert [pool.share for pool in pools(offsets=told_apart, cold_share=0.5)] == [0.2]
    (pool,) = pools(offsets=told_apart, cold_share=0.01)
    assert pool.share == pytest.approx(0.01 * COLD_SHARE_FACTOR)
    (pool,) = pools(offsets=None, cold_share=None)
    assert pool.share == 0.2
    popularity = product.popularity
    assert popularity is not None
    np.testing.assert_array_equal(pool.mask, popularity.events <= 0)
