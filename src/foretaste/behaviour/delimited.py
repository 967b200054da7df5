"""In: a stream of CSV or TSV. Out: the columns, and each row with the number of its first line.

Rows that are broken (not UTF-8, too few or too many fields, a quote that is never closed, the end
of a damaged file) come out as a `Reject`; a broken row never takes the rows after it with it.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from foretaste.behaviour.stream import Rows, Stream
from foretaste.behaviour.values import shown
from foretaste.domain.data import Reject
from foretaste.errors import InputError

_UNREADABLE = "\ufffd"


class _Lines:
    """Lines as text for the csv module, with their numbers; lines can be given back."""

    def __init__(self, stream: Stream) -> None:
        self._bytes = stream.lines()
        self._back: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []
        """The lines of the present row."""
        self.broken: dict[int, str] = {}
        """Line → why it is not UTF-8."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._back:
            line = self._back.popleft()
            self.number += 1
        else:
            raw = next(self._bytes)
            self.number += 1
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                line = raw.decode(errors="replace")
                byte = raw[error.start]
                self.broken[self.number] = f"byte 0x{byte:02x} at place {error.start + 1}"
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Give back all lines of the present row but the first."""
        self._back.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]

    def unreadable(self) -> str:
        """Why the present row is not UTF-8; empty if it is."""
        return next((why for at, why in self.broken.items() if at <= self.number), "")

    def next_row(self) -> None:
        """The present row is done with."""
        self.taken.clear()
        for at in [at for at in self.broken if at <= self.number]:
            del self.broken[at]


def rows(stream: Stream) -> tuple[tuple[str, ...], Rows]:
    """(columns, rows) of a file whose first line is a header."""
    lines = _Lines(stream)
    delimiter = _delimiter(stream)
    # strict: a text between the closing quote and the comma is how an unclosed quote shows
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    columns = _header(reader, lines, stream)
    lines.next_row()
    return columns, _Body(stream, columns, delimiter, lines).rows(reader)


def _delimiter(stream: Stream) -> str:
    """The most frequent candidate of the header, outside quotes."""
    header = stream.start().lstrip(b"\r\n").partition(b"\n")[0].partition(b"\r")[0]
    bare = b"".join(header.split(b'"')[::2])
    return max(",;\t|", key=lambda mark: bare.count(mark.encode()))


def _header(reader: Iterator[list[str]], lines: _Lines, stream: Stream) -> tuple[str, ...]:
    try:
        names = next(fields for fields in reader if any(field.strip() for field in fields))
    except StopIteration:
        why = stream.broken or "there is no header"
        raise InputError(f"{stream.name}: {why}; expected a line of column names") from None
    except csv.Error as error:
        raise InputError(f"{stream.name}: the header cannot be read ({error})") from None
    if lines.broken:
        why = next(iter(lines.broken.values()))
        raise InputError(f"{stream.name}: the header is not UTF-8 ({why}); save the file as UTF-8")
    columns = tuple(name.strip() or f"column_{at}" for at, name in enumerate(names, 1))
    for name in columns:
        if columns.count(name) > 1:
            raise InputError(f"{stream.name}: two columns are called '{shown(name)}'; rename one")
    return columns


@dataclass
class _Body:
    """The lines below the header."""

    stream: Stream
    columns: tuple[str, ...]
    delimiter: str
    lines: _Lines

    def rows(self, reader: Iterator[list[str]]) -> Rows:
        lines, taken, columns, width = self.lines, self.lines.taken, self.columns, len(self.columns)
        while True:
            fault = ""
            try:
                fields = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                fields, fault = [], str(error)
            start = lines.number - len(taken) + 1
            if len(fields) == width and not (lines.broken and lines.unreadable()):
                yield start, dict(zip(columns, fields, strict=True))
            elif fields or fault:  # an empty line is no row
                yield start, self.reject(start, fields, fault)
            lines.next_row()
        if self.stream.broken:
            remedy = "copy the file again; the rows before it are in"
            line = lines.number + 1
            yield line, Reject(self.stream.name, line, "", "", self.stream.broken, remedy)

    def reject(self, start: int, fields: list[str], fault: str) -> Reject:
        columns, width = self.columns, len(fields)
        if len(self.lines.taken) > 1 and width != len(columns):
            self.lines.give_back()  # an open quote has run on into rows that are not its own
            fields = []
        first = self.lines.taken[0]
        row = dict(zip(columns, fields, strict=False))
        column, value = "", first.strip()
        why = self.lines.unreadable()
        if why:
            column = next((name for name, field in row.items() if _UNREADABLE in field), "")
            value = row.get(column, value)
            problem, remedy = f"not UTF-8 ({why} of the line)", "save the file as UTF-8"
        elif fault:
            problem = f"a quote is not closed, or stands inside a field ({fault})"
            remedy = 'close it, and write a " inside a quoted field as ""'
        else:
            column = columns[width] if width < len(columns) else ""
            problem = f"{width} fields where the header has {len(columns)}"
            if not first.endswith("\n"):
                problem += ", and the file ends here as if cut off"
            mark = "a tab" if self.delimiter == "\t" else f"a '{self.delimiter}'"
            remedy = f"put quotes around a field that holds {mark}, or write the row again"
        row = row or {"": shown(value)}
        return Reject(self.stream.name, start, column, shown(value), problem, remedy, row)
