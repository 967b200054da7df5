"""In: a row a variant (size, colour, offer). Out: a row a product with what all of them have."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foretaste.behaviour.formats.row_steps import StepContext
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import is_missing, split_values
from foretaste.domain.data import RejectedRow
from foretaste.domain.stock import is_stock_name, stock_of_variants

MIN_TEXT_LENGTH = 80
"""Characters from which on a value is a text, and that of the first row stands for all."""


class MergedRow(dict[Any, Any]):
    """The row of a product, and the ids of its variants, by which events may name it."""

    variant_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeVariants:
    """Rows of one product are one row: of each column the different values, of fields the first,
    and of what is left the sum.
    """

    key: str
    """Column of the product: rows with the same key are one, and those without one are alone."""
    ids: tuple[str, ...] = ()
    """Columns with ids of variants; they are no attributes."""
    single: tuple[str, ...] = ()
    """Columns of which the first value counts: the title, the picture."""
    parent_of: tuple[str, ...] = ()
    """Columns of a product's own row by which the rows of its variants name it as their key."""
    children: Callable[[Row], Sequence[str]] | None = None
    """Of a product's own row, the keys of its variants."""
    separators: Mapping[str, str] = field(default_factory=dict)
    """Column → what parts several values in a cell of it."""

    def split(self) -> "SplitVariants":
        """Each variant as a row of its own."""
        return SplitVariants(self.key, self.ids)

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        members: dict[tuple[str, ...], tuple[int, Row]] = {}
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
            else:  # a product that comes in many events, with the same cells in most
                members.setdefault(tuple(map(str, row.values())), (line, row))
        products = self._products(members.values())
        groups: dict[str, list[tuple[int, Row]]] = {}
        for line, row in members.values():
            groups.setdefault(self._group(line, row, products), []).append((line, row))
        for name, group in groups.items():
            own_rows = [member for member in group if self._group(*member, {}) == name]
            others = [member for member in group if self._group(*member, {}) != name]
            yield group[0][0], self._merged([row for _, row in own_rows + others])

    def _products(self, members: Iterable[tuple[int, Row]]) -> dict[str, str]:
        """What variants call a product, or what a product calls its variants → its group."""
        products: dict[str, str] = {}
        for line, row in members:
            group = self._group(line, row, {})
            if self.parent_of and is_missing(row.get(self.key)):
                names = (row.get(column) for column in self.parent_of)
                products |= {str(name).strip(): group for name in names if not is_missing(name)}
            if self.children is not None:
                products |= dict.fromkeys(self.children(row), group)
        return products

    def _group(self, line: int, row: Row, products: Mapping[str, str]) -> str:
        """products: empty for the group that the row has by itself."""
        key = row.get(self.key)
        if is_missing(key):
            return f"\0{line}"
        text = str(key).strip()
        return products.get(text, text)

    def _merged(self, rows: Sequence[Row]) -> MergedRow:
        merged = MergedRow()
        for column in dict.fromkeys(column for row in rows for column in row):
            cells = [cell for row in rows if not is_missing(cell := row.get(column))]
            if cells and column in (*self.single, self.key):
                merged[column] = cells[0]
            elif is_stock_name(column):
                merged[column] = stock_of_variants(cells)
            else:
                merged[column] = self._union(column, cells)
        names = [
            str(name).strip()
            for row in rows
            for column in self.ids
            for name in split_values(row.get(column), "")
        ]
        merged.variant_ids = tuple(dict.fromkeys(names))
        for column in set(self.ids) - {self.key, *self.single}:
            merged.pop(column, None)
        return merged

    def _union(self, column: str, cells: Sequence[Any]) -> Any:
        """The different values; the cell itself where all have the same."""
        texts = dict.fromkeys(str(cell) for cell in cells)
        if len(texts) <= 1:
            return cells[0] if cells else None
        if any(len(text) > MIN_TEXT_LENGTH for text in texts):
            return cells[0]
        separator = self.separators.get(column, "")
        values = {str(part): part for cell in cells for part in split_values(cell, separator)}
        return list(values.values())


@dataclass(frozen=True, slots=True)
class SplitVariants:
    """Rows of one product stay rows: what only the first has goes to all, but for its ids."""

    key: str
    ids: tuple[str, ...]

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        above: Row = {}
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            if self.ids and not any(split_values(row.get(column), "") for column in self.ids):
                context.left_out["no variant, but another picture of the product above"] += 1
                continue
            if row.get(self.key) == above.get(self.key):
                row = {
                    column: above.get(column)
                    if is_missing(cell) and column not in self.ids
                    else cell
                    for column, cell in row.items()
                }
            above = row
            lists = [name for name in self.ids if isinstance(row.get(name), list)]
            yield line, {column: cell for column, cell in row.items() if column not in lists}
