"""In: a request that has a form with a picture or a clip (multipart). Out: the same as JSON, which
all later steps read.

A field of the form is a field of the body: text as it is, numbers, lists and objects as JSON.
"""

import importlib.util
import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from foretaste.errors import MissingExtra
from foretaste.serve.http.problems import ProblemError

FORM_MEDIA_TYPE = "multipart/form-data"
FILE_FIELDS = {"image": "picture", "audio": "clip"}
"""Fields that may be a file → what it is."""
MAX_FORM_FIELDS = 50
TEXT_FIELDS = frozenset(("query", "user", "session", "language", "placement", "next_page_of"))
"""Fields that are text whatever they look like."""


def is_form(request: Request) -> bool:
    """Whether the body is a form that may have files."""
    content_type = request.headers.get("content-type", "")
    return content_type.partition(";")[0].strip().lower() == FORM_MEDIA_TYPE


async def as_json_request(request: Request) -> Request:
    """Raises ProblemError for a form that cannot be read, MissingExtra without what reads it."""
    if importlib.util.find_spec("python_multipart") is None:
        raise MissingExtra("python-multipart, which reads forms with files,", "vision")
    try:
        async with request.form(max_files=len(FILE_FIELDS), max_fields=MAX_FORM_FIELDS) as form:
            parts = form.multi_items()
            _check_once(parts)
            fields = {name: await _value(name, value) for name, value in parts}
    except HTTPException as error:
        raise ProblemError("bad-form", f"{error.detail}; send a form as curl -F does") from None
    body = await run_sync(lambda: json.dumps(fields).encode())
    headers = Headers({**request.headers, "content-type": "application/json"})

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({**request.scope, "headers": headers.raw}, receive)


def _check_once(parts: Sequence[tuple[str, UploadFile | str]]) -> None:
    files = [name for name, value in parts if isinstance(value, UploadFile)]
    for name in files:
        if files.count(name) > 1:
            raise ProblemError(
                "bad-form", f"'{name[:100]}' is there {files.count(name)} times; send one file"
            )


async def _value(name: str, value: UploadFile | str) -> Any:
    if isinstance(value, UploadFile):
        if name not in FILE_FIELDS:
            known = " and ".join(f"a {kind} as '{field}'" for field, kind in FILE_FIELDS.items())
            raise ProblemError("bad-form", f"'{name[:100]}' is a file; send {known}")
        content = await value.read()
        return await run_sync(lambda: b64encode(content).decode())
    if name in TEXT_FIELDS or name in FILE_FIELDS:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
