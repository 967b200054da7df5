"""In: the first rows of a file without a line of names. Out: what its columns may be called.

The public data sets that have no such line, by their names and the form of their cells; any other
file by the form of its cells alone. What comes out is offered and never taken without a yes.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from foretaste.behaviour.formats import FORMATS

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_TIME = re.compile(
    r"[89]\d{8}|1\d{9}(?:\d{3}|\d{6}|\d{9})?"  # seconds since 1970, or parts of them
    r"|\d{4}[-/]\d\d[-/]\d\d.*|\d\d?[-/.](?:\d\d?|\w{3})[-/.]\d{4}.*"
)
_EMPTY_WORDS = frozenset(("", "na", "n/a", "nan", "null", "none", "\\n", "-"))
MAX_RATING = 100.0
MAX_ROWS_LOOKED_AT = 200
MAX_EQUAL_WIDTH_SHARE = 0.7
"""Of the rows, those of the most frequent width, above which a file has columns and no baskets."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file without names."""

    title: str
    """Whose layout it is: "MovieLens 100K"."""
    file: str
    """A regular expression for the file's name, without what says how it is packed."""
    header: tuple[str, ...]
    delimiters: str = ""
    """Any if empty."""


LAYOUTS = (
    *(
        Layout(file_format.title, table.file, table.header, table.delimiter)
        for file_format in FORMATS
        for table in file_format.tables
        if table.header and table.file
    ),
    Layout("Book-Crossing", r"bx-book-ratings\.csv", ("user", "item", "value"), ";"),
    Layout("Amazon ratings", r"ratings_.*\.csv", ("user", "item", "value", "at"), ","),
)


@dataclass(frozen=True, slots=True)
class HeaderOffer:
    """Names for the columns of a file without a line of names."""

    title: str | None
    """Whose layout it is; None if the cells alone speak for it."""
    header: tuple[str, ...]
    rows: str = "table"
    """`baskets`: a row has any number of items side by side."""


def looks_like_row(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line of a file is a row like the others and no line of names."""
    cells = [cell.strip() for cell in first]
    later_rows = [row for row in rows[:MAX_ROWS_LOOKED_AT] if list(row) != list(first)]
    columns = [[row[at].strip() for row in later_rows if at < len(row)] for at in range(len(cells))]
    number_shares = [_share([cell for cell in column if cell], _is_number) for column in columns]
    pairs = list(zip(cells, columns, number_shares, strict=True))
    if any(share > 0.9 and not _is_number_or_empty(cell) for cell, _, share in pairs):
        return False  # a word above numbers
    return any(
        (share > 0.9 and _is_number(cell))
        or (_is_time(cell) and any(map(_is_time, column)))
        or (cell != "" and cell in column)
        for cell, column, share in pairs
    )


def offer_header(
    file: str, delimiter: str, rows: Sequence[Sequence[str]], record_type: str | None = None
) -> HeaderOffer:
    """Names for the columns of these rows. record_type: events, items or users, where that is
    known.
    """
    rows = rows[:MAX_ROWS_LOOKED_AT]
    if are_baskets(rows):
        first_cells = [row[0] for row in rows]
        has_ids = len(set(first_cells)) == len(first_cells) > 1
        return HeaderOffer(None, ("user",) if has_ids else (), "baskets")
    width = max(map(len, rows), default=0)
    for layout in LAYOUTS:
        if (
            re.fullmatch(layout.file, Path(file).name.lower())
            and len(layout.header) == width
            and layout.delimiters in ("", delimiter)
        ):
            return HeaderOffer(layout.title, layout.header)
    columns = [[row[at].strip() for row in rows if at < len(row)] for at in range(width)]
    if record_type == "events" or (record_type is None and _is_event_table(columns)):
        return HeaderOffer(None, _event_header(columns))
    return HeaderOffer(None, _entity_header(columns))


def are_baskets(rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows have items side by side: any number of them, the same ones in any column."""
    filled = [[cell for cell in row if cell.strip()] for row in rows if row]
    widths = Counter(map(len, filled))
    if len(widths) < 2 or widths.most_common(1)[0][1] > MAX_EQUAL_WIDTH_SHARE * len(filled):
        return False
    second_cells = {row[1] for row in filled if len(row) > 1}
    later_cells = {cell for row in filled for cell in row[2:]}
    return bool(second_cells & later_cells)


def _is_event_table(columns: Sequence[Sequence[str]]) -> bool:
    """Whether the ids of the first column come again: of items and users each has a row."""
    return bool(columns) and len(set(columns[0])) < len(columns[0])


def _event_header(columns: Sequence[Sequence[str]]) -> tuple[str, ...]:
    names: dict[int, str] = {}
    times = [at for at, column in enumerate(columns) if _share(column, _is_time) > 0.9]
    if times and (times[-1] > 0 or not columns[0][0].isdigit()):
        names[times[-1]] = "at"
    ids = [at for at in range(len(columns)) if at not in names]
    names |= dict(zip(ids, ("user", "item"), strict=False))
    for at in ids[2:]:
        if "value" not in names.values() and _share(columns[at], _is_rating) > 0.9:
            names[at] = "value"
        elif "event_type" not in names.values() and _is_word_column(columns[at]):
            names[at] = "event_type"
    return tuple(names.get(at, f"column_{at + 1}") for at in range(len(columns)))


def _entity_header(columns: Sequence[Sequence[str]]) -> tuple[str, ...]:
    names = {0: "id"}
    texts = [at for at in range(1, len(columns)) if _share(columns[at], _is_number_or_empty) < 0.5]
    if texts:
        names[texts[0]] = "title"
    return tuple(names.get(at, f"column_{at + 1}") for at in range(len(columns)))


def _share(column: Sequence[str], has_form: Callable[[str], bool]) -> float:
    return sum(map(has_form, column)) / max(len(column), 1)


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))


def _is_number_or_empty(cell: str) -> bool:
    return cell.lower() in _EMPTY_WORDS or _is_number(cell)


def _is_time(cell: str) -> bool:
    return bool(_TIME.fullmatch(cell))


def _is_rating(cell: str) -> bool:
    return _is_number(cell) and float(cell.replace(",", ".")) <= MAX_RATING


def _is_word_column(column: Sequence[str]) -> bool:
    """A few different words: what may be types of events."""
    words = set(column)
    return len(words) <= 12 and all(
        word.replace("_", "").replace(" ", "").isalpha() for word in words if word
    )
