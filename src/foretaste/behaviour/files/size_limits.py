"""How much of a file is in memory at once, whatever the file.

A file of a few hundred kilobytes may unpack to gigabytes, and one line or one value of it may be
all of them. Each limit is far above what shops have; what is beyond is rejected or refused with
what to do, and read past in pieces.
"""

from typing import Any

MAX_LINE_BYTES = 8 << 20
"""Of one line of a text file, or of one JSON value among others."""
MAX_VALUE_BYTES = 32 << 20
"""Of a file that is a single JSON value."""
MAX_VALUE_MEMORY = 192 << 20
"""That a JSON value takes as Python objects, by `value_memory`."""
MAX_COLUMNS = 10_000
"""Of a table."""
MAX_HEAD_LENGTH = 16 << 20
"""Characters, as `row_length` counts, of the first rows by which columns are decided."""
MAX_BATCH_BYTES = 32 << 20
"""Of a file, unpacked, in one batch of rows."""
MAX_REMEMBERED_EVENTS = 1_000_000
"""Events of a file whose ids are remembered, to tell one that comes twice from one known before."""
MAX_UNPACKED_BYTES = 4 << 30
"""Of a packed file that must be unpacked before it can be read: Parquet, a spreadsheet."""


def value_memory(text: str) -> int:
    """Bytes that the values of a JSON text take at most, as Python objects."""
    containers, strings = text.count("{"), text.count('"') // 2
    values = text.count(",") + text.count(":") + text.count("[") + containers
    width = 1 if text.isascii() else 4
    return width * len(text) + 60 * (values + strings) + 230 * containers


def row_length(value: Any) -> int:
    """Characters of the texts of a row, with some for each value."""
    if isinstance(value, str | bytes):
        return 40 + len(value)
    if isinstance(value, dict):
        return sum(40 + row_length(part) for part in value.values())
    if isinstance(value, list | tuple):
        return sum(map(row_length, value))
    return 40


def too_long_line(size: int) -> tuple[str, str]:
    """(what is wrong with a line, what to do)"""
    return (
        f"a line has {size:,} bytes, and one may have {MAX_LINE_BYTES:,}",
        "write a row a line, with line ends between them; if its columns are as long, shorten them",
    )


def too_many_columns(count: int) -> str:
    """What is wrong with a table, and what to do."""
    return (
        f"it has {count:,} columns, and may have {MAX_COLUMNS:,}; leave out those that do not "
        "matter, or put the values of a kind into one column"
    )
