"""An id in, as a file, a data frame, JSON or a notebook has it; the text by which it is known, out.

Two ids that look alike are one: Unicode's composed form (NFC), without characters that cannot be
seen, with plain blanks. A number is its digits, and a float that may have lost digits is refused.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from foretaste.errors import InputError

MAX_EXACT_FLOAT = 2**53
"""From here on a float of 64 bits stands for several whole numbers."""
_MAX_EXACT_SHORT_FLOATS = {"float32": 2**24, "float16": 2**11}
_LOST_DIGITS = "give the ids as text (pandas: dtype=str, or 'Int64'; JSON: in quotes)"
_SPREADSHEET_ID = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{2,3}")
_LONG_FLOAT_ID = re.compile(r"(?<!\d)\d{16,}+\.0++")
_WHOLE_FLOAT_ID = re.compile(r"(?<!\d)(-?\d++)\.0++")
_INVISIBLE = re.compile(
    "[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufe00-\ufe0e\ufeff\ufff9-\ufffb]"
    # joiners mean something within words of some scripts and within emoji only
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
"""Without NUL, which no database takes and which is refused, and what makes emoji coloured."""
_BLANKS = re.compile("[\t\n\x0b\x0c\r\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


class IdentifierError(InputError):
    """A value that is no id."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


def normalise_text(text: str) -> str:
    """The text as it looks: composed, without what cannot be seen, plain blanks, none around it."""
    if text.isascii() and text.isprintable():
        return text.strip()
    visible = without_invisible(unicodedata.normalize("NFC", text))
    return _BLANKS.sub(" ", visible).strip()


def without_invisible(text: str) -> str:
    """Without characters that have no width, and control characters other than ends of lines."""
    return _INVISIBLE.sub("", text)


def without_zero_fraction(text: str) -> str:
    """'31.0' → '31', which is how a whole number looks that was a float on its way."""
    match = _WHOLE_FLOAT_ID.fullmatch(text)
    return match[1] if match else text


def identifier(value: Any, name: str) -> str | None:
    """An id as text; None for nothing. `name` says in messages what the id is of.

    Raises `IdentifierError` for what is no id, or has lost digits.
    """
    text = normalise_text(value if value.__class__ is str else scalar_text(value, name) or "")
    is_number = text[:1].isdigit() and not text.isdigit()
    if is_number and (_SPREADSHEET_ID.fullmatch(text) or _LONG_FLOAT_ID.fullmatch(text)):
        raise IdentifierError(
            f"{name} '{text}' is a rounded number: some of its digits are lost",
            "format the column as text where the file was made and export it again",
        )
    return text or None


def identifiers(values: Any, name: str) -> tuple[str, ...]:
    """Several ids: of a list, a tuple, an array or a column of a frame. A single one is a list."""
    if isinstance(values, str | bytes | int | float):
        values = (values,)
    ids = []
    for value in values:
        text = identifier(value, name)
        if text is None:
            raise IdentifierError(f"{name} has an empty id in it", "leave it out")
        ids.append(text)
    return tuple(ids)


def required_identifier(value: Any, name: str) -> str:
    """As `identifier`, of what must be there."""
    text = identifier(value, name)
    if text is None:
        raise IdentifierError(f"{name} is empty", "name one")
    return text


def scalar_text(value: Any, name: str, *, exact: bool = True) -> str | None:
    """One value as text: 1995.0 → '1995', True → 'true'; None for nothing (NaN, NaT, NA).

    exact: refuse a float that may have lost digits.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise IdentifierError(f"{name} {value!r} is not UTF-8", "write it as UTF-8") from None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, float):
        if exact:
            _check_precision(value, f"{name} {value:.0f}", "float", MAX_EXACT_FLOAT)
        return _float_text(value)
    if isinstance(value, Mapping | list | tuple | set):
        type_label = "an object" if isinstance(value, Mapping) else "a list"
        raise IdentifierError(f"{name} is {type_label}", "give a word or a number")
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if getattr(value, "ndim", 0):
        raise IdentifierError(f"{name} is a list", "give a word or a number")
    if hasattr(value, "item") and hasattr(value, "dtype"):  # a NumPy scalar
        if exact and str(value.dtype) in _MAX_EXACT_SHORT_FLOATS:
            _check_precision(
                value, f"{name} {value}", value.dtype, _MAX_EXACT_SHORT_FLOATS[str(value.dtype)]
            )
        return scalar_text(value.item(), name, exact=exact)
    return str(value)


def _decimal_text(value: Decimal) -> str | None:
    if not value.is_finite():
        return None if value.is_nan() else str(value)
    return f"{value:f}" if value != value.to_integral_value() else str(int(value))


def _float_text(value: float) -> str | None:
    if value != value:
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _check_precision(value: Any, value_text: str, type_name: Any, max_exact: int) -> None:
    if max_exact <= abs(value) < math.inf:
        raise IdentifierError(
            f"{value_text} came as a {type_name} and may have lost its last digits", _LOST_DIGITS
        )
