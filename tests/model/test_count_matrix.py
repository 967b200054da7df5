"""Counts against a dense matrix, whatever is done to both."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import Doubles
from foretaste.model.count_matrix import MAX_ADDED, CountMatrix, item_pairs, positive_interactions

from .world import world

SIZE = 5

cell = st.tuples(
    st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.sampled_from([1.0, 0.5, 2.0])
)
step = st.one_of(
    st.tuples(st.just("add"), cell),
    st.tuples(st.just("take back"), st.integers(0, 50)),
    st.tuples(st.just("grow"), st.integers(0, 3)),
    st.tuples(st.just("write"), st.none()),
)


def made(cells: list[tuple[int, int, float]]) -> tuple[CountMatrix, Doubles]:
    parts = [
        (np.array([r], np.int32), np.array([c], np.int32), np.array([n], np.float32))
        for r, c, n in cells
    ]
    empty = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))
    dense = np.zeros((SIZE, SIZE))
    for row, column, count in cells:
        dense[row, column] += count
    return CountMatrix.from_triples(SIZE, [empty, *parts]), dense


def as_dense(counts: CountMatrix) -> Doubles:
    dense = np.zeros((counts.size, counts.size))
    for row in range(counts.size):
        columns, values = counts.row(row)
        assert len(set(columns.tolist())) == len(columns)  # each column once
        dense[row, columns] = values
    return dense


@settings(deadline=None, max_examples=60)
@given(st.lists(cell, max_size=12), st.lists(step, max_size=20))
def test_is_a_dense_matrix_in_less_room(
    cells: list[tuple[int, int, float]], steps: list[tuple[str, Any]]
) -> None:
    counts, dense = made(cells)
    added: list[tuple[int, int, float]] = []
    for what, detail in steps:
        if what == "add":
            added.append(detail)
            counts.add(*detail)
            dense[detail[0], detail[1]] += detail[2]
        elif what == "take back" and added:
            row, column, count = added.pop(detail % len(added))
            counts.add(row, column, -count)
            dense[row, column] -= count
        elif what == "grow":
            counts.grow(counts.size + detail)
            dense = np.pad(dense, (0, detail))
        elif what == "write":
            counts = CountMatrix.from_arrays("near", counts.arrays("near"))

    np.testing.assert_array_equal(as_dense(counts), dense)
    np.testing.assert_array_equal(counts.to_csr().toarray(), dense)
    np.testing.assert_array_equal(counts.totals, dense.sum(axis=1))
    np.testing.assert_array_equal(counts.column_sums(), dense.sum(axis=0))


def test_what_it_was_made_of_stays_as_it_was() -> None:
    arrays = made([(0, 1, 2.0), (3, 4, 1.0)])[0].arrays("x")
    one, other = (CountMatrix.from_arrays("x", arrays) for _ in range(2))
    one.add(0, 1, 5.0)
    one.add(2, 2, 1.0)

    assert arrays["x.counts"].tolist() == [2.0, 1.0]
    assert as_dense(other)[0, 1] == 2.0
    assert as_dense(one)[0, 1] == 7.0


def test_pairs_are_of_one_person_and_skip_what_was_not_taken() -> None:
    here = world()
    found = here.histories
    earlier, later, weight = item_pairs(found, 2)

    wanted = []
    for person in range(len(found)):
        mine = found.user_context(person, int(found.offsets[person + 1])).consumed_items.tolist()
        wanted += list(zip(mine[:-2], mine[2:], strict=True))
    assert list(zip(earlier.tolist(), later.tolist(), strict=True)) == wanted
    assert set(weight.tolist()) == {1.0}


def test_taken_are_the_rows_of_positive_weight_with_an_item() -> None:
    found = world().histories
    person, item, weight = positive_interactions(found)

    assert len(item) == found.positive_mask().sum() < found.event_count
    assert (item >= 0).all()
    assert (weight > 0).all()
    assert (np.diff(person) >= 0).all()


@pytest.mark.parametrize("lag", [1, 3])
def test_pairs_further_apart_than_anyone_went_are_none(lag: int) -> None:
    here = world()
    nothing = here.histories.filter_rows(np.zeros(here.histories.event_count, bool))

    assert [len(part) for part in item_pairs(nothing, lag)] == [0, 0, 0]


def test_a_fork_and_what_it_came_from_add_to_themselves_alone() -> None:
    """Frozen or not, and however much was added to a row."""
    counts, dense = made([(0, 1, 2.0)])
    counts.add(0, 2, 1.0)
    dense[0, 2] += 1
    fork, wanted = counts.fork(), dense.copy()
    for number in range(2 * MAX_ADDED):
        fork.add(0, number % SIZE, 1.0)
        wanted[0, number % SIZE] += 1
        fork.freeze()
        fork = fork.fork()
    counts.add(0, 3, 5.0)
    dense[0, 3] += 5

    np.testing.assert_array_equal(as_dense(counts), dense)
    np.testing.assert_array_equal(as_dense(fork), wanted)
    np.testing.assert_array_equal(fork.totals, wanted.sum(axis=1))
    fork.freeze()
    with pytest.raises(ValueError, match="write to a fork"):
        fork.add(0, 1, 1.0)
