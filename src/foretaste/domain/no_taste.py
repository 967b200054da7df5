"""In: a column of items or users. Out: why it says nothing of taste, if it does not.

Ids, addresses, times, counts, places in a list and what a back office writes down tell nobody what
they would like: read by a language model or counted in a profile they only add noise.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from foretaste.domain.words import without_accents

MIN_FORM_SHARE = 0.9
"""Of the values, those that must have a form for the column to be of it."""
MAX_CELL_LENGTH = 2_000
"""Characters of a cell that are looked at."""
MIN_RUNNING_ROWS = 10
MIN_SAMPLE_VALUES = 50
"""From so many values on, an id may come twice."""
IDENTIFIER_UNIQUE_SHARE = 0.9
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?")
_ADDRESS_STARTS = ("http://", "https://", "//", "www.", "gid://", "s3://")
_ADDRESS_ENDS = (
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif", ".bmp"),
    *(".mp3", ".mp4", ".pdf", ".html", ".htm", ".php", ".aspx"),
)
_ADDRESS_GAP = re.compile(r"[\s,;|]+")
_TIME = re.compile(
    r"\d{4}[-/.]\d\d?[-/.]\d\d?(?:[T ]\d\d?:\d\d.*)?|\d\d?[-/.]\d\d?[-/.]\d{2,4}(?: \d\d?:\d\d.*)?"
    r"|\d{4}-\d\d-\d\dT\S+"
    r"|\d\d?[- ][A-Za-z]{3,9}[- ]\d{2,4}|[A-Za-z]{3,9}\.? \d\d?, \d{4}"
)
_ID_NAMES = (
    "id ids uuid guid sku ean gtin upc isbn asin mpn barcode handle slug permalink key hash "
    "code imdbid tmdbid itemid productid isrc urlkey artikelnummer artikelnr produktnummer "
    "produktnr artikelid produktid referenz reference ref referencia codigo codice codigobarras "
    "codebarre codicearticolo"
)
_ID_WORDS = frozenset(_ID_NAMES.split())
_NUMBER_NAMES = (
    "sku ean ean13 ean8 gtin gtin13 gtin14 upc isbn isbn13 asin mpn barcode isrc artikelnummer "
    "artikelnr produktnummer produktnr bestellnummer herstellernummer codigobarras codebarre "
    "codicearticolo itemnumber articlenumber productnumber partnumber modelnumber"
)
_NUMBER_WORDS = frozenset(_NUMBER_NAMES.split())
_COUNT_NAMES = (
    "count counts qty quantity stock inventory votes votecount popularity sold downloads "
    "impressions views likes dislikes reviews ratings followers favorites favourites "
    "playcount listeners plays clicks orders sales watchers members scored helpful "
    "subscribers comments shares revenue budget ranking bestand lagerbestand lagermenge menge "
    "anzahl verkauft verkaufe bewertungen aufrufe quantite stocks ventes avis vues existencias "
    "cantidad ventas valoraciones inventario giacenza quantita voorraad aantal estoque quantidade"
)
_COUNT_WORDS = frozenset(_COUNT_NAMES.split())
_SCORE_NAMES = (
    "rating ratings score scores stars bewertung sterne etoiles valoracion puntuacion estrellas "
    "valutazione avaliacao beoordeling"
)
_SCORE_WORDS = frozenset(_SCORE_NAMES.split())
_AVERAGE_NAMES = (
    "average avg mean weighted overall bayesian imdb tmdb aggregate durchschnitt durchschnittliche "
    "mittlere moyenne media promedio gemiddelde ø"
)
_AVERAGE_WORDS = frozenset(_AVERAGE_NAMES.split())
_NAMES_OF_PLACES = "position sort rank row priority sequence unnamed"
_PLACE_WORDS = frozenset(_NAMES_OF_PLACES.split())
_PLACE_NAMES = frozenset(("index", "order", "menu order", "display order", "level"))
_GROUP_NAMES = (
    "category cat brand genre type group author artist director series family department "
    "section class collection theme country language colour color vendor topic publisher "
    "studio"
)
_GROUP_WORDS = frozenset(_GROUP_NAMES.split())
"""What ids of are shared by items, and may tell of taste."""
_NAMES_OF_PRODUCT_KINDS = (
    "simple configurable variable variation grouped bundle virtual downloadable external"
)
_PRODUCT_KINDS = frozenset(_NAMES_OF_PRODUCT_KINDS.split())
_OFFICE_NAMES = (
    "tax taxable taxes shipping fulfillment inventory backorder backorders barcode tracker "
    "grams seo meta websites storeview erp warehouse margin allow requires managed manage "
    "steuer mwst ust steuersatz versand lager lagerort einkaufspreis tva taxe livraison iva "
    "impuesto envio enabled purchasable sync tracking"
)
_OFFICE_WORDS = frozenset(_OFFICE_NAMES.split())
_COST_NAMES = frozenset(("ek", "ekpreis", "eknetto", "ekbrutto"))
"""Of what a German shop pays for it; alone, as the two letters are a word in other languages."""
_PRICE_WORDS = frozenset(["price", "preis", "prix", "precio", "prezzo", "prijs", "preco"])
"""A price with or without tax is a price."""
_RELEASE_NAMES = (
    "release released publication published publish pub premiere premiered aired broadcast edition "
    "pubdate veroffentlicht veroffentlichung veroffentlichungsdatum erschienen erscheinung "
    "erscheinungsdatum parution publie publicacion publicado pubblicazione"
)
_RELEASE_WORDS = frozenset(_RELEASE_NAMES.split())
_ROW_NAMES = "created updated modified deleted crawled scraped"
_ROW_WORDS = frozenset(_ROW_NAMES.split())
_OFFICE_PHRASES = (
    "google shopping|gift card|sold individually|low stock|in stock|out of stock|stock status|"
    "weight unit|button text|purchase note|download limit|download expiry|attribute set|"
    "store view|store code|cost per item|compare at|customer reviews|cross sells|"
    "upsells|grouped products|created at|updated at|modified|created by|unit price measure|"
    "product online|product websites|new from|new to|custom design|page layout|gift message|"
    "display product options|options container|include in|is featured|accepts marketing|"
    "external url|"
    "review count|template suffix|published scope|published at|admin graphql|inventory policy"
)


def no_taste_reason(column: str, values: Sequence[Any]) -> str | None:
    """Why a column is left out, in words; None where it may tell of taste.

    values: of the first rows, without empty cells.
    """
    lists = [value if isinstance(value, list | tuple) else [value] for value in values]
    cells = [cell for parts in lists for cell in parts if not isinstance(cell, Mapping)]
    if not cells or len(cells) < sum(map(len, lists)):
        return None
    texts = [str(value)[:MAX_CELL_LENGTH].strip() for value in cells]
    for reason, has_form in _FORMS.items():
        if _share(texts, has_form) >= MIN_FORM_SHARE:
            return reason
    if all(isinstance(value, date) for value in cells):
        return "it has times"
    words = column_words(column)
    if _has_ids(words, texts):
        return "it has ids"
    if is_office_name(words) or {text.lower() for text in texts} <= _PRODUCT_KINDS:
        return "it is for a back office"
    if _share(texts, _is_number) < MIN_FORM_SHARE:
        return None
    return _number_reason(column, words, texts)


def is_number_name(words: Sequence[str]) -> bool:
    """Whether a column, by the words of its name, has numbers that people look for an article by:
    "EAN", "Artikel-Nr.", "manufacturer SKU".
    """
    return bool(words) and ("".join(words) in _NUMBER_WORDS or words[-1] in _NUMBER_WORDS)


def _has_ids(words: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether the name speaks of ids and nearly every value is another."""
    if len(words) == 1 and words[0] in _ID_WORDS - {"code", "key"}:
        return True
    if not words or words[-1] not in _ID_WORDS | {"number", "no"}:
        return False
    distinct_share = len(set(texts)) / len(texts)
    if len(texts) > MIN_SAMPLE_VALUES:
        return distinct_share > IDENTIFIER_UNIQUE_SHARE
    return distinct_share == 1 and len(texts) > 1 and not _GROUP_WORDS & set(words)


def _number_reason(column: str, words: Sequence[str], texts: Sequence[str]) -> str | None:
    """Why a column of numbers is left out."""
    if set(words) & _PLACE_WORDS or " ".join(words) in _PLACE_NAMES:
        return "it has places in an order"
    if _is_running(texts):
        return "it has running numbers"
    is_average = len(words) == 1 or bool(set(words) & _AVERAGE_WORDS)
    if set(words) & _SCORE_WORDS and is_average and "ratings" not in words:
        return "it has scores of others"
    ends_in_digit = column.rstrip()[-1:].isdigit()
    if set(words) & _COUNT_WORDS or (set(words) & _SCORE_WORDS and ends_in_digit):
        return "it has counts"
    return None


def is_release_time(column: str) -> bool:
    """Whether a column of times says when an item came out: that may tell of taste."""
    words = set(column_words(column))
    return bool(words & _RELEASE_WORDS) and not words & _ROW_WORDS


@lru_cache(maxsize=1_000)
def column_words(column: str) -> tuple[str, ...]:
    """`VariantInventoryQty` → variant, inventory, qty; without accents."""
    text = _CAMEL_CASE.sub(" ", column).replace("_", " ")
    return tuple(_WORD.findall(without_accents(text)))


def spoken_words(column: str, words: Sequence[str]) -> str:
    """The first words of a column as it writes them, with their accents; words: as of
    `column_words`.
    """
    written = _WORD.findall(_CAMEL_CASE.sub(" ", column).replace("_", " ").lower())
    alike = len(written) >= len(words) and all(
        without_accents(own) == word for own, word in zip(written, words, strict=False)
    )
    return " ".join(written[: len(words)] if alike else words)


def is_office_name(words: Sequence[str]) -> bool:
    """Whether a column of these words is for a back office."""
    phrase = f" {' '.join(words)} "
    if any(f" {office} " in phrase for office in _OFFICE_PHRASES.split("|")):
        return True
    joined = "".join(words)  # of "MwSt." the words are mw and st
    is_office = bool(set(words) & _OFFICE_WORDS) or joined in _OFFICE_WORDS | _COST_NAMES
    return is_office and not set(words) & _PRICE_WORDS


def _is_running(texts: Sequence[str]) -> bool:
    """Whether the values are 0, 1, 2, … or 1, 2, 3, … in the order of the rows."""
    if len(texts) < MIN_RUNNING_ROWS:
        return False
    first = texts[0].removesuffix(".0")
    if first not in ("0", "1"):
        return False
    start = int(first)
    return all(text.removesuffix(".0") == str(start + at) for at, text in enumerate(texts))


def _share(texts: Sequence[str], has_form: Callable[[str], Any]) -> float:
    return sum(has_form(text) is not None for text in texts) / len(texts)


def _is_number(text: str) -> bool | None:
    return True if _NUMBER.fullmatch(text) else None


def _is_address(text: str) -> bool | None:
    """Whether it is addresses of pages, pictures or people, and nothing else."""
    parts = [part.lower() for part in _ADDRESS_GAP.split(text) if part]
    return True if parts and all(map(_is_single_address, parts)) else None


def _is_single_address(part: str) -> bool:
    if part.startswith(_ADDRESS_STARTS) or part.partition("?")[0].endswith(_ADDRESS_ENDS):
        return True
    name, mark, host = part.rpartition("@")
    return bool(mark and name and "." in host)


def _is_object(text: str) -> bool | None:
    start, end = text[:1], text[-1:]
    is_list = start == "[" and end == "]" and text[1:].lstrip()[:1] == "{"
    return True if is_list or (start == "{" and end == "}" and ":" in text) else None


_FORMS: dict[str, Callable[[str], Any]] = {
    "it has addresses": _is_address,
    "it has times": _TIME.fullmatch,
    "it has objects": _is_object,
}
