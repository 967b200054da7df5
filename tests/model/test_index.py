"""Spaces: the large kind against the small one, which is exact."""

import numpy as np
import pytest

from foretaste.domain.arrays import Packed
from foretaste.domain.data import Floats
from foretaste.model import index as module
from foretaste.model.index import (
    Comparison,
    Flat,
    Inverted,
    grown_space,
    log_sum,
    read_space,
    rows_of,
    space,
)

ITEMS, DIM = 6000, 96


def vectors(items: int = ITEMS, seed: int = 0) -> Floats:
    """Around 60 centres, of length 1."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(60, DIM))
    rows = centres[rng.integers(60, size=items)] + 0.6 * rng.normal(size=(items, DIM))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def rows() -> Floats:
    return vectors()


@pytest.fixture(scope="module")
def large(rows: Floats) -> Inverted:
    return Inverted.of(rows_of(Packed.of([rows], len(rows))), len(rows))


def test_the_size_chooses_the_kind(rows: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(space(rows_of(rows), len(rows)), Flat)
    monkeypatch.setattr(module, "EXHAUSTIVE", 100)
    assert isinstance(space(rows_of(rows), len(rows)), Inverted)
    small = Flat.of(rows_of(rows), 90)
    assert isinstance(small.grown(rows_of(rows), 101, ()), Inverted)


def test_flat_is_a_product(rows: Floats) -> None:
    flat, queries = Flat.of(rows_of(rows), len(rows)), rows[:3]

    np.testing.assert_allclose(flat.every(queries), queries @ rows.T, atol=1e-5)
    totals = log_sum(np.asarray(queries @ rows.T, np.float32))
    np.testing.assert_allclose(flat.log_total(queries), totals, atol=1e-5)
    assert set(flat.near(rows[5], 7)) == set(np.argsort(-(rows @ rows[5]))[:7])


def test_flat_grows_and_the_one_before_stays(rows: Floats) -> None:
    before = Flat.of(rows_of(rows), 1000)
    changed = rows.copy()
    changed[3] = rows[5000]
    after = before.grown(rows_of(changed), 1200, [3])
    again = before.grown(rows_of(rows), 1100, ())

    np.testing.assert_allclose(before.every(rows[:2]), rows[:2] @ rows[:1000].T, atol=1e-5)
    np.testing.assert_allclose(after.every(rows[:2]), rows[:2] @ changed[:1200].T, atol=1e-5)
    np.testing.assert_allclose(again.every(rows[:2]), rows[:2] @ rows[:1100].T, atol=1e-5)


def test_two_that_grow_from_one_do_not_meet(rows: Floats) -> None:
    before = Flat.of(rows_of(rows), 1000)
    one = before.grown(rows_of(rows), 1010, ())
    other = before.grown(rows_of(rows[::-1]), 1010, ())

    np.testing.assert_allclose(one.every(rows[:1]), rows[:1] @ rows[:1010].T, atol=1e-5)
    np.testing.assert_allclose(
        other.every(rows[:1])[0, 1000:],
        rows[:1].repeat(10, 0)[0] @ rows[::-1][1000:1010].T,
        atol=1e-5,
    )


def test_the_lists_find_the_nearest(rows: Floats, large: Inverted) -> None:
    found = []
    for query in vectors(50, seed=3):
        exact = set(np.argsort(-(rows @ query))[:10])
        found.append(len(exact & set(large.near(query, 200).tolist())) / 10)

    assert np.mean(found) > 0.99


def test_what_is_found_is_compared_exactly(rows: Floats, large: Inverted) -> None:
    some = np.array([7, 5000, 7], np.int32)
    kept = np.asarray(Packed.of([rows], len(rows)))

    np.testing.assert_allclose(large.some(rows[:2], some), rows[:2] @ kept[some].T, atol=1e-5)
    np.testing.assert_allclose(large.every(rows[:2]), rows[:2] @ kept.T, atol=1e-5)


def test_the_total_is_estimated(rows: Floats, large: Inverted) -> None:
    queries = vectors(20, seed=4) / np.float32(0.07)

    totals = log_sum(np.asarray(queries @ rows.T, np.float32))
    np.testing.assert_allclose(large.log_total(queries), totals, atol=0.1)


def test_new_and_changed_items_are_found_at_once(rows: Floats, large: Inverted) -> None:
    more = np.concatenate([rows, vectors(40, seed=9)])
    more[11] = more[6020]
    grown = large.grown(rows_of(more), len(more), [11])

    assert {11, 6020} <= set(grown.near(more[6020], 5).tolist())
    assert grown.size == 6040
    assert 6020 not in large.near(more[6020], 50)


def test_many_new_items_are_sorted_again(rows: Floats, large: Inverted) -> None:
    more = np.concatenate([rows, vectors(5000, seed=9)])
    grown = large.grown(rows_of(more), len(more), ())

    assert isinstance(grown, Inverted)
    assert not len(grown._late)
    assert len(more) - 1 in grown.near(more[-1], 3)


def test_a_comparison_is_the_log_of_a_softmax(rows: Floats, large: Inverted) -> None:
    query = vectors(1, seed=5)[0] / np.float32(0.07)
    scores = (rows @ query).astype(np.float64)
    wanted = scores - np.logaddexp.reduce(scores)
    some = np.argsort(-scores)[:50].astype(np.int32)
    exact = Comparison(Flat.of(rows_of(rows), len(rows)), query)
    near = Comparison(large, query)

    np.testing.assert_allclose(exact.log_prob(), wanted, atol=1e-4)
    np.testing.assert_allclose(exact.log_prob(some), wanted[some], atol=1e-4)
    np.testing.assert_allclose(near.log_prob(some), wanted[some], atol=0.15)
    np.testing.assert_allclose(near.log_prob()[some], near.log_prob(some), atol=1e-4)
    assert set(some[:5]) <= set(near.candidates(100))


def test_a_space_is_made_once_for_all_who_ask(rows: Floats) -> None:
    first = read_space(rows)
    assert read_space(rows) is first
    more = np.concatenate([rows, rows[:1]])
    grown = grown_space(first, more, ())

    assert grown_space(first, more, ()) is grown
    assert grown_space(first, rows, ()) is first
    assert grown.space.size == ITEMS + 1
