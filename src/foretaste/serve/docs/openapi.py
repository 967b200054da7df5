"""In: the application. Out: its OpenAPI document, with problem documents for every error."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from foretaste.serve.http.problems import (
    PROBLEM_KINDS,
    PROBLEM_MEDIA_TYPE,
    PROBLEM_TYPE_PREFIX,
    Problem,
)

DETAIL_EXAMPLES = {
    "bad-json": "line 1, column 9: expecting value; correct it",
    "no-key": "no key was sent; send it as Authorization: Bearer … or X-API-Key",
    "forbidden": "this key has the scope read and this needs events; use another key",
    "too-many": "this key asks too often (serve.requests_per_second and serve.burst); "
    "ask again in 2 s",
    "too-slow": "12 bytes of the body came in 30 s and it was not whole; send it again, in several "
    "calls if the connection is slow",
    "too-large": "a body has at most 8,388,608 bytes; send it in several calls",
    "wrong-media-type": "Content-Type is missing; send the header Content-Type: application/json",
    "invalid": "n: it should be less than or equal to 1000 (sent: 5000)",
    "not-found": "there is no item '31'",
    "not-ready": "the model and the language model are being loaded; ask again in a second",
    "internal": "error 3f2a9c0d1b7e; it is in the service's log under this number. Try again",
}
GET_PROBLEM_KINDS = ("no-key", "forbidden", "too-many", "not-ready", "internal")
WRITE_PROBLEM_KINDS = tuple(kind for kind in DETAIL_EXAMPLES if kind != "not-found")


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        openapi = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        schemas = openapi["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs")
        schemas["Problem"] = problem
        for path, methods in openapi["paths"].items():
            for method, operation in methods.items():
                operation["responses"].pop("422", None)
                kinds = GET_PROBLEM_KINDS if method == "get" else WRITE_PROBLEM_KINDS
                if "{" in path:
                    kinds += ("not-found",)
                if "parameters" in operation:
                    kinds += ("invalid",)
                operation["responses"] |= {
                    str(PROBLEM_KINDS[kind][0]): _problem_response(kind) for kind in kinds
                }
        app.openapi_schema = openapi
    return app.openapi_schema


def _problem_response(kind: str) -> dict[str, Any]:
    status, title = PROBLEM_KINDS[kind]
    example = {
        "type": PROBLEM_TYPE_PREFIX + kind,
        "title": title,
        "status": status,
        "detail": DETAIL_EXAMPLES[kind],
        "request_id": "5c0e7c1f",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": title,
        "content": {PROBLEM_MEDIA_TYPE: {"schema": schema, "example": example}},
    }
