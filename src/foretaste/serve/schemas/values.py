"""In: one value of a request's JSON. Out: the same, checked; the base of every request and answer.

Ids, words, counts, filters and rules are told what is wrong with them here, in one way everywhere.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from foretaste.behaviour.values import (
    LONGEST_ID,
    Fault,
    identifier,
    shown,
    storable,
    strings,
)
from foretaste.errors import did_you_mean
from foretaste.rank import conditions, rules

BATCH = 1000
"""Events or items in one call."""
MOST = 1000
"""Items in one answer."""
LONGEST_QUERY = 2000
"""Characters."""
LONGEST_CONTEXT = 10_000
"""Characters, as JSON."""


def _identifier(value: Any) -> str:
    """An id as events have it: trimmed, and a whole number is its digits."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError('an id is text or a whole number; send it like "31"')
    try:
        found = identifier(value, "the id")
    except Fault as fault:
        raise ValueError(str(fault)) from None
    if found is None:
        raise ValueError("an id cannot be empty; leave it out or send null")
    return found


def _words(value: str) -> str:
    try:
        return storable(value, "the text")
    except Fault as fault:
        raise ValueError(str(fault)) from None


def _short(value: str) -> str:
    if len(value) > LONGEST_QUERY:
        raise ValueError(
            f"has {len(value):,} characters; a query has at most {LONGEST_QUERY:,}, shorten it"
        )
    return value


def _context(value: dict[str, Any]) -> dict[str, Any]:
    _words("".join(strings(value)))
    length = len(json.dumps(value))
    if length > LONGEST_CONTEXT:
        raise ValueError(
            f"has {length:,} characters as JSON; a context has at most {LONGEST_CONTEXT:,}"
        )
    spoken = value.get("text")
    if spoken is not None and not isinstance(spoken, str):
        raise ValueError("its text is not text; send a string")
    _short(spoken or "")
    return value


def _whole(value: Any) -> Any:
    """A whole number; 10.0 is one in JSON, true and "10" are not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
        raise ValueError(f"it should be a whole number from 1 to {MOST}; send one of those")
    return value


def _writable(asked: Any) -> Any:
    """Filters and rules are read by the ranking, which knows the catalogue; here their text is."""
    _words("".join(strings(asked)))
    return asked


_ID_SCHEMA = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
        {"type": "integer"},
    ]
}
_SCALARS = [{"type": kind} for kind in ("string", "number", "boolean")]
_VALUES = {
    "anyOf": [
        *_SCALARS,
        {
            "type": "array",
            "items": {"anyOf": _SCALARS},
            "minItems": 1,
            "maxItems": conditions.MOST_VALUES,
        },
    ]
}
_BOUND = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_TESTS = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("in", "not_in", "all"), _VALUES),
        "exists": {"type": "boolean"},
        **dict.fromkeys(conditions.BOUNDS, _BOUND),
    },
    "additionalProperties": False,
    "minProperties": 1,
}
_FILTERS = {"type": "array", "items": {"type": "object"}, "minItems": 1}
_FILTER_SCHEMA = {
    "type": "object",
    "description": "Attribute → a value, several of which one will do, or tests of its values; "
    "and, or, not join filters. All keys must hold.",
    "properties": {
        "and": _FILTERS,
        "or": _FILTERS,
        "not": {"type": "object"},
    },
    "additionalProperties": {"anyOf": [*_VALUES["anyOf"], _TESTS]},
    "examples": [
        {"genre": ["Drama", "War"]},
        {"price": {"gte": 10, "lt": 25}, "in_stock": True},
        {"year": {"gte": 1990, "lt": 2000}, "not": {"genre": "Horror"}},
    ],
}
_RULE_SCHEMA = {"oneOf": [kind.model_json_schema() for kind in rules.RULES]}

Id = Annotated[str, BeforeValidator(_identifier), WithJsonSchema(_ID_SCHEMA)]
Query = Annotated[
    str,
    AfterValidator(_short),
    AfterValidator(_words),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_QUERY}),
]
Column = Annotated[str, AfterValidator(_words)]
Filter = Annotated[
    dict[str, Any], AfterValidator(_writable), WithJsonSchema(_FILTER_SCHEMA, mode="validation")
]
Rule = Annotated[dict[str, Any], WithJsonSchema(_RULE_SCHEMA)]
Rules = Annotated[list[Rule], Field(max_length=rules.MOST_RULES), AfterValidator(_writable)]
Context = Annotated[dict[str, Any], AfterValidator(_context), WithJsonSchema({"type": "object"})]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=MOST)]


class Body(BaseModel):
    """A request. A field it does not know is a mistake, and it says which was meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            for name in data:
                if name not in cls.model_fields:
                    hint = did_you_mean(str(name), cls.model_fields)
                    raise ValueError(f"unknown field '{shown(name)}'; {hint}")
        return data


class Answer(BaseModel):
    """What every answer has."""

    model_config = ConfigDict(use_attribute_docstrings=True)
