"""The addresses of generated content. In: a checked request. Out: features, items and words, at
once or as server-sent events; and why an item is not in a list.

Words are waited for in threads of their own, so that no list waits for one, and a client that hangs
up calls off what is still to be written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Body, Request
from fastapi.responses import Response, StreamingResponse
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from foretaste.generate.narration import Passage
from foretaste.online.generation import Generation
from foretaste.serve.api.lists import Behind
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import UNBUFFERED, StrictRoute
from foretaste.serve.http.security import ADMIN, READ
from foretaste.serve.schemas.answers import encoded
from foretaste.serve.schemas.generation import (
    GenerateAnswer,
    GenerateBody,
    WhyNotAnswer,
    WhyNotBody,
    imagined_json,
    passage_json,
    why_not_answer,
)
from foretaste.serve.schemas.lists import request_of
from foretaste.serve.service import Service

AT_ONCE = 32
"""Answers whose words are waited for; more wait their turn. The threads of lists are others."""
_words = CapacityLimiter(AT_ONCE)

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)

ANSWERS = answer_example("generate")
ANSWERS[200]["content"]["text/event-stream"] = {  # with `stream`; of each event
    "schema": {
        "type": "object",
        "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    }
}


@v1.post(
    "/generate",
    dependencies=[READ],
    tags=["generation"],
    response_model=GenerateAnswer,
    responses=ANSWERS,
)
async def generate(
    body: Annotated[GenerateBody, Body(openapi_examples=request_examples("generate"))],
    service: Behind,
    request: Request,
) -> Response:
    """The content this person would want: as features, as the real items nearest to them, in words.

    A query without a history, a history without a query, or a context alone will do. Words name
    only what raised a score: each sentence of a language model is checked and, where it names
    anything else, replaced by a template that says the same facts; `by` tells who wrote it. What is
    not written within `language.writer.seconds` is the template's too.
    """
    found = await run_in_threadpool(_generated, service, body)
    if body.stream:
        return StreamingResponse(
            _stream(found, body), media_type="text/event-stream", headers=UNBUFFERED
        )
    told: dict[str, Any] = {"imagined": imagined_json(found.imagined), "lines": []}
    async with _connected(request, found):
        async for passage in _passages(found):
            if passage.part == "line":
                told["lines"].append(passage_json(passage))
            else:
                told[passage.part] = passage_json(passage)
    listed = encoded(found.recommendation, explain=body.explain)
    content = to_json(told)[:-1] + b',"recommendation":' + listed + b"}"
    return Response(content, media_type="application/json")


def _generated(service: Service, body: GenerateBody) -> Generation:
    request = request_of(body, service.workspace.config.rank)
    return service.generate(replace(request, timeout_ms=body.timeout_ms))


@asynccontextmanager
async def _connected(request: Request, found: Generation) -> AsyncIterator[None]:
    """What is still to be written is called off when the client hangs up: nobody else would tell
    before the answer is sent. A stream is told by its own.
    """

    async def hangs_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        found.deadline.cancel()

    watching = asyncio.create_task(hangs_up())
    try:
        yield
    finally:
        watching.cancel()


async def _passages(found: Generation) -> AsyncIterator[Passage]:
    try:
        while True:
            # left behind when the client hangs up: what is being written is called off below
            passage = await run_sync(
                next, found.passages, None, limiter=_words, abandon_on_cancel=True
            )
            if passage is None:
                return
            yield passage
    finally:
        found.deadline.cancel()


async def _stream(found: Generation, body: GenerateBody) -> AsyncIterator[bytes]:
    yield _event("imagined", to_json(imagined_json(found.imagined)))
    yield _event("recommendation", encoded(found.recommendation, explain=body.explain))
    async for passage in _passages(found):
        yield _event(passage.part, to_json(passage_json(passage)))
    yield _event("done", b"{}")


def _event(name: str, data: bytes) -> bytes:
    """One server-sent event; JSON has no line breaks."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


@v1.post("/why-not", dependencies=[ADMIN], tags=["generation"], responses=answer_example("why-not"))
def why_not(
    body: Annotated[WhyNotBody, Body(openapi_examples=request_examples("why-not"))], service: Behind
) -> WhyNotAnswer:
    """Why an item is not in the list that `/v1/recommend` gives to the same question.

    For the operator, with an admin key: the filter that leaves it out, or its place by score and
    the experts and rules in which it is behind the last item that is shown.
    """
    request = request_of(body, service.workspace.config.rank)
    return why_not_answer(service.absent(body.item, replace(request, timeout_ms=None)))
