"""An array that grows is what concatenating gives, and does not move what is there; rows in 8 bits
are what they were but for half a step.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.domain.arrays import (
    MAX_NUMBERS_IN_MEMORY,
    GrowingArray,
    GrowingVectors,
    QuantizedVectors,
    mean_row,
    nonzero_rows,
    rows_that_fit,
    sum_rows,
)
from foretaste.domain.data import Floats


@given(st.lists(st.integers(0, 90), max_size=8))
def test_is_what_concatenating_gives(sizes: list[int]) -> None:
    parts = [np.full((size, 2), place, np.float32) for place, size in enumerate(sizes)]
    growing = GrowingArray(np.zeros((3, 2), np.float32))
    for part in parts:
        growing = growing.appended(part)

    np.testing.assert_array_equal(
        growing.rows, np.concatenate([np.zeros((3, 2), np.float32), *parts])
    )
    assert len(growing) == 3 + sum(sizes)


def test_there_is_room_for_more() -> None:
    growing = GrowingArray(np.zeros((3, 2), np.float32))
    growing = growing.appended(np.ones((1, 2), np.float32))
    longer = growing.appended(np.ones((20, 2), np.float32))

    assert np.shares_memory(longer.rows, growing.rows)


def test_two_that_go_on_from_the_same_rows_do_not_meet() -> None:
    start = GrowingArray(np.zeros((3, 1), np.float32)).appended(np.zeros((1, 1), np.float32))
    first = start.appended(np.full((1, 1), 5, np.float32))
    second = start.appended(np.full((1, 1), 7, np.float32))
    third = first.replaced([0, 4], np.full((2, 1), 9, np.float32))

    assert [part.rows.ravel().tolist() for part in (start, first, second, third)] == [
        [0, 0, 0, 0],
        [0, 0, 0, 0, 5],
        [0, 0, 0, 0, 7],
        [9, 0, 0, 0, 9],
    ]
    with pytest.raises(ValueError, match="read-only"):
        first.rows[0] = 1


def test_many_rows_are_made_at_once_until_they_are_long() -> None:
    assert rows_that_fit(128, 10 * 12_000) == 128
    assert rows_that_fit(128, 10 * 1_000_000) * 10 * 1_000_000 <= MAX_NUMBERS_IN_MEMORY
    assert rows_that_fit(128, 2 * MAX_NUMBERS_IN_MEMORY) == 1
    assert rows_that_fit(128, 0) == 128


def units(rows: int, seed: int = 0) -> Floats:
    """[rows, 24], of length 1, but for the second, which is zero."""
    made = np.random.default_rng(seed).standard_normal((rows, 24)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    made[1:2] = 0
    return made


def near(rows: Floats) -> float:
    """Half a step of the coarsest row, and a little for rounding."""
    return float(np.abs(rows).max()) / 127 * 0.501


def test_rows_in_8_bits_are_what_they_were_but_for_half_a_step() -> None:
    rows = units(50)
    packed = QuantizedVectors.from_blocks([rows[:20], rows[20:]], 50)

    assert packed.codes.dtype == np.int8
    assert (len(packed), packed.shape) == (50, (50, 24))
    for which in (3, slice(10, 30), np.array([7, 1, 7]), [49, 0], slice(0, 0)):
        assert packed[which].dtype == np.float32
        np.testing.assert_allclose(packed[which], rows[which], atol=near(rows))
    np.testing.assert_allclose(np.asarray(packed), rows, atol=near(rows))
    assert not packed[1].any()


def test_what_is_asked_of_rows_in_8_bits_is_asked_of_their_numbers() -> None:
    rows = units(40)
    packed = QuantizedVectors.from_blocks([rows], 40)
    wide = np.asarray(packed)

    np.testing.assert_allclose(packed @ rows[5], wide @ rows[5], atol=1e-6)
    np.testing.assert_allclose(sum_rows(packed, 30), wide[30:].sum(axis=0), atol=1e-5)
    np.testing.assert_allclose(mean_row(packed), wide.mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(nonzero_rows(packed), np.arange(40) != 1)
    np.testing.assert_array_equal(nonzero_rows(rows), np.arange(40) != 1)
    assert packed.any()
    assert not QuantizedVectors.from_blocks([np.zeros((2, 3), np.float32)], 2).any()
    assert mean_row(np.zeros((0, 3), np.float32)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("packed", [True, False])
def test_vectors_grow_and_change_as_they_were_kept(packed: bool) -> None:
    rows, more = units(10), units(5, seed=1)
    growing = GrowingVectors(QuantizedVectors.from_blocks([rows], 10) if packed else rows.copy())
    growing = growing.appended(more).replaced([2, 0], more[3:])

    kept = growing.rows
    assert isinstance(kept, QuantizedVectors) == packed
    wanted = np.concatenate([rows, more])
    wanted[[2, 0]] = more[3:]
    np.testing.assert_allclose(np.asarray(kept), wanted, atol=near(wanted) if packed else 0)
