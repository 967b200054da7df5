"""In: the bytes of a request. Out: its JSON, or a refusal that says what is wrong with it.

Stricter than Python's own reader: no NaN, no infinity, nothing nested without end. What gets past
this can be read, counted and stored by every later step.
"""

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from foretaste.behaviour.values import display_text
from foretaste.serve.http.problems import ProblemError

MAX_NESTING_LEVELS = 32
"""Levels of lists and objects."""
UNBUFFERED_HEADERS = {"X-Accel-Buffering": "no"}
"""Headers of a stream: a proxy such as nginx passes each part on as it comes."""
THREADED_PARSE_BYTES = 65_536
"""Bytes from which a body is read in a thread of its own, so that others need not wait for it."""


class StrictRoute(APIRoute):
    """A route whose body is JSON, read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given our request."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            if self.body_field is not None:
                _check_media_type(request)
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly


class StrictRequest(Request):
    """A request that reads its JSON strictly."""

    async def json(self) -> Any:
        """What the body holds; raises `ProblemError`."""
        raw = await self.body()
        return (
            parse_json(raw)
            if len(raw) < THREADED_PARSE_BYTES
            else await run_in_threadpool(parse_json, raw)
        )


def _check_media_type(request: Request) -> None:
    # Also a matter of safety: a page elsewhere can make a browser send a form or plain text here
    # unasked, but not JSON.
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        sent_media_type = f"'{display_text(content_type)}'" if content_type else "missing"
        raise ProblemError(
            "wrong-media-type",
            f"Content-Type is {sent_media_type}; send the header Content-Type: application/json",
        )


def parse_json(raw: bytes) -> Any:
    """The JSON in it; raises `ProblemError`."""
    try:
        document = json.loads(raw, parse_constant=_reject_constant, parse_float=_parse_finite_float)
    except UnicodeDecodeError as error:
        raise _not_json(f"byte {error.start} is not UTF-8; write the text as UTF-8") from None
    except json.JSONDecodeError as error:
        location = f"line {error.lineno}, column {error.colno}"
        raise _not_json(f"{location}: {error.msg[:1].lower()}{error.msg[1:]}; correct it") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        raise _not_json("a number has too many digits; send it as text") from None
    if (
        raw.count(b"[") + raw.count(b"{") > MAX_NESTING_LEVELS
        and _depth(document) > MAX_NESTING_LEVELS
    ):
        raise _too_deep()
    return document


def _not_json(detail: str) -> ProblemError:
    return ProblemError("bad-json", detail)


def _too_deep() -> ProblemError:
    return _not_json(f"it is nested more than {MAX_NESTING_LEVELS} levels deep; flatten it")


def _reject_constant(name: str) -> Any:
    raise _not_json(f"{name} is not JSON; leave the value out or send null")


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _not_json(f"the number {display_text(text)} is too large; send a smaller one")
    return number


def _depth(value: Any) -> int:
    """Levels, counted without recursion."""
    depth, level = 0, [value]
    while level := [node for node in level if isinstance(node, dict | list)]:
        depth += 1
        if depth > MAX_NESTING_LEVELS:
            break
        level = [
            child for node in level for child in (node.values() if isinstance(node, dict) else node)
        ]
    return depth
