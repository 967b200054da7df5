"""The addresses that are asked most answer as the usual way would, with less done for each."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import routing
from starlette.requests import Request as StarletteRequest
from starlette.types import Message, Receive, Scope, Send

from foretaste.serve.app import DIRECT_PATHS, ROUTERS
from foretaste.serve.http.direct import DirectMiddleware

from ..conftest import Refusal

CHUNKED = {"content-type": "application/json"}
QUESTION: Mapping[str, Any] = {"user": "u1", "n": 3, "incognito": True, "language": "de"}


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of which FastAPI worked out the arguments."""
    paths: list[str] = []
    usual: Any = vars(routing)["solve_dependencies"]

    async def counted(**options: Any) -> Any:
        paths.append(options["request"].url.path)
        return await usual(**options)

    monkeypatch.setattr(routing, "solve_dependencies", counted)
    return paths


def without_id(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json().items() if name != "recommendation_id"}


def test_the_answer_is_that_of_the_usual_way(client: httpx.Client, handled: list[str]) -> None:
    direct = client.post("/v1/recommend", json=QUESTION)
    assert handled == []
    usual = client.post(
        "/v1/recommend", json=QUESTION, headers={"content-type": "application/geo+json"}
    )
    assert handled == ["/v1/recommend"]
    assert without_id(direct) == without_id(usual)
    assert set(direct.headers) == set(usual.headers)


def test_a_body_in_parts_goes_the_usual_way_as_a_whole() -> None:
    bodies: list[bytes] = []

    async def usual(scope: Scope, receive: Receive, send: Send) -> None:
        bodies.append(await StarletteRequest(scope, receive).body())

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def ask() -> None:
        parts: list[Message] = [
            {"type": "http.request", "body": b'{"user": "u1", ', "more_body": True},
            {"type": "http.request", "body": b'"n": 2}', "more_body": False},
        ]
        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/v1/recommend", "headers": headers}

        async def receive() -> Message:
            return parts.pop(0)

        routes = [route for router in ROUTERS for route in router.routes]
        await DirectMiddleware(usual, routes=routes, paths=DIRECT_PATHS)(scope, receive, send)

    asyncio.run(ask())
    assert bodies == [b'{"user": "u1", "n": 2}']


def test_the_header_tells_the_language(client: httpx.Client, handled: list[str]) -> None:
    body = {"user": "u1", "n": 5, "incognito": True}
    lists = [
        without_id(client.post("/v1/recommend", json=body, headers={"accept-language": tag}))
        for tag in ("fr", "en")
    ]
    assert lists[0] != lists[1]
    assert handled == []


@pytest.mark.parametrize("path", DIRECT_PATHS)
def test_what_is_wrong_is_said_as_ever(path: str, refusal: Refusal) -> None:
    assert refusal(path, 400, "bad-json", content=b"{", headers=CHUNKED)
    assert "nonsense" in refusal(path, 422, "invalid", json={"nonsense": 1})
    assert refusal(path, 415, "wrong-media-type", content=b"{}", headers={"content-type": "a/b"})


def test_problems_met_on_the_way_are_told(refusal: Refusal, handled: list[str]) -> None:
    assert "gone" in refusal("/v1/recommend", 422, "invalid", json={"items": ["gone"]})
    event = {"kind": "nonsense kind", "user": "u1", "at": "never"}
    assert refusal("/v1/events", 422, "nothing-accepted", json={"events": [event]})
    assert handled == []
