"""In: a cell of a price column. Out: its attributes: the price, its band, and its currency."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.behaviour.reading.numbers import (
    DIGIT,
    Amount,
    NumberParser,
    UnreadableNumber,
    readings_of,
)
from foretaste.behaviour.values import is_missing, scalar_text
from foretaste.domain.data import BAND_SUFFIX
from foretaste.domain.identifiers import normalise_text
from foretaste.domain.words import CURRENCY_SUFFIX

PRICE_BAND_EDGES = (10.0, 25.0, 50.0, 100.0, 250.0)
"""Where price bands begin and end. Fixed, so that a band means the same in every import."""
MIN_CURRENCY_SHARE = 0.9
"""Share of the cells with a currency from which a column is prices, whatever it is called."""
_PRICE_WORDS = (
    "preis prix precio prezzo prijs preço cena pris hinta cost msrp rrp uvp vk amount fiyat"
)
_PRICE_ENDINGS = ("preis", "preise", "prijs")
"""Of one word in German and Dutch: Einzelpreis, verkoopprijs."""
_OTHER_WORDS = "band currency level range type id"
_OTHER_AMOUNTS = frozenset(("min", "minimum", "order", "fee", "discount", "tip", "deposit"))
"""Of an amount or a cost that is not what the item costs: `min_order_amount`."""
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")


def is_price_column(column: str, values: Sequence[Any]) -> bool:
    """Whether a column holds prices, by its name or its currencies, and each can be read."""
    words = {word.lower() for word in _WORD.findall(_WORD_START.sub(" ", column))}
    price_words = words & set(_PRICE_WORDS.split())
    if price_words <= {"amount", "cost"} and not words.isdisjoint(_OTHER_AMOUNTS):
        price_words = set()
    has_name = "price" in column.lower() or bool(price_words)
    has_name |= any(word.endswith(_PRICE_ENDINGS) for word in words)
    if not words.isdisjoint(_OTHER_WORDS.split()):
        return False
    cells = [cell for value in values for cell in _cells(value) if not is_missing(cell)]
    if not has_name:
        texts = [cell for cell in cells if isinstance(cell, str)]
        with_currency = sum(_has_currency(text) for text in texts)
        return bool(texts) and with_currency >= MIN_CURRENCY_SHARE * len(values)
    return all(map(_is_amount, cells)) and bool(cells)


def _cells(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _is_amount(cell: Any) -> bool:
    if isinstance(cell, str):
        return bool(readings_of(normalise_text(cell), words=True))
    try:
        return not isinstance(cell, bool) and float(cell) - float(cell) == 0
    except (TypeError, ValueError, OverflowError):
        return False


def _has_currency(text: str) -> bool:
    return DIGIT.search(text) is not None and any(
        amount.currency for amount in readings_of(normalise_text(text), words=True).values()
    )


def price_values(column: str, value: Any, parser: NumberParser) -> Mapping[str, tuple[str, ...]]:
    """Attribute → its values: the price itself, for filters; its band, which is what a model can
    learn from; and the currency where it is written.

    Raises `CellError` for a price below 0 or one that could be two numbers.
    """
    amounts: list[Amount] = []
    for cell in _cells(value):
        try:
            amount = parser.amount(cell)
        except UnreadableNumber:
            if parser.is_strict:
                raise
            return {column: (), f"{column}{BAND_SUFFIX}": ()}
        if amount is not None:
            amounts.append(amount)
    texts = [scalar_text(amount.number, column) for amount in amounts]
    bands = [price_band(amount.number) for amount in amounts]
    named = [amount.currency or parser.currency for amount in amounts]
    currencies = [currency for currency in named if currency]
    values = {column: _distinct(texts), f"{column}{BAND_SUFFIX}": _distinct(bands)}
    return values | ({f"{column}{CURRENCY_SUFFIX}": _distinct(currencies)} if currencies else {})


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def price_band(amount: float) -> str:
    """'0-10', '10-25', … '250+'. A band holds its lower end."""
    low = 0.0
    for high in PRICE_BAND_EDGES:
        if amount < high:
            return f"{low:g}-{high:g}"
        low = high
    return f"{low:g}+"
