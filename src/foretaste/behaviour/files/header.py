"""In: the first rows of a file of cells, and its settings. Out: the names of its columns.

A file without names is refused with names that are offered; how they may be taken is said.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from foretaste.behaviour.columns import resolve_columns
from foretaste.behaviour.files.file_form import BASKET_COLUMN, HeaderlessError
from foretaste.behaviour.files.file_settings import FileSettings, Reading, RowShape
from foretaste.behaviour.files.layouts import are_baskets, looks_like_row, offer_header
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import display_text
from foretaste.errors import InputError

_BASKET_CELL = re.compile(r"(?:item|product|article)s?[ _-]?\d+", re.IGNORECASE)
_BASKET_NAMES = frozenset(("items", "products", "basket", "articles", "item(s)"))
MIN_BASKET_COLUMNS = 3
_TYPED_NAME = re.compile(
    r"\A(.+?):(token|token_seq|float|float_seq|int|integer|long|double|str|string|bool|boolean|date)"
)
_FALSE_CELLS = frozenset(("", "0", "0.0", "false", "False", "FALSE", "no", "n"))
MIN_NAMED_FIELDS = 2
"""From so many names of fields on the first line is a line of names, whatever stands below."""
ONE_HOT_MARK = "="
"""`genre=Drama` is a column with a 1 where the genre is Drama."""


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file, and whether the file names them."""

    columns: tuple[str, ...]
    """One a cell, "" for a cell that is not read."""
    in_file: bool = True
    """Whether the first line has them."""
    rows: RowShape = "table"
    is_last_empty: bool = False
    """Whether rows end in a delimiter where the header has none."""
    lists: tuple[str, ...] = ()
    """Columns of several words with blanks between them, as a typed header says."""
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns as the rows have them."""
        names = [column.partition(ONE_HOT_MARK)[0] for column in self.columns if column]
        if self.rows == "baskets":
            names.append(BASKET_COLUMN)
        return tuple(dict.fromkeys(names))


def find_header(
    file: str, delimiter: str, rows: Sequence[Sequence[str]], reading: Reading
) -> Header:
    """The header of a file by its first rows.

    Raises HeaderlessError, and InputError where two columns have one name.
    """
    first, body, settings = [cell.strip() for cell in rows[0]], rows[1:], reading.settings
    if settings.header or settings.rows == "baskets":
        return _header_of_settings(file, first, settings)
    baskets = _basket_header(first, body) if settings.rows is None else None
    if baskets is not None:
        return baskets
    names_fields = any(
        len(resolve_columns(kind, first, {})) >= MIN_NAMED_FIELDS for kind in ("events", "items")
    )
    is_row = not names_fields and looks_like_row(first, body)
    if is_row or (not names_fields and settings.rows is None and are_baskets(rows)):
        offer = offer_header(file, delimiter, rows, reading.record_type)
        if not reading.yes:
            raise HeaderlessError(file, [display_text(cell) for cell in first], offer)
        title = f" of {offer.title}" if offer.title else ""
        note = f"the file has no names of columns; took the names{title}: {', '.join(offer.header)}"
        shape: RowShape = "baskets" if offer.rows == "baskets" else "table"
        if shape == "baskets":
            note = "took each row for a basket of items, as offered"
        return Header(offer.header, in_file=False, rows=shape, notes=(note,))
    columns = _named(file, first, body)
    longer = [row for row in body if len(row) == len(columns) + 1]
    has_end = 2 * len(longer) > len(body) and not any(row[-1].strip() for row in longer)
    return _without_types(Header(columns, is_last_empty=has_end))


def _header_of_settings(file: str, first: Sequence[str], settings: FileSettings) -> Header:
    header = settings.header
    if settings.rows == "baskets":
        return Header(header, in_file=False, rows="baskets")
    if len(header) != len(first):
        raise InputError(
            f'{file}: [behaviour.files."{file}"] header names {len(header)} columns, and the first '
            f"row has {len(first)}; name each, or leave it out where the file has a line of names"
        )
    if list(header) == list(first):
        return Header(header)
    return Header(header, in_file=False)


def _basket_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> Header | None:
    """The header of rows that go on with items: `Item 1, Item 2, …`, or `user, items` above rows
    that are longer.
    """
    basket_columns = [column for column in first if _BASKET_CELL.fullmatch(column)]
    if (
        len(basket_columns) >= MIN_BASKET_COLUMNS
        and first[-len(basket_columns) :] == basket_columns
    ):
        named = first[: -len(basket_columns)]
    elif first[-1].lower() in _BASKET_NAMES and sum(len(row) > len(first) for row in body) > 1:
        named = first[:-1]
    else:
        return None
    columns = tuple("" if name.lower() in _BASKET_NAMES else name for name in named)
    return Header(columns, rows="baskets", notes=("each row is a basket of items",))


def _without_types(header: Header) -> Header:
    """`user_id:token` is the column user_id; of a `token_seq` each word is a value."""
    matches = [_TYPED_NAME.fullmatch(column) for column in header.columns]
    if 2 * sum(match is not None for match in matches) < len(matches):
        return header
    columns = tuple(
        match[1] if match else column for match, column in zip(matches, header.columns, strict=True)
    )
    fields = resolve_columns("items", columns, {}) | resolve_columns("events", columns, {})
    lists = tuple(
        match[1]
        for match in matches
        if match and match[2].endswith("_seq") and match[1] not in fields.values()
    )
    return replace(header, columns=columns, lists=lists)


def _named(file: str, first: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[str, ...]:
    columns = list(first)
    while (
        len(columns) > 1
        and not columns[-1]
        and not any("".join(row[len(columns) - 1 :]).strip() for row in body)
    ):
        columns.pop()  # the line of names ends in a delimiter as well
    names = tuple(name or f"column_{at}" for at, name in enumerate(columns, 1))
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{file}: two columns are called '{display_text(name)}'; rename one")
    return names


def row_maker(header: Header, *, has_nulls: bool) -> Callable[[list[str]], Row | None] | None:
    r"""What makes a row of its cells, and None of cells that are no row; None where a row has a
    cell a column and nothing else is to be done.

    has_nulls: whether empty cells are written \N, as MySQL does.
    """
    if header.rows == "baskets":
        return _basket_maker(header.columns)
    one_hot = [column for column in header.columns if ONE_HOT_MARK in column]
    if not (one_hot or has_nulls or header.is_last_empty or header.lists or "" in header.columns):
        return None
    columns, width, lists = header.columns, len(header.columns), frozenset(header.lists)
    fields = resolve_columns("events", columns, {})
    ids = {fields.get(name) for name in ("user", "session", "item")}  # who reads them says so

    def make(fields: list[str]) -> Row | None:
        if len(fields) != width and not (
            header.is_last_empty and len(fields) == width + 1 and not fields[-1].strip()
        ):
            return None
        row: dict[str, Any] = {}
        for column, cell in zip(columns, fields, strict=False):
            if ONE_HOT_MARK in column:
                name, _, value = column.partition(ONE_HOT_MARK)
                values = row.setdefault(name, [])
                if cell.strip() not in _FALSE_CELLS:
                    values.append(value)
            elif column in lists:
                row[column] = cell.split()
            elif column:
                is_null = has_nulls and cell == "\\N" and column not in ids
                row[column] = "" if is_null else cell
        return row

    return make


def _basket_maker(columns: tuple[str, ...]) -> Callable[[list[str]], Row | None]:
    width = len(columns)

    def make(fields: list[str]) -> Row | None:
        if len(fields) < width:
            return None
        row: dict[str, Any] = {
            column: cell for column, cell in zip(columns, fields, strict=False) if column
        }
        row[BASKET_COLUMN] = [cell.strip() for cell in fields[width:] if cell.strip()]
        return row

    return make
