"""In: rows that hold several events: a session with its events, an order with its lines, a basket.
Out: the same as a row an event, in their order.

What is within objects gets columns of its own first: `{"product": {"id": 7}}` is `product_id`, also
where a cell of a CSV file has the object as JSON. A list of objects is a row for each; a list of
ids is a row for each id, where no column names the item.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from foretaste.behaviour.columns import normalise_column, resolve_columns
from foretaste.behaviour.files.file_form import BASKET_COLUMN
from foretaste.behaviour.files.json_forms import flat_columns, flatten
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.table_reading import TableReading
from foretaste.behaviour.values import is_missing, split_values
from foretaste.domain.data import Event

_LISTS_OF_ITEMS = (
    "items itemids products productids movies tracks songs articles skus aids history sequence "
    "interactions events cart lineitems orderitems purchases"
)
LIST_COLUMNS = frozenset((BASKET_COLUMN, *_LISTS_OF_ITEMS.split()))
MIN_LIST_SHARE = 0.5
"""Of the rows, those in which a column holds a list for it to be the list of events."""


@dataclass(frozen=True, slots=True)
class NestedForm:
    """Where the events of a row are."""

    list_column: str | None
    """Holds a list; None where only objects are to be laid flat."""
    paths: Mapping[tuple[str, ...], str]
    """Path of a value within objects → its column."""
    columns: tuple[str, ...]
    """Of the rows that come out."""
    text_columns: frozenset[str] = frozenset()
    """Whose cells are objects as JSON."""


def nested_form(
    columns: Sequence[str], head: Sequence[Row], settings: BehaviourSettings
) -> NestedForm | None:
    """The form of a table whose rows hold several events, or objects; None of a plain one."""
    names = settings.columns.events
    present = resolve_columns("events", columns, names)
    present = {  # a customer with a name and an address is no id yet
        name: column
        for name, column in present.items()
        if name in ("context", *names) or not _has_object(head, column)
    }
    text_columns = frozenset(
        column
        for column in columns
        if column not in present.values() and are_objects([row.get(column) for row in head])
    )
    head = [_with_objects(row, text_columns) for row in head]
    list_column = _list_column(columns, head, present)
    has_objects = any(
        isinstance(value, Mapping) and present.get("context") != column
        for row in head
        for column, value in row.items()
    )
    is_whole = bool({"item", "query"} & present.keys() and {"user", "session"} & present.keys())
    if list_column is None and (is_whole or not has_objects):
        return None
    sample = [part for row in head for part in _parts(row, list_column)]
    paths = flat_columns(sample)
    return NestedForm(list_column, paths, tuple(paths.values()), text_columns)


def are_objects(cells: Sequence[Any]) -> bool:
    """Whether all cells with something in them are objects as JSON."""
    filled = [cell for cell in cells if not is_missing(cell)]
    return bool(filled) and all(isinstance(object_of(cell), Mapping) for cell in filled)


def _has_object(head: Sequence[Row], column: str) -> bool:
    return any(isinstance(row.get(column), Mapping) for row in head)


def object_of(cell: Any) -> Any:
    """The object that a cell is as JSON; the cell itself if it is none."""
    if not isinstance(cell, str) or not cell.lstrip().startswith("{"):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _with_objects(row: Row, text_columns: frozenset[str]) -> Row:
    if not text_columns:
        return row
    return {
        column: object_of(cell) if column in text_columns else cell
        for column, cell in row.items()
        if column not in text_columns or not is_missing(cell)  # an empty cell gives no column
    }


def _list_column(
    columns: Sequence[str], head: Sequence[Row], present: Mapping[str, str]
) -> str | None:
    """The column with a list of objects that name items; or with a list of the ids themselves."""
    lists = {column: _lists(head, column) for column in columns}
    lists = {
        column: values
        for column, values in lists.items()
        if values and len(values) >= MIN_LIST_SHARE * len(head)
    }
    for column, values in lists.items():
        objects = [part for parts in values for part in parts if isinstance(part, Mapping)]
        inner_names = flat_columns(objects[:100]).values()
        if objects and {"item", "query"} & resolve_columns("events", inner_names, {}).keys():
            return column
    if "item" in present or "query" in present:
        named = [column for column in lists if column == present.get("item")]
        return named[0] if named else None
    return next((column for column in lists if normalise_column(column) in LIST_COLUMNS), None)


def _lists(head: Sequence[Row], column: str) -> list[list[Any]]:
    """The cells of a column that are lists, or lists as JSON or as Python writes them."""
    lists = []
    for row in head:
        value = row.get(column)
        if value is not None and hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, str) and value.lstrip().startswith("["):
            value = split_values(value, "\0")
        if isinstance(value, list | tuple):
            lists.append(list(value))
    return lists


def _parts(row: Row, list_column: str | None) -> Iterator[dict[str, Any]]:
    """The row once for each element of its list."""
    if list_column is None:
        yield dict(row)
        return
    shared = {name: value for name, value in row.items() if name != list_column}
    for element in split_values(row.get(list_column), "\0"):
        if isinstance(element, Mapping):
            yield {**shared, **element}
        else:
            yield {**shared, "item": element}


class NestedRows:
    """Lays out the rows of one table, and counts them."""

    def __init__(self, table: OpenTable, form: NestedForm, settings: BehaviourSettings) -> None:
        self._form, self._file = form, table.name
        fields = resolve_columns("events", form.columns, settings.columns.events)
        has_list = form.list_column is not None
        self.gives_sessions = has_list and not {"user", "session"} & fields.keys()
        """Whether no column says whose a row is, so that each is taken for a session."""
        self._table = table

    def flat_table(self) -> OpenTable:
        """The table as its rows come out, to decide by."""
        head = [
            row for line, nested in enumerate(self._table.head) for row in self.expand(line, nested)
        ]
        columns = tuple(dict.fromkeys(column for row in head for column in row))
        return replace(
            self._table, columns=columns, head=head, rows=iter(()), open_ended=True, reopen=None
        )

    def expand(self, line: int, row: Row) -> Iterator[Row]:
        """A row an event. Of equal elements of a list the first stays."""
        rows_so_far: list[dict[str, Any]] = []
        row = _with_objects(row, self._form.text_columns)
        for part in _parts(row, self._form.list_column):
            flat = flatten(part, self._form.paths)
            if self._form.list_column is not None and flat in rows_so_far:
                continue
            rows_so_far.append(dict(flat))
            if self.gives_sessions:
                flat["session"] = f"{self._file}:{line}"
            yield flat


def nested_rows(table: OpenTable, settings: BehaviourSettings) -> NestedRows | None:
    """What lays out a table whose rows hold several events, or objects; None of a plain one."""
    form = nested_form(table.columns, table.head, settings)
    return None if form is None else NestedRows(table, form, settings)


class NestedReader:
    """Reads rows of several events as rows of one."""

    def __init__(self, rows: NestedRows, reader: "FlatReader") -> None:
        self._rows, self._reader = rows, reader
        self.key, self.reading = reader.key, reader.reading
        self.observe, self.put = reader.observe, reader.put
        self.identifications = reader.identifications

    def parse(self, line: int, row: Row) -> Iterator[Any]:
        """What a row holds: events and rejects."""
        for flat in self._rows.expand(line, row):
            yield from self._reader.parse(line, flat)

    def warnings(self) -> list[str]:
        """What went in but is worth knowing."""
        warnings = self._reader.warnings()
        if self._rows.gives_sessions:
            warnings.insert(0, "no column says whose a row is: each row was taken for a session")
        return warnings


class FlatReader(Protocol):
    """What reads a row of one event."""

    @property
    def reading(self) -> TableReading: ...
    def parse(self, line: int, row: Row) -> Iterable[Any]: ...
    def key(self, record: Any) -> str: ...
    def observe(self, batch: Sequence[Any]) -> None: ...
    def put(self, batch: Sequence[Any]) -> int: ...
    def identifications(self) -> Iterable[Event]: ...
    def warnings(self) -> list[str]: ...
