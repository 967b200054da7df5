"""In: one raw cell of a file, a frame or a JSON body. Out: its value, or a `Fault` saying why not.

None, NaN, NaT and the empty string are a missing value everywhere.
"""

import ast
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

LONGEST_ID = 512
"""Characters. An index of PostgreSQL takes keys of at most 2,704 bytes."""

_SHOWN = 80


class Fault(Exception):
    """One cell that cannot be used; becomes a `Reject` where the file and the line are known."""

    def __init__(self, field: str, value: Any, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.field = field
        self.value = value
        self.problem = problem
        self.remedy = remedy


def shown(value: Any) -> str:
    """A value as a message shows it: on one line and not too long."""
    text = value if isinstance(value, str) else str(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def missing(value: Any) -> bool:
    """Whether a cell is empty."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, float | date) and bool(value != value)  # NaN, NaT


def storable(text: str, field: str) -> str:
    """The text itself, if every database takes it."""
    if "\0" in text:
        raise Fault(field, text, f"{field} has a NUL character in it", "take it out")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise Fault(
                field,
                text,
                f"{field} holds half a character, {text[error.start]!a}",
                "write the text as UTF-8",
            ) from None
    return text


def words(value: Any, field: str) -> str | None:
    """Free text."""
    if value.__class__ is not str:
        if missing(value):
            return None
        value = plain(value, field)
    text: str = value.strip()
    return storable(text, field) if text else None


def identifier(value: Any, field: str) -> str | None:
    """An id, as text; 31.0 is '31', since pandas makes floats of ids beside an empty cell."""
    text = words(value, field)
    if text is not None and len(text) > LONGEST_ID:
        raise Fault(
            field, value, f"{field} of {len(text):,} characters", f"an id has at most {LONGEST_ID}"
        )
    return text


def plain(value: Any, field: str) -> str:
    """A single value as text: 1995.0 → '1995', True → 'true'."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise Fault(
                field, value, f"{field} {shown(value)!r} is not UTF-8", "write the text as UTF-8"
            ) from None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Mapping | list | tuple | set):
        kind = "an object" if isinstance(value, Mapping) else "a list"
        raise Fault(field, value, f"{field} is {kind}", "give a word or a number")
    if hasattr(value, "item"):  # a NumPy scalar
        return plain(value.item(), field)
    return str(value)


def number(value: Any, field: str) -> float | None:
    """A finite number."""
    if missing(value):
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        hint = " with a point for the decimals" if "," in str(value) else ""
        raise Fault(
            field,
            value,
            f"{field} '{shown(value)}' is not a number",
            f"write a number{hint}, or leave the cell empty",
        ) from None
    if not math.isfinite(result):
        raise Fault(field, value, f"{field} '{shown(value)}' is not finite", "write a number")
    return result


def whole(value: Any, field: str) -> int | None:
    """A whole number from 1, such as a place in a list."""
    result = number(value, field)
    if result is None:
        return None
    if result < 1 or result != int(result) or result > 2**31 - 1:
        raise Fault(
            field,
            value,
            f"{field} '{shown(value)}' is not a whole number from 1",
            "the first place of a list is 1",
        )
    return int(result)


def flag(value: Any, field: str) -> bool:
    """Yes or no; missing is no."""
    if missing(value):
        return False
    word = plain(value, field).strip().lower()
    if word in ("true", "1", "yes", "y", "t"):
        return True
    if word in ("false", "0", "no", "n", "f"):
        return False
    raise Fault(field, value, f"{field} '{shown(value)}' is not yes or no", "write true or false")


def moment(value: Any, field: str) -> float | None:
    """Seconds since 1970 UTC, from ISO 8601, a date, or a number of s, ms, µs or ns since 1970.

    A time without a zone is UTC. Numbers from 1e12 on are milliseconds, from 1e15 on microseconds,
    from 1e18 on nanoseconds: as seconds they would lie past the year 33,000.
    """
    if missing(value):
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        if isinstance(value, str):
            return _written(value.strip())
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
        return _since_1970(float(value))
    except (TypeError, ValueError, OverflowError, OSError):
        raise Fault(
            field,
            value,
            f"time '{shown(value)}' cannot be read",
            "write ISO 8601, e.g. 2026-01-31T18:30:00Z, or seconds since 1970",
        ) from None


def _written(text: str) -> float:
    try:
        return _since_1970(float(text))
    except ValueError:
        pass
    if text.endswith(" UTC"):
        text = text[:-4] + "+00:00"
    if text[4:5] == "/":
        text = text.replace("/", "-")
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _since_1970(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(number)
    size = abs(number)
    if size < 1e12:
        return number
    if size < 1e15:
        return number / 1e3
    return number / 1e6 if size < 1e18 else number / 1e9


def day(seconds: float) -> str:
    """A time as a message shows it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s"


def mapping(value: Any, field: str) -> dict[str, Any]:
    """A JSON object, as text or already read."""
    if missing(value):
        return {}
    found = value
    if isinstance(value, str):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            found = None
    if not isinstance(found, Mapping):
        raise Fault(
            field,
            value,
            f"{field} '{shown(value)}' is not a JSON object",
            'write it like {"page": "home"}',
        )
    # Arrow gives every row of a struct column all the keys there are: those of other rows are None
    result = {str(key): each for key, each in found.items() if each is not None}
    storable("".join(strings(result)), field)
    return result


def strings(value: Any) -> Iterable[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings(each)


def listed(value: Any, separator: str) -> list[Any]:
    """The parts of a cell of several values: a list, a JSON or Python list as text, or 'a|b|c'."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple | set | frozenset):
        return [part for part in value if not missing(part)]
    if missing(value):
        return []
    if isinstance(value, str):
        text = value.strip()
        if text[0] == "[" and text[-1] == "]":
            inner = _literal(text)
            if isinstance(inner, list):
                return [part for part in inner if not missing(part)]
        return [part.strip() for part in text.split(separator) if part.strip()]
    return [value]


def _literal(text: str) -> Any:
    """A list that was written as JSON, or by Python's str() as pandas does in to_csv."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return None
