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
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from foretaste.behaviour.values import (
    MAX_ID_LENGTH,
    CellError,
    check_storable,
    display_text,
    nested_strings,
    parse_identifier,
)
from foretaste.domain.identifiers import normalise_text
from foretaste.domain.text_limits import MAX_TEXT_LENGTH
from foretaste.errors import did_you_mean
from foretaste.rank import conditions, rules
from foretaste.serve.http.encoded_path import id_in_path
from foretaste.serve.schemas.renamed import (
    add_old_names,
    old_request_fields,
    without_old_names,
)

MAX_BATCH_ROWS = 1000
"""Events or items in one call."""
MAX_ITEMS = 1000
"""Items in one answer."""
MAX_CONTEXT_LENGTH = 10_000
"""Characters, as JSON."""


def _identifier(value: Any) -> str:
    """An id as events have it: trimmed, and a whole number is its digits."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError('an id is text or a whole number; send it like "31"')
    try:
        parsed_id = parse_identifier(value, "the id")
    except CellError as fault:
        raise ValueError(str(fault)) from None
    if parsed_id is None:
        raise ValueError("an id cannot be empty; leave it out or send null")
    return parsed_id


def _check_storable(value: str) -> str:
    try:
        return check_storable(value, "the text")
    except CellError as fault:
        raise ValueError(str(fault)) from None


def _check_query_length(value: str) -> str:
    if len(value) > MAX_TEXT_LENGTH:
        raise ValueError(
            f"has {len(value):,} characters; a query has at most {MAX_TEXT_LENGTH:,}, shorten it"
        )
    return value


def _check_context(value: dict[str, Any]) -> dict[str, Any]:
    _check_storable("".join(nested_strings(value)))
    length = len(json.dumps(value))
    if length > MAX_CONTEXT_LENGTH:
        raise ValueError(
            f"has {length:,} characters as JSON; a context has at most {MAX_CONTEXT_LENGTH:,}"
        )
    context_text = value.get("text")
    if context_text is not None and not isinstance(context_text, str):
        raise ValueError("its text is not text; send a string")
    _check_query_length(context_text or "")
    return value


def _whole_number(value: Any) -> Any:
    """A whole number; 10.0 is one in JSON, true and "10" are not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_ITEMS:
        raise ValueError(f"it should be a whole number from 1 to {MAX_ITEMS}; send one of those")
    return value


def _check_storable_json(expression: Any) -> Any:
    """Filters and rules are read by the ranking, which knows the catalogue; here their text is."""
    _check_storable("".join(nested_strings(expression)))
    return expression


_ID_SCHEMA = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH},
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
            "maxItems": conditions.MAX_VALUES,
        },
    ]
}
_BOUND = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_TESTS = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("in", "not_in", "all"), _VALUES),
        "exists": {"type": "boolean"},
        **dict.fromkeys(conditions.RANGE_BOUNDS, _BOUND),
    },
    "additionalProperties": False,
    "minProperties": 1,
}
_FILTERS = {"type": "array", "items": {"type": "object"}, "minItems": 1}
_FILTER_SCHEMA = {
    "type": "object",
    "description": "Attribute → a value, several of which one will do, or tests of its values; "
    "and, or, not join filters. All keys must hold. An item without a value meets no test of it, "
    "and so it does meet a not and a not_in; with exists they can be left out.",
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
_RULE_SCHEMA = {"oneOf": [kind.model_json_schema() for kind in rules.RULE_TYPES]}

Id = Annotated[str, BeforeValidator(_identifier), WithJsonSchema(_ID_SCHEMA)]
PathText = Annotated[str, BeforeValidator(id_in_path), AfterValidator(_check_storable)]
"""A name in an address."""
PathId = Annotated[PathText, AfterValidator(normalise_text)]
"""An id in an address, as events have it: the one that looks alike."""
CheckedPathId = Annotated[Id, BeforeValidator(id_in_path)]
"""The same within the limits of an id."""
Query = Annotated[
    str,
    AfterValidator(_check_query_length),
    AfterValidator(_check_storable),
    WithJsonSchema({"type": "string", "maxLength": MAX_TEXT_LENGTH}),
]
Column = Annotated[str, AfterValidator(_check_storable)]
Filter = Annotated[
    dict[str, Any],
    AfterValidator(_check_storable_json),
    WithJsonSchema(_FILTER_SCHEMA, mode="validation"),
]
Rule = Annotated[dict[str, Any], WithJsonSchema(_RULE_SCHEMA)]
Rules = Annotated[
    list[Rule], Field(max_length=rules.MAX_RULES), AfterValidator(_check_storable_json)
]
Context = Annotated[
    dict[str, Any], AfterValidator(_check_context), WithJsonSchema({"type": "object"})
]
Count = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=MAX_ITEMS)]


class RequestSchema(BaseModel):
    """A request. A field it does not know is a mistake, and it says which was meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _check_field_names(cls, fields: Any) -> Any:
        if not isinstance(fields, Mapping):
            return fields
        for name in fields:
            if name not in cls.model_fields and name not in old_request_fields(cls):
                hint = did_you_mean(str(name), cls.model_fields)
                raise ValueError(f"unknown field '{display_text(name)}'; {hint}")
        return without_old_names(cls, fields)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        json_schema = handler(core_schema)
        add_old_names(cls, handler.resolve_ref_schema(json_schema))
        return json_schema


class ResponseSchema(BaseModel):
    """What every answer has."""

    model_config = ConfigDict(use_attribute_docstrings=True)
