"""In: the application. Out: its OpenAPI document, with problem documents for every error."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from foretaste.serve.http.problems import KINDS, MEDIA, PREFIX, Problem

DETAILS = {
    "bad-json": "line 1, column 9: expecting value; correct it",
    "no-key": "no key was sent; send it as Authorization: Bearer … or X-API-Key",
    "forbidden": "this key has the scope read and this needs events; use another key",
    "too-many": "this key asks too often (serve.rate and serve.burst); ask again in 2 s",
    "too-slow": "12 bytes of the body came in 30 s and it was not whole; send it again, in several "
    "calls if the connection is slow",
    "too-large": "a body has at most 8,388,608 bytes; send it in several calls",
    "wrong-media-type": "Content-Type is missing; send the header Content-Type: application/json",
    "invalid": "n: it should be less than or equal to 1000 (sent: 5000)",
    "not-found": "there is no item '31'",
    "not-ready": "the model and the language model are being loaded; ask again in a second",
    "internal": "error 3f2a9c0d1b7e; it is in the service's log under this number. Try again",
}
GET = ("no-key", "forbidden", "too-many", "not-ready", "internal")
OTHERS = tuple(kind for kind in DETAILS if kind != "not-found")


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        schemas = found["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs")
        schemas["Problem"] = problem
        for path, methods in found["paths"].items():
            for method, operation in methods.items():
                operation["responses"].pop("422", None)
                kinds = GET if method == "get" else OTHERS
                if "{" in path:
                    kinds += ("not-found",)
                if "parameters" in operation:
                    kinds += ("invalid",)
                operation["responses"] |= {str(KINDS[kind][0]): _response(kind) for kind in kinds}
        app.openapi_schema = found
    return app.openapi_schema


def _response(kind: str) -> dict[str, Any]:
    status, title = KINDS[kind]
    example = {
        "type": PREFIX + kind,
        "title": title,
        "status": status,
        "detail": DETAILS[kind],
        "request_id": "5c0e7c1f",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {MEDIA: {"schema": schema, "example": example}}}
