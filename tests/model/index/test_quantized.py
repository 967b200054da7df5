"""Exact search in 8 bits: the product of what these hold, whole numbers times a step."""

import numpy as np
import pytest

from foretaste.domain.arrays import QuantizedVectors, quantize
from foretaste.domain.data import Floats
from foretaste.model.index.base import log_sum_exp, rows_of
from foretaste.model.index.quantized import MAX_DIM, QuantizedIndex, multiplies_bytes
from model.index.vectors import clustered


@pytest.fixture(scope="module")
def rows() -> Floats:
    return clustered()


def in_8_bits(rows: Floats) -> Floats:
    return QuantizedVectors(*quantize(rows))[:]


def test_it_is_the_product_of_what_8_bits_hold(rows: Floats) -> None:
    index, queries = QuantizedIndex.of(rows_of(rows), len(rows)), rows[:3]
    products = in_8_bits(queries) @ in_8_bits(rows).T

    np.testing.assert_allclose(index.scores(queries), products, atol=1e-5)
    np.testing.assert_allclose(products, queries @ rows.T, atol=0.02)
    some = np.array([7, 5000, 7], np.int32)
    np.testing.assert_allclose(index.scores_of(queries, some), products[:, some], atol=1e-5)
    sums = log_sum_exp(np.asarray(products, np.float32))
    np.testing.assert_allclose(index.log_partition(queries), sums, atol=1e-5)
    given = index.log_partition_given(queries[1], some, index.scores_of(queries[1:2], some)[0])
    assert given == pytest.approx(sums[1], abs=1e-5)
    assert set(index.nearest(rows[2], 7)) == set(np.argsort(-products[2])[:7])


@pytest.mark.parametrize("dim", [16, MAX_DIM])
def test_every_cpu_says_the_same(dim: int) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(-127, 128, (300, dim)).astype(np.int8)
    codes[0] = 127  # the greatest sum that there is
    steps = rng.random(300).astype(np.float32)
    queries = rng.normal(size=(5, dim)).astype(np.float32)
    queries[0] = 1
    by_floats = QuantizedIndex(codes, steps, as_bytes=False).scores(queries)

    query_codes, query_steps = quantize(queries)
    whole_numbers = (query_codes.astype(np.int64) @ codes.T.astype(np.int64)).astype(np.float32)
    np.testing.assert_array_equal(by_floats, whole_numbers * steps * query_steps[:, None])
    if multiplies_bytes():
        by_bytes = QuantizedIndex(codes, steps, as_bytes=True).scores(queries)
        np.testing.assert_array_equal(by_bytes, by_floats)


def test_it_is_extended_and_the_first_stays(rows: Floats) -> None:
    first = QuantizedIndex.of(rows_of(rows), 1000)
    before = first.scores(rows[:2])
    changed = rows.copy()
    changed[3] = rows[5000]
    extended = first.extended(rows_of(changed), 1200, [3])

    np.testing.assert_array_equal(first.scores(rows[:2]), before)
    anew = QuantizedIndex.of(rows_of(changed), 1200)
    np.testing.assert_array_equal(extended.scores(rows[:2]), anew.scores(rows[:2]))
    assert (first.size, extended.size) == (1000, 1200)


def test_nothing_is_like_nothing() -> None:
    index = QuantizedIndex.of(rows_of(np.zeros((3, 4), np.float32)), 3)

    np.testing.assert_array_equal(index.scores(np.ones((1, 4), np.float32)), np.zeros((1, 3)))
