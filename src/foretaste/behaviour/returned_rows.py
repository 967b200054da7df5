"""In: the rows of orders, with how many pieces each is of. Out: the same, returns last, and only
those by which everything that was bought of an item came back.

Shops write a return as a row with a number of pieces below 0. Where a customer keeps some of the
pieces, the purchase stays one.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.event_type_names import ORDER_COLUMNS
from foretaste.behaviour.formats.order_tables import QUANTITY_COLUMNS
from foretaste.behaviour.open_table import OpenTable
from foretaste.behaviour.parse import content_id
from foretaste.behaviour.reading.numbers import read_number_column
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import CellError, is_missing
from foretaste.domain.data import Event, RejectedRow
from foretaste.domain.event_types import RETURN_EVENT, RETURNABLE_TYPES

MAX_PAIRS = 1_000_000
"""Users and items of which it is counted how many pieces were bought, where it is more than one
with a row. The return of one piece of any other takes the whole purchase back.
"""
MAX_RETURNS = 200_000
"""Rows of returns that are held until the end of the file."""


class ReturnedRow(dict[Any, Any]):
    """A row of a purchase that came back."""


class ReturnedRows:
    """Finds the returns among the rows of one table of orders."""

    def __init__(
        self,
        columns: Mapping[str, str | None],
        quantity_column: str,
        parse_quantity: Callable[[Any], float | None],
    ) -> None:
        """columns: field of events → column; of the fields user and item there are some."""
        self._columns, self.quantity_column = columns, quantity_column
        self._parse_quantity = parse_quantity
        self._bought_pieces: dict[tuple[Any, Any], float] = {}
        self.counts: Counter[str] = Counter()
        """By what became of rows below 0."""

    def returns_last(self, rows: Rows) -> Rows:
        """Purchases as they come; at the end the returns, each as a `ReturnedRow`."""
        held_rows: list[tuple[int, Row]] = []
        returned_pieces: Counter[tuple[Any, Any]] = Counter()
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            pieces = self._pieces(row)
            pair = self._pair(row)
            if pieces >= 0:
                if pieces > 1 and (pair in self._bought_pieces or self._has_room):
                    self._bought_pieces[pair] = self._bought_pieces.get(pair, 0) + pieces
                yield line, row
            elif None in pair:
                self.counts["of nobody who is known"] += 1
            elif len(held_rows) == MAX_RETURNS:
                self.counts[f"past the first {MAX_RETURNS:,}"] += 1
            else:
                held_rows.append((line, row))
                returned_pieces[pair] -= pieces  # type: ignore[assignment]  # pieces may be parts
        for line, row in held_rows:
            pair = self._pair(row)
            if returned_pieces[pair] < self._bought_pieces.get(pair, 0):
                self.counts["a part of what was bought"] += 1
                continue
            self.counts[RETURN_EVENT] += 1
            value_column = self._columns.get("value")
            yield line, ReturnedRow({**row, **({value_column: None} if value_column else {})})

    @property
    def _has_room(self) -> bool:
        return len(self._bought_pieces) < MAX_PAIRS

    def _pair(self, row: Row) -> tuple[Any, Any]:
        cells = (row.get(self._columns["user"]), row.get(self._columns["item"]))
        user, item = (None if is_missing(cell) else str(cell) for cell in cells)
        return user, item

    def _pieces(self, row: Row) -> float:
        cell = row.get(self.quantity_column)
        try:
            return 1.0 if is_missing(cell) else (self._parse_quantity(cell) or 0.0)
        except CellError:
            return 1.0

    def notes(self) -> list[str]:
        """What became of the returns, in words."""
        counts = Counter(self.counts)
        returns, notes = counts.pop(RETURN_EVENT, 0), []
        column = self.quantity_column
        if returns:
            notes.append(
                f"{returns:,} rows with {column} below 0 are returns: each takes the last purchase "
                "of the item before it back"
            )
        if counts:
            reasons = ", ".join(f"{count:,} ({reason})" for reason, count in counts.most_common())
            notes.append(f"rows with {column} below 0 were left out: {reasons}")
        return notes


def find_returned_rows(
    table: OpenTable, columns: Mapping[str, str | None], settings: BehaviourSettings
) -> ReturnedRows | None:
    """What finds returns in a table of orders; None in other tables. columns: field → column."""
    by_name = {normalise_column(column): column for column in table.columns}
    quantity_columns = by_name.keys() & QUANTITY_COLUMNS
    if not quantity_columns or not by_name.keys() & ORDER_COLUMNS - QUANTITY_COLUMNS:
        return None
    column = by_name[min(quantity_columns)]
    cells = [row.get(column) for row in table.head]
    parse = read_number_column(cells, column, settings).parse
    return ReturnedRows(columns, column, parse)


def as_return(event: Event) -> Event:
    """What a purchase is that came back; another event stays what it is."""
    if event.kind not in RETURNABLE_TYPES:
        return event
    return replace(event, kind=RETURN_EVENT, event_id=content_id((event.event_id, RETURN_EVENT)))
