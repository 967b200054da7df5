"""In: a stream of CSV, or of cells with other delimiters. Out: the columns, and each row with the
number of its first line.

Rows that are broken (not UTF-8, too few or too many fields, a quote that is never closed, the end
of a damaged file) come out as a `RejectedRow`; a broken row never takes the rows after it with it.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from foretaste.behaviour.files.dialect import Dialect, detect_dialect, sample_lines, sample_rows
from foretaste.behaviour.files.file_form import FileForm
from foretaste.behaviour.files.file_settings import Reading
from foretaste.behaviour.files.header import Header, find_header, row_maker
from foretaste.behaviour.files.size_limits import MAX_COLUMNS, too_long_line, too_many_columns
from foretaste.behaviour.stream import LongLine, Row, Rows, Stream
from foretaste.behaviour.values import display_text
from foretaste.domain.data import RejectedRow
from foretaste.domain.text_limits import MAX_ITEM_LENGTH
from foretaste.errors import InputError

_REPLACEMENT_CHARACTER = "\ufffd"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
MIN_TITLED_COLUMNS = 3
"""Cells of a row that may be a title above others; a row of a basket has no empty ones."""
PLAIN_READING = Reading()


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
        self.long_lines: dict[int, int] = {}
        """Line → its bytes, of those that are too long; their text is only their beginning."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._returned_lines:
            line = self._returned_lines.popleft()
            self.number += 1
        else:
            raw = next(self._bytes)
            self.number += 1
            if isinstance(raw, LongLine):
                self.long_lines[self.number] = raw.size
                raw = raw.replace(b'"', b"'")  # no quote of it runs on into other rows
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

    def give_back_row(self) -> None:
        """Give back all lines of the present row."""
        self._returned_lines.extendleft(reversed(self.row_lines))
        self.number -= len(self.row_lines)
        self.row_lines.clear()

    def skip(self, count: int) -> None:
        """Read past some lines."""
        for _ in range(count):
            next(self, None)
        self.finish_row()

    def row_decode_error(self) -> str:
        """Why the present row is not UTF-8; empty if it is."""
        return next((reason for at, reason in self.decode_errors.items() if at <= self.number), "")

    def finish_row(self) -> None:
        """The present row is done with."""
        self.row_lines.clear()
        for at in [at for at in self.decode_errors if at <= self.number]:
            del self.decode_errors[at]
        self.long_lines.clear()


def read_table(
    stream: Stream, reading: Reading = PLAIN_READING
) -> tuple[tuple[str, ...], Rows, FileForm]:
    """(columns, rows, how it is written).

    Raises InputError where there is no header, or where it cannot be used.
    """
    lines, sample = _Lines(stream), sample_lines(stream.first_bytes())
    preface = _preface(sample)
    separator = reading.settings.delimiter or _separator_of(sample[:preface])
    dialect = detect_dialect(sample[preface:], separator)
    if _names_are_a_remark(sample, preface, dialect):
        preface -= 1
    rows_above, titles = _titles(sample_rows(dialect, sample[preface:]))
    preface += rows_above
    lines.skip(preface)
    first = _first_row(stream, lines, dialect)
    body = sample_rows(dialect, sample[preface:])[1:]
    rows_known = [first, *filter(None, body)]
    header = find_header(stream.name, dialect.delimiter, rows_known, reading)
    if header.in_file:
        lines.finish_row()
    else:
        lines.give_back_row()
    form = FileForm(
        f"text with {dialect.label} between the cells",
        stream.encoding.name,
        stream.packing,
        dialect.delimiter,
        () if header.in_file else header.columns,
        header.rows,
        (*filter(None, (stream.encoding.note,)), *map(_note_of_title, titles), *header.notes),
    )
    make_row = row_maker(header, has_nulls=any("\\N" in line for line in sample))
    return header.names, _Body(stream, header, dialect, lines).rows(make_row), form


def rows(stream: Stream) -> tuple[tuple[str, ...], Rows]:
    """(columns, rows) of a file whose first line is a header."""
    columns, body_rows, _ = read_table(stream)
    return columns, body_rows


def _preface(sample: Sequence[str]) -> int:
    """How many lines stand above the names: empty ones, remarks after a #, Excel's `sep=;`."""
    for number, line in enumerate(sample):
        text = line.strip("\ufeff\r\n")
        is_preface = not text.strip() or text.startswith("#") or _SEPARATOR_LINE.fullmatch(text)
        if not is_preface:
            return number
    return 0


def _titles(sampled_rows: Sequence[list[str] | None]) -> tuple[int, list[str]]:
    """(rows above the names, what stands alone in them), as Excel saves a title: `Spring range;;;`.
    None unless the row below is one of names: all cells filled, all different, no number.
    """
    titles: list[str] = []
    for row, cells in enumerate(sampled_rows):
        filled = [cell.strip() for cell in cells or () if cell.strip()]
        if cells is None or any("\n" in cell for cell in cells):
            break
        if len(filled) > 1:
            are_names = len(set(filled)) == len(cells) >= MIN_TITLED_COLUMNS
            are_names = are_names and not any(cell[0].isdigit() for cell in filled)
            return (row, titles) if titles and are_names else (0, [])
        if filled and len(cells) < MIN_TITLED_COLUMNS:
            break
        titles += filled
    return 0, []


def _note_of_title(title: str) -> str:
    return f"'{title}' stands alone above the names and was left out"


def _separator_of(preface: Sequence[str]) -> str | None:
    """The delimiter that Excel's `sep=;` names."""
    for line in preface:
        match = _SEPARATOR_LINE.fullmatch(line.strip("\ufeff\r\n"))
        if match:
            return match[1]
    return None


def _names_are_a_remark(sample: Sequence[str], preface: int, dialect: Dialect) -> bool:
    """Whether the last remark has the names, as in `# user<tab>item`."""
    if preface == 0 or not sample[preface - 1].startswith("#"):
        return False
    names, first = sample_rows(dialect, sample[preface - 1 : preface + 1])
    return names is not None and first is not None and len(names) == len(first) > 1


def _first_row(stream: Stream, lines: _Lines, dialect: Dialect) -> list[str]:
    """The first row that is not empty; it may be the header."""
    try:
        reader = dialect.reader(lines)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                break
            lines.finish_row()
        else:
            reason = stream.break_reason or "there is no header"
            raise InputError(f"{stream.name}: {reason}; expected a line of column names")
    except csv.Error as error:
        raise InputError(f"{stream.name}: the header cannot be read ({error})") from None
    if lines.long_lines:
        problem, remedy = too_long_line(max(lines.long_lines.values()))
        raise InputError(f"{stream.name}: {problem}; {remedy}")
    if len(cells) > MAX_COLUMNS:
        raise InputError(f"{stream.name}: {too_many_columns(len(cells))}")
    if lines.decode_errors:
        reason = next(iter(lines.decode_errors.values()))
        raise InputError(
            f"{stream.name}: the header is not UTF-8 ({reason}); save the file as UTF-8"
        )
    return [cells[0].lstrip("#").strip(), *cells[1:]] if lines.number else cells


@dataclass
class _Body:
    """The lines below the header."""

    stream: Stream
    header: Header
    dialect: Dialect
    lines: _Lines

    def rows(self, make_row: Callable[[list[str]], Row | None] | None) -> Rows:
        """make_row: the row of its cells, None for cells that are none; None for plain rows."""
        lines, columns, width = self.lines, self.header.columns, len(self.header.columns)
        row_lines, reader = lines.row_lines, self.dialect.reader(lines)
        while True:
            csv_error = ""
            try:
                fields = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                fields, csv_error = [], str(error)
            start = lines.number - len(row_lines) + 1
            row: Row | None = None
            is_readable = not lines.long_lines
            if is_readable and fields and not (lines.decode_errors and lines.row_decode_error()):
                if make_row is not None:
                    row = make_row(fields)
                elif len(fields) == width:
                    row = dict(zip(columns, fields, strict=True))
            if row is not None and self._repeats_names(fields):
                lines.finish_row()  # files that were put one after another
                continue
            if row is not None:
                yield start, row
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

    def _repeats_names(self, fields: Sequence[str]) -> bool:
        """Whether the cells are the names of the columns once more."""
        columns = self.header.columns
        is_alike = self.header.in_file and fields[0].strip() == columns[0] and len(fields) > 1
        return is_alike and [cell.strip() for cell in fields] == list(columns)

    def reject(self, start: int, fields: list[str], csv_error: str) -> RejectedRow:
        columns, width = self.header.columns, len(fields)
        if len(self.lines.row_lines) > 1 and width != len(columns):
            self.lines.give_back()  # an open quote has run on into rows that are not its own
            fields = []
        first_line = self.lines.row_lines[0]
        row = dict(zip(columns, fields, strict=False))
        column, value = "", first_line.strip()
        decode_error = self.lines.row_decode_error()
        if self.lines.long_lines:
            problem, remedy = too_long_line(max(self.lines.long_lines.values()))
        elif decode_error:
            column = next(
                (name for name, field in row.items() if _REPLACEMENT_CHARACTER in field), ""
            )
            value = row.get(column, value)
            problem, remedy = f"not UTF-8 ({decode_error} of the line)", "save the file as UTF-8"
        elif "field limit" in csv_error:
            problem = f"a field has more than {csv.field_size_limit():,} characters"
            remedy = f"shorten it to {MAX_ITEM_LENGTH:,}, or close the quote before it"
        elif csv_error:
            problem = f"a quote is not closed, or stands inside a field ({csv_error})"
            remedy = 'close it, and write a " inside a quoted field as ""'
        else:
            column = columns[width] if width < len(columns) else ""
            problem = f"{width} fields where the header has {len(columns)}"
            if not first_line.endswith("\n"):
                problem += ", and the file ends here as if cut off"
            delimiter = self.dialect.delimiter
            mark = "a tab" if delimiter == "\t" else f"a '{delimiter}'"
            remedy = f"put quotes around a field that holds {mark}, or write the row again"
        row = row or {"": display_text(value)}
        return RejectedRow(
            self.stream.name, start, column, display_text(value), problem, remedy, row
        )
