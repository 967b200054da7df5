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

from foretaste.behaviour.batch import BatchRejection, IngestSummary
from foretaste.behaviour.export import item_to_json, user_to_json
from foretaste.behaviour.ingest import Ingestor
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import line_examples
from foretaste.serve.http.body import StrictRoute, parse_json
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import ADMIN, READ
from foretaste.serve.schemas import MAX_BATCH_ROWS
from foretaste.serve.service import Service

NDJSON_MEDIA_TYPE = "application/x-ndjson"
JSON_LINES_MEDIA_TYPES = (
    NDJSON_MEDIA_TYPE,
    "application/jsonl",
    "application/jsonlines",
    "application/json-lines",
)
"""What a body of JSON Lines calls itself."""
MAX_LINE_BYTES = 1 << 20
"""Bytes of a line."""
MAX_PENDING_BYTES = 4 << 20
"""Bytes of lines after which they are stored, though they are not yet a thousand."""
SPOOL_MEMORY_BYTES = 1 << 20
"""Bytes of results from which they go to a file."""
MIN_BYTES_PER_SECOND = 1000.0
"""Bytes a second below which a body does not come in time."""
ROWS_PER_PAGE = 500
"""Items or users read at once."""

router = APIRouter(prefix="/v1", route_class=StrictRoute)


def _lines_response_schema(example: str) -> dict[int | str, dict[str, Any]]:
    content = {NDJSON_MEDIA_TYPE: {"schema": {"type": "string"}, "example": example}}
    return {200: {"description": "JSON Lines", "content": content}}


def _lines_body_schema(example: str) -> dict[str, Any]:
    content = {NDJSON_MEDIA_TYPE: {"schema": {"type": "string"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


INGEST_ROUTE_OPTIONS: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": _lines_response_schema(line_examples("lines-taken")),
}


@router.post(
    "/items.jsonl",
    dependencies=[ADMIN],
    tags=["catalogue"],
    openapi_extra=_lines_body_schema(line_examples("items")),
    **INGEST_ROUTE_OPTIONS,
)
async def put_item_lines(request: Request, service: ServiceDep) -> StreamingResponse:
    """Create or replace any number of items, a line each, as in `POST /v1/items`.

    The first line of the answer says how many; each further line is one that was not taken: its
    number from 1, what is wrong, and what to do. The others are stored, a thousand at a time; send
    the file again without fear. Only a body of which nothing could be used is an error.
    """
    ingestor, body_seconds = await run_in_threadpool(_open_ingestor, service)
    return await _ingest_body(request, ingestor.items, body_seconds)


@router.get(
    "/items.jsonl",
    dependencies=[READ],
    tags=["catalogue"],
    response_class=StreamingResponse,
    responses=_lines_response_schema(line_examples("items")),
)
def get_item_lines(service: ServiceDep) -> StreamingResponse:
    """The whole catalogue, a line an item, in the form in which it may be sent again."""
    store = service.workspace.store
    return _stream_lines(store.items_page, item_to_json)


@router.post(
    "/users.jsonl",
    dependencies=[ADMIN],
    tags=["people"],
    openapi_extra=_lines_body_schema(line_examples("users")),
    **INGEST_ROUTE_OPTIONS,
)
async def put_user_lines(request: Request, service: ServiceDep) -> StreamingResponse:
    """Create or replace any number of users, a line each, as in `POST /v1/items.jsonl`."""
    ingestor, body_seconds = await run_in_threadpool(_open_ingestor, service)
    return await _ingest_body(request, ingestor.users, body_seconds)


@router.get(
    "/users.jsonl",
    dependencies=[ADMIN],
    tags=["people"],
    response_class=StreamingResponse,
    responses=_lines_response_schema(line_examples("users")),
)
def get_user_lines(service: ServiceDep) -> StreamingResponse:
    """All users with attributes, a line each."""
    store = service.workspace.store
    return _stream_lines(store.users_page, user_to_json)


def _open_ingestor(service: Service) -> tuple[Ingestor, float]:
    """What stores the lines, and the seconds in which they must come."""
    return service.ingestor, service.workspace.config.serve.body_seconds


PutRows = Callable[[Sequence[Any]], IngestSummary]


@dataclass
class _BulkReport:
    """What has become of a body so far."""

    put: PutRows
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    first_rejected: list[BatchRejection] = field(default_factory=list)
    spool: SpooledTemporaryFile[bytes] = field(default_factory=lambda: _spool())

    def ingest_lines(self, lines: Sequence[tuple[int, bytes | None]]) -> None:
        """Store these lines; None is one that was too long to be kept."""
        rows, numbers = list[Any](), list[int]()
        for number, line in lines:
            row = self._parse_line(number, line)
            if row is not None:
                rows.append(row[0])
                numbers.append(number)
        if not rows:
            return
        summary = self.put(rows)
        self.accepted += summary.accepted
        self.duplicates += summary.duplicates
        for rejection in summary.rejected:
            self._write_rejected(rejection.model_copy(update={"index": numbers[rejection.index]}))

    def _parse_line(self, number: int, line: bytes | None) -> tuple[Any] | None:
        if line is None:
            self._reject_line(
                number, f"the line has more than {MAX_LINE_BYTES:,} bytes", "shorten its texts"
            )
            return None
        try:
            return (parse_json(line),)
        except ProblemError as refused:
            problem, _, remedy = refused.detail.rpartition("; ")
            self._reject_line(number, problem.removeprefix("line 1, "), remedy)
            return None

    def _reject_line(self, number: int, problem: str, remedy: str) -> None:
        self._write_rejected(
            BatchRejection(index=number, field="", problem=problem, value="", remedy=remedy)
        )

    def _write_rejected(self, rejection: BatchRejection) -> None:
        self.rejected += 1
        if len(self.first_rejected) < 20:
            self.first_rejected.append(rejection)
        fields = rejection.model_dump()
        line = {"line": fields.pop("index"), **fields}
        self.spool.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def response_chunks(self) -> Iterator[bytes]:
        """How many, then each that was not taken."""
        counts = {
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "known": self.duplicates,  # its old name, for one release
            "rejected": self.rejected,
        }
        with self.spool:
            self.spool.seek(0)
            yield json.dumps(counts).encode() + b"\n"
            while chunk := self.spool.read(1 << 16):
                yield chunk


def _spool() -> SpooledTemporaryFile[bytes]:
    return SpooledTemporaryFile(max_size=SPOOL_MEMORY_BYTES)  # `_ingest_body` closes it


async def _ingest_body(request: Request, put: PutRows, body_seconds: float) -> StreamingResponse:
    _check_media_type(request)
    report = _BulkReport(put)
    try:
        await _ingest_chunks(enforce_min_rate(request.stream(), body_seconds), report)
        if not report.accepted and not report.duplicates:
            raise _nothing_accepted(report)
    except BaseException:  # also of a client that goes away
        report.spool.close()
        raise
    return StreamingResponse(report.response_chunks(), media_type=NDJSON_MEDIA_TYPE)


async def _ingest_chunks(chunks: AsyncIterator[bytes], report: _BulkReport) -> None:
    pending_lines, pending_bytes = list[tuple[int, bytes | None]](), 0
    async for number, line in numbered_lines(chunks):
        pending_lines.append((number, line))
        pending_bytes += len(line or b"")
        if len(pending_lines) == MAX_BATCH_ROWS or pending_bytes > MAX_PENDING_BYTES:
            await run_in_threadpool(report.ingest_lines, pending_lines)
            pending_lines, pending_bytes = [], 0
    await run_in_threadpool(report.ingest_lines, pending_lines)


def _nothing_accepted(report: _BulkReport) -> ProblemError:
    if not report.first_rejected:
        return ProblemError(
            "nothing-accepted", "the body has no lines; send one JSON object a line"
        )
    first = report.first_rejected[0]
    detail = f"all {report.rejected:,} lines are wrong; line {first.index}: {first.problem}"
    return ProblemError(
        "nothing-accepted", f"{detail}; {first.remedy}", rejected=report.first_rejected
    )


async def enforce_min_rate(
    chunks: AsyncIterator[bytes], body_seconds: float, min_rate: float = MIN_BYTES_PER_SECOND
) -> AsyncIterator[bytes]:
    """The same, as long as they come: waited for at most `body_seconds` and one more for each
    `min_rate` bytes. Raises `ProblemError`; what came before is stored.
    """
    waited, n_bytes = 0.0, 0
    while True:
        start = time.monotonic()
        try:
            async with asyncio.timeout(body_seconds + n_bytes / min_rate - waited):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ProblemError(
                "too-slow",
                f"{n_bytes:,} bytes came in {time.monotonic() - start + waited:.1f} s of waiting; "
                f"{min_rate:,.0f} a second are expected. What came as whole thousands of lines may "
                "be stored: send the file again, in parts if the connection is slow",
                headers={"Connection": "close"},
            ) from None
        waited, n_bytes = waited + time.monotonic() - start, n_bytes + len(chunk)
        yield chunk


async def numbered_lines(
    chunks: AsyncIterator[bytes], max_line_bytes: int = MAX_LINE_BYTES
) -> AsyncIterator[tuple[int, bytes | None]]:
    """(number from 1, line) of each that is not empty; None for one too long to be kept."""
    number, partial_line, is_too_long = 0, b"", False
    async for chunk in chunks:
        *line_ends, tail = chunk.split(b"\n")
        for end in line_ends:
            number += 1
            line, partial_line = partial_line + end, b""
            if is_too_long or len(line) > max_line_bytes:
                yield number, None
            elif line.strip():
                yield number, line
            is_too_long = False
        is_too_long = is_too_long or len(partial_line) + len(tail) > max_line_bytes
        partial_line = b"" if is_too_long else partial_line + tail
    if is_too_long or partial_line.strip():
        yield number + 1, None if is_too_long else partial_line


def _check_media_type(request: Request) -> None:
    # As for JSON: a page elsewhere can make a browser send a form or plain text, but not these
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_LINES_MEDIA_TYPES:
        sent_media_type = f"'{media_type}'" if media_type else "missing"
        raise ProblemError(
            "wrong-media-type",
            f"Content-Type is {sent_media_type}; send the header Content-Type: {NDJSON_MEDIA_TYPE}",
        )


def _stream_lines(
    read_page: Callable[[str, int], list[Any]], to_mapping: Callable[[Any], Any]
) -> StreamingResponse:
    def lines() -> Iterator[bytes]:
        last_id = ""
        while rows := read_page(last_id, ROWS_PER_PAGE):
            yield b"".join(to_json(to_mapping(row)) + b"\n" for row in rows)
            last_id = rows[-1].id

    return StreamingResponse(lines(), media_type=NDJSON_MEDIA_TYPE)
