"""In: the setting `behaviour.locale`. Out: its decimal mark, and whether its dates begin with the
day or the month; from the Unicode CLDR, as Babel has it.
"""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from babel import Locale

DecimalMark = Literal[".", ","]
DateOrder = Literal["day", "month", "year"]
"""What a date of three numbers begins with."""
LOCALE_SETTING = 'behaviour.locale (e.g. "en_GB", "en_US" or "de_DE")'


def decimal_mark(locale: str | None) -> DecimalMark | None:
    """The mark before the decimals; None where no locale is set."""
    if locale is None:
        return None
    return "," if _parsed(locale).number_symbols["latn"]["decimal"] == "," else "."


def date_order(locale: str | None) -> DateOrder | None:
    """The order of the short date; None where no locale is set."""
    if locale is None:
        return None
    pattern = _parsed(locale).date_formats["short"].pattern
    orders: dict[str, DateOrder] = {"d": "day", "M": "month", "y": "year"}
    return next(orders[letter] for letter in pattern if letter in orders)


def _parsed(locale: str) -> "Locale":
    from babel import Locale  # only where a locale is set

    return Locale.parse(locale.replace("-", "_"))
