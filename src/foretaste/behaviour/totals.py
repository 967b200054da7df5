"""In: the id in a row of items that has no title. Out: an error where the row has the totals of a
sheet, as spreadsheets have in their last line.
"""

from foretaste.behaviour.values import CellError
from foretaste.domain.words import without_accents

_NAMES_OF_TOTALS = (
    "total|totals|grand total|subtotal|sub total|sum|summe|gesamt|gesamtsumme|zwischensumme|"
    "endsumme|insgesamt|total general|sous total|somme|suma|totale|somma|totaal|soma|total geral"
)
_TOTALS = frozenset(_NAMES_OF_TOTALS.split("|"))


def check_no_total(item_id: str) -> None:
    """Raises `CellError` for "Total", "Summe:" and the like. item_id: of an item without title."""
    words = without_accents(item_id).replace("-", " ").rstrip(": ")
    if words in _TOTALS:
        raise CellError(
            "id",
            item_id,
            f"'{item_id}' without a title is a row of totals and no item",
            "leave the row out, or give the item a title",
        )
