"""In: a raw cell of a file, a frame or a JSON body. Out: its value, or a `CellError` that says why.

None, NaN, NaT and the empty string are a missing value everywhere.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from foretaste.domain import identifiers
from foretaste.domain.text_limits import MAX_TEXT_LENGTH

MAX_ID_LENGTH = 512
"""Characters. An index of PostgreSQL takes keys of at most 2,704 bytes."""

_MAX_DISPLAY_LENGTH = 80


class CellError(Exception):
    """A cell that cannot be used; becomes a `RejectedRow` where file and line are known."""

    def __init__(self, field: str, value: Any, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.field = field
        self.value = value
        self.problem = problem
        self.remedy = remedy


def display_text(value: Any) -> str:
    """A value as a message shows it: on one line and not too long."""
    text = (value if isinstance(value, str) else _as_text(value))[: _MAX_DISPLAY_LENGTH + 1]
    text = text.encode("utf-8", "backslashreplace").decode()
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return text if len(text) <= _MAX_DISPLAY_LENGTH else text[: _MAX_DISPLAY_LENGTH - 1] + "…"


def _as_text(value: Any) -> str:
    try:
        return str(value)
    except (RecursionError, ValueError):  # nested without end; a number of 4,300 digits
        return f"a {type(value).__name__}"


def is_missing(value: Any) -> bool:
    """Whether a cell is empty."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float | date):
        return bool(value != value)  # NaN, NaT
    type_name = type(value).__name__
    if type_name in ("float32", "float16", "datetime64"):  # NumPy's own
        return bool(value != value)
    return type_name in ("NAType", "NaTType")


def check_storable(text: str, field: str) -> str:
    """The text itself, if every database takes it."""
    if "\0" in text:
        raise CellError(field, text, f"{field} has a NUL character in it", "take it out")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise CellError(
                field,
                text,
                f"{field} holds half a character, {text[error.start]!a}",
                "write the text as UTF-8",
            ) from None
    return text


def check_length(text: str, field: str, max_length: int = MAX_TEXT_LENGTH) -> str:
    """The text itself, if it is not too long; see `domain.text_limits`."""
    if len(text) > max_length:
        raise CellError(
            field,
            text[:_MAX_DISPLAY_LENGTH],
            f"{display_text(field)} has {len(text):,} characters",
            f"shorten it to {max_length:,}",
        )
    return text


def parse_text(value: Any, field: str, max_length: int = MAX_TEXT_LENGTH) -> str | None:
    """Free text."""
    if value.__class__ is not str:
        if is_missing(value):
            return None
        value = scalar_text(value, field)
    text: str = value.strip()
    return check_storable(check_length(text, field, max_length), field) if text else None


def parse_identifier(value: Any, field: str) -> str | None:
    """An id as text; see `domain.identifiers`."""
    if isinstance(value, date) and is_missing(value):  # NaT
        return None
    if isinstance(value, str):
        _check_id_length(value, field, 10 * MAX_ID_LENGTH)  # before it is read letter by letter
    try:
        text = identifiers.identifier(value, field)
    except identifiers.IdentifierError as error:
        raise CellError(field, value, error.problem, error.remedy) from None
    _check_id_length(text or "", field, MAX_ID_LENGTH)
    return check_storable(text, field) if text else None


def _check_id_length(text: str, field: str, max_length: int) -> None:
    if len(text) > max_length:
        raise CellError(
            field,
            text,
            f"{field} of {len(text):,} characters",
            f"an id has at most {MAX_ID_LENGTH}",
        )


def scalar_text(value: Any, field: str) -> str:
    """A single value as text: 1995.0 → '1995', True → 'true'."""
    try:
        return identifiers.scalar_text(value, field, exact=False) or ""
    except identifiers.IdentifierError as error:
        raise CellError(field, value, error.problem, error.remedy) from None


def parse_number(value: Any, field: str) -> float | None:
    """A finite number."""
    if is_missing(value):
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        hint = " with a point for the decimals" if "," in str(value) else ""
        raise CellError(
            field,
            value,
            f"{field} '{display_text(value)}' is not a number",
            f"write a number{hint}, or leave the cell empty",
        ) from None
    if not math.isfinite(result):
        raise CellError(
            field, value, f"{field} '{display_text(value)}' is not finite", "write a number"
        )
    return result


def parse_positive_integer(value: Any, field: str) -> int | None:
    """A whole number from 1, such as a place in a list."""
    result = parse_number(value, field)
    if result is None:
        return None
    if result < 1 or result != int(result) or result > 2**31 - 1:
        raise CellError(
            field,
            value,
            f"{field} '{display_text(value)}' is not a whole number from 1",
            "the first place of a list is 1",
        )
    return int(result)


def format_time(seconds: float) -> str:
    """A time as a message shows it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s"


def parse_json_object(value: Any, field: str) -> dict[str, Any]:
    """A JSON object, as text or already read, of at most `MAX_TEXT_LENGTH` characters as JSON."""
    if is_missing(value):
        return {}
    json_value = value
    if isinstance(value, str):
        check_length(value, field)
        try:
            json_value = json.loads(value)
        except (ValueError, RecursionError):
            json_value = None
    if not isinstance(json_value, Mapping):
        raise CellError(
            field,
            value,
            f"{field} '{display_text(value)}' is not a JSON object",
            'write it like {"page": "home"}',
        )
    # Arrow gives every row of a struct column all the keys there are: those of other rows are None
    result = {str(key): member for key, member in json_value.items() if member is not None}
    try:
        check_length(json.dumps(result, ensure_ascii=False, default=str), field)
        check_storable("".join(nested_strings(result)), field)
    except (RecursionError, ValueError):
        raise CellError(
            field, None, f"{field} is nested too deep, or in itself", "flatten it"
        ) from None
    return result


def nested_strings(value: Any) -> Iterable[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield str(key)
            yield from nested_strings(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from nested_strings(member)


MAX_BEFORE_OBJECT = 8
"""Letters of a list before its first object."""


def split_values(value: Any, separator: str) -> list[Any]:
    """The parts of a cell of several values: a list, a JSON or Python list as text, or 'a|b|c'.

    separator: "" where a cell that is no list has one value.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple | set | frozenset):
        return [part for part in value if not is_missing(part)]
    if is_missing(value):
        return []
    if isinstance(value, str):
        text = value.strip()
        if text[0] == "[" and text[-1] == "]":
            inner = _parse_list_text(text)
            if isinstance(inner, list):
                return [part for part in inner if not is_missing(part)]
        parts = text.split(separator) if separator else [text]
        return [part.strip() for part in parts if part.strip()]
    return [value]


_NAME_KEYS = ("name", "title", "label", "value")
_OTHER_KEYS = frozenset({"src", "url", "href", "sku", "image", "text"})
"""Of objects that are no names: pictures, variants, reviews."""


def with_names(cell: Any) -> Any:
    """A list of objects as the list of their names: `[{"id": 28, "name": "Drama"}]` → ["Drama"],
    also as JSON or Python writes it in a text; an object as its name. Anything else as it is.
    """
    if isinstance(cell, str):
        text = cell.strip()
        if text[:1] not in ("[", "{") or "{" not in text[:MAX_BEFORE_OBJECT]:
            return cell
        parsed = _parse_list_text(text if text[0] == "[" else f"[{text}]")
        if not isinstance(parsed, list):
            return cell
        names = [_name_of(part) for part in parsed]
        return cell if None in names else names
    if isinstance(cell, Mapping):
        name = _name_of(cell)
        return cell if name is None else name
    if isinstance(cell, list | tuple) and any(isinstance(part, Mapping) for part in cell):
        names = [_name_of(part) for part in cell]
        return cell if None in names else names
    return cell


def _name_of(part: Any) -> str | None:
    """What an object is called; None of what has no name, and of what is no mere name."""
    if not isinstance(part, Mapping):
        return None
    by_key = {str(key).lower(): value for key, value in part.items()}
    if _OTHER_KEYS & by_key.keys():
        return None
    names = (by_key.get(key) for key in _NAME_KEYS)
    return next((name for name in names if isinstance(name, str) and name.strip()), None)


_UNKNOWN_NAMES = (
    "unknown|n/a|none|null|nan|not available|not specified|unspecified|undefined|(no genres listed)"
    "|unbekannt|keine angabe|k. a.|k.a.|inconnu|inconnue|non renseigné|non spécifié|desconocido"
    "|desconocida|sin especificar|sconosciuto|sconosciuta|desconhecido|onbekend|不明|未知"
)
_UNKNOWN_WORDS = frozenset(_UNKNOWN_NAMES.split("|"))


def says_nothing(text: str) -> bool:
    """Whether a value of an attribute only says that there is none."""
    return text.strip().lower() in _UNKNOWN_WORDS


def _parse_list_text(text: str) -> Any:
    """A list that was written as JSON, or by Python's str() as pandas does in to_csv."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(_python_to_json(text))
    except (ValueError, RecursionError):
        return None


_PYTHON_TOKEN = re.compile(r"\\.|[\[\](){}:,'\"]|\s++|[\w.+-]++|.", re.DOTALL)
"""An escape, a mark, white space, a number or name, or anything else."""
_JSON_WORDS = {"None": "null", "nan": "null", "NaT": "null", "True": "true", "False": "false"}
_JSON_MARKS = {"(": "[", ")": "]"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\n": ""}


def _python_to_json(text: str) -> str:
    """A list as Python writes it, as JSON writes it, token by token. Nothing of it is run.

    What is no list becomes something that is no JSON.
    """
    quote, quoted_tokens, tokens = "", list[str](), list[str]()
    for token in _PYTHON_TOKEN.findall(text):
        if quote:
            if token == quote:
                tokens.append(json.dumps(_ESCAPE.sub(_unescape, "".join(quoted_tokens))))
                quote = ""
            else:
                quoted_tokens.append(token)
        elif token in ("'", '"'):
            quote, quoted_tokens = token, []
        elif not token.isspace():
            if token in (")", "]", "}") and tokens[-1:] == [","]:
                tokens.pop()  # (1,)
            tokens.append(_JSON_WORDS.get(token, _JSON_MARKS.get(token, token)))
    return " ".join([*tokens, quote])


def _unescape(escape: "re.Match[str]") -> str:
    code = escape[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, code)
