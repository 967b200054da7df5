"""In: a file of JSON Lines, CSV or Parquet, also packed, and up to where it is read. Out: its next
rows, each named by the file and its place in it.
"""

from collections.abc import Iterator, Mapping, Sequence
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
from foretaste.consume.stream_source import StreamRow
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

LINE_EXTENSIONS = (".jsonl", ".ndjson")
TABLE_EXTENSIONS = (".csv", ".tsv", ".parquet", ".pq")
PACKED_EXTENSIONS = (".gz", ".bz2", ".xz", ".zst")
MAX_BATCH_BYTES = 8 << 20
"""Of lines in one batch."""


@dataclass(frozen=True, slots=True)
class FileRows:
    """Some rows of a file."""

    rows: Sequence[StreamRow]
    offset: int
    """Up to where the file is read: bytes of lines, rows of a table."""
    at_end: bool
    """Whether a table has no more."""


@dataclass
class _TableReader:
    """A table that is being read, batch by batch."""

    name: str
    table: OpenTable
    rows: Iterator[tuple[int, Row | RejectedRow]]
    offset: int


class FileReader:
    """Reads one file after another. A table stays open from one batch to the next."""

    def __init__(self, record_type: str, settings: BehaviourSettings) -> None:
        self._record_type, self._settings = record_type, settings
        self._reader: _TableReader | None = None

    @property
    def has_table(self) -> bool:
        """Whether a table is open, whose rows come next."""
        return self._reader is not None

    def close(self) -> None:
        """Let go of the table."""
        if self._reader is not None:
            self._reader.table.close()
            self._reader = None

    def lines(
        self, path: Path, name: str, offset: int, max_rows: int, *, is_whole: bool = False
    ) -> FileRows:
        """The next lines. Where the file may grow, the last one may lack its end: it is read once
        it is an object, as half of a line never is.
        """
        start, rows = offset, list[StreamRow]()
        with path.open("rb") as file:
            file.seek(offset)
            while len(rows) < max_rows and offset - start < MAX_BATCH_BYTES:
                line, length = _whole_line(file)
                content = _parsed(line, length, name)
                is_unended = isinstance(content, RejectedRow) and not line.endswith(b"\n")
                if not length or (is_unended and not is_whole):
                    break
                if line.strip():
                    rows.append(StreamRow(f"{name}:{offset}", content))
                offset += length
            return FileRows(rows, offset, at_end=not file.read(1))

    def first_table_rows(self, path: Path, name: str, offset: int, max_rows: int) -> FileRows:
        """The rows of a table past the offset; a reject where it is none."""
        try:
            table = open_table(path)
        except InputError as error:
            reject = RejectedRow(
                name, 0, "", "", str(error), "put a whole file there, by a new name"
            )
            return FileRows([StreamRow(f"{name}:0", reject)], offset, at_end=True)
        self._reader = _TableReader(name, table, islice(table.rows, offset, None), offset)
        return self.table_rows(max_rows)

    def table_rows(self, max_rows: int) -> FileRows:
        """The next rows of the open table, which is closed after its last."""
        reader = self._reader
        if reader is None:
            raise ValueError("no table is open")
        names = field_names(reader.table.columns, self._record_type, self._settings)
        rows = [
            StreamRow(
                f"{reader.name}:{number}",
                content if isinstance(content, RejectedRow) else renamed(content, names),
            )
            for number, (_, content) in enumerate(islice(reader.rows, max_rows), reader.offset)
        ]
        reader.offset += len(rows)
        at_end = len(rows) < max_rows
        if at_end:
            self.close()
        return FileRows(rows, reader.offset, at_end)


def is_data_file(name: str) -> bool:
    """Whether a file of this name is read."""
    return data_extension(name) in (*LINE_EXTENSIONS, *TABLE_EXTENSIONS)


def is_line_file(name: str) -> bool:
    """Whether a file of this name is read line by line."""
    return Path(name).suffix in LINE_EXTENSIONS


def data_extension(name: str) -> str:
    """`.csv` of `events.csv.gz`."""
    path = Path(name)
    return Path(path.stem).suffix if path.suffix in PACKED_EXTENSIONS else path.suffix


def field_names(
    columns: Sequence[str], record_type: str, settings: BehaviourSettings
) -> Mapping[str, str | None]:
    """Column → the field that it is, by the names that imports know; None for a column of events
    that is no field.
    """
    column_settings = getattr(settings.columns, record_type)
    named_columns = [column for column in columns if column != DELETED_FIELD]
    by_field = resolve_columns(record_type, named_columns, column_settings)
    fields: dict[str, str | None] = {column: field for field, column in by_field.items()}
    for column in columns:
        fields.setdefault(column, None if record_type == "events" else column)
    return fields


def renamed(row: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    """The row by its fields."""
    fields = {names.get(column, column): cell for column, cell in row.items()}
    return {field: cell for field, cell in fields.items() if field is not None}


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
