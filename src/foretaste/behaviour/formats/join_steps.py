"""In: rows, and the files that lie beside theirs. Out: the rows with what those say of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from foretaste.behaviour.formats.row_steps import PATH_SEPARATOR, StepContext, value_at
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import RejectedRow
from foretaste.domain.identifiers import without_zero_fraction


@dataclass(frozen=True, slots=True)
class Join:
    """Columns of another file, by a key that both have."""

    file: str
    """A regular expression for its name in lower case."""
    key: str
    """The column of these rows."""
    columns: Mapping[str, str]
    """Column that comes in → its column there."""
    other_key: str = ""
    """The column there, where it is called otherwise."""
    has_several: bool = False
    """Whether a key may have several rows there, so that a list comes in."""
    remedy: str = ""
    """What is missed without the file; said where it is not there."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        table = self._table(context)
        for line, row in rows:
            if isinstance(row, RejectedRow) or not table:
                yield line, row
                continue
            yield line, {**row, **dict.fromkeys(self.columns), **self._values(row, table)}

    def _values(self, row: Row, table: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        """What the other file has for the key of a row, or for each of several keys."""
        key = row.get(self.key)
        if not isinstance(key, list):
            return dict(zip(self.columns, table.get(_key(key), ()), strict=False))
        matches = [table[_key(part)] for part in key if _key(part) in table]
        return {
            name: [cells[place] for cells in matches if not is_missing(cells[place])]
            for place, name in enumerate(self.columns)
        }

    def _table(self, context: StepContext) -> dict[str, tuple[Any, ...]]:
        """Key → its cells."""
        table: dict[str, tuple[Any, ...]] = {}
        other_rows = context.folder.rows_of(self.file)
        if other_rows is None:
            if self.remedy:
                context.notes[self.remedy] = None
            return table
        paths = tuple(self.columns.values())
        for row in other_rows:
            key = _key(row.get(self.other_key or self.key))
            cells = tuple(value_at(row, path) for path in paths)
            if not self.has_several:
                table[key] = cells
                continue
            lists = table.setdefault(key, tuple([] for _ in cells))
            for values, cell in zip(lists, cells, strict=True):
                if not is_missing(cell) and cell not in values:
                    values.append(cell)
        return table


def _key(cell: Any) -> str:
    return "" if is_missing(cell) else without_zero_fraction(str(cell).strip())


@dataclass(frozen=True, slots=True)
class Pivot:
    """Rows of an id, a property and a value as one row an id; of a property the newest value."""

    id: str
    property: str
    value: str
    at: str
    columns: Mapping[str, str]
    """Column that comes out → the property it has."""
    file: str = ""
    """A regular expression for the names of all files with such rows: those beside this one are
    read with it, as a part of them is not the whole item."""

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        columns = {name: column for column, name in self.columns.items()}
        table: dict[str, tuple[int, dict[str, Any]]] = {}
        times: dict[tuple[str, str], float] = {}
        for line, row in self._all_rows(rows, context):
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            column = columns.get(str(row.get(self.property)))
            key, at = _key(row.get(self.id)), float(row.get(self.at) or 0)
            cells = table.setdefault(key, (line, {}))[1]
            if column is not None and at >= times.get((key, column), at):
                cells[column], times[key, column] = row.get(self.value), at
        for key, (line, cells) in table.items():
            yield line, {self.id: key, **dict.fromkeys(self.columns), **cells}

    def _all_rows(self, rows: Rows, context: StepContext) -> Rows:
        yield from rows
        if self.file and not context.is_sample:
            for other_row in context.folder.rows_of(self.file) or ():
                yield 0, other_row


@dataclass(frozen=True, slots=True)
class TreePath:
    """The path from the root of a tree of categories, in another file, to that of a row."""

    column: str
    """The category, and then its path."""
    file: str
    id: str
    parent: str
    names: str = ""
    """Column with the name of a category there; without it the id is the name."""
    max_depth: int = field(default=20)

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        parents: dict[str, str] = {}
        names: dict[str, str] = {}
        for category in context.folder.rows_of(self.file) or ():
            key = _key(category.get(self.id))
            parents[key] = _key(category.get(self.parent))
            names[key] = str(category.get(self.names) or key) if self.names else key
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            path = [_key(row.get(self.column))]
            while len(path) < self.max_depth and parents.get(path[-1]):
                path.append(parents[path[-1]])
            parts = [names.get(key, key) for key in reversed(path) if key]
            yield line, {**row, self.column: PATH_SEPARATOR.join(parts) or None}
