"""A table or view of a database: `postgresql://host/shop?table=events&cursor=id`.

It is read in the order of a column that grows, its cursor. A transaction that commits late makes
rows visible whose cursor is smaller than what was read already. So the rows of the last seconds are
read again, and those that are new or have changed are taken, until no transaction of that time can
be open any more: PostgreSQL tells of those that have written something, the operator how long
others last (`overlap`). Up to there the table is settled. After a restart reading goes on from
there, and what comes a second time is known by its event id.
"""

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.consume.stream_source import BEGINNING, RowBatch, SourceError, StoredPosition
from foretaste.consume.table_address import TableAddress, open_engine
from foretaste.consume.table_checks import (
    TransactionHorizon,
    check_sequence,
    read_horizon,
    warn_of_nulls,
)
from foretaste.consume.table_layout import TableLayout, read_layout
from foretaste.consume.table_order import (
    CursorPoint,
    ReadMark,
    TablePosition,
    point_from,
    rows_past,
    rows_up_to,
)

log = logging.getLogger("foretaste.consume")

POLL_SECONDS = 0.5
REREAD_SHARE = 0.1
"""Of the time that goes into reading again, at most, while nothing else waits."""
MARK_SHARE = 0.1
"""Of the overlap at least lies between two marks while rows come without a pause."""
MAX_KNOWN_ROWS = 200_000
"""That are told apart in memory; of more the store says which it has."""
MAX_COUNTED_ROWS = 100_000
"""Of those that wait."""

Rows = Sequence[sa.Row[Any]]


class PolledTable:
    """The rows of one table, each as often as it changes."""

    _layout: TableLayout

    def __init__(
        self,
        address: str,
        record_type: str,
        settings: BehaviourSettings,
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises InputError where the address does not say what to read, or nothing reads it."""
        self._address = TableAddress.of(address)
        self._engine = open_engine(self._address)
        self._record_type, self._settings = record_type, settings
        self._clock, self._wait = clock, wait
        self.name = f"table/{self._address.table}"
        self._warnings: set[str] = set()  # that were given
        self._begin(TablePosition(), None)

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        text = stored_position("")
        with self._answers():
            self._layout = read_layout(
                self._engine, self._address, self._record_type, self._settings
            )
            check_sequence(self._engine, self._address)
            warn_of_nulls(self._engine, self._layout, self._address)
            position = TablePosition()
            if text is not None:
                position = TablePosition.of(text)
            elif start is not None and start != BEGINNING:
                begin = point_from(start, self._first_and_last_cursor()[0])
                position = TablePosition(begin, begin, self._clock())
            self._begin(position, read_horizon(self._engine))

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        deadline = time.monotonic() + wait_seconds
        while True:
            with self._answers():
                batch = self._next_batch(max_rows)
            if batch is not None or time.monotonic() >= deadline:
                return batch
            self._wait(min(POLL_SECONDS, max(deadline - time.monotonic(), 0.0)))

    def note_stored(self, batch: RowBatch) -> None:
        """A table shows nothing of its readers."""

    def lag(self) -> int | None:
        layout = self._layout
        waiting_rows = (
            sa.select(sa.literal(1))
            .select_from(layout.table)
            .where(rows_past(layout.order_columns, self._position.last))
            .limit(MAX_COUNTED_ROWS)
            .subquery()
        )
        query = sa.select(sa.func.count()).select_from(waiting_rows)
        with self._answers():
            self._warn_of_smaller_cursors()
            with self._engine.connect() as connection:
                return int(connection.execute(query).scalar_one())

    def close(self) -> None:
        self._engine.dispose()

    def _begin(self, position: TablePosition, horizon: TransactionHorizon | None) -> None:
        self._position = position
        marks = [*position.marks, ReadMark(position.at, self._edge(position.last))]
        self._marks = deque(_known_to(mark, horizon) for mark in marks)
        self._horizon = horizon  # when it was begun to read again
        self._known_rows: set[bytes] = set()
        self._is_caught_up = True
        self._reread_point: CursorPoint | None = None
        self._reread_rows: set[bytes] | None = None  # None: no rows are read again now
        self._reread_begin = self._reread_end = self._clock()  # of the last time
        self._next_reread = 0.0
        if position.reread is not None and _known_to(position.reread, horizon) == position.reread:
            self._resume_reread(position.reread)

    def _resume_reread(self, reread: ReadMark) -> None:
        """Go on where it was: else nothing would settle where no run lasts as long as it takes."""
        self._reread_point, self._reread_rows = reread.point, set()
        self._reread_begin, number = reread.at, reread.transaction
        self._horizon = None if number is None else TransactionHorizon(number, number)

    def _next_batch(self, max_rows: int) -> RowBatch | None:
        if self._reread_rows is not None or self._is_reread_due():
            batch = self._reread_batch(max_rows)
            if batch is not None:
                return batch
        rows = self._select(rows_past(self._layout.order_columns, self._position.last), max_rows)
        self._is_caught_up = len(rows) < max_rows
        if not rows:
            return None
        self._known_rows.update(map(_digest, rows))
        if len(self._known_rows) > MAX_KNOWN_ROWS:
            self._known_rows.clear()
        last = self._layout.cursor_point(rows[-1])
        now, overlap = self._clock(), self._address.overlap
        settled = self._position.settled if overlap else last
        self._position = TablePosition(settled, last, now)
        if now >= self._marks[-1].at + MARK_SHARE * overlap:
            self._mark(now, read_horizon(self._engine))
        return self._batch(rows)

    def _mark(self, now: float, horizon: TransactionHorizon | None) -> None:
        """Note up to where it is read now, unless that is known.

        horizon: read after those rows, so that whoever has written one with a smaller cursor is
        below it.
        """
        point = self._edge(self._position.last)
        if self._marks[-1].point != point:
            self._marks.append(_known_to(ReadMark(now, point), horizon))

    def _edge(self, last: CursorPoint | None) -> CursorPoint | None:
        """What is settled with a row: others with the same cursor may still come, of any key."""
        is_unique = last is None or len(last.values) == 1
        return last if last is None or is_unique else last.with_equals

    def _is_reread_due(self) -> bool:
        if self._position.settled == self._position.last:
            return False
        now = self._clock()
        is_late = now >= self._reread_end + self._address.overlap
        return is_late or (self._is_caught_up and now >= self._next_reread)

    def _reread_batch(self, max_rows: int) -> RowBatch | None:
        """Rows that became visible behind the last one. Once there are none, an empty batch where
        more is settled by now.
        """
        last, order = self._position.last, self._layout.order_columns
        assert last is not None, "nothing is read yet, so nothing is due"
        if self._reread_rows is None:
            self._reread_point, self._reread_rows = self._position.settled, set()
            self._reread_begin, self._horizon = self._clock(), read_horizon(self._engine)
            self._mark(self._reread_begin, self._horizon)
        while True:
            condition = sa.and_(rows_past(order, self._reread_point), rows_up_to(order, last))
            rows = self._select(condition, max_rows)
            new_rows = [row for row in rows if _digest(row) not in self._known_rows]
            self._reread_rows.update(map(_digest, rows))
            if len(rows) < max_rows:
                is_moved = self._end_reread(self._reread_rows)
                return self._batch(new_rows) if new_rows or is_moved else None
            self._reread_point = self._layout.cursor_point(rows[-1])
            if new_rows:
                return self._batch(new_rows)

    def _end_reread(self, window_rows: set[bytes]) -> bool:
        """window_rows: all that were read again. → whether more is settled than before."""
        end, settled_before = self._clock(), self._position.settled
        self._reread_rows, self._reread_end = None, end
        self._known_rows = window_rows if len(window_rows) <= MAX_KNOWN_ROWS else set()
        self._next_reread = end + max(POLL_SECONDS, (end - self._reread_begin) / REREAD_SHARE)
        while len(self._marks) > 1 and self._is_settled(self._marks[0]):
            self._position = replace(self._position, settled=self._marks.popleft().point)
        if self._is_settled(self._marks[0]):  # it stays, as what the next is compared with
            self._position = replace(self._position, settled=self._marks[0].point)
        return self._position.settled != settled_before

    def _is_settled(self, mark: ReadMark) -> bool:
        """Whether no row can become visible any more up to a mark."""
        if mark.at > self._reread_begin - self._address.overlap:
            return False
        if self._horizon is None or mark.transaction is None:
            return True
        is_settled = self._horizon.oldest_open >= mark.transaction
        if not is_settled:
            self._warn(
                f"{self._address.table}: a transaction has been open for longer than the overlap "
                f"of {self._address.overlap:g} s; what came since then is read again until it ends"
            )
        return is_settled

    def _warn_of_smaller_cursors(self) -> None:
        """Say where the table ends before the last row that was read of it."""
        last, (_, largest) = self._position.last, self._first_and_last_cursor()
        if last is not None and largest is not None and largest < last.values[0]:
            self._warn(
                f"{self._address.table} was read up to {self._address.cursor} = {last.values[0]}, "
                f"and ends at {largest} now; if it was filled anew, its rows are not read before "
                "they are past that: read it with another --name"
            )

    def _warn(self, text: str) -> None:
        """In the log, once."""
        if text not in self._warnings:
            self._warnings.add(text)
            log.warning("%s", text)

    def _first_and_last_cursor(self) -> tuple[Any, Any]:
        """None, both, of an empty table."""
        cursor = self._layout.order_columns[0]
        query = sa.select(sa.func.min(cursor), sa.func.max(cursor)).select_from(self._layout.table)
        with self._engine.connect() as connection:
            smallest, largest = connection.execute(query).one()
            return smallest, largest

    def _select(self, condition: sa.ColumnElement[bool], limit: int) -> Rows:
        table, order = self._layout.table, self._layout.order_columns
        query = sa.select(*table.c).where(condition).order_by(*order).limit(limit)
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def _batch(self, rows: Rows) -> RowBatch:
        reread = None
        if self._reread_rows is not None:
            number = None if self._horizon is None else self._horizon.oldest_open
            reread = ReadMark(self._reread_begin, self._reread_point, number)
        position = replace(self._position, marks=tuple(self._marks), reread=reread)
        return RowBatch(list(map(self._layout.stream_row, rows)), position.text)

    @contextmanager
    def _answers(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            problem = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise SourceError(f"{self._address.table} cannot be read: {problem}") from None


def _known_to(mark: ReadMark, horizon: TransactionHorizon | None) -> ReadMark:
    """The mark by the numbers of this database. One that has none, or that of another server, as
    after a restore, counts as made now.
    """
    if horizon is None:
        return replace(mark, transaction=None)
    number = mark.transaction
    is_ours = number is not None and number <= horizon.next_number
    return mark if is_ours else replace(mark, transaction=horizon.next_number)


def _digest(row: sa.Row[Any]) -> bytes:
    """Of all that a row says: one that changes in the same moment is another."""
    return hashlib.blake2b(repr(tuple(row)).encode(), digest_size=16).digest()
