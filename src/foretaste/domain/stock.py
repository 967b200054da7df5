"""In: a column of items, or a cell of it. Out: whether it says what is left, and if any is."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.domain.feature_types import FLAG_VALUES
from foretaste.domain.words import without_accents

STOCK_COLUMN = "in_stock"
"""The attribute that says whether any is left, whatever the column of a file is called."""
_STOCK_NAMES = (
    "instock isinstock stock stockquantity stockqty stocklevel stockstatus quantityinstock "
    "qtyinstock inventory inventoryquantity inventorylevel availability "
    "lagerbestand lagermenge bestand auflager verfugbar verfuegbar verfugbarkeit verfuegbarkeit "
    "enstock stockdisponible quantiteenstock disponibilite existencias disponibilidad "
    "unidadesenstock giacenza disponibilita voorraad opvoorraad beschikbaarheid estoque "
    "emestoque disponibilidade "
    "variantinventoryqty variantinventoryquantity inventoryqty currentstock currentstocklevel "
    "availablestock availablequantity stockonhand quantityonhand qtyonhand onhand stockavailable "
    "lagerbestandgesamt gesamtbestand verfugbarerbestand verfugbarerlagerbestand warenbestand "
    "restbestand lagerstand lagerstatus "
    "seatsleft seatsavailable availableseats remainingseats seatsremaining placesleft "
    "placesavailable availableplaces spotsleft spotsavailable spotsremaining ticketsleft "
    "ticketsavailable availabletickets copiesavailable availablecopies copiesleft quantityleft "
    "quantityavailable freieplatze platzefrei restplatze verfugbareplatze exemplareverfugbar "
    "verfugbareexemplare placesrestantes placesdisponibles plazaslibres plazasdisponibles "
    "postidisponibili"
)
_STOCK_COLUMNS = frozenset(_STOCK_NAMES.split())
SOLD_OUT_WORDS = frozenset(
    (
        "out of stock",
        "outofstock",
        "sold out",
        "soldout",
        "unavailable",
        "not available",
        "discontinued",
        "ausverkauft",
        "nicht vorrätig",
        "nicht auf lager",
        "rupture de stock",
        "en rupture de stock",
        "épuisé",
        "agotado",
        "sin existencias",
    )
)
"""As shops' exports write it; underscores and capitals do not matter."""


_IN_STOCK_NAMES = (
    "in stock|instock|available|unlimited|preorder|pre order|backorder|on backorder|"
    "limited availability|"
    "auf lager|lieferbar|verfugbar|vorratig|en stock|disponible|disponibile|disponivel|op voorraad"
)
_IN_STOCK_WORDS = frozenset(_IN_STOCK_NAMES.split("|"))


_QUANTITY = re.compile(r"([+-]?\d+)(?:[.,]\d+)*(?: ?(?:pcs|pieces|units?|stück|stk|st))?\.?")


def is_stock_column(column: str, values: Sequence[Any]) -> bool:
    """Whether a column says how much is left, by its name and values."""
    if not is_stock_name(column) or not values:
        return False
    return all(_is_stock_value(str(value)) for value in values)


def is_stock_name(column: str) -> bool:
    """Whether a column is called as those that say how much is left."""
    return "".join(filter(str.isalnum, without_accents(column))) in _STOCK_COLUMNS


def stock_of_variants(values: Sequence[Any]) -> Any:
    """What is left of a product, of what is left of each of its variants: the sum, or that any is
    there; None where nothing says it.
    """
    quantities = [_QUANTITY.fullmatch(_plain(str(value))) for value in values]
    for value, quantity in zip(values, quantities, strict=True):
        if quantity is None and not is_sold_out(str(value)):
            return value
    counts = [int(quantity[1]) for quantity in quantities if quantity is not None]
    if counts:  # sold beyond what was there is none, too
        return sum(max(number, 0) for number in counts)
    return values[0] if values else None


def stock_of_columns(first: str, second: str) -> str:
    """What is left of an item, of two columns that say it: words, which also know what is made to
    order, before counts; else what says less, as of what is in the warehouse some may be reserved.
    """
    cells = sorted((first, second), key=is_sold_out, reverse=True)
    words = [text for text in cells if not _QUANTITY.fullmatch(_plain(text))]
    return (words or cells)[0]


def _is_stock_value(text: str) -> bool:
    word = _plain(text)
    is_known = word in SOLD_OUT_WORDS or word in FLAG_VALUES
    return is_known or without_accents(word) in _IN_STOCK_WORDS or bool(_QUANTITY.fullmatch(word))


def is_sold_out(text: str) -> bool:
    """Whether a value says that none is left: no, 0 or less, or such words."""
    word = _plain(text)
    quantity = _QUANTITY.fullmatch(word)
    if quantity is not None:
        return int(quantity[1]) <= 0
    return word in SOLD_OUT_WORDS or FLAG_VALUES.get(word) is False


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("_", " ").split())


def is_item_sold_out(attributes: Mapping[str, Sequence[str]], column: str | None) -> bool:
    """Whether the attributes of an item say that none is there. column: as the settings name it,
    which may be the name that it has in a file; None where lists do not go by it.
    """
    if column is None:
        return False
    values = attributes.get(column)
    if values is None and is_stock_name(column):
        values = attributes.get(STOCK_COLUMN)
    return any(map(is_sold_out, values or ()))
