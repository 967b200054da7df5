"""The addresses of generated content. In: a checked request. Out: features, items and words, at
once or as server-sent events; and why an item is not in a list.

Words are waited for in threads of their own, so that no list waits for one, and a client that hangs
up calls off what is still to be written.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Body, Request
from fastapi.responses import Response, StreamingResponse
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from foretaste.generate.narration import Passage
from foretaste.online.generation import Generation
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.accept_language import LanguageDep
from foretaste.serve.http.body import UNBUFFERED_HEADERS, StrictRoute
from foretaste.serve.http.problems import is_operator
from foretaste.serve.http.security import ADMIN, READ
from foretaste.serve.http.user_access import UserAccess, UserAccessDep
from foretaste.serve.schemas.generation_schemas import (
    GenerateAnswer,
    GenerateBody,
    WhyNotAnswer,
    WhyNotBody,
    imagined_json,
    passage_json,
    why_not_answer,
)
from foretaste.serve.schemas.list_schemas import request_from_body
from foretaste.serve.schemas.recommendation_schemas import encode_recommendation
from foretaste.serve.service import Service

MAX_CONCURRENT_ANSWERS = 32
"""Answers whose words are waited for; more wait their turn. The threads of lists are others."""
_writer_limiter = CapacityLimiter(MAX_CONCURRENT_ANSWERS)

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)

GENERATE_RESPONSES = answer_example("generate")
GENERATE_RESPONSES[200]["content"]["text/event-stream"] = {  # with `stream`; of each event
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
    responses=GENERATE_RESPONSES,
)
async def generate(
    body: Annotated[GenerateBody, Body(openapi_examples=request_examples("generate"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
    request: Request,
) -> Response:
    """The content this person would want: as features, as the real items nearest to them, in words.

    A query without a history, a history without a query, or a context alone will do. Words name
    only what raised a score: each sentence of a language model is checked and, where it names
    anything else, replaced by a template that says the same facts; `by` tells who wrote it. What is
    not written within `language.writer.timeout_seconds` is the template's too.
    """
    generation, answer_parts = await run_in_threadpool(
        _generate, service, body, user_access, language
    )
    to_words = partial(passage_json, is_operator=is_operator(request.scope))
    if body.stream:
        return StreamingResponse(
            _stream(generation, answer_parts, to_words),
            media_type="text/event-stream",
            headers=UNBUFFERED_HEADERS,
        )
    words: dict[str, Any] = {"lines": []}
    async with _cancel_on_disconnect(request, generation):
        async for passage in _passages(generation):
            if passage.part == "line":
                words["lines"].append(to_words(passage))
            else:
                words[passage.part] = to_words(passage)
    answer_parts |= {name: to_json(part) for name, part in words.items()}
    fields = (f'"{name}":'.encode() + part for name, part in answer_parts.items())
    return Response(b"{" + b",".join(fields) + b"}", media_type="application/json")


def _generate(
    service: Service, body: GenerateBody, user_access: UserAccess, language: str | None
) -> tuple[Generation, dict[str, bytes]]:
    """What is generated, and those parts of the answer that are there before its words."""
    user_access.check(body.user)
    request = request_from_body(
        body,
        service.workspace.config.rank,
        language,
        service.workspace.slates.requests.placed,
    )
    generation = service.generate(replace(request, timeout_ms=body.timeout_ms))
    return generation, {
        "imagined": to_json(imagined_json(generation.imagined)),
        "recommendation": encode_recommendation(generation.recommendation, explain=body.explain),
    }


@asynccontextmanager
async def _cancel_on_disconnect(request: Request, generation: Generation) -> AsyncIterator[None]:
    """What is still to be written is called off when the client hangs up: nobody else would tell
    before the answer is sent. A stream is told by its own.
    """

    async def wait_for_disconnect() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        generation.deadline.cancel()

    watcher = asyncio.create_task(wait_for_disconnect())
    try:
        yield
    finally:
        watcher.cancel()


async def _passages(generation: Generation) -> AsyncIterator[Passage]:
    try:
        while True:
            # left behind when the client hangs up: what is being written is called off below
            passage = await run_sync(
                next, generation.passages, None, limiter=_writer_limiter, abandon_on_cancel=True
            )
            if passage is None:
                return
            yield passage
    finally:
        generation.deadline.cancel()


async def _stream(
    generation: Generation,
    answer_parts: Mapping[str, bytes],
    to_words: Callable[[Passage], dict[str, Any]],
) -> AsyncIterator[bytes]:
    for name, part in answer_parts.items():
        yield _server_sent_event(name, part)
    async for passage in _passages(generation):
        yield _server_sent_event(passage.part, to_json(to_words(passage)))
    yield _server_sent_event("done", b"{}")


def _server_sent_event(name: str, data: bytes) -> bytes:
    """One server-sent event; JSON has no line breaks."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


@v1.post("/why-not", dependencies=[ADMIN], tags=["generation"], responses=answer_example("why-not"))
def why_not(
    body: Annotated[WhyNotBody, Body(openapi_examples=request_examples("why-not"))],
    service: ServiceDep,
) -> WhyNotAnswer:
    """Why an item is not in the list that `/v1/recommend` gives to the same question.

    For the operator, with an admin key: the filter that leaves it out, or its place by score and
    the experts and rules in which it is behind the last item that is shown.
    """
    request = request_from_body(
        body, service.workspace.config.rank, None, service.workspace.slates.requests.placed
    )
    return why_not_answer(service.why_not_recommended(body.item, replace(request, timeout_ms=None)))
