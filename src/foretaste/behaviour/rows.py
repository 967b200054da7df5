"""In: a file (CSV, JSON, XML, Parquet, a spreadsheet, also packed) or a frame. Out: its rows.

A row is `(line, column → raw value)`, or `(line, RejectedRow)` where it cannot be read; whatever
can be read around it still comes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretaste.behaviour import delimited, jsonlines
from foretaste.behaviour.column_values import arrow_values, numpy_values, series_values
from foretaste.behaviour.files import xml_records
from foretaste.behaviour.files.file_form import FileForm, check_text
from foretaste.behaviour.files.file_settings import Reading
from foretaste.behaviour.files.header import find_header, row_maker
from foretaste.behaviour.files.packing import PackedFile, is_spreadsheet, open_packed
from foretaste.behaviour.files.size_limits import (
    MAX_BATCH_BYTES,
    MAX_COLUMNS,
    too_many_columns,
)
from foretaste.behaviour.files.spreadsheet import read_sheet
from foretaste.behaviour.open_table import FRAME_FORM as FRAME_FORM
from foretaste.behaviour.open_table import HEAD_ROWS as HEAD_ROWS
from foretaste.behaviour.open_table import OpenTable as OpenTable
from foretaste.behaviour.open_table import batched_table, peek
from foretaste.behaviour.stream import Row, Rows, Stream
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

ROWS_PER_CHUNK = 20_000

DELIMITED_EXTENSIONS = (".csv", ".tsv", ".tab")
"""What else is not JSON by its first letters is read as cells with delimiters as well."""
JSON_EXTENSIONS = (".jsonl", ".ndjson", ".json")
PARQUET_EXTENSIONS = (".parquet", ".pq")
_ROOT = re.compile(rb"<[A-Za-z_][\w:.-]*[\s>/]")
PARQUET_MAGIC = b"PAR1"
PLAIN_READING = Reading()


def open_table(source: Any, name: str | None = None, reading: Reading = PLAIN_READING) -> OpenTable:
    """Open a path, or a pandas, polars, Arrow or NumPy table, or any iterable of mappings."""
    if isinstance(source, str | Path):
        path = Path(source)
        table = _file(path, name or path.name, reading)
    else:
        table = _frame(source, name or "frame")
    if not hasattr(source, "__next__"):
        table.reopen = partial(open_table, source, name, reading)
    return table


def _file(path: Path, name: str, reading: Reading) -> OpenTable:
    try:
        packed = open_packed(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return _packed_file(path, name, packed, reading)
    except OSError as error:
        packed.close()
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except BaseException:
        packed.close()
        raise


def _packed_file(path: Path, name: str, packed: PackedFile, reading: Reading) -> OpenTable:
    head = packed.head()
    if packed.size == 0:
        raise InputError(f"{path} is empty; expected a header or rows in it")
    if head.startswith(PARQUET_MAGIC):
        return _parquet(path, name, packed)
    if is_spreadsheet(head):
        return _spreadsheet(path, name, packed, reading)
    extension = Path(packed.name).suffix.lower()
    is_xml = _is_xml(head, extension)
    if extension in PARQUET_EXTENSIONS:
        raise InputError(f"{path} is not a whole Parquet file; copy or write it again")
    check_text(path, head)
    stream = Stream(path, name, encoding=reading.settings.encoding, packed=packed)
    is_json = extension in JSON_EXTENSIONS or (
        not is_xml and extension not in DELIMITED_EXTENSIONS and _is_json(stream.first_bytes())
    )
    if not is_json and not is_xml:
        return _stream(stream, *delimited.read_table(stream, reading))
    rows_head, rows = peek(xml_records.rows(stream) if is_xml else jsonlines.rows(stream))
    if not rows_head and stream.break_reason:
        raise InputError(f"{stream.name}: {stream.break_reason}; copy or write the file again")
    columns = tuple(dict.fromkeys(str(column) for row in rows_head for column in row))
    if len(columns) > MAX_COLUMNS:
        raise InputError(f"{stream.name}: {too_many_columns(len(columns))}")
    notes = tuple(filter(None, (stream.encoding.note,)))
    form = FileForm("XML" if is_xml else "JSON", stream.encoding.name, stream.packing, notes=notes)
    return _stream(stream, columns, rows, form, rows_head)


def _is_xml(head: bytes, extension: str) -> bool:
    """By its first letters; cells may begin with markup, too."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"<?xml", b"<!DOCTYPE")):
        return True
    return extension not in DELIMITED_EXTENSIONS and _ROOT.match(start) is not None


def _is_json(head: bytes) -> bool:
    text = head.lstrip()
    return text.startswith((b"{", b"[{", b"[\n", b"[ ", b"[\r"))


def _stream(
    stream: Stream,
    columns: tuple[str, ...],
    rows: Rows,
    form: FileForm,
    head: Sequence[Row] | None = None,
) -> OpenTable:
    """head: of JSON and XML, whose columns are known by their first rows."""
    is_open_ended = head is not None
    if head is None:
        head, rows = peek(rows)
    return OpenTable(
        stream.name,
        columns,
        rows,
        head,
        total=stream.size,
        amount_read=stream.bytes_read,
        unpacked_bytes=lambda: stream.unpacked_bytes,
        open_ended=is_open_ended,
        close=stream.close,
        form=form,
    )


def _spreadsheet(path: Path, name: str, packed: PackedFile, reading: Reading) -> OpenTable:
    sheet = read_sheet(path, packed, packed.sheet or reading.settings.sheet)
    packed.close()
    texts = [[str(cell) for cell in row] for _, row in sheet.rows[:HEAD_ROWS]]
    header = find_header(name, "", texts, reading)
    body = sheet.rows[1:] if header.in_file else sheet.rows
    make_row = row_maker(header, has_nulls=False) or partial(_sheet_row, header.columns)
    rows_read = 0

    def rows() -> Rows:
        nonlocal rows_read
        for number, cells in body:
            rows_read += 1
            yield number, make_row(cells) or {}

    head, all_rows = peek(rows())
    form = FileForm(
        f"a spreadsheet, sheet {sheet.name}",
        header=() if header.in_file else header.columns,
        rows=header.rows,
        notes=header.notes,
    )
    return OpenTable(
        name,
        header.names,
        all_rows,
        head,
        total=len(body),
        amount_read=lambda: rows_read,
        form=form,
    )


def _sheet_row(columns: Sequence[str], cells: Sequence[Any]) -> Row:
    return dict(zip(columns, cells, strict=True))


def _parquet(path: Path, name: str, packed: PackedFile) -> OpenTable:
    from pyarrow import parquet  # a tenth of a second that other files do not need

    try:
        file = parquet.ParquetFile(packed.seekable())
    except (pa.ArrowException, OSError) as error:
        first_line = str(error).splitlines()[0]
        raise InputError(
            f"{path} is not a whole Parquet file ({first_line}); copy or write it again"
        ) from error
    return batched_table(
        name,
        file.schema_arrow.names,
        _parquet_chunks(file),
        total=file.metadata.num_rows,
        close=packed.close,
        form=FileForm("Parquet"),
    )


def _parquet_chunks(file: Any) -> Iterator[list[Sequence[Any]] | str]:
    try:
        for group in range(file.num_row_groups):
            metadata = file.metadata.row_group(group)
            bytes_per_row = metadata.total_byte_size // max(metadata.num_rows, 1)
            rows = min(ROWS_PER_CHUNK, MAX_BATCH_BYTES // max(bytes_per_row, 1) + 1)
            for batch in file.iter_batches(batch_size=rows, row_groups=[group]):
                yield [arrow_values(column) for column in batch.columns]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        yield str(error).splitlines()[0]


def _frame(source: Any, name: str) -> OpenTable:
    module = type(source).__module__.partition(".")[0]
    if module == "pandas" and hasattr(source, "iloc"):
        return _pandas(source, name)
    if hasattr(source, "__arrow_c_stream__"):
        return _arrow(source, name)
    if getattr(getattr(source, "dtype", None), "names", None):  # a structured NumPy array
        fields = source.dtype.names
        field_values: list[Sequence[Any]] = [numpy_values(source[field]) for field in fields]
        return batched_table(name, fields, iter([field_values]), total=len(source))
    if isinstance(source, Mapping) and all(
        hasattr(column, "__len__") for column in source.values()
    ):
        return _columns(source, name)
    if isinstance(source, Iterable) and not isinstance(source, str | bytes | Mapping):
        return _mappings(source, name)
    raise InputError(
        f"cannot read rows from {type(source).__name__}; expected a path, a data frame, an Arrow "
        "table or a list of mappings (a polars LazyFrame: collect() it first)"
    )


def _arrow(source: Any, name: str) -> OpenTable:
    table = pa.table(source)

    def chunks() -> Iterator[list[Sequence[Any]] | str]:
        for batch in table.to_batches(max_chunksize=ROWS_PER_CHUNK):
            yield [arrow_values(column) for column in batch.columns]

    return batched_table(name, table.column_names, chunks(), total=table.num_rows)


def _pandas(frame: Any, name: str) -> OpenTable:
    """Column by column: Arrow refuses mixed objects, and merges the keys of mappings."""
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()

    def chunks() -> Iterator[list[Sequence[Any]] | str]:
        for start in range(0, len(frame), ROWS_PER_CHUNK):
            part = frame.iloc[start : start + ROWS_PER_CHUNK]
            yield [series_values(part.iloc[:, at]) for at in range(part.shape[1])]

    return batched_table(name, frame.columns, chunks(), total=len(frame))


def _columns(source: Mapping[str, Any], name: str) -> OpenTable:
    lengths = {len(column) for column in source.values()}
    if len(lengths) > 1:
        raise InputError(f"{name}: the columns have different lengths, {sorted(lengths)}")
    column_values: list[Sequence[Any]] = [
        numpy_values(column) if hasattr(column, "tolist") else list(column)
        for column in source.values()
    ]
    return batched_table(
        name, source, iter([column_values] if column_values else []), total=max(lengths, default=0)
    )


def _mappings(source: Iterable[Any], name: str) -> OpenTable:
    total = len(source) if isinstance(source, Sequence) else 0
    rows_read = 0

    def rows() -> Rows:
        nonlocal rows_read
        for row in source:
            rows_read += 1
            if isinstance(row, Mapping):
                yield rows_read, row
            else:
                type_name = type(row).__name__
                problem = f"a row is a {type_name}"
                yield (
                    rows_read,
                    RejectedRow(
                        name, rows_read, "", str(row)[:80], problem, "give a mapping a row"
                    ),
                )

    head, all_rows = peek(rows())
    columns = tuple(dict.fromkeys(str(column) for row in head for column in row))
    return OpenTable(
        name, columns, all_rows, head, total=total, amount_read=lambda: rows_read, open_ended=True
    )
