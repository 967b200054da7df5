"""In: a file (CSV, Parquet, JSON Lines, also gzipped) or a frame. Out: its rows, one at a time.

A row is `(line, column → raw value)`, or `(line, Reject)` where it cannot be read; whatever can be
read around it still comes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from foretaste.behaviour import delimited, jsonlines
from foretaste.behaviour.stream import Row, Rows, Stream
from foretaste.domain.data import Reject
from foretaste.errors import InputError

HEAD = 2_000
"""Rows read before anything is decided from the data."""
CHUNK = 20_000

DELIMITED = (".csv", ".tsv", ".txt", ".tab")
JSON = (".jsonl", ".ndjson", ".json")
PARQUET = (".parquet", ".pq")


@dataclass
class Table:
    """An open source of rows. Close it, or use it in a `with`."""

    name: str
    columns: tuple[str, ...]
    rows: Rows
    head: Sequence[Row]
    """The first readable rows; they come again in `rows`."""
    total: int
    """Bytes of a file, rows of a frame; 0 where it is not known."""
    done: Callable[[], int]
    """How much of the total has been read."""
    open_ended: bool = False
    """Whether rows further down may have other columns (JSON)."""
    close: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(source: Any, name: str | None = None) -> Table:
    """Open a path, or a pandas, polars, Arrow or NumPy table, or any iterable of mappings."""
    if isinstance(source, str | Path):
        return _file(Path(source), name or Path(source).name)
    return _frame(source, name or "frame")


def suffixes(path: Path) -> tuple[str, bool]:
    """(what kind of file the name says it is, whether it is gzipped)."""
    zipped = path.suffix.lower() == ".gz"
    return Path(path.stem if zipped else path.name).suffix.lower(), zipped


def _file(path: Path, name: str) -> Table:
    if path.is_dir():
        raise InputError(f"{path} is a folder; name the file in it")
    if not path.exists():
        raise InputError(f"{path} is not there; check the name")
    kind, zipped = suffixes(path)
    if kind not in DELIMITED + JSON + PARQUET:
        known = ", ".join(DELIMITED + JSON + PARQUET)
        raise InputError(
            f"{path}: cannot read '{kind or path.name}' files; expected one of {known}"
        )
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty; expected a header or rows in it")
        if kind in PARQUET:
            return _parquet(path, name)
        stream = Stream(path, name, zipped=zipped)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return _stream(stream, is_json=kind in JSON)
    except BaseException:
        stream.close()
        raise


def _stream(stream: Stream, *, is_json: bool) -> Table:
    if is_json:
        rows: Rows = jsonlines.rows(stream)
        head, rows = _peek(rows)
        if not head and stream.broken:
            raise InputError(f"{stream.name}: {stream.broken}; copy or write the file again")
        columns = tuple(dict.fromkeys(str(column) for row in head for column in row))
    else:
        columns, rows = delimited.rows(stream)
        head, rows = _peek(rows)
    return Table(
        stream.name,
        columns,
        rows,
        head,
        total=stream.size,
        done=stream.done,
        open_ended=is_json,
        close=stream.close,
    )


def _peek(rows: Rows) -> tuple[list[Row], Rows]:
    first = list(islice(rows, HEAD))
    return [row for _, row in first if not isinstance(row, Reject)], chain(first, rows)


def _parquet(path: Path, name: str) -> Table:
    from pyarrow import parquet  # a tenth of a second that other files do not need

    try:
        file = parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"{path} is not a whole Parquet file ({first}); copy or write it again"
        ) from error
    return _batched(
        name,
        file.schema_arrow.names,
        _parquet_chunks(file),
        total=file.metadata.num_rows,
        close=file.close,
    )


def _parquet_chunks(file: Any) -> Iterator[list[Sequence[Any]] | str]:
    try:
        for batch in file.iter_batches(batch_size=CHUNK):
            yield [_values(column) for column in batch.columns]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        yield str(error).splitlines()[0]


def _batched(
    name: str,
    columns: Iterable[Any],
    chunks: Iterator[list[Sequence[Any]] | str],
    *,
    total: int,
    close: Callable[[], None] = lambda: None,
) -> Table:
    """A table of chunks; each is a list of columns, or the reason why no more can be read."""
    names = tuple(str(column) for column in columns)
    if len(set(names)) < len(names):
        twice = next(column for column in names if names.count(column) > 1)
        raise InputError(f"{name}: two columns are called '{twice}'; rename one")
    read = 0

    def rows() -> Rows:
        nonlocal read
        for chunk in chunks:
            if isinstance(chunk, str):
                problem = f"the file is damaged from row {read + 1} on ({chunk})"
                yield read + 1, Reject(name, read + 1, "", "", problem, "copy or write it again")
                return
            for values in zip(*chunk, strict=True):
                read += 1
                yield read, dict(zip(names, values, strict=True))

    head, every = _peek(rows())
    return Table(name, names, every, head, total=total, done=lambda: read, close=close)


def _values(array: Any) -> list[Any]:
    """An Arrow column as Python values. Nanoseconds go: Python's times have none."""
    kind = array.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        array = array.cast(pa.timestamp("us", kind.tz), safe=False)
    try:
        values: list[Any] = array.to_pylist()
    except UnicodeDecodeError:
        # Arrow does not check what a file calls a string: what is none stays bytes, in its row
        large = pa.types.is_large_string(kind)
        raw = array.cast(pa.large_binary() if large else pa.binary()).to_pylist()
        values = [_text(value) for value in raw]
    return values


def _text(value: bytes | None) -> str | bytes | None:
    try:
        return value and value.decode()
    except UnicodeDecodeError:
        return value


def _frame(source: Any, name: str) -> Table:
    module = type(source).__module__.partition(".")[0]
    if module == "pandas" and hasattr(source, "iloc"):
        return _pandas(source, name)
    if hasattr(source, "__arrow_c_stream__"):
        return _arrow(source, name)
    if getattr(getattr(source, "dtype", None), "names", None):  # a structured NumPy array
        fields = source.dtype.names
        whole = [source[field].tolist() for field in fields]
        return _batched(name, fields, iter([whole]), total=len(source))
    if isinstance(source, Mapping) and all(hasattr(each, "__len__") for each in source.values()):
        return _columns(source, name)
    if isinstance(source, Iterable) and not isinstance(source, str | bytes | Mapping):
        return _mappings(source, name)
    raise InputError(
        f"cannot read rows from {type(source).__name__}; expected a path, a data frame, an Arrow "
        "table or a list of mappings (a polars LazyFrame: collect() it first)"
    )


def _arrow(source: Any, name: str) -> Table:
    table = pa.table(source)

    def chunks() -> Iterator[list[Sequence[Any]] | str]:
        for batch in table.to_batches(max_chunksize=CHUNK):
            yield [_values(column) for column in batch.columns]

    return _batched(name, table.column_names, chunks(), total=table.num_rows)


def _pandas(frame: Any, name: str) -> Table:
    """Column by column: Arrow refuses mixed objects, and merges the keys of mappings."""
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()

    def chunks() -> Iterator[list[Sequence[Any]] | str]:
        for start in range(0, len(frame), CHUNK):
            part = frame.iloc[start : start + CHUNK]
            yield [_series(part.iloc[:, at]) for at in range(part.shape[1])]

    return _batched(name, frame.columns, chunks(), total=len(frame))


def _series(series: Any) -> list[Any]:
    if series.dtype == object:
        gone = series.isna().tolist()
        values = series.tolist()
        return [None if no else value for value, no in zip(values, gone, strict=True)]
    return _values(pa.Array.from_pandas(series))


def _columns(source: Mapping[str, Any], name: str) -> Table:
    lengths = {len(column) for column in source.values()}
    if len(lengths) > 1:
        raise InputError(f"{name}: the columns have different lengths, {sorted(lengths)}")
    whole: list[Sequence[Any]] = [
        column.tolist() if hasattr(column, "tolist") else list(column) for column in source.values()
    ]
    return _batched(name, source, iter([whole] if whole else []), total=max(lengths, default=0))


def _mappings(source: Iterable[Any], name: str) -> Table:
    total = len(source) if isinstance(source, Sequence) else 0
    read = 0

    def rows() -> Rows:
        nonlocal read
        for row in source:
            read += 1
            if isinstance(row, Mapping):
                yield read, row
            else:
                what = type(row).__name__
                problem = f"a row is a {what}"
                yield read, Reject(name, read, "", str(row)[:80], problem, "give a mapping a row")

    head, every = _peek(rows())
    columns = tuple(dict.fromkeys(str(column) for row in head for column in row))
    return Table(name, columns, every, head, total=total, done=lambda: read, open_ended=True)
