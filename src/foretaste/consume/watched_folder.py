"""A folder into which others put files: JSON Lines, CSV and Parquet, also packed.

Files are read in the order of their names, each row once; the position of each file is kept apart,
so that a file with an earlier name that comes later is read too. Of a file of JSON Lines every line
that has ended is read at once, also while the file grows. Of the others nothing can be told before
they are whole: they are read when they have not changed for a moment.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from foretaste.behaviour.columns import resolve_columns
from foretaste.behaviour.files.json_forms import read_line
from foretaste.behaviour.files.size_limits import MAX_LINE_BYTES, too_long_line
from foretaste.behaviour.rows import OpenTable, open_table
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import display_text
from foretaste.consume.item_feed import DELETED_FIELD
from foretaste.consume.stream_source import (
    BEGINNING,
    RowBatch,
    SourceError,
    StoredPosition,
    StreamRow,
)
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

log = logging.getLogger("foretaste.consume")

LINE_EXTENSIONS = (".jsonl", ".ndjson")
TABLE_EXTENSIONS = (".csv", ".tsv", ".parquet", ".pq")
TEXT_EXTENSIONS = (".csv", ".tsv")
PACKED_EXTENSIONS = (".gz", ".bz2", ".xz", ".zst")
WHOLE_AFTER_SECONDS = 2.0
"""Without a change, after which a table is taken to be whole."""
UNENDED_AFTER_SECONDS = 60.0
"""The same of a text whose last line does not end: its writer may have paused within it."""
POLL_SECONDS = 0.2
MAX_BATCH_BYTES = 8 << 20
"""Of lines in one batch."""


@dataclass(frozen=True, slots=True)
class FilePosition:
    """How far a file is stored."""

    offset: int = 0
    """Bytes of lines, rows of a table."""
    size: int | None = None
    """Bytes that the file had when it was read to its end; None before."""

    @classmethod
    def of(cls, text: str | None) -> "FilePosition":
        """As it is kept."""
        return cls() if text is None else cls(**json.loads(text))

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps({"offset": self.offset, "size": self.size})


@dataclass
class _TableReader:
    """A table that is being read, batch by batch."""

    file: str
    size: int
    table: OpenTable
    rows: Iterator[tuple[int, Row | RejectedRow]]
    offset: int


class WatchedFolder:
    """The rows of the files of one folder."""

    def __init__(
        self,
        folder: Path,
        record_type: str,
        settings: BehaviourSettings,
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises InputError where there is no such folder."""
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder; make it, or name another")
        self._folder, self._record_type, self._settings = folder.resolve(), record_type, settings
        self._clock, self._wait = clock, wait
        self.name = f"folder/{self._folder}"
        self._positions: dict[str, FilePosition] = {}
        self._stored_position: StoredPosition = lambda _: None
        self._start = ""
        self._reader: _TableReader | None = None
        self._warned_files: set[str] = set()

    def resume(self, stored_position: StoredPosition, start: str | None) -> None:
        self.close()
        self._positions, self._stored_position = {}, stored_position
        self._start = "" if start is None or start == BEGINNING else Path(start).name

    def read(self, max_rows: int, wait_seconds: float) -> RowBatch | None:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                batch = self._next_batch(max_rows)
            except OSError as error:
                self.close()
                raise SourceError(
                    f"{error.filename or self._folder} cannot be read: {error.strerror or error}"
                ) from None
            if batch is not None or time.monotonic() >= deadline:
                return batch
            self._wait(min(POLL_SECONDS, max(deadline - time.monotonic(), 0.0)))

    def note_stored(self, batch: RowBatch) -> None:
        self._positions[batch.part] = FilePosition.of(batch.position)

    def lag(self) -> int | None:
        try:
            return sum(1 for _ in self._unread_files())
        except OSError as error:
            raise SourceError(f"{self._folder} cannot be read: {error.strerror}") from None

    def close(self) -> None:
        if self._reader is not None:
            self._reader.table.close()
            self._reader = None

    def _next_batch(self, max_rows: int) -> RowBatch | None:
        if self._reader is not None:
            return self._table_batch(self._reader, max_rows)
        for path, size, is_whole in self._unread_files():
            if _data_extension(path) in LINE_EXTENSIONS and path.suffix in LINE_EXTENSIONS:
                batch = self._line_batch(path, size, max_rows)
            else:
                batch = self._first_table_batch(path, size, max_rows) if is_whole else None
            if batch is not None:
                return batch
        return None

    def _unread_files(self) -> Iterator[tuple[Path, int, bool]]:
        """(path, size, whether it is whole) of each with something new, in order of their names."""
        for path in sorted(self._folder.iterdir()):
            known_extensions = (*LINE_EXTENSIONS, *TABLE_EXTENSIONS)
            if (
                path.name.startswith(".")
                or path.name < self._start
                or _data_extension(path) not in known_extensions
                or not path.is_file()
            ):
                continue
            status, position = path.stat(), self._position(path.name)
            if status.st_size == position.size or status.st_size == 0:
                continue
            if position.size is not None and status.st_size < position.size:
                self._warn_replaced(path.name)
                continue
            quiet_seconds = abs(self._clock() - status.st_mtime)
            yield path, status.st_size, quiet_seconds >= _seconds_until_whole(path)

    def _position(self, file: str) -> FilePosition:
        if file not in self._positions:
            self._positions[file] = FilePosition.of(self._stored_position(file))
        return self._positions[file]

    def _warn_replaced(self, file: str) -> None:
        if file not in self._warned_files:
            self._warned_files.add(file)
            log.warning(
                "%s is shorter than what was read of it, and is not read again; give a file with "
                "other rows a name of its own",
                file,
            )

    # Lines

    def _line_batch(self, path: Path, size: int, max_rows: int) -> RowBatch | None:
        """The next lines. The last one may lack its end: it is read once it is an object, as half
        of a line never is.
        """
        start = offset = self._position(path.name).offset
        rows: list[StreamRow] = []
        with path.open("rb") as file:
            file.seek(offset)
            while len(rows) < max_rows and offset - start < MAX_BATCH_BYTES:
                line, length = _whole_line(file)
                content = _parsed(line, length, path.name)
                is_reject = isinstance(content, RejectedRow)
                if not length or (is_reject and not line.endswith(b"\n")):
                    break
                if line.strip():
                    rows.append(StreamRow(f"{path.name}:{offset}", content))
                offset += length
        if offset == start:
            return None
        at_end = offset >= size
        return RowBatch(rows, FilePosition(offset, offset if at_end else None).text, path.name)

    # Tables

    def _first_table_batch(self, path: Path, size: int, max_rows: int) -> RowBatch | None:
        offset = self._position(path.name).offset
        try:
            table = open_table(path)
        except InputError as error:
            reject = RejectedRow(
                path.name, 0, "", "", str(error), "put a whole file into the folder, by a new name"
            )
            position = FilePosition(offset, size)
            return RowBatch([StreamRow(f"{path.name}:0", reject)], position.text, path.name)
        rows = islice(table.rows, offset, None)
        self._reader = _TableReader(path.name, size, table, rows, offset)
        return self._table_batch(self._reader, max_rows)

    def _table_batch(self, reader: _TableReader, max_rows: int) -> RowBatch | None:
        names = self._field_names(reader.table.columns)
        rows = [
            StreamRow(
                f"{reader.file}:{number}",
                content if isinstance(content, RejectedRow) else _renamed(content, names),
            )
            for number, (_, content) in enumerate(islice(reader.rows, max_rows), reader.offset)
        ]
        reader.offset += len(rows)
        at_end = len(rows) < max_rows
        position = FilePosition(reader.offset, reader.size if at_end else None)
        if at_end:
            self.close()
        return RowBatch(rows, position.text, reader.file)

    def _field_names(self, columns: tuple[str, ...]) -> Mapping[str, str | None]:
        """Column → the field that it is, by the names that imports know; None for a column of
        events that is no field.
        """
        column_settings = getattr(self._settings.columns, self._record_type)
        named_columns = [column for column in columns if column != DELETED_FIELD]
        by_field = resolve_columns(self._record_type, named_columns, column_settings)
        fields: dict[str, str | None] = {column: field for field, column in by_field.items()}
        for column in columns:
            fields.setdefault(column, None if self._record_type == "events" else column)
        return fields


def _seconds_until_whole(path: Path) -> float:
    """For how long a file must not have changed."""
    if path.suffix not in TEXT_EXTENSIONS:
        return WHOLE_AFTER_SECONDS
    with path.open("rb") as file:
        file.seek(-1, 2)
        return WHOLE_AFTER_SECONDS if file.read() in (b"\n", b"\r") else UNENDED_AFTER_SECONDS


def _data_extension(path: Path) -> str:
    """`.csv` of `events.csv.gz`."""
    return Path(path.stem).suffix if path.suffix in PACKED_EXTENSIONS else path.suffix


def _whole_line(file: Any) -> tuple[bytes, int]:
    """(the line, or its beginning where it is too long; how many bytes it has)."""
    line: bytes = file.readline(MAX_LINE_BYTES)
    length, last_piece = len(line), line
    while last_piece and not last_piece.endswith(b"\n"):
        last_piece = file.readline(MAX_LINE_BYTES)
        length += len(last_piece)
        if last_piece.endswith(b"\n"):
            line = line[:200] + b"\n"
    return line, length


def _parsed(line: bytes, length: int, file: str) -> Any:
    problem, remedy = "not a JSON object", 'write {"column": value, …}'
    if length > MAX_LINE_BYTES:
        problem, remedy = too_long_line(length)
    else:
        try:
            content = read_line(line.decode())
        except (ValueError, RecursionError) as error:
            problem, remedy = f"not JSON ({error})", "write one object a line, in UTF-8"
        else:
            if isinstance(content, dict):
                return content
    shown_text = display_text(line.decode(errors="replace").strip())
    return RejectedRow(file, 0, "", shown_text, problem, remedy, {"": shown_text})


def _renamed(row: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    fields = {names.get(column, column): cell for column, cell in row.items()}
    return {field: cell for field, cell in fields.items() if field is not None}
