"""Chunks are the array that they were made of, whatever is written, and forks do not see it."""

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain import sharing
from foretaste.domain.sharing import Chunked, Forking, Lazy

step = st.one_of(
    st.tuples(st.just("write"), st.tuples(st.integers(0, 10_000), st.integers(1, 99))),
    st.tuples(st.just("extend"), st.lists(st.integers(1, 99), max_size=7)),
    st.tuples(st.just("fork"), st.booleans()),
    st.tuples(st.just("read"), st.none()),
)


@settings(deadline=None)
@given(st.integers(0, 9), st.booleans(), st.lists(step, max_size=25))
def test_is_an_array_and_its_forks_are_arrays_of_their_own(
    size: int, filled: bool, steps: list[tuple[str, Any]]
) -> None:
    before, sharing.ROWS_PER_CHUNK = sharing.ROWS_PER_CHUNK, 3
    try:
        rows = Chunked.filled(size, 0, np.int64) if filled else Chunked(np.zeros(size, np.int64))
        plain = np.zeros(size, np.int64)
        others = []
        for what, detail in steps:
            if what == "write" and len(plain):
                rows[detail[0] % len(plain)] = plain[detail[0] % len(plain)] = detail[1]
            elif what == "extend":
                rows.extend(np.array(detail, np.int64))
                plain = np.concatenate([plain, np.array(detail, np.int64)])
            elif what == "fork":
                if detail:
                    rows.freeze()
                others.append((rows, plain.copy()))
                rows = rows.fork()
            elif what == "read":
                np.testing.assert_array_equal(rows.rows, plain)
        for some, wanted in [*others, (rows, plain)]:
            assert len(some) == len(wanted)
            np.testing.assert_array_equal(some.rows, wanted)
            assert [some[row] for row in range(len(some))] == wanted.tolist()
    finally:
        sharing.ROWS_PER_CHUNK = before


def test_once_frozen_it_is_not_written_to_and_what_is_read_never_is() -> None:
    rows = Chunked(np.zeros(5))
    rows[1] = 2.0
    rows.freeze()
    with pytest.raises(ValueError, match="write to a fork"):
        rows[0] = 1.0
    with pytest.raises(ValueError, match="write to a fork"):
        rows.extend(np.ones(1))
    with pytest.raises(ValueError, match="read-only"):
        rows.rows[0] = 1.0
    fork = rows.fork()
    fork[0] = 1.0
    assert (rows[0], fork[0]) == (0.0, 1.0)


def test_a_write_copies_one_chunk() -> None:
    rows = Chunked(np.zeros(10 * sharing.ROWS_PER_CHUNK))
    fork = rows.fork()
    fork[0] = 1.0
    shared = [a is b for a, b in zip(rows._chunks, fork._chunks, strict=True)]
    assert shared == [False] + [True] * 9


class Part(Forking):
    def __init__(self) -> None:
        self.numbers, self.names, self.more = np.zeros(3), ["a"], {"x": 1}
        self.counts = Chunked(np.zeros(3))


def test_a_write_into_what_others_read_is_an_error_where_it_is_made() -> None:
    """And none to a fork that puts something else in its place."""
    part = Part()
    part.freeze()
    with pytest.raises(ValueError, match="read-only"):
        part.numbers[0] = 1
    with pytest.raises(AttributeError):
        part.names.append("b")
    with pytest.raises(TypeError):
        part.more["y"] = 2
    with pytest.raises(ValueError, match="write to a fork"):
        part.counts[0] = 1.0
    fork = part.fork()
    with pytest.raises(ValueError, match="read-only"):
        fork.numbers[0] = 1
    fork.numbers, fork.names, fork.more = np.ones(3), [*fork.names, "b"], {**fork.more, "y": 2}
    fork.counts[0] = 1.0
    assert (part.numbers.sum(), len(part.names), len(part.more), part.counts[0]) == (0, 1, 1, 0)
    assert (fork.numbers.sum(), len(fork.names), len(fork.more), fork.counts[0]) == (3, 2, 2, 1)


def test_what_is_made_once_is_made_by_one_thread() -> None:
    made: list[int] = []
    gate = threading.Barrier(4)

    def make() -> int:
        made.append(1)
        return len(made)

    lazy = Lazy(make)
    assert lazy.value_or_none is None

    def ask() -> None:
        gate.wait(10)
        assert lazy.get() == 1

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, lazy.get(), Lazy.of(7).value_or_none) == ([1], 1, 7)
