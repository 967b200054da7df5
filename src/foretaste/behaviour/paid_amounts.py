"""In: the columns of orders of which none is named as the value. Out: what was paid for each row.

The total of a row counts, else the price of a piece times the pieces. A total that may be that of a
whole order does not: it stands in each of its rows.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.event_type_names import ORDER_COLUMNS
from foretaste.behaviour.formats.order_tables import QUANTITY_COLUMNS
from foretaste.behaviour.open_table import OpenTable
from foretaste.behaviour.reading.numbers import read_number_column, read_price_column
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import CellError, is_missing
from foretaste.domain.event_types import RETURNABLE_TYPES
from foretaste.domain.text_limits import MAX_EVENT_VALUE

_ROW_TOTAL_NAMES = (
    "linetotal linetotalprice lineamount lineitemtotal rowtotal itemtotal extendedprice "
    "zeilensumme zeilenbetrag zeilenpreis positionssumme positionsbetrag positionspreis "
    "gesamtpreisposition totalligne montantligne totallinea importelinea totaleriga regeltotaal"
)
_PIECE_PRICE_NAMES = (
    "unitprice priceperunit pricepaid paidprice itemprice productprice lineitemprice saleprice "
    "sellingprice price einzelpreis stuckpreis artikelpreis verkaufspreis preis prixunitaire prix "
    "preciounitario precio prezzounitario prezzo stukprijs prijs precounitario preco"
)
ROW_TOTAL_COLUMNS = frozenset(_ROW_TOTAL_NAMES.split())
PIECE_PRICE_COLUMNS = frozenset(_PIECE_PRICE_NAMES.split())
AMOUNT_DECIMALS = 6
"""9.90 three times is 29.7."""
_Parse = Callable[[Any], float | None]


@dataclass(frozen=True)
class PaidAmounts:
    """How the amounts are read of one table."""

    amount_column: str
    quantity_column: str | None
    """By which the amount is multiplied; None where it is that of the row."""
    parse_amount: _Parse
    parse_quantity: _Parse

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that it is read of."""
        names = (self.amount_column, self.quantity_column)
        return tuple(name for name in names if name is not None)

    def value(self, row: Row) -> float | None:
        """What was paid; None where the row does not say."""
        amount, pieces = _number(self.parse_amount, row.get(self.amount_column)), 1.0
        if self.quantity_column is not None and not is_missing(row.get(self.quantity_column)):
            pieces = _number(self.parse_quantity, row.get(self.quantity_column)) or 0.0
        if amount is None or not 0 <= amount * pieces <= MAX_EVENT_VALUE or pieces <= 0:
            return None
        return round(amount * pieces, AMOUNT_DECIMALS)

    def note(self) -> str:
        """What is said of it."""
        return (
            f"what was paid for the items, {' × '.join(self.columns)}, is the value of these "
            'purchases; lists go by it where [rank] goal = "event_value" says so'
        )


def _number(parse: _Parse, cell: Any) -> float | None:
    try:
        return parse(cell)
    except CellError:
        return None


def find_paid_amounts(
    table: OpenTable,
    columns: Mapping[str, str | None],
    used_columns: Collection[str],
    settings: BehaviourSettings,
) -> PaidAmounts | None:
    """None of a table that is none of orders, names its value, or does not say what was paid; and
    where the settings say what the values of purchases count, which may be pieces or stars.

    columns: field of events → column. used_columns: those that are something else.
    """
    by_name = {
        normalise_column(column): column for column in table.columns if column not in used_columns
    }
    all_names = set(map(normalise_column, table.columns))
    is_counted = any(
        settings.value[name].is_counted for name in RETURNABLE_TYPES & settings.value.keys()
    )
    if columns.get("value") or is_counted or not all_names & ORDER_COLUMNS:
        return None
    quantities = sorted(by_name.keys() & QUANTITY_COLUMNS)
    totals = sorted(by_name.keys() & ROW_TOTAL_COLUMNS)
    prices = [name for name in _PIECE_PRICE_NAMES.split() if name in by_name]
    if not totals and not prices:
        return None
    column = by_name[(totals or prices)[0]]
    quantity = by_name[quantities[0]] if quantities and not totals else None
    cells = [row.get(column) for row in table.head]
    pieces = [row.get(quantity) for row in table.head] if quantity is not None else []
    reading = read_price_column(cells, column, settings)
    if all(_number(reading.parse, cell) is None for cell in cells):
        return None
    parse_quantity = read_number_column(pieces, quantity or "", settings).parse
    return PaidAmounts(column, quantity, reading.parse, parse_quantity)
