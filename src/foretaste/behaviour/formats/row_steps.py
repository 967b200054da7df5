"""In: the rows of a file as a system wrote them. Out: a row an event or an item.

Each step is data: what it needs to know is its fields. A row that cannot be read (`RejectedRow`)
passes through all of them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import is_missing, split_values
from foretaste.domain.data import RejectedRow

PATH_MARK = "."
"""`properties.price` is the price within the object properties."""
PATH_ALTERNATIVES = "|"
PATH_SEPARATOR = " > "
"""Between the levels of a category."""
VALUE_KEYS = ("string_value", "int_value", "float_value", "double_value", "value")
"""Where GA4 has the value of a parameter, by its type."""


class FileFolder(Protocol):
    """The files that lie beside the one that is read."""

    def rows_of(self, file: str) -> Iterator[Row] | None:
        """The readable rows of all files whose names the expression fits; None where none is."""


@dataclass
class StepContext:
    """What steps need beside the rows, and what they have to say."""

    folder: FileFolder
    is_sample: bool = False
    """Whether the rows are the first ones alone, to decide by."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why rows were left out → how many."""
    notes: dict[str, None] = field(default_factory=dict)


class RowStep(Protocol):
    """What is done to the rows of a file, one after another."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        """The rows that come out."""


def value_at(row: Mapping[str, Any], paths: str) -> Any:
    """The first value that is there along one of these paths; None where none is.

    A column may have a point in its name: the whole path is tried as a name first.
    """
    for path in paths.split(PATH_ALTERNATIVES):
        value = _along(row, path)
        if not is_missing(value) and value != {}:
            return value
    return None


def _along(part: Any, path: str) -> Any:
    if not isinstance(part, Mapping):
        return None
    if path in part:
        return part[path]
    name, mark, inner_path = path.partition(PATH_MARK)
    while mark:
        if name in part:
            inner = part[name]
            if isinstance(inner, list | tuple) and inner:
                inner = inner[0]
            if isinstance(inner, str) and inner.lstrip().startswith("{"):
                inner = next(iter(split_values(f"[{inner}]", "\0")), None)
            return _along(inner, inner_path)
        more, mark, inner_path = inner_path.partition(PATH_MARK)
        name = f"{name}{PATH_MARK}{more}"
    return None


@dataclass(frozen=True, slots=True)
class Select:
    """Rows of these columns alone: target → where its value is, see `value_at`."""

    paths: Mapping[str, str]
    keeps_others: bool = False
    """Whether the columns of the file stay beside them."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            values = {target: value_at(row, path) for target, path in self.paths.items()}
            yield line, {**row, **values} if self.keeps_others else values


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Lists of `{"key": …, "value": …}` as one object: `event_params` of GA4."""

    columns: tuple[str, ...]

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            objects = {
                column: _object(split_values(row.get(column), "\0"))
                for column in self.columns
                if column in row
            }
            yield line, {**row, **objects}


def _object(pairs: Sequence[Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in pairs:
        if isinstance(pair, Mapping) and "key" in pair:
            value = pair.get("value")
            if isinstance(value, Mapping):
                inner = (value.get(key) for key in VALUE_KEYS)
                value = next((part for part in inner if not is_missing(part)), None)
            values[str(pair["key"])] = value
    return values


@dataclass(frozen=True, slots=True)
class Explode:
    """A row for each different element of a list; one with none where the list is empty."""

    path: str
    target: str
    """Column that holds the element."""
    separator: str = "\0"
    """Between the elements where they are text."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            elements = split_values(value_at(row, self.path), self.separator)
            distinct = {str(element): element for element in elements}
            for element in distinct.values() or [None]:
                yield line, {**row, self.target: element}


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every row."""

    column: str
    value: Any

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            is_reject = isinstance(row, RejectedRow)
            yield line, row if is_reject else {**row, self.column: self.value}  # type: ignore[dict-item]  # a Row


@dataclass(frozen=True, slots=True)
class FillDown:
    """Empty cells get those of the row above that has the same key: lines of one order."""

    key: str
    columns: tuple[str, ...] = ()
    """All if empty."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        above: Row = {}
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            key = row.get(self.key)
            if not is_missing(key) and key == above.get(self.key):
                row = {
                    column: above.get(column) if is_missing(cell) and self._fills(column) else cell
                    for column, cell in row.items()
                }
            above = row
            yield line, row

    def _fills(self, column: str) -> bool:
        return not self.columns or column in self.columns


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Leaves out rows, and counts them with the reason."""

    column: str
    values: frozenset[str] = frozenset()
    """In lower case. None of them: rows with any value."""
    reason: str = ""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if not isinstance(row, RejectedRow):
                cell = row.get(self.column)
                word = "" if is_missing(cell) else str(cell).strip().lower()
                if word and (not self.values or word in self.values):
                    context.left_out[self.reason or f"{self.column} is {word}"] += 1
                    continue
            yield line, row


@dataclass(frozen=True, slots=True)
class Require:
    """Leaves out rows that have none of these columns, and counts them by another one."""

    columns: tuple[str, ...]
    type_column: str = ""
    exempt: frozenset[str] = frozenset()
    """Of the type column: what needs none of them, in lower case."""
    reason: str = "no item and no words"

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if not isinstance(row, RejectedRow) and all(
                is_missing(row.get(column)) for column in self.columns
            ):
                label = str(row.get(self.type_column) or "")
                if label.lower() not in self.exempt:
                    context.left_out[f"{label}: {self.reason}" if label else self.reason] += 1
                    continue
            yield line, row


@dataclass(frozen=True, slots=True)
class Rename:
    """Columns by one spelling: as it is written here → also called, with `|` between them."""

    names: Mapping[str, str]

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        spellings = {
            normalise_column(spelling): name
            for name, others in self.names.items()
            for spelling in (name, *others.split(PATH_ALTERNATIVES))
        }
        renamed: dict[Any, Any] = {}
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            for column in row.keys() - renamed.keys():
                renamed[column] = spellings.get(normalise_column(str(column)), column)
            yield line, {renamed[column]: cell for column, cell in row.items()}


@dataclass(frozen=True, slots=True)
class Collect:
    """Lists of the values along a path within a list of objects: `variants.sku`."""

    paths: Mapping[str, str]
    """Target → path: the column of the list, then the path within each object."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            lists = {target: collected(row, path) for target, path in self.paths.items()}
            yield line, {**row, **lists}


def collected(row: Mapping[str, Any], path: str) -> list[Any] | None:
    """The different values along a path within a list of objects."""
    column, _, inner_path = path.partition(PATH_MARK)
    objects = split_values(row.get(column), "\0")
    values: dict[str, Any] = {}
    for part in objects:
        if isinstance(part, Mapping):
            value = value_at(part, inner_path)
            for single in value if isinstance(value, list) else [value]:
                if not is_missing(single):
                    values.setdefault(str(single), single)
    return list(values.values()) or None


@dataclass(frozen=True, slots=True)
class Compute:
    """A column from others."""

    column: str
    function: Callable[[Row], Any]

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
            else:
                yield line, {**row, self.column: self.function(row)}


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """A column that is called as another cell says: `Option1 Name` Colour, `Option1 Value` Red."""

    pairs: tuple[tuple[str, str], ...]
    """(column of the name, column of the value)"""
    key: str = ""
    """Column of what the row is part of: its first row names the columns of all."""
    ignored_names: frozenset[str] = frozenset()
    separator: str = ""
    """Between several values in a cell."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        names: dict[str, str] = {}
        last_key: Any = None
        columns = {column for pair in self.pairs for column in pair}
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            if not self.key or row.get(self.key) != last_key:
                names = {}
            last_key = row.get(self.key)
            fields = {column: cell for column, cell in row.items() if column not in columns}
            for name_column, value_column in self.pairs:
                if not is_missing(row.get(name_column)):
                    names[name_column] = str(row[name_column]).strip()
                name, cell = names.get(name_column), row.get(value_column)
                if name and name not in self.ignored_names and not is_missing(cell):
                    values = split_values(cell, self.separator)
                    if values != [name]:  # Shopify's "Title: Default Title" has no option
                        fields[name] = values if len(values) > 1 else values[0]
            yield line, fields


@dataclass(frozen=True, slots=True)
class Packed:
    """Columns that are packed into one cell: `color=Red,size=XL`."""

    column: str
    separator: str = ","
    mark: str = "="

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            unpacked = {column: cell for column, cell in row.items() if column != self.column}
            name = ""
            cell = row.get(self.column)
            for part in [] if is_missing(cell) else str(cell).split(self.separator):
                head, mark, value = part.partition(self.mark)
                if mark:
                    name = head.strip()
                    unpacked[name] = value.strip()
                elif name:  # a separator within the value
                    unpacked[name] = f"{unpacked[name]}{self.separator}{part}"
            yield line, unpacked


@dataclass(frozen=True, slots=True)
class Levels:
    """Columns of levels as one path: category `Gear`, subcategory `Bags` is `Gear > Bags`."""

    column: str
    """Of the path."""
    levels: tuple[str, ...]
    """From the widest to the narrowest; they go."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            cells = [row.get(level) for level in self.levels]
            names = dict.fromkeys(str(cell).strip() for cell in cells if not is_missing(cell))
            others = {column: cell for column, cell in row.items() if column not in self.levels}
            yield line, {**others, self.column: PATH_SEPARATOR.join(names) or None}
