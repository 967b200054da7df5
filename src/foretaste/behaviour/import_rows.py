"""In: batches of an import. Out: under its number, what each brought, repeated and replaced.

A part of `SqlStore`, which has the connection. Numbers of events and revisions of items and users
only grow, and one transaction writes at a time: what has a number past the newest of before is what
the batch brought. So a row costs nothing; what was replaced is kept as it was.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import sqlalchemy as sa

from foretaste.behaviour.engine import joint_transaction, store_errors, write_transaction
from foretaste.behaviour.entities import REVISION_KEYS, EntityRows
from foretaste.behaviour.import_numbers import (
    Part,
    delete_by_number,
    load_part_numbers,
    union_of,
    without_parts,
)
from foretaste.behaviour.known_events import known_event_numbers
from foretaste.behaviour.number_sets import Numbers, number_set, pack_numbers
from foretaste.behaviour.schema import (
    events,
    imported_files,
    imported_numbers,
    imports,
    meta,
    replaced_rows,
)
from foretaste.behaviour.transactions import EntityPuts, JointTransaction, read_connection
from foretaste.domain.data import ImportResult
from foretaste.domain.imports import ImportedFile, ImportRecord, ImportSource
from foretaste.errors import InputError

RECORD_TYPES = ("events", "items", "users")


class ImportRows(EntityRows):
    """The imports, and what came in by each."""

    def transaction(self) -> AbstractContextManager[JointTransaction]:
        """All that this thread writes in the block is stored as a whole or not at all; others wait
        with what they write.
        """
        return joint_transaction(self._engine)

    def begin_import(self, at: float) -> int:
        """→ the number of a new import, from 1; none is ever given twice."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            number = (connection.scalar(sa.select(sa.func.max(imports.c.number))) or 0) + 1
            row = {"number": number, "began": at, "can_undo": True}
            connection.execute(sa.insert(imports).values(row))
            return number

    def begin_imported_file(self, number: int, source: ImportSource) -> int:
        """→ its place in the import, from 1."""
        c = imported_files.c
        with store_errors(self.url), write_transaction(self._engine) as connection:
            newest_part = sa.select(sa.func.max(c.part)).where(c["import"] == number)
            part = (connection.scalar(newest_part) or 0) + 1
            row = {
                "import": number,
                "part": part,
                "file": source.file,
                "path": source.path,
                "digest": source.digest,
                "record_type": source.record_type,
                **dict.fromkeys(("rows_read", "added", "known", "rejected"), 0),
                "is_undone": False,
                "facts": "{}",
            }
            connection.execute(sa.insert(imported_files).values(row))
            return part

    @contextmanager
    def import_batch(self, number: int, part: int, batch: int) -> Iterator[None]:
        """What the block puts is stored in one transaction, as what this batch brought.

        Raises InputError where the import was undone meanwhile.
        """
        with store_errors(self.url), joint_transaction(self._engine) as joint:
            undone_query = sa.select(imports.c.undone).where(imports.c.number == number)
            if joint.connection.scalar(undone_query) is not None:
                raise InputError(f"import {number} was undone while it ran; import the file again")
            recorder = BatchRecorder(joint.connection)
            joint.put_listener = recorder
            try:
                yield
            finally:
                joint.put_listener = None
            recorder.write(number, part, batch)

    def finish_imported_file(self, number: int, part: int, result: ImportResult) -> None:
        """Keep the counts of a file."""
        c = imported_files.c
        counts = {
            "rows_read": result.read,
            "added": result.added,
            "known": result.known,
            "rejected": result.rejected,
        }
        update = sa.update(imported_files).where(c["import"] == number, c.part == part)
        with store_errors(self.url), write_transaction(self._engine) as connection:
            connection.execute(update.values(counts))

    def finish_import(self, number: int, at: float, undoable_imports: int) -> None:
        """Keep that it went to its end; of all but the newest so many what undoing needs goes."""
        update = sa.update(imports).where(imports.c.number == number).values(ended=at)
        with store_errors(self.url), write_transaction(self._engine) as connection:
            connection.execute(update)
            _forget_older(connection, number - undoable_imports)

    def imports(self, number: int | None = None) -> list[ImportRecord]:
        """The receipts of all imports, the oldest first; or of one."""
        record_query = sa.select(imports).order_by(imports.c.number)
        c = imported_files.c
        file_query = sa.select(imported_files).order_by(c["import"], c.part)
        if number is not None:
            record_query = record_query.where(imports.c.number == number)
            file_query = file_query.where(c["import"] == number)
        files: defaultdict[int, list[ImportedFile]] = defaultdict(list)
        with store_errors(self.url), read_connection(self._engine) as connection:
            for row in connection.execute(file_query).mappings():
                files[row["import"]].append(_imported_file(row))
            return [
                ImportRecord(
                    row["number"],
                    row["began"],
                    row["ended"],
                    row["undone"],
                    bool(row["can_undo"]),
                    tuple(files[row["number"]]),
                )
                for row in connection.execute(record_query).mappings()
            ]


def _imported_file(row: Any) -> ImportedFile:
    return ImportedFile(
        row["part"],
        ImportSource(row["file"], row["record_type"], row["path"], row["digest"]),
        row["rows_read"],
        row["added"],
        row["known"],
        row["rejected"],
        bool(row["is_undone"]),
        row["replaced_by"],
    )


def _forget_older(connection: sa.Connection, until: int) -> None:
    """What undoing needs of the imports up to a number."""
    c, c_file = imports.c, imported_files.c
    older = (c.number <= until, c.can_undo.is_(sa.true()))
    numbers = connection.scalars(sa.select(c.number).where(*older)).all()
    if not numbers:
        return
    part_query = sa.select(c_file["import"], c_file.part).where(c_file["import"].in_(numbers))
    parts = {(number, part) for number, part in connection.execute(part_query)}
    _forget_replaced(connection, parts)
    forget_numbers(connection, parts)
    connection.execute(sa.update(imports).where(*older).values(can_undo=False))


def _forget_replaced(connection: sa.Connection, parts: Collection[Part]) -> None:
    """What these files replaced is no longer known."""
    for record_type in REVISION_KEYS:
        forgotten, _ = without_parts(load_part_numbers(connection, record_type), parts)
        brought = union_of([numbers.brought for numbers in forgotten])
        condition = replaced_rows.c.record_type == record_type
        delete_by_number(connection, replaced_rows.c.revision, brought, condition)


def forget_numbers(connection: sa.Connection, parts: Collection[Part]) -> None:
    """What these files brought and repeated is no longer known."""
    c = imported_numbers.c
    for number, part in parts:
        connection.execute(sa.delete(imported_numbers).where(c["import"] == number, c.part == part))


class BatchRecorder:
    """Notes what the puts of a batch change, within their transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._first_numbers = self._newest_numbers()
        self._repeated: defaultdict[str, list[int]] = defaultdict(list)
        self._facts: dict[str, list[str | None]] = {}

    def note_puts(self, table: sa.Table, puts: EntityPuts) -> None:
        """Keep the rows that were replaced, and the revisions of those that were the same."""
        changed_ids = {row["id"] for row in puts.changed_rows}
        self._repeated[table.name] += [
            row["revision"] for row_id, row in puts.stored_rows.items() if row_id not in changed_ids
        ]
        rows = [
            {
                "record_type": table.name,
                "revision": row["revision"],
                "id": row["id"],
                **_replaced(row["id"], puts),
            }
            for row in puts.changed_rows
            if row["id"] in puts.stored_rows or row["id"] in puts.deletion_revisions
        ]
        if rows:
            self._connection.execute(sa.insert(replaced_rows), rows)

    def note_known_events(self, event_rows: list[dict[str, Any]]) -> None:
        """Keep the numbers of those that were there before with the same content."""
        newest_number = self._first_numbers["events"]
        self._repeated["events"] += [
            number
            for number in known_event_numbers(self._connection, event_rows)
            if number <= newest_number
        ]

    def note_fact(self, name: str, old_text: str | None, text: str) -> None:
        """Keep what a fact was before."""
        first_text = self._facts[name][0] if name in self._facts else old_text
        self._facts[name] = [first_text, text]

    def write(self, number: int, part: int, batch: int) -> None:
        """Write down what the batch brought and repeated."""
        newest_numbers = self._newest_numbers()
        rows = []
        for record_type in RECORD_TYPES:
            first, last = self._first_numbers[record_type], newest_numbers[record_type]
            brought: Numbers = np.arange(first + 1, last + 1)
            repeated = number_set(self._repeated[record_type])
            if brought.size or repeated.size:
                sets = {"brought": pack_numbers(brought), "repeated": pack_numbers(repeated)}
                ids = {"import": number, "part": part, "batch": batch, "record_type": record_type}
                rows.append(ids | sets)
        if rows:
            self._connection.execute(sa.insert(imported_numbers), rows)
        if self._facts:
            self._write_facts(number, part)

    def _write_facts(self, number: int, part: int) -> None:
        c = imported_files.c
        conditions = (c["import"] == number, c.part == part)
        stored_text = self._connection.scalar(sa.select(c.facts).where(*conditions))
        facts = json.loads(stored_text or "{}")
        for name, (old_text, text) in self._facts.items():
            facts[name] = [facts[name][0] if name in facts else old_text, text]
        update = sa.update(imported_files).where(*conditions)
        self._connection.execute(update.values(facts=json.dumps(facts)))

    def _newest_numbers(self) -> dict[str, int]:
        """The newest number of an event, and revision of an item and of a user."""
        numbers = {"events": self._connection.scalar(sa.select(sa.func.max(events.c.seq))) or 0}
        for record_type, key in REVISION_KEYS.items():
            query = sa.select(meta.c.text).where(meta.c.name == key)
            numbers[record_type] = int(self._connection.scalar(query) or 0)
        return numbers


def _replaced(row_id: Any, puts: EntityPuts) -> dict[str, Any]:
    """What was there before; of an item that people had deleted when that was."""
    stored_row = puts.stored_rows.get(row_id)
    if stored_row is None:
        return {"old_revision": puts.deletion_revisions[row_id], "old_row": None}
    return {"old_revision": stored_row["revision"], "old_row": json.dumps(dict(stored_row))}
