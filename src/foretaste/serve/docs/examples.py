"""The example bodies of the OpenAPI document, from the JSON files in `bodies/`.

They tell one story: a shop's films go in, a visitor does something, and asks. A test sends every
request example to a real service and checks every answer example against its schema.
"""

import json
from importlib.resources import files
from typing import Any

from fastapi.openapi.models import Example

_BODIES = files("foretaste.serve.docs") / "bodies"


def request_examples(name: str) -> dict[str, Example]:
    """The example requests of an address, by their names."""
    examples: dict[str, Example] = json.loads(_text(f"{name}.request.json"))
    return examples


def answer_example(name: str) -> dict[int | str, dict[str, Any]]:
    """The example answer of an address, as the `responses` of a route."""
    body = json.loads(_text(f"{name}.answer.json"))
    return {200: {"content": {"application/json": {"example": body}}}}


def line_examples(name: str) -> str:
    """An example of JSON Lines."""
    return _text(f"{name}.jsonl")


def _text(file_name: str) -> str:
    return (_BODIES / file_name).read_text(encoding="utf-8")
