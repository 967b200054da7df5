"""In: a column of numbers or prices. Out: each as a float, by one decimal mark for the column.

price-parser finds the amount and the currency in a cell; Babel reads the amount, strictly, by the
marks of a locale. Which locale is told by the whole column: a cell like 8,79 or 1.299,00 can be
read in one way only. What can be read in two is refused with the setting that decides.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any

from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.reading.locales import LOCALE_SETTING, DecimalMark, decimal_mark
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import CellError, display_text, is_missing
from foretaste.domain.identifiers import normalise_text

LOCALES_BY_MARK: dict[DecimalMark, tuple[str, ...]] = {".": ("en", "en_IN"), ",": ("de",)}
"""Locales with this mark before the decimals; India groups digits in twos."""
GROUP_BY_MARK: dict[DecimalMark, str] = {".": ",", ",": "."}
NO_NUMBER_WORDS = frozenset(("null", "none", "nan", "n/a", "na", "\\n", "undefined", "-"))
MAX_REMEMBERED_AMOUNTS = 100_000
DECIMAL_MARKS = (".", ",")
_MINUS_SIGNS = "-−–"
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
"""1.299: one and a bit, or thirteen hundred."""
DIGIT = re.compile(r"\d")
"""In every text that price-parser finds an amount in; it takes long to find none."""
_APOSTROPHE_GROUP = re.compile(r"(?<=\d)['’](?=\d{3})")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with what it is of."""

    number: float
    currency: str | None = None
    """As it was written: €, EUR, kr."""


class UnreadableNumber(CellError):
    """A cell that is no number."""


class NumberParser:
    """Reads the numbers of one column, by the decimal mark that was decided for it.

    mark: None where each cell must tell by itself; then `plain_mark` is that of plain numbers such
    as 1.299, which programs write with a point. is_strict: whether a price that is no number is a
    mistake, or none.
    """

    def __init__(
        self,
        field: str,
        mark: DecimalMark | None = None,
        *,
        plain_mark: DecimalMark | None = None,
        is_price: bool = False,
        is_strict: bool = False,
        currency: str | None = None,
    ) -> None:
        """currency: of prices that name none."""
        self.currency = currency
        self.field, self.mark, self.plain_mark = field, mark, plain_mark
        self.is_price, self.is_strict = is_price, is_strict
        self.unreadable: Counter[str] = Counter()
        """Cell that is no number → how often it came."""
        self._amounts: dict[str, Amount] = {}

    def __call__(self, cell: Any) -> float | None:
        """A finite number; None for an empty cell. Raises `CellError`."""
        amount = self._amounts.get(cell) if cell.__class__ is str else None
        if amount is None:
            amount = self.amount(cell)
        return None if amount is None else amount.number

    def amount(self, cell: Any) -> Amount | None:
        """The number and its currency."""
        if isinstance(cell, str):
            return self._from_text(cell)
        if is_missing(cell):
            return None
        try:
            if isinstance(cell, bool):
                raise ValueError(cell)
            amount = Amount(float(cell))
        except (TypeError, ValueError, OverflowError):
            raise self._error(cell) from None
        return self._checked(amount, cell)

    def _from_text(self, cell: str) -> Amount | None:
        amount = self._amounts.get(cell)
        if amount is not None:
            return amount
        text = normalise_text(cell)
        if not text or text.casefold() in NO_NUMBER_WORDS:
            return None
        plain_number = None if self.mark == "," else _float(text)
        if plain_number is not None and (self.mark or not _POINT_GROUPS.fullmatch(text)):
            amount = Amount(plain_number)  # most are: nothing more need be asked
        else:
            amount = self._told_amount(text, cell)
        amount = self._checked(amount, cell)
        if len(self._amounts) >= MAX_REMEMBERED_AMOUNTS:
            self._amounts.clear()
        self._amounts[cell] = amount
        return amount

    def _told_amount(self, text: str, cell: str) -> Amount:
        """By the marks of the text and of its column."""
        mark = self.mark
        readings = readings_of(text, words=self.is_price, only_mark=mark)
        if mark is None and len({amount.number for amount in readings.values()}) > 1:
            mark = self.plain_mark
            if mark is None:
                raise self._ambiguous(cell)
        amount = readings.get(mark) if mark else next(iter(readings.values()), None)
        if amount is None:
            raise self._error(
                cell, f", as its column has a '{mark}' before the decimals" if mark else ""
            )
        return amount

    def _checked(self, amount: Amount, cell: Any) -> Amount:
        if not math.isfinite(amount.number):
            raise UnreadableNumber(
                self.field,
                cell,
                f"{self.field} '{display_text(cell)}' is not finite",
                "write a number",
            )
        if self.is_price and amount.number < 0:
            raise CellError(
                self.field,
                cell,
                f"{self.field} '{display_text(cell)}' is below 0",
                "a price is 0 or more; leave it empty where there is none",
            )
        return amount

    def _ambiguous(self, cell: Any) -> CellError:
        return CellError(
            self.field,
            cell,
            f"{self.field} '{display_text(cell)}' could be two numbers",
            f"say which mark stands before your decimals with {LOCALE_SETTING}",
        )

    def _error(self, cell: Any, rule: str = "") -> CellError:
        self.unreadable[display_text(cell)] += 1
        return UnreadableNumber(
            self.field,
            cell,
            f"{self.field} '{display_text(cell)}' is not a number{rule}",
            "write a number, or leave the cell empty",
        )


def readings_of(
    text: str, *, words: bool = False, only_mark: DecimalMark | None = None
) -> dict[DecimalMark, Amount]:
    """Decimal mark → the amount by it; without a mark by which the text is no number.

    words: whether others than a currency may stand beside it ("from", "per piece"). only_mark: the
    one that is asked about; None is each.
    """
    amount_text, currency, sign = _split(text, words=words)
    if amount_text is None:
        return {}
    amounts: dict[DecimalMark, Amount] = {}
    for mark in LOCALES_BY_MARK if only_mark is None else (only_mark,):
        number = _number_by(mark, amount_text)
        if number is not None:
            amounts[mark] = Amount(sign * number, currency)
    return amounts


def _split(text: str, *, words: bool) -> tuple[str | None, str | None, int]:
    """(digits with their marks, currency, sign); no digits where there is not one amount."""
    number = _float(text)
    if number is not None:
        return text.lstrip("+-"), None, -1 if text[0] == "-" else 1
    if not words and not DIGIT.search(text):
        return None, None, 1  # most texts
    from price_parser import Price  # only where there is more than a number

    text = _APOSTROPHE_GROUP.sub(" ", text)
    price = Price.fromstring(text)
    amount_text = price.amount_text or ""
    start = text.find(amount_text) if amount_text else -1
    if start < 0:  # "free" is 0 to price-parser
        return "0" if words and price.amount == 0 else None, None, 1
    if (
        text[max(start - 1, 0) : start] in DECIMAL_MARKS and not text[: start - 1][-1:].isalpha()
    ):  # ,50
        start -= 1
        amount_text = text[start : start + 1 + len(amount_text)]
    prefix, suffix = text[:start], text[start + len(amount_text) :]
    is_negative = _is_negative(prefix, suffix, price.currency)
    leftover = f"{prefix} \0 {suffix}".replace(price.currency or "\0", "")
    if suffix[:1].isalpha() and not suffix.startswith(price.currency or "\0"):
        return None, None, 1  # 1.5k, 3x5
    letters = any(letter.isalpha() for letter in leftover)
    if any(letter.isdigit() for letter in leftover) or "%" in leftover or (letters and not words):
        return None, None, 1
    return amount_text, price.currency, -1 if is_negative else 1


def _is_negative(prefix: str, suffix: str, currency: str | None) -> bool:
    """A minus before the amount or its currency, after it (1.299,00-), or accounting's brackets."""
    beside_left = prefix.replace(currency or "\0", "").strip()
    beside_right = suffix.replace(currency or "\0", "").strip()
    if beside_left[-1:] == "(" and beside_right[:1] == ")":
        return True
    if beside_left and beside_left[-1] in _MINUS_SIGNS:
        return True
    # 1299.- and 12,– say that there are no cents
    return beside_right[:1] in tuple(_MINUS_SIGNS)


def _number_by(mark: DecimalMark, amount_text: str) -> float | None:
    """The number, if the text is one with this mark before the decimals."""
    group = GROUP_BY_MARK[mark]
    plain = amount_text
    if " " in plain:  # groups of thousands, as in France and, from an apostrophe, Switzerland
        if group in plain:
            return None
        plain = plain.replace(" ", group)
    if group not in plain and plain.count(mark) <= 1:
        return _float(plain.replace(mark, "."))
    from babel.numbers import NumberFormatError, parse_decimal

    for locale in LOCALES_BY_MARK[mark]:
        try:
            return float(parse_decimal(plain, locale=locale, strict=True))
        except (NumberFormatError, InvalidOperation, ValueError):
            continue
    return None


def _float(text: str) -> float | None:
    try:
        return float(text.replace("_", "x"))  # Python reads 1_000, nobody else does
    except ValueError:
        return None


def read_number_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings
) -> ColumnReading:
    """field: the field or the column's own name, for messages."""
    return _read(cells, field, settings, is_price=False)


def read_price_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings
) -> ColumnReading:
    """As `read_number_column`; refuses prices below 0, and the decision names the currency. A cell
    may be a list: of what the variants of a product cost.
    """
    lists = (cell if isinstance(cell, list | tuple) else [cell] for cell in cells)
    return _read([cell for part in lists for cell in part], field, settings, is_price=True)


def _read(
    cells: Sequence[Any], field: str, settings: BehaviourSettings, *, is_price: bool
) -> ColumnReading:
    texts = dict.fromkeys(cell for cell in cells if isinstance(cell, str) and not is_missing(cell))
    readings = {
        text: amounts
        for text in texts
        if (amounts := readings_of(normalise_text(text), words=is_price))
    }
    mark = decimal_mark(settings.locale)
    problem = None
    warnings: list[str] = []
    if mark is None:
        marks = [
            mark
            for mark in LOCALES_BY_MARK
            if all(mark in amounts for amounts in readings.values())
        ]
        mark = marks[0] if len(marks) == 1 else None
        if len(marks) == 2:
            problem = _ambiguous_problem(readings)
        elif not marks:
            warnings.append(
                f"numbers of '{field}' are written with a point and with a comma before the "
                f"decimals; each that can be read in one way only was; see {LOCALE_SETTING}"
            )
    currencies = dict.fromkeys(
        amount.currency
        for amounts in readings.values()
        for amount in amounts.values()
        if amount.currency is not None
    )
    if len(currencies) > 1:
        warnings.append(
            f"prices of '{field}' are in several currencies ({', '.join(currencies)}) and are "
            "compared as they stand"
        )
    decision = "prices" if is_price else "numbers"
    if currencies:
        decision += f" in {', '.join(currencies)}"
    elif is_price and settings.currency is not None:
        decision += f" in {settings.currency}, as the settings say"
    if mark == ",":
        decision += " with a decimal comma"
    parser = NumberParser(field, mark, is_price=is_price, currency=settings.currency)
    is_decided = problem is None
    return read_column(
        cells, decision, parser, warnings=warnings, problem=problem, decided=is_decided
    )


def _ambiguous_problem(readings: dict[str, dict[DecimalMark, Amount]]) -> str | None:
    """Why a column cannot be told whose cells all are numbers by both marks."""
    for text, amounts in readings.items():
        numbers = {amount.number for amount in amounts.values()}
        if len(numbers) > 1:
            either = " or ".join(f"{number:.10g}" for number in sorted(numbers))
            return (
                f"'{display_text(text)}' could be {either}, and no value of the column tells which "
                f"mark stands before the decimals; set {LOCALE_SETTING}"
            )
    return None
