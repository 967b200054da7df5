"""Fields of requests and answers that have new names: for one release the old ones are accepted in
requests, and sent beside the new ones in answers. The OpenAPI document marks them as deprecated.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import AliasChoices, BaseModel, Field
from pydantic.json_schema import JsonSchemaValue


def old_name_of(field: str) -> Any:
    """A field of an answer: the old name of `field`, which is declared above it, and its value."""
    return Field(
        default_factory=lambda values: values.get(field),
        description=_description(field),
        json_schema_extra={"deprecated": True},
    )


@cache
def old_request_fields(schema: type[BaseModel]) -> Mapping[str, str]:
    """Old name → name, of each field of a request with `AliasChoices(name, old name)`."""
    return {
        str(old): name
        for name, field in schema.model_fields.items()
        if isinstance(field.validation_alias, AliasChoices)
        for old in field.validation_alias.choices[1:]
    }


def without_old_names(schema: type[BaseModel], content: Mapping[str, Any]) -> Mapping[str, Any]:
    """A request that has no field by both names. One name of two that agree is left out.

    Raises:
        ValueError: the two do not agree.

    """
    for old, new in old_request_fields(schema).items():
        if old not in content or new not in content:
            continue
        if content[old] != content[new]:
            raise ValueError(
                f"'{old}' is the old name of '{new}', and the two differ; send {new} alone"
            )
        content = {name: value for name, value in content.items() if name != old}
    return content


def add_old_names(schema: type[BaseModel], json_schema: JsonSchemaValue) -> None:
    """The old names of a request's fields, into its JSON schema."""
    properties, required = json_schema["properties"], json_schema.get("required", [])
    for old, new in old_request_fields(schema).items():
        properties[old] = {
            **properties[new],
            "description": _description(new),
            "deprecated": True,
        }
        if new in required:
            required.remove(new)
            json_schema.setdefault("allOf", []).append(
                {"anyOf": [{"required": [new]}, {"required": [old]}]}
            )


def _description(field: str) -> str:
    return f"The old name of `{field}`, for one release."
