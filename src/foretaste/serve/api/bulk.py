"""In: JSON Lines of any length. Out: what became of each; or every item or user, a line each.

Neither is ever held as a whole: what comes in is stored a thousand lines at a time, what was wrong
with it waits in a file until the body has been read. (An answer that began before would deadlock
with a client that sends all before it reads anything.)
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from foretaste.behaviour.batch import Rejected, Taken
from foretaste.behaviour.export import item_told, user_told
from foretaste.serve.api.lists import Behind
from foretaste.serve.docs.examples import line_examples
from foretaste.serve.http.body import parsed
from foretaste.serve.http.problems import Refused
from foretaste.serve.http.security import ADMIN, READ
from foretaste.serve.schemas import BATCH

MEDIA = "application/x-ndjson"
LINES = (MEDIA, "application/jsonl", "application/jsonlines", "application/json-lines")
"""What a body of JSON Lines calls itself."""
LONGEST = 1 << 20
"""Bytes of a line."""
AT_ONCE = 4 << 20
"""Bytes of lines after which they are stored, though they are not yet a thousand."""
IN_MEMORY = 1 << 20
"""Bytes of results from which they go to a file."""
SLOWEST = 1000.0
"""Bytes a second below which a body does not come in time."""
PAGE = 500
"""Items or users read at once."""

router = APIRouter(prefix="/v1")


def _lines(example: str) -> dict[int | str, dict[str, Any]]:
    content = {MEDIA: {"schema": {"type": "string"}, "example": example}}
    return {200: {"description": "JSON Lines", "content": content}}


def _body(example: str) -> dict[str, Any]:
    content = {MEDIA: {"schema": {"type": "string"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


IN: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": _lines(line_examples("lines-taken")),
}


@router.post(
    "/items.jsonl",
    dependencies=[ADMIN],
    tags=["catalogue"],
    openapi_extra=_body(line_examples("items")),
    **IN,
)
async def put_item_lines(request: Request, service: Behind) -> StreamingResponse:
    """Create or replace any number of items, a line each, as in `POST /v1/items`.

    The first line of the answer says how many; each further line is one that was not taken: its
    number from 1, what is wrong, and what to do. The others are stored, a thousand at a time; send
    the file again without fear. Only a body of which nothing could be used is an error.
    """
    intake = await run_in_threadpool(lambda: service.intake)
    return await _taken_in(request, intake.items, service.workspace.config.serve.body_seconds)


@router.get(
    "/items.jsonl",
    dependencies=[READ],
    tags=["catalogue"],
    response_class=StreamingResponse,
    responses=_lines(line_examples("items")),
)
def get_item_lines(service: Behind) -> StreamingResponse:
    """The whole catalogue, a line an item, in the form in which it may be sent again."""
    store = service.workspace.store
    return _sent_out(store.items_page, item_told)


@router.post(
    "/users.jsonl",
    dependencies=[ADMIN],
    tags=["people"],
    openapi_extra=_body(line_examples("users")),
    **IN,
)
async def put_user_lines(request: Request, service: Behind) -> StreamingResponse:
    """Create or replace any number of users, a line each, as in `POST /v1/items.jsonl`."""
    intake = await run_in_threadpool(lambda: service.intake)
    return await _taken_in(request, intake.users, service.workspace.config.serve.body_seconds)


@router.get(
    "/users.jsonl",
    dependencies=[ADMIN],
    tags=["people"],
    response_class=StreamingResponse,
    responses=_lines(line_examples("users")),
)
def get_user_lines(service: Behind) -> StreamingResponse:
    """All users with attributes, a line each."""
    store = service.workspace.store
    return _sent_out(store.users_page, user_told)


Put = Callable[[Sequence[Any]], Taken]


@dataclass
class _Results:
    """What has become of a body so far."""

    put: Put
    accepted: int = 0
    known: int = 0
    rejected: int = 0
    first: list[Rejected] = field(default_factory=list)
    file: SpooledTemporaryFile[bytes] = field(default_factory=lambda: _spool())

    def take(self, lines: Sequence[tuple[int, bytes | None]]) -> None:
        """Store these lines; None is one that was too long to be kept."""
        rows, numbers = list[Any](), list[int]()
        for number, line in lines:
            row = self._read(number, line)
            if row is not None:
                rows.append(row[0])
                numbers.append(number)
        if not rows:
            return
        taken = self.put(rows)
        self.accepted += taken.accepted
        self.known += taken.known
        for one in taken.rejected:
            self._reject(one.model_copy(update={"index": numbers[one.index]}))

    def _read(self, number: int, line: bytes | None) -> tuple[Any] | None:
        if line is None:
            self._wrong(number, f"the line has more than {LONGEST:,} bytes", "shorten its texts")
            return None
        try:
            return (parsed(line),)
        except Refused as refused:
            problem, _, remedy = refused.detail.rpartition("; ")
            self._wrong(number, problem.removeprefix("line 1, "), remedy)
            return None

    def _wrong(self, number: int, problem: str, remedy: str) -> None:
        self._reject(Rejected(index=number, field="", problem=problem, value="", remedy=remedy))

    def _reject(self, one: Rejected) -> None:
        self.rejected += 1
        if len(self.first) < 20:
            self.first.append(one)
        told = one.model_dump()
        line = {"line": told.pop("index"), **told}
        self.file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def answer(self) -> Iterator[bytes]:
        """How many, then each that was not taken."""
        counts = {"accepted": self.accepted, "known": self.known, "rejected": self.rejected}
        with self.file:
            self.file.seek(0)
            yield json.dumps(counts).encode() + b"\n"
            while chunk := self.file.read(1 << 16):
                yield chunk


def _spool() -> SpooledTemporaryFile[bytes]:
    return SpooledTemporaryFile(max_size=IN_MEMORY)  # `answer` closes it


async def _taken_in(request: Request, put: Put, patience: float) -> StreamingResponse:
    _check_media_type(request)
    results = _Results(put)
    try:
        await _take_all(steady(request.stream(), patience), results)
        if not results.accepted and not results.known:
            raise _nothing(results)
    except BaseException:  # also of a client that goes away
        results.file.close()
        raise
    return StreamingResponse(results.answer(), media_type=MEDIA)


async def _take_all(chunks: AsyncIterator[bytes], results: _Results) -> None:
    waiting, size = list[tuple[int, bytes | None]](), 0
    async for number, line in numbered(chunks):
        waiting.append((number, line))
        size += len(line or b"")
        if len(waiting) == BATCH or size > AT_ONCE:
            await run_in_threadpool(results.take, waiting)
            waiting, size = [], 0
    await run_in_threadpool(results.take, waiting)


def _nothing(results: _Results) -> Refused:
    if not results.first:
        return Refused("nothing-accepted", "the body has no lines; send one JSON object a line")
    first = results.first[0]
    detail = f"all {results.rejected:,} lines are wrong; line {first.index}: {first.problem}"
    return Refused("nothing-accepted", f"{detail}; {first.remedy}", rejected=results.first)


async def steady(
    chunks: AsyncIterator[bytes], patience: float, slowest: float = SLOWEST
) -> AsyncIterator[bytes]:
    """The same, as long as they come: waited for at most `patience` seconds and one more for each
    `slowest` bytes. Raises `Refused`; what came before is stored.
    """
    waited, read = 0.0, 0
    while True:
        began = time.monotonic()
        try:
            async with asyncio.timeout(patience + read / slowest - waited):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refused(
                "too-slow",
                f"{read:,} bytes came in {time.monotonic() - began + waited:.1f} s of waiting; "
                f"{slowest:,.0f} a second are expected. What came as whole thousands of lines may "
                "be stored: send the file again, in parts if the connection is slow",
                headers={"Connection": "close"},
            ) from None
        waited, read = waited + time.monotonic() - began, read + len(chunk)
        yield chunk


async def numbered(
    chunks: AsyncIterator[bytes], longest: int = LONGEST
) -> AsyncIterator[tuple[int, bytes | None]]:
    """(number from 1, line) of each that is not empty; None for one too long to be kept."""
    number, rest, over = 0, b"", False
    async for chunk in chunks:
        *whole, tail = chunk.split(b"\n")
        for end in whole:
            number += 1
            line, rest = rest + end, b""
            if over or len(line) > longest:
                yield number, None
            elif line.strip():
                yield number, line
            over = False
        over = over or len(rest) + len(tail) > longest
        rest = b"" if over else rest + tail
    if over or rest.strip():
        yield number + 1, None if over else rest


def _check_media_type(request: Request) -> None:
    # As for JSON: a page elsewhere can make a browser send a form or plain text, but not these
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in LINES:
        told = f"'{kind}'" if kind else "missing"
        raise Refused(
            "wrong-media-type", f"Content-Type is {told}; send the header Content-Type: {MEDIA}"
        )


def _sent_out(
    page: Callable[[str, int], list[Any]], told: Callable[[Any], Any]
) -> StreamingResponse:
    def lines() -> Iterator[bytes]:
        after = ""
        while found := page(after, PAGE):
            yield b"".join(to_json(told(one)) + b"\n" for one in found)
            after = found[-1].id

    return StreamingResponse(lines(), media_type=MEDIA)
