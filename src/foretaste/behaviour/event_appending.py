"""In: events. Out: the same in the log, in the order in which they were accepted.

A part of `SqlStore`. What takes purchases back that were there before changes what has been counted
of the log, as an erasure does, and is noted with it in the same transaction: a return, and a
purchase that comes so late that an earlier return takes back another than it did.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.bulk_insert import copy_rows, is_copied
from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.erasure import ErasureRows
from foretaste.behaviour.group_commit import GroupCommit, RowBatch, without_rows
from foretaste.behaviour.impression_rows import ImpressionRows
from foretaste.behaviour.reconnect import repeated
from foretaste.behaviour.schema import events
from foretaste.behaviour.transactions import JointTransaction, entered, joint_transaction_of
from foretaste.domain.data import Event
from foretaste.domain.event_types import RETURN_EVENT, RETURNABLE_TYPES
from foretaste.domain.store import UserKey


class EventAppending(ErasureRows, ImpressionRows):
    """Events come in."""

    _group_commit: GroupCommit
    last_event_number: Callable[[], int]
    purchases_returned: Callable[[], None] | None = None
    """Called when events that were counted before came back, as soon as that is in the store."""

    def add_events(self, new: Sequence[Event]) -> int:
        """Append, with what other threads bring, in one transaction; known ids are left alone.

        → how many are new.
        """
        new = self.recordable(new)
        if not new:
            return 0
        rows = [schema.event_row(event) for event in new]
        joint = joint_transaction_of(self._engine)
        if joint is None:
            count = self._group_commit(rows)
            self._tell_events(new)
            return count
        (count,) = self._append([rows])
        if joint.put_listener is not None and count < len(rows):
            joint.put_listener.note_known_events(rows)
        joint.after_commit.append(partial(self._tell_events, new))
        return count

    def _tell_events(self, new: Sequence[Event]) -> None:
        self.note_impressions(new)
        if self.listener is not None:
            self.listener.events_added(new)

    def _append_surely(self, batches: Sequence[RowBatch]) -> list[int]:
        """Again where the database broke it off: what is there by then is known by its id."""
        return repeated(self._engine, lambda: self._append(batches))

    def _append(self, batches: Sequence[RowBatch]) -> list[int]:
        """In one transaction. → for each batch how many are new."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            rows = [row for rows in batches for row in rows]
            refusals = self._refusals(connection, rows)
            batches = without_rows(batches, refusals)
            people = self._people_concerned(connection, rows)
            if not people:
                return self._put(connection, batches)
            with entered(joint_transaction_of(self._engine) or self._alone(connection)):
                last_number = self.last_event_number()
                before = self.returned_numbers(people)
                counts = self._put(connection, batches)
                changed = before ^ self.returned_numbers(people)
            stored_numbers = [number for number in changed if number <= last_number]
            if stored_numbers:
                self._count_erasure(connection, min(stored_numbers), is_deleted=False)
        if stored_numbers and self.purchases_returned is not None:
            joint = joint_transaction_of(self._engine)
            if joint is None:
                self.purchases_returned()
            else:
                joint.after_commit.append(self.purchases_returned)
        return counts

    def _alone(self, connection: sa.Connection) -> JointTransaction:
        """What is read within it is read in the transaction that writes."""
        return JointTransaction(self._engine, connection)

    def _people_concerned(
        self, connection: sa.Connection, rows: Sequence[dict[str, Any]]
    ) -> set[UserKey]:
        """Whose purchases may come back by these events, or no more."""
        kinds = {row["kind"] for row in rows}
        if not self.reads_returns or not kinds & {RETURN_EVENT, *RETURNABLE_TYPES}:
            return set()
        if RETURN_EVENT not in kinds:
            with entered(joint_transaction_of(self._engine) or self._alone(connection)):
                if not self.has_returns():
                    return set()
        return {
            (row["user"], None if row["user"] is not None else row["session"])
            for row in rows
            if row["item"] is not None and row["kind"] in {RETURN_EVENT, *RETURNABLE_TYPES}
        }

    def _put(self, connection: sa.Connection, batches: Sequence[RowBatch]) -> list[int]:
        insert = self._insert(events).on_conflict_do_nothing()
        # what RETURNING would tell as well, at a quarter of the speed
        options = {"preserve_rowcount": True}

        def put(rows: RowBatch) -> int:
            if not rows:
                return 0
            if is_copied(connection, rows):
                return copy_rows(connection, events, rows)
            return connection.execute(insert, rows, execution_options=options).rowcount

        if len(batches) == 1:
            return [put(batches[0])]
        all_rows = [row for rows in batches for row in rows]
        with connection.begin_nested() as attempt:
            if put(all_rows) == len(all_rows):
                return [len(rows) for rows in batches]
            attempt.rollback()  # some were there: whose?
        return [put(rows) for rows in batches]
