"""In: the columns of items or users that are no field. Out: what each is, and its values.

A column is free text for the language model, an attribute of one or several values, a price, which
is kept as it is and as a band, or an identifier that says nothing and is left out. Decided on the
first rows of a file, then fixed, and remembered so that a single item sent later is read in the
same way.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from foretaste.behaviour.columns import squeezed
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import Fault, listed, missing, plain, storable
from foretaste.domain.data import BAND
from foretaste.domain.store import FactStore

Role = Literal["text", "attribute", "commas", "price", "skip"]
"""`commas` is an attribute whose several values are written 'Drama, Comedy'."""

_TEXT = (
    "description text plot summary overview abstract body content lyrics review reviews synopsis "
    "longdescription shortdescription productdescription storyline bio transcript details"
)
TEXT_NAMES = frozenset(_TEXT.split())
LONG = 60
"""Mean characters of a value from which a column is free text."""
UNIQUE = 0.9
"""Share of different values above which a column is an identifier…"""
ENOUGH = 50
"""…if it has more values than this."""
FEW = 0.3
"""Share of different parts below which values with commas are lists…"""
SHORT = 30
"""…if a part has fewer characters than this on average."""
BANDS = (10.0, 25.0, 50.0, 100.0, 250.0)
"""Where price bands begin and end. Fixed, so that a band means the same in every import."""
_NOTHING = frozenset({"(no genres listed)"})  # how MovieLens writes an empty list
_WHOLE = re.compile(r"-?\d+\.0")  # how pandas writes whole numbers beside an empty cell
_MONEY = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def roles_of(
    columns: Iterable[str],
    rows: Sequence[Mapping[str, Any]],
    settings: BehaviourSettings,
    remembered: Mapping[str, tuple[Role, int]],
) -> dict[str, tuple[Role, int]]:
    """Column → (what it is, on how many values that was decided).

    The settings win; then what was decided on more values, by this file or by one before it.
    """
    decided: dict[str, tuple[Role, int]] = {}
    for column in columns:
        values = [value for row in rows if not missing(value := row.get(column))]
        before = remembered.get(column)
        if column in settings.text_columns:
            decided[column] = ("text", len(values))
        elif column in settings.attribute_columns:
            role: Role = "price" if _is_price(column, values) else "attribute"
            decided[column] = (role, len(values))
        elif before is not None and before[1] >= len(values):
            decided[column] = before
        else:
            decided[column] = (_role(column, values, settings.attribute_separator), len(values))
    return decided


def _role(column: str, values: Sequence[Any], separator: str) -> Role:
    if any(isinstance(value, Mapping) for value in values):
        return "skip"
    if squeezed(column) in TEXT_NAMES and all(isinstance(value, str) for value in values):
        return "text"
    if _is_price(column, values):
        return "price"
    if _in_commas(values, separator):
        return "commas"
    parts = [str(part) for value in values for part in listed(value, separator)]
    if not parts:
        return "attribute"
    if sum(map(len, parts)) > LONG * len(parts):
        return "text"
    unique = len(set(parts)) > UNIQUE * len(parts) and len(parts) > ENOUGH
    return "skip" if unique else "attribute"


def _in_commas(values: Sequence[Any], separator: str) -> bool:
    """Whether the values are lists with commas: short parts, few different ones, in many rows."""
    if len(values) <= ENOUGH or not all(isinstance(value, str) for value in values):
        return False
    if any(separator in value or value.startswith("[") for value in values):
        return False
    parts = [part for value in values for part in listed(value, ",")]
    few = len(set(parts)) < FEW * len(parts) and sum(map(len, parts)) < SHORT * len(parts)
    return few and sum(", " in value for value in values) * 3 > len(values)


def role_of(column: str, value: Any, separator: str) -> Role:
    """What a column is, judged by a single value: that of an item sent to the service."""
    if isinstance(value, Mapping):
        raise Fault(column, value, f"{column} is an object", "give a word, a number or a list")
    return _role(column, [] if missing(value) else [value], separator)


def _is_price(column: str, values: Sequence[Any]) -> bool:
    named = "price" in column.lower() and "band" not in column.lower()
    return named and all(_amounts(value) for value in values)


def valued(column: str, value: Any, role: Role, separator: str) -> Mapping[str, tuple[str, ...]]:
    """Attribute → its values: different ones, in their order. A price is two attributes: itself,
    for filters, and its band, which is what a model can learn from.
    """
    if role == "price":
        amounts = _amounts(value)
        exact = tuple(dict.fromkeys(plain(amount, column) for amount in amounts))
        return {column: exact, f"{column}{BAND}": tuple(dict.fromkeys(map(band, amounts)))}
    found: dict[str, None] = {}
    for part in listed(value, "," if role == "commas" else separator):
        text = plain(part, column).strip()
        if _WHOLE.fullmatch(text):
            text = text[:-2]
        if text and text not in _NOTHING:
            found[storable(text, column)] = None
    return {column: tuple(found)}


def band(amount: float) -> str:
    """'0-10', '10-25', … '250+'. A band holds its lower end."""
    low = 0.0
    for high in BANDS:
        if amount < high:
            return f"{low:g}-{high:g}"
        low = high
    return f"{low:g}+"


def _amounts(value: Any) -> list[float]:
    """12.5, '12.50', '$1,299.00', [9, 12] → numbers; none if one of them is no amount."""
    several = value if isinstance(value, list | tuple) else [value]
    found = [_amount(one) for one in several if not missing(one)]
    return [one for one in found if one is not None] if None not in found else []


def _amount(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        money = _MONEY.search(value)
        return float(money[0].replace(",", "")) if money else None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def remembered(store: FactStore, what: str) -> dict[str, tuple[Role, int]]:
    """What the store remembers of the columns of items or users."""
    kept = json.loads(store.fact(f"{what}_columns") or "{}")
    return {column: (role, n) for column, (role, n) in kept.items()}


def remember(store: FactStore, what: str, roles: Mapping[str, tuple[Role, int]]) -> None:
    """Keep what was decided; columns that this file did not have stay as they were."""
    store.put_fact(f"{what}_columns", json.dumps({**remembered(store, what), **roles}))
