"""Writes of many threads: each is told its own, none waits for nothing, none is lost."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event as Signal
from typing import Any

import pytest
import sqlalchemy as sa

from foretaste.behaviour.group_commit import MAX_ROWS_PER_COMMIT, GroupCommit, RowBatch
from foretaste.errors import StoreError


class Disk:
    """Writes when it is let; counts what it wrote together."""

    def __init__(self, fails: Callable[[RowBatch], Exception | None] = lambda rows: None) -> None:
        self.begun, self.free = Signal(), Signal()
        self.written: list[list[Any]] = []
        self._fails = fails

    def __call__(self, batches: Sequence[RowBatch]) -> list[int]:
        self.begun.set()
        assert self.free.wait(10)
        for rows in batches:
            if error := self._fails(rows):
                raise error
        self.written.append([row["n"] for rows in batches for row in rows])
        return [len(rows) for rows in batches]


def all_at_once(disk: Disk, batches: Sequence[RowBatch]) -> list[Future[int]]:
    """The first begins to be written; the others come while it is, in their order."""
    together = GroupCommit(disk)
    with ThreadPoolExecutor(len(batches)) as pool:
        asked = [pool.submit(together, batches[0])]
        assert disk.begun.wait(10)
        for place, rows in enumerate(batches[1:], start=1):
            asked.append(pool.submit(together, rows))
            while len(together._waiting) < place:
                pass
        disk.free.set()
    assert not together._is_writing
    return asked


def rows(*numbers: int) -> RowBatch:
    return [{"n": number} for number in numbers]


def test_what_comes_meanwhile_is_written_together() -> None:
    disk = Disk()
    asked = all_at_once(disk, [rows(0), rows(1, 2), rows(3), rows()])
    assert [one.result() for one in asked] == [1, 2, 1, 0]
    assert disk.written == [[0], [1, 2, 3]]


def test_not_more_at_once_than_fits() -> None:
    disk = Disk()
    many = [rows(0), rows(*range(MAX_ROWS_PER_COMMIT - 1)), rows(-1), rows(-2)]
    assert [one.result() for one in all_at_once(disk, many)] == [1, MAX_ROWS_PER_COMMIT - 1, 1, 1]
    assert [len(one) for one in disk.written] == [1, MAX_ROWS_PER_COMMIT, 1]


def test_rows_that_do_not_go_in_keep_out_nobody_else() -> None:
    disk = Disk(lambda some: ValueError("too large") if rows(2) == some else None)
    asked = all_at_once(disk, [rows(0), rows(1), rows(2), rows(3)])
    assert [one.result() for one in (asked[0], asked[1], asked[3])] == [1, 1, 1]
    with pytest.raises(ValueError, match="too large"):
        asked[2].result()
    assert disk.written == [[0], [1], [3]]


def test_a_store_that_is_away_is_asked_once() -> None:
    asked_for: list[int] = []

    def away(some: RowBatch) -> Exception | None:
        if some == rows(0):
            return None
        asked_for.append(len(some))
        error = StoreError("no answer")
        error.__cause__ = sa.exc.OperationalError("insert", {}, Exception("gone"))
        return error

    asked = all_at_once(Disk(away), [rows(0), rows(1), rows(2)])
    for one in asked[1:]:
        with pytest.raises(StoreError, match="no answer"):
            one.result()
    assert len(asked_for) == 1


def test_a_thread_that_is_ended_leaves_nobody_waiting() -> None:
    class EndedError(BaseException):
        pass

    disk = Disk(lambda some: EndedError() if some == rows(1) else None)  # type: ignore[arg-type,return-value]
    asked = all_at_once(disk, [rows(0), rows(1), rows(2)])
    with pytest.raises(EndedError):
        asked[1].result()
    with pytest.raises(StoreError, match="send it again"):
        asked[2].result()
