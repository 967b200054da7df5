"""In: the name of a column of items and its values. Out: whether its numbers measure something.

Numbers that differ in nearly every row are ids or measures. A weight of 2,75 kg is near one of
2,80, an id is near none: the unit or the word in the column's name tells them apart, else decimals.
"""

import re
from collections.abc import Sequence

from foretaste.domain.measures import UNITS
from foretaste.domain.no_taste import column_words

MIN_NUMBER_SHARE = 0.9
"""Of the values, those that must be numbers."""
MIN_DECIMAL_SHARE = 0.5
"""Of the values, those with decimals, from which on they are no ids."""
_NAMES_OF_MEASURES = (
    "weight length width height depth diameter volume capacity thickness area wattage power pages "
    "calories circumference "
    "gewicht lange laenge breite hohe hoehe tiefe durchmesser volumen inhalt fullmenge fuellmenge "
    "dicke flache flaeche leistung seitenzahl seiten umfang kalorien "
    "poids longueur largeur hauteur profondeur diametre contenance epaisseur surface puissance "
    "peso largo ancho altura profundidad diametro capacidad grosor superficie potencia paginas "
    "lunghezza larghezza altezza profondita capacita spessore potenza pagine comprimento largura "
    "lengte breedte hoogte diepte vermogen"
)
_MEASURE_WORDS = frozenset(_NAMES_OF_MEASURES.split())
MIN_ENDING_LENGTH = 6
"""Letters of a word from which on others may end in it: `Versandgewicht`, `Sitzbreite`."""
_MEASURE_ENDINGS = tuple(word for word in _MEASURE_WORDS if len(word) >= MIN_ENDING_LENGTH)
_NAMES_OF_CODES = (
    "id sku ean code key number nr no nummer model modell modele modelo version revision series "
    "serie part article artikel hs tariff zolltarif lat latitude lon lng longitude breitengrad "
    "langengrad laengengrad latitud longitud conversion ctr rate rank score"
)
_CODE_WORDS = frozenset(_NAMES_OF_CODES.split())
"""In the names of columns whose decimals measure nothing that somebody could like."""
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
_DECIMAL = re.compile(r"(?<!\d)[+-]?\d*+[.,]\d++")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[.,]\d{3})+")


def is_measure_name(column: str) -> bool:
    """Whether the name says what is measured, or in which unit: `Gewicht kg`, `page_width`."""
    words = column_words(column)
    has_unit = len(words) > 1 and words[-1] in UNITS
    return has_unit or any(
        word in _MEASURE_WORDS or word.endswith(_MEASURE_ENDINGS) for word in words
    )


def is_measured(column: str, texts: Sequence[str]) -> bool:
    """Whether a column of numbers measures something, whatever mark is before their decimals."""
    if not texts or _share(texts, _NUMBER) < MIN_NUMBER_SHARE:
        return False
    if is_measure_name(column):
        return True
    if _CODE_WORDS.intersection(column_words(column)) or _share(texts, _THOUSANDS) == 1:
        return False
    return _share(texts, _DECIMAL) >= MIN_DECIMAL_SHARE


def _share(texts: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(text.strip()) is not None for text in texts) / len(texts)
