"""In: the first rows of a table of events. Out: which of its columns describe the item of a row.

Logs of shops repeat brand, category and price of an article in every row. A column describes the
item if rows of different people with the same item hold the same value, far more often than rows of
different items do; where the rows do not tell, its name decides.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing
from foretaste.domain.words import without_accents

MIN_PAIRS = 10
"""Pairs of rows with the same item and different people from which the values decide."""
MAX_PAIRS_PER_ITEM = 5
MAX_LAG = 5
"""How far apart different items that are compared were first met, in items."""
MIN_AGREEMENT = 0.9
"""Beyond chance, as Cohen's kappa counts it (Cohen 1960): 1 where rows of an item always agree, 0
where they do so no more than rows of any items."""
MIN_NAMED_AGREEMENT = 0.5
"""Of a column whose name says that it is the item's."""
NEAR = 0.1
"""How far two numbers may differ, as a share of the larger, to be taken for the same price."""
_ITEM_WORDS = (
    "brand category subcategory genre genres author artist album director manufacturer publisher "
    "colour color producttype collection series "
    "marke hersteller kategorie warengruppe produktgruppe farbe autor verlag "
    "marque fabricant categorie couleur auteur editeur marca fabricante categoria color editorial "
    "produttore colore autore editore fabrikant kleur"
)
ITEM_WORDS = tuple(_ITEM_WORDS.split())
_LETTERS = re.compile(r"[a-z]+")
_ORDER_WORDS = (
    "total subtotal amount tax discount shipping quantity qty status payment coupon voucher "
    "currency fee revenue menge summe betrag steuer rabatt versandkosten montant remise livraison "
    "devise importe descuento envio moneda importo sconto spedizione"
)
ORDER_WORDS = frozenset(_ORDER_WORDS.split())
"""Of an order or an event, however alike they are for an item."""


def item_columns(
    head: Sequence[Row], item: str, people: Iterable[str | None], candidates: Iterable[str]
) -> tuple[str, ...]:
    """Of the candidates those that describe the item.

    item: the column of items. people: those of users and sessions, None where there is none.
    """
    people_columns = [column for column in people if column is not None]
    pairs = _pairs_of_items(head, item, people_columns)
    other_pairs = _pairs_of_others(head, item)
    return tuple(column for column in candidates if _describes(column, head, pairs, other_pairs))


def describes_item(
    column: str, head: Sequence[Row], item: str, people: Iterable[str | None]
) -> bool | None:
    """Whether a column that may be the title of items is: None where the rows do not tell."""
    people_columns = [name for name in people if name is not None]
    agreement = _agreement(
        column, _pairs_of_items(head, item, people_columns), _pairs_of_others(head, item)
    )
    return None if agreement is None else agreement >= MIN_NAMED_AGREEMENT


def _describes(column: str, head: Sequence[Row], pairs: "_Pairs", other_pairs: "_Pairs") -> bool:
    values = [value for row in head if not is_missing(value := row.get(column))]
    name = normalise_column(column)
    if not values or any(isinstance(value, Mapping) for value in values[:100]):
        return False
    if ORDER_WORDS & {name, *_LETTERS.findall(without_accents(column))}:
        return False
    agreement = _agreement(column, pairs, other_pairs)
    is_named = name.endswith(ITEM_WORDS)
    if agreement is None:
        return is_named and len(values) >= MIN_PAIRS
    return agreement >= (MIN_NAMED_AGREEMENT if is_named else MIN_AGREEMENT)


_Pairs = Sequence[tuple[Row, Row]]


def _pairs_of_items(head: Sequence[Row], item: str, people: Sequence[str]) -> _Pairs:
    """Rows of the same item and of different people: what one person did twice tells nothing."""
    first_rows: dict[str, tuple[list[Any], Row]] = {}
    counts: dict[str, int] = {}
    pairs = []
    for row in head:
        if is_missing(cell := row.get(item)):
            continue
        name, person = str(cell), [row.get(column) for column in people]
        if name not in first_rows:
            first_rows[name] = (person, row)
            continue
        first_person, first_row = first_rows[name]
        is_other = all(a != b for a, b in zip(person, first_person, strict=True))
        if is_other and counts.get(name, 0) < MAX_PAIRS_PER_ITEM:
            counts[name] = counts.get(name, 0) + 1
            pairs.append((first_row, row))
    return pairs


def _pairs_of_others(head: Sequence[Row], item: str) -> _Pairs:
    """Rows of different items."""
    first_rows = {str(row.get(item)): row for row in head if not is_missing(row.get(item))}
    rows = list(first_rows.values())
    return [pair for lag in range(1, MAX_LAG + 1) for pair in zip(rows, rows[lag:], strict=False)]


def _agreement(column: str, pairs: _Pairs, other_pairs: _Pairs) -> float | None:
    """How often rows of the same item agree beyond chance; None of too few."""
    same = _equal_share(column, pairs)
    chance = _equal_share(column, other_pairs)
    if same is None or chance is None:
        return None
    return 0.0 if chance >= 1 else (same - chance) / (1 - chance)


def _equal_share(column: str, pairs: _Pairs) -> float | None:
    cells = [(first.get(column), second.get(column)) for first, second in pairs]
    filled = [(a, b) for a, b in cells if not (is_missing(a) or is_missing(b))]
    if len(filled) < MIN_PAIRS:
        return None
    return sum(_are_equal(a, b) for a, b in filled) / len(filled)


def _are_equal(a: Any, b: Any) -> bool:
    if a == b or str(a).strip() == str(b).strip():
        return True
    if not (_is_decimal(a) and _is_decimal(b)):
        return False
    first, second = float(a), float(b)
    return abs(first - second) <= NEAR * max(abs(first), abs(second))


def _is_decimal(cell: Any) -> bool:
    """Whether it is a number with decimals: of whole numbers, which may be codes, none is near."""
    if isinstance(cell, float):
        return not cell.is_integer()
    return isinstance(cell, str) and "." in cell and cell.replace(".", "", 1).isdigit()
