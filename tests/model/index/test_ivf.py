"""Approximate search against exact search, and what stays shared when it is extended."""

import subprocess
import sys

import numpy as np
import pytest

from foretaste.domain.arrays import QuantizedVectors
from foretaste.domain.data import Floats
from foretaste.model.index import base, ivf
from foretaste.model.index.base import log_sum_exp, rows_of
from foretaste.model.index.ivf import IvfIndex
from model.index.vectors import DIM, clustered


@pytest.fixture(scope="module")
def rows() -> Floats:
    return clustered()


@pytest.fixture(scope="module")
def index(rows: Floats) -> IvfIndex:
    return IvfIndex.of(rows_of(QuantizedVectors.from_blocks([rows], len(rows))), len(rows))


def test_the_nearest_are_found(rows: Floats, index: IvfIndex) -> None:
    recalls = []
    for query in clustered(50, seed=3):
        exact = np.argsort(-(rows @ query))[:10]
        recalls.append(np.isin(exact, index.nearest(query, 200)).mean())

    assert np.mean(recalls) > 0.99


def test_of_a_very_large_catalogue_more_is_looked_through(
    rows: Floats, index: IvfIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count_found() -> int:
        queries, count = clustered(20, seed=3), len(rows) // 2
        return sum(len(index.nearest(query, count)) for query in queries)

    monkeypatch.setattr(ivf, "PROBED_LISTS", 4)
    usual = count_found()
    assert base.compared_neighbours(len(rows)) == base.COMPARED_NEIGHBOURS
    monkeypatch.setattr(base, "MAX_USUAL_SIZE", 10)
    assert count_found() > 1.5 * usual
    assert base.compared_neighbours(len(rows)) == 2 * base.COMPARED_NEIGHBOURS


def test_scores_are_exact(rows: Floats, index: IvfIndex) -> None:
    some = np.array([7, 5000, 7], np.int32)
    stored = np.asarray(QuantizedVectors.from_blocks([rows], len(rows)))

    np.testing.assert_allclose(
        index.scores_of(rows[:2], some), rows[:2] @ stored[some].T, atol=1e-5
    )
    assert index.scores_of(rows[:2], some[:0]).shape == (2, 0)
    np.testing.assert_allclose(index.scores(rows[:2]), rows[:2] @ stored.T, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_the_partition_is_estimated(rows: Floats, index: IvfIndex, temperature: float) -> None:
    """With a low temperature the nearest are most of it, with a high one all others are."""
    queries = clustered(20, seed=4) / np.float32(temperature)

    sums = log_sum_exp(np.asarray(queries @ rows.T, np.float32))
    np.testing.assert_allclose(index.log_partition(queries), sums, atol=0.1)


def test_new_and_changed_items_are_found_at_once(rows: Floats, index: IvfIndex) -> None:
    more = np.concatenate([rows, clustered(40, seed=9)])
    more[11] = more[6020]
    extended = index.extended(rows_of(more), len(more), [11])

    assert {11, 6020} <= set(extended.nearest(more[6020], 5).tolist())
    assert extended.size == 6040
    assert 6020 not in index.nearest(more[6020], 50), "the first sees what it saw"
    assert 11 in index.nearest(rows[11], 5)


def test_a_changed_item_is_found_once_and_where_it_is_now(rows: Floats, index: IvfIndex) -> None:
    moved, back = rows.copy(), rows.copy()
    moved[11] = -rows[11]
    away = index.extended(rows_of(moved), len(rows), [11])
    again = away.extended(rows_of(back), len(rows), [11])

    assert 11 not in away.nearest(rows[11], 50)
    assert 11 in away.nearest(-rows[11], 5)
    assert again.nearest(rows[11], 50).tolist().count(11) == 1
    assert len(again._recent.items) == 1
    assert 11 not in away.nearest(rows[11], 50), "an extension of it changes nothing"


def test_an_item_that_changes_often_is_recent_once(rows: Floats, index: IvfIndex) -> None:
    extended = index
    for _ in range(3):
        extended = extended.extended(rows_of(rows), len(rows), [5, 3, 11])

    assert extended._recent.items.tolist() == [3, 5, 11]


def test_the_lists_and_the_sample_are_shared(rows: Floats, index: IvfIndex) -> None:
    other = next(item for item in range(len(rows)) if item not in index._sample.items)
    extended = index.extended(rows_of(rows), len(rows), [other])

    assert extended._lists is index._lists
    assert extended._sample is index._sample


def test_the_sample_is_read_again_where_it_changed(rows: Floats, index: IvfIndex) -> None:
    item = int(index._sample.items[3])
    changed = rows.copy()
    changed[item] = -rows[item]
    vectors = index._sample.vectors.copy()
    extended = index.extended(rows_of(changed), len(rows), [item])

    np.testing.assert_array_equal(extended._sample.vectors[3], -rows[item])
    np.testing.assert_array_equal(index._sample.vectors, vectors)


def test_many_new_items_are_sorted_into_lists(rows: Floats, index: IvfIndex) -> None:
    more = np.concatenate([rows, clustered(5000, seed=9)])
    extended = index.extended(rows_of(more), len(more), ())

    assert not len(extended._recent.items)
    assert extended.size == len(more)
    assert len(more) - 1 in extended.nearest(more[-1], 3)


def test_it_is_built_of_few_and_of_zeros(capfd: pytest.CaptureFixture[str]) -> None:
    few = np.zeros((5, DIM), np.float32)
    few[:3] = clustered(3)
    index = IvfIndex.of(rows_of(few), len(few))

    assert sorted(index.nearest(few[1], 50)) == [0, 1, 2, 3, 4]
    assert index.nearest(few[1], 1).tolist() == [1]
    assert capfd.readouterr() == ("", ""), "FAISS says on the screen that there are few"


def test_the_same_vectors_give_the_same_index(rows: Floats, index: IvfIndex) -> None:
    again = IvfIndex.of(rows_of(QuantizedVectors.from_blocks([rows], len(rows))), len(rows))
    for query in clustered(10, seed=3):
        assert sorted(again.nearest(query, 50)) == sorted(index.nearest(query, 50))


def test_threads_are_set_for_a_call_alone() -> None:
    import faiss

    outside = faiss.omp_get_max_threads()
    with ivf._threads(outside + 1):
        assert faiss.omp_get_max_threads() == outside + 1
    assert faiss.omp_get_max_threads() == outside


BESIDE_TORCH = """
import os, threading
import numpy as np, torch
from foretaste.model.index.base import rows_of
from foretaste.model.index.ivf import IvfIndex
import faiss

def tasks():
    return set(os.listdir("/proc/self/task"))

torch.set_num_threads(2)
rng = np.random.default_rng(0)
rows = rng.normal(size=(1000, 64)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
square = torch.from_numpy(rng.normal(size=(150, 150)).astype(np.float32))
expected = square @ square
index = IvfIndex.of(rows_of(rows), len(rows))  # with two threads, as PyTorch has
faiss.omp_set_num_threads(2)
nearest = [sorted(index.nearest(row, 20)) for row in rows[:20]]
wrong = []

def work():
    for number in range(20):
        if sorted(index.nearest(rows[number], 20)) != nearest[number]:
            wrong.append(number)
        if not torch.allclose(square @ square, expected):
            wrong.append(-1)

workers = [threading.Thread(target=work) for _ in range(2)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
searched = tasks()
for row in rows[:20]:
    index.nearest(row, 20)
print(wrong, torch.get_num_threads(), faiss.omp_get_max_threads(), len(tasks() - searched))
"""


def test_it_computes_beside_pytorch() -> None:
    """Two copies of OpenMP in a process: right results, nobody's number of threads changed, and a
    search begins no threads.
    """
    done = subprocess.run(
        [sys.executable, "-c", BESIDE_TORCH], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout.strip(), done.returncode) == ("[] 2 2 0", 0), done.stderr
