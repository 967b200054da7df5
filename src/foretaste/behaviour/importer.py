"""In: a file or a frame. Out: its good rows in the store, its bad rows in a file with the reasons.

Every row read is added, known or rejected: the three counts add up. Each batch is one transaction
and a row has the same id every time, so an import that was interrupted anywhere and is run again
gives the store it would have given.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, Self

from foretaste.behaviour.files.file_settings import Reading, RecordType
from foretaste.behaviour.files.packing import own_stem
from foretaste.behaviour.files.size_limits import (
    MAX_BATCH_BYTES,
    MAX_REMEMBERED_EVENTS,
    row_length,
)
from foretaste.behaviour.formats.formatted_table import open_formatted, settings_of_table
from foretaste.behaviour.import_log import save_imports
from foretaste.behaviour.import_run import ImportRun
from foretaste.behaviour.inspection.column_uses import short_lines
from foretaste.behaviour.inspection.sources import Announce, say_nothing, with_record_types
from foretaste.behaviour.inspection.table_source import TableSource
from foretaste.behaviour.reading.times import NO_ZONE
from foretaste.behaviour.rejected_rows import without_cells
from foretaste.behaviour.row_reader import RowReader, make_row_reader
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.sign_ins import put_identifications
from foretaste.behaviour.stock_notes import stock_notes
from foretaste.behaviour.stream import Row
from foretaste.domain.data import ImportResult, RejectedRow
from foretaste.domain.files import FOLDER_MODE
from foretaste.domain.ports import Progress, no_progress
from foretaste.domain.store import EventRefusal, Store
from foretaste.domain.text_limits import shorten
from foretaste.errors import InputError

ROWS_PER_BATCH = 20_000
MAX_REJECTS_IN_MEMORY = 100
"""Rejects that are kept in memory; the file has the others as well."""
MAX_REJECTS_LENGTH = 64_000_000
"""Characters of a rejects file."""
FULL = "rows from here on were rejected too and are not in this file: mend those before them first"
MAX_REJECTED_CELLS, MAX_REJECTED_LENGTH = 200, 2_000
"""Columns of a rejected row that its reject has, and characters of each."""
MAX_REJECTS_IN_MESSAGE = 3
"""Rejects that the message of a strict import names."""


def import_all(
    store: Store,
    tables: Sequence[TableSource],
    settings: BehaviourSettings,
    *,
    rejects_dir: Path,
    clock: Callable[[], float],
    at_unit: str | None = None,
    replace_earlier: bool = False,
    yes: bool = False,
    announce: Announce = say_nothing,
    **options: Any,
) -> list[ImportResult]:
    """`import_table` for each table, items first, as events name them, as one import with a number
    by which it can be undone; the store remembers what became of each.

    clock: the present in seconds since 1970. at_unit: what the times of events count that are
    numbers, see `BehaviourSettings.at_unit`. replace_earlier: earlier imports of these files are
    undone in the same transaction. yes: take the names that are offered for a file without names of
    columns. announce: told what the columns of each are taken for. The other options are those of
    `import_table`.
    """
    settings, now = settings.with_at_unit(at_unit), clock()
    tables = with_record_types(tables, store, settings, now, yes=yes, announce=announce)
    run = ImportRun(store, clock, settings.undoable_imports, replace_earlier)
    results: list[ImportResult] = []
    with run.whole(tables):
        for table in tables:
            result = import_table(
                store,
                table,
                settings,
                rejects_dir=rejects_dir,
                now=now,
                yes=yes,
                announce=announce,
                run=run,
                **options,
            )
            if any(NO_ZONE in note for earlier in results for note in earlier.warnings):
                notes = tuple(note for note in result.warnings if NO_ZONE not in note)
                result = replace(result, warnings=notes)  # said once of all files
            save_imports(store, [result])
            results.append(result)
    return results


def import_file(
    store: Store,
    record_type: RecordType,
    source: Any,
    settings: BehaviourSettings,
    *,
    name: str | None = None,
    **options: Any,
) -> ImportResult:
    """`import_table` for a path, a frame or an iterable of mappings.

    `name` is what messages call a frame.
    """
    return import_table(store, TableSource(source, record_type, name), settings, **options)


def import_table(
    store: Store,
    table_source: TableSource,
    settings: BehaviourSettings,
    *,
    rejects_dir: Path,
    now: float,
    strict: bool = False,
    yes: bool = False,
    progress: Progress = no_progress,
    announce: Announce = say_nothing,
    run: ImportRun | None = None,
    stock_attribute: str | None = None,
) -> ImportResult:
    """Import a table of which it is known what its rows are.

    `announce` is told what the columns were taken for before a row is stored; `now` is the present
    in seconds since 1970. With `strict` nothing is stored unless every row is good: the source is
    read twice. With `yes` a file without names of columns is read by those that are offered. What
    it brings is written down in `run`, the import that it is a part of. stock_attribute: of the
    items, by which lists leave out what is sold out.
    """
    source, record_type = table_source.source, table_source.record_type or "events"
    file_settings = table_source.settings_in(settings)
    reading = Reading(file_settings, record_type, yes)
    if strict and hasattr(source, "__next__"):
        source = list(source)

    def read(*, dry: bool) -> ImportResult:
        with (
            open_formatted(source, table_source.name, reading) as table,
            RejectsFile(
                rejects_dir, table.name, record_type, has_rows=not store.has_pseudonyms
            ) as rejects,
        ):
            table_settings = settings_of_table(settings, file_settings, table)
            row_reader = make_row_reader(table, record_type, store, table_settings, now)
            refuse = store.event_refusals if record_type == "events" else _no_refusals
            notes = [*table_source.notes(), *stock_notes(row_reader.reading, stock_attribute)]
            import_rows = partial(_import, table, row_reader, rejects, progress, notes, refuse)
            if dry:
                return import_rows(put=None)
            announce(short_lines(table.name, row_reader.reading, settings))
            if run is None:
                return import_rows(put=row_reader.put)
            file_run = run.begin_file(table_source)
            return file_run.finish(import_rows(put=file_run.recorded(row_reader.put)))

    if strict:
        checked = read(dry=True)
        if checked.rejected:
            raise _strict_error(checked)
    return read(dry=False)


def _strict_error(checked: ImportResult) -> InputError:
    first = "; ".join(str(reject) for reject in checked.rejects[:MAX_REJECTS_IN_MESSAGE])
    return InputError(
        f"{checked.file}: {checked.rejected:,} of {checked.read:,} rows are bad and nothing was "
        f"stored, as --strict asks. {first}. All of them: {checked.rejects_file}"
    )


def _import(
    table: OpenTable,
    reader: RowReader,
    rejects: "RejectsFile",
    progress: Progress,
    notes: Sequence[str],
    refuse: "Refuse",
    *,
    put: Callable[[Sequence[Any]], int] | None,
) -> ImportResult:
    """put: stores a batch; with None the rows are checked and nothing is stored."""
    count = added = 0
    label = f"{'checking' if put is None else 'importing'} {table.name}"
    for batch in batches(table, reader, rejects, refuse):
        count += len(batch)
        reader.observe(batch)
        if batch and put is not None:
            added += put(batch)
        note = f"{rejects.count:,} rejected" if rejects.count else ""
        progress(label, table.amount_read(), table.total, note)
    if put is not None:
        put_identifications(reader.identifications(), put, refuse)
    return ImportResult(
        file=table.name,
        read=count + rejects.count + rejects.repeat_count,
        added=added,
        known=count - added + rejects.repeat_count,
        rejects=tuple(rejects.first_rejects),
        rejected=rejects.count,
        rejects_file=str(rejects.path) if rejects.count else None,
        warnings=(
            *(() if table.head else (NO_ROWS_NOTE,)),
            *(*notes, *table.form.notes, *table.step_notes()),
            *(*rejects.repeat_notes(), *reader.warnings()),
        ),
    )


NO_ROWS_NOTE = "it has the names of its columns and no rows: nothing is imported of it"

Refuse = Callable[[Sequence[Any]], Mapping[int, EventRefusal]]
"""Records → index → why not, of those that may not come in (again)."""


def _no_refusals(_: Sequence[Any]) -> Mapping[int, EventRefusal]:
    return {}


def batches(
    table: OpenTable,
    reader: RowReader,
    rejects: "RejectCounter",
    refuse: Refuse = _no_refusals,
) -> Iterator[list[Any]]:
    """The good records, `ROWS_PER_BATCH` at a time; the last batch may be empty. Bad rows go to
    `rejects`.
    """
    first_lines: dict[str, int] = {}
    reading, digests = reader.reading, dict[str, int]()
    # an event without an id has one of all its cells: two with the same one are the same
    is_exact = reading.record_type == "events" and "event_id" not in reading.columns_by_field

    def admitted(batch: list[Any]) -> list[Any]:
        refusals = refuse(batch)
        for index, refusal in refusals.items():  # of who was erased, or refuses, nothing is kept
            line = first_lines[reader.key(batch[index])]
            rejects.add(
                RejectedRow(table.name, line, "event_id", "", refusal.problem, refusal.remedy)
            )
        return [record for i, record in enumerate(batch) if i not in refusals]

    batch: list[Any] = []
    batch_end = table.unpacked_bytes() + MAX_BATCH_BYTES
    for line, row in table.rows:
        if isinstance(row, RejectedRow):
            rejects.add(row)
            continue
        for record in reader.parse(line, row):
            if record.__class__ is RejectedRow:
                rejects.add(record)
                continue
            key = reader.key(record)
            if key in first_lines:
                if is_exact or digests.get(key) == row_digest(row):
                    rejects.note_repeat(line, first_lines[key])
                else:
                    rejects.add(_duplicate(table.name, line, first_lines[key], key, row))
                continue
            if not is_exact:
                digests[key] = row_digest(row)
            first_lines[key] = line
            batch.append(record)
        if len(batch) >= ROWS_PER_BATCH or table.unpacked_bytes() > batch_end:
            yield admitted(batch)
            batch = []
            batch_end = table.unpacked_bytes() + MAX_BATCH_BYTES
            if len(first_lines) > MAX_REMEMBERED_EVENTS and reader.reading.record_type == "events":
                first_lines.clear()  # the store knows their ids
                digests.clear()
    yield admitted(batch)


def row_digest(row: Row) -> int:
    """The same for rows with the same cells."""
    return hash(tuple(map(str, row.values())))


def _duplicate(file: str, line: int, first_line: int, key: str, row: Any) -> RejectedRow:
    remedy = (
        "the first one is in; rows that say something else need an id of their own, or say in "
        "one row what is so"
    )
    return RejectedRow(file, line, "", key, f"duplicate of line {first_line}", remedy, row)


def shortened_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the rejects file has of a row."""
    return {
        str(name)[:MAX_REJECTED_LENGTH]: _shortened(value)
        for name, value in islice(row.items(), MAX_REJECTED_CELLS)
    }


def _shortened(value: Any) -> Any:
    if isinstance(value, str | list | tuple | dict) and row_length(value) > MAX_REJECTED_LENGTH:
        return shorten(str(value)[: 2 * MAX_REJECTED_LENGTH], MAX_REJECTED_LENGTH)
    return value


class RejectCounter:
    """How many rows are bad, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.repeat_count = 0
        """Rows that are the same in all cells as one before: they are no mistakes."""
        self._first_repeat = (0, 0)
        self.first_rejects: list[RejectedRow] = []

    def add(self, reject: RejectedRow) -> None:
        """Count it, and keep it if it is one of the first."""
        self.count += 1
        if len(self.first_rejects) < MAX_REJECTS_IN_MEMORY:
            self.first_rejects.append(replace(reject, row=shortened_row(reject.row)))

    def note_repeat(self, line: int, first_line: int) -> None:
        """Count a row that repeats another."""
        self.repeat_count += 1
        if self.repeat_count == 1:
            self._first_repeat = (line, first_line)

    def repeat_notes(self) -> list[str]:
        """How many there were, with the first."""
        if not self.repeat_count:
            return []
        line, first_line = self._first_repeat
        return [
            f"{self.repeat_count:,} rows repeat another in all columns, e.g. line {line} repeats "
            f"line {first_line}, and count once; what happened twice needs an event_id of its own"
        ]


class RejectsFile(RejectCounter):
    """The file of bad rows, written as they come: JSON Lines with line, reason, remedy and row, up
    to `MAX_REJECTS_LENGTH`.

    Without rows it has no cell either, for whatever column they are of: a line leads back to the
    file that was imported. So it is where ids are pseudonyms at rest.
    """

    def __init__(self, folder: Path, file: str, record_type: str, *, has_rows: bool = True) -> None:
        super().__init__()
        self._has_rows = has_rows
        self.path = folder / f"{own_stem(file)}-{record_type}.jsonl"
        self._file: IO[str] | None = None
        self._length, self._is_full = 0, False

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)  # of an import before this one
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, reject: RejectedRow) -> None:
        """Count it, write it, and keep it if it is one of the first."""
        super().add(reject)
        if self._is_full:
            return
        if self._file is None:
            self._file = self._open()
        if not self._has_rows:
            reject = without_cells(reject)
        fields = {
            "file": reject.file,
            "line": reject.line,
            "column": reject.column,
            "value": reject.value,
            "problem": reject.problem,
            "remedy": reject.remedy,
            "row": shortened_row(reject.row),
        }
        line = json.dumps(fields, ensure_ascii=False, default=str) + "\n"
        self._length += len(line)
        self._is_full = self._length > MAX_REJECTS_LENGTH
        if self._is_full:
            line = json.dumps({"file": reject.file, "line": reject.line, "problem": FULL}) + "\n"
        self._file.write(line)

    def _open(self) -> IO[str]:
        try:
            self.path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            return self.path.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise InputError(
                f"{self.path}: the rejects file cannot be written ({error.strerror}); make room or "
                "make its folder writable"
            ) from error
