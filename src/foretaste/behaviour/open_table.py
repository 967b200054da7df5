"""In: rows as they come, or columns a chunk at a time. Out: an open table, whose first rows are
known.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Self

from foretaste.behaviour.files.file_form import FileForm
from foretaste.behaviour.files.size_limits import (
    MAX_COLUMNS,
    MAX_HEAD_LENGTH,
    row_length,
    too_many_columns,
)
from foretaste.behaviour.formats.declaration import TableFormat
from foretaste.behaviour.stream import Row, Rows
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

HEAD_ROWS = 2_000
"""Rows read before anything is decided from the data."""
FRAME_FORM = FileForm("a data frame")


@dataclass
class OpenTable:
    """An open source of rows. Close it, or use it in a `with`."""

    name: str
    columns: tuple[str, ...]
    rows: Rows
    head: Sequence[Row]
    """The first readable rows; they come again in `rows`."""
    total: int
    """Bytes of a file, rows of a frame; 0 where it is not known."""
    amount_read: Callable[[], int]
    """How much of the total has been read."""
    unpacked_bytes: Callable[[], int] = lambda: 0
    """How many bytes of a text file have been read, as they are unpacked."""
    open_ended: bool = False
    """Whether rows further down may have other columns (JSON)."""
    close: Callable[[], None] = lambda: None
    reopen: "Callable[[], OpenTable] | None" = None
    """Opens it once more, at its beginning; None of what can be read only once."""
    form: FileForm = FRAME_FORM
    """How it is written."""
    format: TableFormat | None = None
    """Whose its columns are, where it is read by a format."""
    step_notes: Callable[[], Sequence[str]] = tuple
    """What the steps of the format left out, once the rows have been read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def peek(rows: Rows) -> tuple[list[Row], Rows]:
    """(the first readable rows, all rows)"""
    first: list[tuple[int, Row | RejectedRow]] = []
    length = 0
    for numbered_row in islice(rows, HEAD_ROWS):
        first.append(numbered_row)
        length += 0 if isinstance(numbered_row[1], RejectedRow) else row_length(numbered_row[1])
        if length > MAX_HEAD_LENGTH:
            break
    return [row for _, row in first if not isinstance(row, RejectedRow)], chain(first, rows)


def batched_table(
    name: str,
    columns: Iterable[Any],
    chunks: Iterator[list[Sequence[Any]] | str],
    *,
    total: int,
    close: Callable[[], None] = lambda: None,
    form: FileForm = FRAME_FORM,
) -> OpenTable:
    """A table of chunks; each is a list of columns, or the reason why no more can be read."""
    names = tuple(str(column) for column in columns)
    if len(set(names)) < len(names):
        duplicate_name = next(column for column in names if names.count(column) > 1)
        raise InputError(f"{name}: two columns are called '{duplicate_name}'; rename one")
    rows_read = 0

    def rows() -> Rows:
        nonlocal rows_read
        for chunk in chunks:
            if isinstance(chunk, str):
                problem = f"the file is damaged from row {rows_read + 1} on ({chunk})"
                yield (
                    rows_read + 1,
                    RejectedRow(name, rows_read + 1, "", "", problem, "copy or write it again"),
                )
                return
            for values in zip(*chunk, strict=True):
                rows_read += 1
                yield rows_read, dict(zip(names, values, strict=True))

    if len(names) > MAX_COLUMNS:
        raise InputError(f"{name}: {too_many_columns(len(names))}")
    head, all_rows = peek(rows())
    return OpenTable(
        name,
        names,
        all_rows,
        head,
        total=total,
        amount_read=lambda: rows_read,
        close=close,
        form=form,
    )
