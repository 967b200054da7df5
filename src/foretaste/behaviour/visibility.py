"""In: what a shop's export says of an item being shown. Out: whether it is hidden.

A yes means what the name of the column says: `hidden` = yes hides, `published` = yes does not.
"""

from typing import Any

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.values import CellError, display_text, is_missing, scalar_text

_YES_WORDS = frozenset(("true", "1", "1.0", "yes", "y", "t", "on", "ja", "oui", "sí", "si", "sim"))
_NO_WORDS = frozenset(("false", "0", "0.0", "no", "n", "f", "off", "-1", "nein", "non", "nee"))
_WORDS_OF_HIDDEN = (
    "hidden|invisible|draft|archived|archive|private|inactive|disabled|deleted|unlisted|"
    "discontinued|unpublished|trash|trashed|pending|expired|suspended|paused|blocked|offline|"
    "removed|denied|none|not visible|not visible individually|"
    "sold|reserved|on hold|closed|withdrawn|delisted|rented|under offer|"
    "sale agreed|verkauft|reserviert|abgelaufen|vendu|vendue|réservé|réservée|vendido|"
    "vendida|reservado|reservada|venduto|venduta|riservato|verkocht|gereserveerd"
)
"""Also of listings, of which each is there once: what is sold is gone, and what is reserved comes
back, where the sale falls through, with the next file that says so."""
_WORDS_OF_VISIBLE = (
    "visible|active|published|publish|public|enabled|live|available|catalog|search|both|online|"
    "listed|approved|normal|everywhere|catalog, search|catalog/search|catalog,search|"
    "for sale|on sale|forsale|open|unsold|relisted|verfügbar|verfugbar|aktiv|disponible|en vente|"
    "en venta|disponibile|in vendita|disponível|beschikbaar|te koop|actif|activo|attivo|actief"
)
_HIDDEN_WORDS = frozenset(_WORDS_OF_HIDDEN.split("|"))
_VISIBLE_WORDS = frozenset(_WORDS_OF_VISIBLE.split("|"))
_HIDING_COLUMNS = frozenset(
    (
        "hidden",
        "ishidden",
        "archived",
        "isarchived",
        "deleted",
        "isdeleted",
        "discontinued",
        "inactive",
        "disabled",
        "versteckt",
        "isdraft",
        "issold",
        "isreserved",
    )
)


def parse_hidden(value: Any, column: str) -> bool:
    """Whether the item is hidden; missing is no. column: as it is called in the file."""
    if is_missing(value):
        return False
    word = " ".join(scalar_text(value, "hidden").lower().replace("_", " ").split())
    if word in _HIDDEN_WORDS:
        return True
    if word in _VISIBLE_WORDS:
        return False
    name = normalise_column(column)
    if word in _YES_WORDS:
        return name in _HIDING_COLUMNS
    if word in _NO_WORDS:
        return name not in _HIDING_COLUMNS
    raise CellError(
        "hidden",
        value,
        f"{column} '{display_text(value)}' is not yes or no",
        "write true or false, or a word such as hidden, draft, active",
    )
