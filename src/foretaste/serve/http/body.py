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

from foretaste.behaviour.values import shown
from foretaste.serve.http.problems import Refused

DEEPEST = 32
"""Levels of lists and objects."""
UNBUFFERED = {"X-Accel-Buffering": "no"}
"""Headers of a stream: a proxy such as nginx passes each part on as it comes."""
LARGE = 65_536
"""Bytes from which a body is read in a thread of its own, so that others need not wait for it."""


class StrictRoute(APIRoute):
    """A route whose body is JSON, read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given our request."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if self.body_field is not None:
                _check_media_type(request)
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


class StrictRequest(Request):
    """A request that reads its JSON strictly."""

    async def json(self) -> Any:
        """What the body holds; raises `Refused`."""
        raw = await self.body()
        return parsed(raw) if len(raw) < LARGE else await run_in_threadpool(parsed, raw)


def _check_media_type(request: Request) -> None:
    # Also a matter of safety: a page elsewhere can make a browser send a form or plain text here
    # unasked, but not JSON.
    sent = request.headers.get("content-type", "")
    kind = sent.partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        told = f"'{shown(sent)}'" if sent else "missing"
        raise Refused(
            "wrong-media-type",
            f"Content-Type is {told}; send the header Content-Type: application/json",
        )


def parsed(raw: bytes) -> Any:
    """The JSON in it; raises `Refused`."""
    try:
        found = json.loads(raw, parse_constant=_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise _not_json(f"byte {error.start} is not UTF-8; write the text as UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _not_json(f"{where}: {error.msg[:1].lower()}{error.msg[1:]}; correct it") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        raise _not_json("a number has too many digits; send it as text") from None
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _depth(found) > DEEPEST:
        raise _too_deep()
    return found


def _not_json(why: str) -> Refused:
    return Refused("bad-json", why)


def _too_deep() -> Refused:
    return _not_json(f"it is nested more than {DEEPEST} levels deep; flatten it")


def _constant(name: str) -> Any:
    raise _not_json(f"{name} is not JSON; leave the value out or send null")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _not_json(f"the number {shown(text)} is too large; send a smaller one")
    return number


def _depth(value: Any) -> int:
    """Levels, counted without recursion."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        if depth > DEEPEST:
            break
        level = [
            inner for each in level for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
