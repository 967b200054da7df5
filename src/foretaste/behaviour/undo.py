"""In: imports, or files of them. Out: the store as if they had never been, in one transaction.

What another import has as well stays and is that one's. An item or a user that one of them put last
is as it was before; what was changed since by something else stays as it is. A restored row has a
new revision, so that every reader meets it, and is still that of the import that had put it.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import joint_transaction, store_errors
from foretaste.behaviour.entities import REVISION_KEYS
from foretaste.behaviour.erasure import ErasureRows
from foretaste.behaviour.import_facts import restore_facts
from foretaste.behaviour.import_numbers import (
    Part,
    PartNumbers,
    delete_by_number,
    load_part_numbers,
    run_conditions,
    save_numbers,
    share_numbers,
    union_of,
    without_parts,
)
from foretaste.behaviour.import_rows import ImportRows, forget_numbers
from foretaste.behaviour.number_sets import NO_NUMBERS, Numbers, number_set
from foretaste.behaviour.schema import (
    events,
    imported_files,
    imports,
    items,
    replaced_rows,
    users,
)
from foretaste.domain.data import RETURN_EVENT, Item
from foretaste.domain.imports import UndoCounts
from foretaste.domain.patience import UNLIMITED, current_patience, patience
from foretaste.errors import InputError

IDS_PER_QUERY = 500
"""Ids asked for at once."""


@dataclass
class _Restoration:
    """What becomes of the rows that undone imports had put."""

    deleted_ids: dict[str, int] = field(default_factory=dict)
    """Ids of rows that nothing was before, with the revision that goes."""
    replaced_rows: dict[str, Any] = field(default_factory=dict)
    """By id, the row of `replaced_rows` with what was before."""
    obsolete_revisions: list[int] = field(default_factory=list)
    """Of rows of `replaced_rows` that nobody needs any more."""
    changed_records: dict[int, Any] = field(default_factory=dict)
    """By revision, rows of `replaced_rows` under which something else lies now."""
    left_count: int = 0
    """Rows that something else than an import has changed or deleted since."""


class UndoRows(ImportRows, ErasureRows):
    """Undoing imports."""

    def undo_imports(self, numbers: Collection[int], at: float) -> tuple[list[int], UndoCounts]:
        """Undo these imports. → (those that had not been undone before, what changed).

        at: the time, seconds since 1970. Raises InputError where one is not there, or too old.
        """
        with store_errors(self.url), patience(_without_end()), joint_transaction(self._engine):
            records = {record.number: record for record in self.imports()}
            for number in numbers:
                if number not in records:
                    raise InputError(
                        f"there is no import {number}; 'foretaste imports list' says which there "
                        "are"
                    )
                if not records[number].can_undo and records[number].undone is None:
                    raise InputError(
                        f"import {number} is too old to be undone: what it brought is kept of the "
                        "newest imports alone (behaviour.undoable_imports)"
                    )
            undone = sorted({n for n in numbers if records[n].undone is None})
            parts = [
                (number, file.part)
                for number in undone
                for file in records[number].files
                if not file.is_undone
            ]
            counts = self.undo_imported_files(parts, at)
            self._mark_undone(undone, at)
            return undone, counts

    def undo_imported_files(
        self, parts: Sequence[Part], at: float, replaced_by: int | None = None
    ) -> UndoCounts:
        """Undo files of imports. replaced_by: the import that takes their place."""
        if not parts:
            return UndoCounts()
        c = imported_files.c
        with store_errors(self.url), joint_transaction(self._engine) as joint:
            connection = joint.connection
            counts, first_number = self._undo_events(connection, parts)
            for table in (items, users):
                counts += self._undo_entities(connection, table, parts)
            restore_facts(connection, self._insert, parts)
            forget_numbers(connection, parts)
            for number, part in parts:
                update = sa.update(imported_files).where(c["import"] == number, c.part == part)
                connection.execute(update.values(is_undone=True, replaced_by=replaced_by))
            for number in {number for number, _ in parts}:
                remaining = sa.select(c.part).where(
                    c["import"] == number, c.is_undone.is_(sa.false())
                )
                if connection.execute(remaining).first() is None:
                    self._mark_undone([number], at)
            if counts.events:  # models are to count anew without them
                self._count_erasure(connection, first_number)
            return counts

    def _mark_undone(self, numbers: Sequence[int], at: float) -> None:
        with joint_transaction(self._engine) as joint:
            update = sa.update(imports).where(imports.c.number.in_(numbers))
            joint.connection.execute(update.values(undone=at))

    @staticmethod
    def _undo_events(
        connection: sa.Connection, parts: Sequence[Part]
    ) -> tuple[UndoCounts, int | None]:
        """→ (what changed, the smallest number of an event that went)"""
        undone, remaining = without_parts(load_part_numbers(connection, "events"), parts)
        brought = union_of([numbers.brought for numbers in undone])
        own = share_numbers(connection, brought, remaining, "events")
        first_number = int(own[0]) if own.size else None
        is_return = events.c.kind == RETURN_EVENT
        for condition in run_conditions(events.c.seq, own):
            query = sa.select(events.c.seq).where(is_return, condition).limit(1)
            if connection.scalar(query) is not None:  # purchases from before count again
                first_number = 0
                break
        event_count = delete_by_number(connection, events.c.seq, own)
        return UndoCounts(events=event_count, shared=brought.size - own.size), first_number

    def _undo_entities(
        self, connection: sa.Connection, table: sa.Table, parts: Sequence[Part]
    ) -> UndoCounts:
        undone, remaining = without_parts(load_part_numbers(connection, table.name), parts)
        all_brought = union_of([numbers.brought for numbers in undone])
        brought = share_numbers(connection, all_brought, remaining, table.name)
        restoration = _restoration(connection, table, brought)
        kept_count = 0
        if table is items:
            kept_count = _keep_named_items(connection, restoration, parts, remaining)
        _write_records(connection, table, restoration)
        self._delete(connection, table, restoration)
        self._restore(connection, table, restoration, remaining)
        counts = {
            table.name: len(restoration.deleted_ids),
            f"restored_{table.name}": len(restoration.replaced_rows),
            f"left_{table.name}": restoration.left_count,
        }
        shared = all_brought.size - brought.size + kept_count
        return UndoCounts(shared=shared, **counts)

    def _delete(
        self, connection: sa.Connection, table: sa.Table, restoration: _Restoration
    ) -> None:
        """The rows that nothing was before, and those that people had deleted before."""
        rows = restoration.replaced_rows
        deleted_before = [row_id for row_id, row in rows.items() if row["old_row"] is None]
        for row_id in deleted_before:
            del rows[row_id]
        undone_ids = list(restoration.deleted_ids)
        for ids in _chunks([*undone_ids, *deleted_before]):
            connection.execute(sa.delete(table).where(table.c.id.in_(ids)))
        if table is items:
            self._put_deletions(connection, undone_ids, is_undone=True)
            self._put_deletions(connection, deleted_before)
        restoration.deleted_ids |= dict.fromkeys(deleted_before, 0)

    def _restore(
        self,
        connection: sa.Connection,
        table: sa.Table,
        restoration: _Restoration,
        remaining: Sequence[PartNumbers],
    ) -> None:
        """The rows as they were before, with new revisions that belong to whoever had put them."""
        records = list(restoration.replaced_rows.values())
        if not records:
            return
        old = np.array([record["old_revision"] for record in records], np.int64)
        key = REVISION_KEYS[table.name]
        first = self._take_revisions(connection, len(records), key)
        rows = [
            json.loads(record["old_row"]) | {"revision": revision}
            for revision, record in enumerate(records, first)
        ]
        self._upsert(connection, table, rows)
        new = np.arange(first, first + len(records))
        for numbers in remaining:
            had_brought, had_repeated = (
                np.isin(old, numbers.brought),
                np.isin(old, numbers.repeated),
            )
            if had_brought.any() or had_repeated.any():
                numbers.brought = _renumbered(numbers.brought, old[had_brought], new[had_brought])
                numbers.repeated = _renumbered(
                    numbers.repeated, old[had_repeated], new[had_repeated]
                )
                save_numbers(connection, table.name, numbers)
        c = replaced_rows.c
        connection.execute(
            sa.update(replaced_rows)
            .where(c.record_type == table.name, c.revision == sa.bindparam("old"))
            .values(revision=sa.bindparam("new")),
            [{"old": int(number), "new": first + index} for index, number in enumerate(old)],
        )


def _renumbered(numbers: Numbers, old: Numbers, new: Numbers) -> Numbers:
    return union_of([np.setdiff1d(numbers, old), new])


def _without_end() -> Any:
    """Undoing takes as long as it takes; others are waited for as usual."""
    return replace(UNLIMITED, lock=current_patience().lock)


def _restoration(connection: sa.Connection, table: sa.Table, brought: Numbers) -> _Restoration:
    """What becomes of the rows whose revisions these are, the newest first: what was under one is
    there again, or lies under what has replaced it since.
    """
    restoration = _Restoration()
    c, c_record = table.c, replaced_rows.c
    present = {
        revision: row_id
        for condition in run_conditions(c.revision, brought)
        for row_id, revision in connection.execute(sa.select(c.id, c.revision).where(condition))
    }
    own_records = _records(connection, table, c_record.revision, brought)
    own = {record["revision"]: record for record in own_records}
    upper_records = _records(connection, table, c_record.old_revision, brought)
    upper = {
        record["old_revision"]: own.get(record["revision"], record) for record in upper_records
    }
    for revision in sorted({*present, *own, *upper}, reverse=True):
        below = own.get(revision)
        if below is not None:
            restoration.obsolete_revisions.append(revision)
        if revision in present:
            row_id = present[revision]
            restoration.replaced_rows.pop(row_id, None)
            if below is None:
                restoration.deleted_ids[row_id] = revision
            else:
                restoration.replaced_rows[row_id] = below
                present[below["old_revision"]] = row_id
        elif revision in upper:
            record = upper[revision]
            if below is None:
                restoration.obsolete_revisions.append(record["revision"])
                restoration.changed_records.pop(record["revision"], None)
            else:
                record["old_revision"], record["old_row"] = (
                    below["old_revision"],
                    below["old_row"],
                )
                restoration.changed_records[record["revision"]] = record
                upper[below["old_revision"]] = record
    restoration.left_count = brought.size - sum(
        revision in present or revision in upper for revision in brought.tolist()
    )
    return restoration


def _records(
    connection: sa.Connection, table: sa.Table, column: sa.Column[int], numbers: Numbers
) -> list[dict[str, Any]]:
    is_of_table = replaced_rows.c.record_type == table.name
    return [
        dict(row)
        for condition in run_conditions(column, numbers)
        for row in connection.execute(
            sa.select(replaced_rows).where(is_of_table, condition)
        ).mappings()
    ]


def _write_records(connection: sa.Connection, table: sa.Table, restoration: _Restoration) -> None:
    c = replaced_rows.c
    is_of_table = c.record_type == table.name
    obsolete = number_set(restoration.obsolete_revisions)
    delete_by_number(connection, c.revision, obsolete, is_of_table)
    for revision, record in restoration.changed_records.items():
        update = sa.update(replaced_rows).where(is_of_table, c.revision == revision)
        values = {name: record[name] for name in ("old_revision", "old_row")}
        connection.execute(update.values(values))


def _keep_named_items(
    connection: sa.Connection,
    restoration: _Restoration,
    parts: Sequence[Part],
    remaining: Sequence[PartNumbers],
) -> int:
    """An item that has nothing but an id stays as long as an event names it: it is as if that event
    had created it. → how many.
    """
    bare_row = {name: value for name, value in schema.item_row(Item("")).items() if name != "id"}
    is_bare = [items.c[name].is_not_distinct_from(value) for name, value in bare_row.items()]
    numbers_by_item: dict[str, int] = {}
    for ids in _chunks(list(restoration.deleted_ids)):
        bare_ids = connection.scalars(sa.select(items.c.id).where(items.c.id.in_(ids), *is_bare))
        query = (
            sa.select(events.c.item, sa.func.min(events.c.seq))
            .where(events.c.item.in_(bare_ids.all()))
            .group_by(events.c.item)
        )
        numbers_by_item.update((item, number) for item, number in connection.execute(query))
    if not numbers_by_item:
        return 0
    revisions = {item: restoration.deleted_ids.pop(item) for item in numbers_by_item}
    item_numbers = {numbers.part: numbers for numbers in remaining}
    _, event_numbers = without_parts(load_part_numbers(connection, "events"), parts)
    for numbers in event_numbers:
        named = set(union_of([numbers.brought, numbers.repeated]).tolist())
        brought = [
            revisions.pop(item)
            for item, number in numbers_by_item.items()
            if number in named and item in revisions
        ]
        if brought:
            own = item_numbers.get(numbers.part) or PartNumbers(
                numbers.part, NO_NUMBERS, NO_NUMBERS
            )
            own.brought = union_of([own.brought, number_set(brought)])
            save_numbers(connection, items.name, own)
    return len(numbers_by_item)


def _chunks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + IDS_PER_QUERY] for start in range(0, len(ids), IDS_PER_QUERY)]
