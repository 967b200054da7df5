"""In: the bytes of a request. Out: its JSON, or a refusal that says what is wrong with it; and the
answer's.

Stricter than Python's own reader: no NaN, no infinity, nothing nested without end. What gets past
this can be read, counted and stored by every later step.

While the event loop reads or checks something, it answers nobody, and while a thread is within one
call of C, neither. So what is large is read, checked and written in threads, in parts.
"""

import json
import json.scanner
import math
from collections.abc import Callable, Coroutine, Mapping
from functools import partial, update_wrapper, wraps
from inspect import iscoroutinefunction
from traceback import clear_frames
from typing import Any, ClassVar

import numpy as np
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import ResponseValidationError
from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from foretaste.behaviour.values import display_text
from foretaste.serve.http.lanes import LaneRoute
from foretaste.serve.http.media_form import as_json_request, is_form
from foretaste.serve.http.problems import InvalidBodyError, ProblemError

MAX_NESTING_LEVELS = 32
"""Levels of lists and objects."""
UNBUFFERED_HEADERS = {"X-Accel-Buffering": "no"}
"""Headers of a stream: a proxy such as nginx passes each part on as it comes."""
THREADED_PARSE_BYTES = 16_384
"""Bytes from which a body is read and checked in a thread of its own."""
MAX_LARGE_BODIES = 2
"""Large bodies that are read at once; more wait their turn, and none of them holds up a list."""
MAX_JSON_VALUES = 200_000
"""Values in a body: 200 in each of a thousand rows."""
VALUES_PER_CALL = 100_000
"""Values that Python's parser in C reads in one call: 35 ms. Of more it is called for each."""
ROWS_PER_PART = 1000
"""Rows of an answer that are written in one call."""
_large_body_limiter = CapacityLimiter(MAX_LARGE_BODIES)


class StrictRoute(LaneRoute):
    """A route whose body is JSON, read strictly. The event loop neither reads nor writes what is
    large.
    """

    takes_files: ClassVar[bool] = False
    """Whether the body may be a form with a picture or clip, too."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        answer = endpoint if iscoroutinefunction(endpoint) else self._encoding_answer(endpoint)
        # FastAPI looks up the source lines of a function at its first request, which takes up to
        # 0.3 s in the event loop; a partial has none
        super().__init__(path, update_wrapper(partial(answer), endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given our request."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            if self.takes_files and is_form(request):
                request = await as_json_request(request)
            if self.body_field is not None:
                _check_media_type(request)
            return await handle(StrictRequest(request.scope, request.receive, self.body_field))

        return handle_strictly

    def _encoding_answer(self, endpoint: Callable[..., Any]) -> Callable[..., Response]:
        """What the endpoint answers as a response: written in its thread, not by the event loop."""

        @wraps(endpoint)
        def answer(*arguments: Any, **named_arguments: Any) -> Response:
            try:
                result = endpoint(*arguments, **named_arguments)
            except Exception as error:
                # what it had in hand is freed here: the traceback keeps it until the event loop
                # has answered, which would free it
                clear_frames(error.__traceback__)
                raise
            if isinstance(result, Response):
                return result
            if self.response_field is not None:
                result, errors = self.response_field.validate(result, {}, loc=("response",))
                if errors:
                    raise ResponseValidationError(errors=errors, body=result)
                result = self.response_field.serialize(result)
            return Response(encode_json(result), media_type="application/json")

        return answer


class OperatorRoute(StrictRoute):
    """A route for whoever runs the shop: what it counts never takes the threads of lists."""

    is_for_operator = True


class MediaRoute(StrictRoute):
    """A route whose body may be a form with a picture or clip."""

    takes_files = True


class StrictRequest(Request):
    """A request that reads its JSON strictly."""

    def __init__(self, scope: Scope, receive: Receive, body_field: Any) -> None:
        super().__init__(scope, receive)
        self._body_field = body_field

    async def json(self) -> Any:
        """What the body holds, where it is large as the route's own type: FastAPI, which checks
        in the event loop, takes that as it is. Raises `ProblemError`.
        """
        raw = await self.body()
        if len(raw) < THREADED_PARSE_BYTES:
            return parse_json(raw)
        return await run_sync(self._parse_and_check, raw, limiter=_large_body_limiter)

    async def checked(self) -> Any:
        """What the body holds, as the route's own type. Raises `ProblemError`."""
        try:
            raw = await self.body()
        except ClientDisconnect:
            raise HTTPException(400, "the body did not come") from None
        if not raw:
            raise InvalidBodyError([{"type": "missing", "loc": ("body",), "msg": ""}])
        if len(raw) < THREADED_PARSE_BYTES:
            return self._parse_and_check(raw)
        return await run_sync(self._parse_and_check, raw, limiter=_large_body_limiter)

    def _parse_and_check(self, raw: bytes) -> Any:
        document = parse_json(raw)
        if self._body_field is None:
            return document
        body, errors = self._body_field.validate(document, {}, loc=("body",))
        if errors:
            error = InvalidBodyError(errors)
            # freed here: the traceback keeps this frame until the event loop lets go of it
            del raw, document, body, errors
            raise error
        return body


def encode_json(content: Any) -> bytes:
    """The JSON of an answer, of long lists a part at a time. NaN and infinity become null."""
    if isinstance(content, list | tuple) and len(content) > ROWS_PER_PART:
        starts = range(0, len(content), ROWS_PER_PART)
        parts = (
            to_json(content[start : start + ROWS_PER_PART], inf_nan_mode="null")[1:-1]
            for start in starts
        )
        return b"[" + b",".join(parts) + b"]"
    if isinstance(content, Mapping):
        fields = (to_json(name) + b":" + encode_json(value) for name, value in content.items())
        return b"{" + b",".join(fields) + b"}"
    return to_json(content, inf_nan_mode="null")


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
        document = _decoder(raw).decode(raw.decode(json.detect_encoding(raw)))
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


def _decoder(raw: bytes) -> json.JSONDecoder:
    """A reader that holds up nobody, whatever the body is. Raises `ProblemError`."""
    decoder = json.JSONDecoder(parse_constant=_reject_constant, parse_float=_parse_finite_float)
    count = sum(map(raw.count, (b",", b"[", b"{")))
    if count > VALUES_PER_CALL:
        if count > MAX_JSON_VALUES and _count_values(raw) > MAX_JSON_VALUES:
            raise ProblemError(
                "too-large",
                f"a body has at most {MAX_JSON_VALUES:,} values; send it in several calls",
            )
        # the same reader in Python: ten times slower, but others have their turn meanwhile
        decoder.scan_once = json.scanner.py_make_scanner(decoder)  # type: ignore[attr-defined]
    return decoder


def _count_values(raw: bytes) -> int:
    """Commas and opening brackets, without those within texts."""
    raw = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    characters = np.frombuffer(raw, np.uint8)
    is_text = np.bitwise_xor.accumulate(characters == ord('"'))
    is_separator = np.isin(characters, np.frombuffer(b",[{", np.uint8))
    return int(np.count_nonzero(is_separator & ~is_text))


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
