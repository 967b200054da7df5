"""An array that grows is what concatenating gives, and does not move what is there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foretaste.arrays import ROOM, Growing, at_once


@given(st.lists(st.integers(0, 90), max_size=8))
def test_is_what_concatenating_gives(sizes: list[int]) -> None:
    parts = [np.full((size, 2), place, np.float32) for place, size in enumerate(sizes)]
    growing = Growing(np.zeros((3, 2), np.float32))
    for part in parts:
        growing.append(part)

    np.testing.assert_array_equal(
        growing.rows, np.concatenate([np.zeros((3, 2), np.float32), *parts])
    )
    assert len(growing) == 3 + sum(sizes)


def test_there_is_room_for_more() -> None:
    growing = Growing(np.zeros((3, 2), np.float32))
    growing.append(np.ones((1, 2), np.float32))
    place = growing.rows.__array_interface__["data"]
    growing.append(np.ones((20, 2), np.float32))

    assert growing.rows.__array_interface__["data"] == place


def test_many_rows_are_made_at_once_until_they_are_long() -> None:
    assert at_once(128, 10 * 12_000) == 128
    assert at_once(128, 10 * 1_000_000) * 10 * 1_000_000 <= ROOM
    assert at_once(128, 2 * ROOM) == 1
    assert at_once(128, 0) == 128
