"""In: the first lines of a file of cells. Out: what stands between the cells, and around them.

The csv module reads the lines by each of a few dialects; that which breaks the fewest rows is it.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from foretaste.behaviour.files.packing import BYTES_PER_CHUNK

DELIMITERS = ("::", ",", ";", "\t", "|", "\x01", "^", "~")
UNIT_SEPARATOR = "\x1f"
"""Stands for a delimiter of two letters, which the csv module does not take."""
_SINGLE_QUOTED = re.compile(r"(?:^|\W)'\w*+[^\w'][^']*+'(?:\W|$)")
MAX_SAMPLE_ROWS = 5_000
MIN_CONSISTENT_SHARE = 0.9
"""Of the rows, those of one width, from where on blanks are taken for delimiters."""
_NAMES_OF_DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "vertical bars",
    " ": "blanks",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a line are written."""

    delimiter: str = ","
    quote: str | None = '"'
    """Around a cell that has a delimiter in it; None if nothing is."""
    backslash: bool = False
    r"""Whether a quote inside a cell is written \" and not doubled."""

    @property
    def label(self) -> str:
        """In words: "commas"."""
        return _NAMES_OF_DELIMITERS.get(
            self.delimiter, f"'{self.delimiter}'".replace("\x01", "\\x01")
        )

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The rows of the lines. Strict: a text between the closing quote and the delimiter is how
        an unclosed quote shows.
        """
        delimiter = self.delimiter if len(self.delimiter) == 1 else UNIT_SEPARATOR
        if delimiter != self.delimiter:
            lines = (line.replace(self.delimiter, UNIT_SEPARATOR) for line in lines)
        return csv.reader(
            lines,
            delimiter=delimiter,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar="\\" if self.backslash else None,
            doublequote=not self.backslash,
            strict=True,
            skipinitialspace=delimiter != "\t",
        )


def detect_dialect(lines: Sequence[str], delimiter: str | None = None) -> Dialect:
    """The dialect of a file by its first lines. delimiter: what the settings say it is."""
    lines = [line for line in lines if line.strip()]
    if not lines:
        return Dialect(delimiter or ",")
    dialect = Dialect(delimiter or _delimiter(lines))
    broken_count = _broken_rows(dialect, lines)
    if not broken_count:
        return dialect
    candidates = [dialect]
    if any(_SINGLE_QUOTED.search(line) for line in lines):
        candidates.append(Dialect(dialect.delimiter, "'"))
    if any('\\"' in line for line in lines):
        candidates.append(Dialect(dialect.delimiter, backslash=True))
    is_rarely_quoted = dialect.delimiter not in ",;"  # with tabs a quote is often but a quote
    if is_rarely_quoted and _quoted_cells(dialect, lines) <= broken_count:
        candidates.append(Dialect(dialect.delimiter, None))
    return min(candidates, key=lambda candidate: _broken_rows(candidate, lines))


def _delimiter(lines: Sequence[str]) -> str:
    """The one that the first line has and that gives the most rows of its width."""
    first = "".join(lines[0].split('"')[::2])
    candidates = [mark for mark in DELIMITERS if mark in first]
    if not candidates:
        return " " if _has_blank_columns(lines) else ","

    def fit(mark: str) -> tuple[float, int]:
        widths = _widths(Dialect(mark), lines)
        width = max(widths[0], 2) if widths else 0
        consistent = sum(row_width in (width, width + 1) for row_width in widths)
        return round(consistent / max(len(widths), 1), 1), first.count(mark)

    return max(candidates, key=fit)


def _has_blank_columns(lines: Sequence[str]) -> bool:
    """Whether every line has the same number of words, of which some have digits; or nothing else
    than numbers, in lines of any length.
    """
    rows = [line.split() for line in lines[:MAX_SAMPLE_ROWS]]
    if all(word.isdigit() for words in rows for word in words):
        return max(map(len, rows)) > 1
    (width, count), *_ = Counter(map(len, rows)).most_common(1)
    have_digits = all(any(map(str.isdigit, "".join(words))) for words in rows[1:])
    return width > 1 and have_digits and count >= MIN_CONSISTENT_SHARE * len(rows)


def _widths(dialect: Dialect, lines: Sequence[str]) -> list[int]:
    return [len(cells) for cells in sample_rows(dialect, lines) if cells]


def _broken_rows(dialect: Dialect, lines: Sequence[str]) -> int:
    """Rows that cannot be read, or have more cells than most, or fewer."""
    rows = sample_rows(dialect, lines)
    widths = Counter(len(cells) for cells in rows if cells)
    usual_width = widths.most_common(1)[0][0] if widths else 0
    header_width = len(rows[0]) if rows and rows[0] else usual_width
    return sum(
        cells is None or (bool(cells) and len(cells) not in (usual_width, header_width))
        for cells in rows
    )


def _quoted_cells(dialect: Dialect, lines: Sequence[str]) -> int:
    """Cells with a quote at both ends."""
    cells = (cell for line in lines for cell in line.rstrip("\r\n").split(dialect.delimiter))
    return sum(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells)


def sample_rows(dialect: Dialect, lines: Sequence[str]) -> list[list[str] | None]:
    """The first rows of the lines, None for one that cannot be read."""
    reader = dialect.reader(lines)
    rows: list[list[str] | None] = []
    for _ in range(MAX_SAMPLE_ROWS):
        try:
            rows.append(next(reader))
        except StopIteration:
            break
        except csv.Error:
            rows.append(None)
    return rows


def sample_lines(head: bytes, limit: int = MAX_SAMPLE_ROWS) -> list[str]:
    """The first whole lines of a file, as text."""
    text = head.decode(errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(head) >= BYTES_PER_CHUNK and len(lines) > 1:
        lines.pop()  # the file goes on within it
    return [line + "\n" for line in islice(lines, limit)]
