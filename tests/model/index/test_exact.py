"""Exact search: all that it says is a matrix product."""

import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.model.index.base import log_sum_exp, rows_of
from foretaste.model.index.exact import ExactIndex
from model.index.vectors import clustered


@pytest.fixture(scope="module")
def rows() -> Floats:
    return clustered()


def test_it_is_a_product(rows: Floats) -> None:
    index, queries = ExactIndex.of(rows_of(rows), len(rows)), rows[:3]

    np.testing.assert_allclose(index.scores(queries), queries @ rows.T, atol=1e-5)
    some = np.array([7, 5000, 7], np.int32)
    np.testing.assert_allclose(index.scores_of(queries, some), queries @ rows[some].T, atol=1e-5)
    sums = log_sum_exp(np.asarray(queries @ rows.T, np.float32))
    np.testing.assert_allclose(index.log_partition(queries), sums, atol=1e-5)
    given = index.log_partition_given(queries[1], some, index.scores_of(queries[1:2], some)[0])
    assert given == pytest.approx(sums[1], abs=1e-5)
    assert set(index.nearest(rows[5], 7)) == set(np.argsort(-(rows @ rows[5]))[:7])
    assert len(index.nearest(rows[5], 10_000)) == len(rows)


def test_it_is_extended_and_the_first_stays(rows: Floats) -> None:
    first = ExactIndex.of(rows_of(rows), 1000)
    changed = rows.copy()
    changed[3] = rows[5000]
    extended = first.extended(rows_of(changed), 1200, [3])

    np.testing.assert_allclose(first.scores(rows[:2]), rows[:2] @ rows[:1000].T, atol=1e-5)
    np.testing.assert_allclose(extended.scores(rows[:2]), rows[:2] @ changed[:1200].T, atol=1e-5)
    assert (first.size, extended.size) == (1000, 1200)
