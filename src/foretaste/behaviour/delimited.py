"""In: a stream of CSV or TSV. Out: the columns, and each row with the number of its first line.

Rows that are broken (not UTF-8, too few or too many fields, a quote that is never closed, the end
of a damaged file) come out as a `RejectedRow`; a broken row never takes the rows after it with it.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from foretaste.behaviour.stream import Rows, Stream
from foretaste.behaviour.values import display_text
from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

_REPLACEMENT_CHARACTER = "\ufffd"


class _Lines:
    """Lines as text for the csv module, with their numbers; lines can be given back."""

    def __init__(self, stream: Stream) -> None:
        self._bytes = stream.lines()
        self._returned_lines: deque[str] = deque()
        self.number = 0
        self.row_lines: list[str] = []
        """The lines of the present row."""
        self.decode_errors: dict[int, str] = {}
        """Line → why it is not UTF-8."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._returned_lines:
            line = self._returned_lines.popleft()
            self.number += 1
        else:
            raw = next(self._bytes)
            self.number += 1
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                line = raw.decode(errors="replace")
                byte = raw[error.start]
                self.decode_errors[self.number] = f"byte 0x{byte:02x} at place {error.start + 1}"
        self.row_lines.append(line)
        return line

    def give_back(self) -> None:
        """Give back all lines of the present row but the first."""
        self._returned_lines.extendleft(reversed(self.row_lines[1:]))
        self.number -= len(self.row_lines) - 1
        del self.row_lines[1:]

    def row_decode_error(self) -> str:
        """Why the present row is not UTF-8; empty if it is."""
        return next((reason for at, reason in self.decode_errors.items() if at <= self.number), "")

    def finish_row(self) -> None:
        """The present row is done with."""
        self.row_lines.clear()
        for at in [at for at in self.decode_errors if at <= self.number]:
            del self.decode_errors[at]


def rows(stream: Stream) -> tuple[tuple[str, ...], Rows]:
    """(columns, rows) of a file whose first line is a header."""
    lines = _Lines(stream)
    delimiter = _delimiter(stream)
    # strict: a text between the closing quote and the comma is how an unclosed quote shows
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    columns = _header(reader, lines, stream)
    lines.finish_row()
    return columns, _Body(stream, columns, delimiter, lines).rows(reader)


def _delimiter(stream: Stream) -> str:
    """The most frequent candidate of the header, outside quotes."""
    header = stream.first_bytes().lstrip(b"\r\n").partition(b"\n")[0].partition(b"\r")[0]
    unquoted_header = b"".join(header.split(b'"')[::2])
    return max(",;\t|", key=lambda mark: unquoted_header.count(mark.encode()))


def _header(reader: Iterator[list[str]], lines: _Lines, stream: Stream) -> tuple[str, ...]:
    try:
        names = next(fields for fields in reader if any(field.strip() for field in fields))
    except StopIteration:
        reason = stream.break_reason or "there is no header"
        raise InputError(f"{stream.name}: {reason}; expected a line of column names") from None
    except csv.Error as error:
        raise InputError(f"{stream.name}: the header cannot be read ({error})") from None
    if lines.decode_errors:
        reason = next(iter(lines.decode_errors.values()))
        raise InputError(
            f"{stream.name}: the header is not UTF-8 ({reason}); save the file as UTF-8"
        )
    columns = tuple(name.strip() or f"column_{at}" for at, name in enumerate(names, 1))
    for name in columns:
        if columns.count(name) > 1:
            raise InputError(
                f"{stream.name}: two columns are called '{display_text(name)}'; rename one"
            )
    return columns


@dataclass
class _Body:
    """The lines below the header."""

    stream: Stream
    columns: tuple[str, ...]
    delimiter: str
    lines: _Lines

    def rows(self, reader: Iterator[list[str]]) -> Rows:
        lines, row_lines, columns, width = (
            self.lines,
            self.lines.row_lines,
            self.columns,
            len(self.columns),
        )
        while True:
            csv_error = ""
            try:
                fields = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                fields, csv_error = [], str(error)
            start = lines.number - len(row_lines) + 1
            if len(fields) == width and not (lines.decode_errors and lines.row_decode_error()):
                yield start, dict(zip(columns, fields, strict=True))
            elif fields or csv_error:  # an empty line is no row
                yield start, self.reject(start, fields, csv_error)
            lines.finish_row()
        if self.stream.break_reason:
            remedy = "copy the file again; the rows before it are in"
            line = lines.number + 1
            yield (
                line,
                RejectedRow(self.stream.name, line, "", "", self.stream.break_reason, remedy),
            )

    def reject(self, start: int, fields: list[str], csv_error: str) -> RejectedRow:
        columns, width = self.columns, len(fields)
        if len(self.lines.row_lines) > 1 and width != len(columns):
            self.lines.give_back()  # an open quote has run on into rows that are not its own
            fields = []
        first_line = self.lines.row_lines[0]
        row = dict(zip(columns, fields, strict=False))
        column, value = "", first_line.strip()
        decode_error = self.lines.row_decode_error()
        if decode_error:
            column = next(
                (name for name, field in row.items() if _REPLACEMENT_CHARACTER in field), ""
            )
            value = row.get(column, value)
            problem, remedy = f"not UTF-8 ({decode_error} of the line)", "save the file as UTF-8"
        elif csv_error:
            problem = f"a quote is not closed, or stands inside a field ({csv_error})"
            remedy = 'close it, and write a " inside a quoted field as ""'
        else:
            column = columns[width] if width < len(columns) else ""
            problem = f"{width} fields where the header has {len(columns)}"
            if not first_line.endswith("\n"):
                problem += ", and the file ends here as if cut off"
            mark = "a tab" if self.delimiter == "\t" else f"a '{self.delimiter}'"
            remedy = f"put quotes around a field that holds {mark}, or write the row again"
        row = row or {"": display_text(value)}
        return RejectedRow(
            self.stream.name, start, column, display_text(value), problem, remedy, row
        )
