"""In: the OpenAPI document. Out: docs/api.md, the same for people to read.

`make api-docs` writes it; a test says when it is no longer what the service does.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Schema = Mapping[str, Any]

PAGE_INTRO = """# The HTTP API

Written by `make api-docs` from the OpenAPI document of the service, which is at `/openapi.json`.
Bodies are JSON, or JSON Lines where it says so. Every error is a problem document (RFC 9457):
`detail` says what is wrong, with which value, and what to do.
"""


def reference(document: Mapping[str, Any]) -> str:
    """The page."""
    parts = [PAGE_INTRO]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts += _operation(method, path, operation, document)
    parts += _filters(document)
    return "\n".join(parts).rstrip() + "\n"


def _operation(method: str, path: str, operation: Schema, document: Schema) -> Iterator[str]:
    yield f"## `{method.upper()} {path}`\n"
    yield f"{operation.get('description', operation.get('summary', '')).strip()}\n"
    yield f"{_scopes(operation)}\n"
    yield from _parameters(operation, document)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        yield from _table(body["schema"], document, "field")
        for example in body.get("examples", {}).values():
            yield f"{example['summary']}:\n"
            yield _json(example["value"])
    yield from _lines("Body", operation.get("requestBody", {}))
    yield from _lines("Answer", operation["responses"].get("200", {}))
    json_content = (
        operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    )
    if "example" in json_content:
        yield "Answer:\n"
        yield from _table(json_content["schema"], document, "field")
        yield _json(json_content["example"])


def _scopes(operation: Schema) -> str:
    """What a key must be allowed to do, where the service asks for keys."""
    scopes = [
        scope for scheme in operation.get("security", []) for scope in next(iter(scheme.values()))
    ]
    names = " and ".join(f"`{scope}`" for scope in dict.fromkeys(scopes))
    return f"Needs a key with {names}." if names else "Needs no key."


def _lines(label: str, message: Schema) -> Iterator[str]:
    """A body or an answer of JSON Lines."""
    for media, content in message.get("content", {}).items():
        if media.endswith("ndjson"):
            yield f"{label}, `{media}`:\n"
            yield f"```text\n{content['example'].rstrip()}\n```\n"


def _parameters(operation: Schema, document: Schema) -> Iterator[str]:
    parameters = operation.get("parameters", [])
    if parameters:
        fields = {
            parameter["name"]: {
                **parameter["schema"],
                "description": parameter.get(
                    "description", parameter["schema"].get("description", "")
                ),
            }
            for parameter in parameters
        }
        required = [parameter["name"] for parameter in parameters if parameter.get("required")]
        yield from _table({"properties": fields, "required": required}, document, "parameter")


def _table(schema: Schema, document: Schema, column_title: str) -> Iterator[str]:
    object_schema = _dereference(schema, document)
    fields = object_schema.get("properties", {})
    if not fields:
        return
    required = object_schema.get("required", [])
    yield f"| {column_title} | type | |"
    yield "|---|---|---|"
    for name, field in fields.items():
        note = " ".join(str(field.get("description", "")).split())
        if name in required and "default" not in field and column_title != "field":
            note = f"Needed. {note}"
        yield f"| `{name}` | {_type(field, document)} | {_cell(note)} |"
    yield ""
    for inner in _nested_objects(fields, document):
        is_list = "array" in str(fields[inner[0]])
        yield f"{'Each of' if is_list else 'In'} `{inner[0]}`:\n"
        yield from _table(inner[1], document, "field")


def _nested_objects(fields: Schema, document: Schema) -> Iterator[tuple[str, Schema]]:
    """Fields that are objects, or lists of them, with names of their own."""
    for name, field in fields.items():
        if field.get("deprecated"):
            continue  # it has the form of the field by the present name
        for kind in (field, *field.get("anyOf", [])):
            inner = kind if "$ref" in kind else kind.get("items", {})
            inner_schema = _dereference(inner, document)
            if inner_schema.get("properties"):
                yield name, inner_schema


def _type(field: Schema, document: Schema) -> str:
    if "$ref" in field:
        return _type(_dereference(field, document), document)
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field or "oneOf" in field:
        kinds = [
            _type(alternative, document)
            for alternative in field.get("anyOf", field.get("oneOf", []))
        ]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    kind = str(field.get("type", "any"))
    if kind == "array":
        return f"list of {_type(field.get('items', {}), document)}"
    low, high = field.get("minimum"), field.get("maximum")
    span = f", {low} to {high}" if low is not None and high is not None else ""
    return f"{kind}{span}"


def _dereference(schema: Schema, document: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _filters(document: Schema) -> Iterator[str]:
    """Filters and rules, which several addresses take."""
    from foretaste.rank import conditions, rules  # their module docstrings are the reference

    yield "## Filters\n"
    yield f"```text\n{_indented(conditions.__doc__)}\n```\n"
    yield "Several keys in one filter must all hold.\n"
    yield "## Rules\n"
    yield f"```text\n{_indented(rules.__doc__)}\n```\n"


def _indented(text: str | None) -> str:
    return "\n".join(line[4:] for line in (text or "").splitlines() if line.startswith("    "))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _json(value: Any) -> str:
    return f"```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```\n"


def main() -> None:
    """Write the page to the file named."""
    from foretaste.serve.app import create_app

    with TemporaryDirectory() as empty:
        page = reference(create_app(empty).openapi())
    Path(sys.argv[1]).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
