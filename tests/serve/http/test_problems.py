"""Everything that can be wrong with a request, and that each has an answer that helps."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from foretaste.errors import StoreError
from foretaste.serve.http import problems
from foretaste.serve.http.guard import GuardMiddleware

from ..conftest import Refusal, checked
from ..workspace import until

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("recommend", {"n": 0}, "n: it should be a whole number from 1 to 1000 (sent: 0)"),
        ("recommend", {"n": 1001}, "(sent: 1001)"),
        ("recommend", {"n": 10**400}, "n: "),
        ("recommend", {"n": 2.5}, "n: "),
        ("recommend", {"n": True}, "n: "),
        ("recommend", {"n": "10"}, "n: "),
        ("recommend", {"usr": "u"}, "unknown field 'usr'; did you mean 'user'?"),
        ("recommend", {"\ud800": 1}, "unknown field"),
        ("recommend", {"user": ""}, "user: an id cannot be empty"),
        ("recommend", {"user": "u" * 513}, "user: "),
        ("recommend", {"user": "a\0"}, "NUL"),
        ("recommend", {"user": ["u"]}, "user: an id is text"),
        ("recommend", {"session": "\udfff"}, "half a character"),
        ("recommend", {"query": "x" * 10_000}, "query: has 10,000 characters"),
        ("recommend", {"query": "\0\1\2"}, "NUL"),
        ("recommend", {"query": 7}, "query: "),
        ("recommend", {"items": ["nope"]}, "there is no item 'nope'"),
        ("recommend", {"items": "space-1"}, "items: "),
        ("recommend", {"filter": {"thme": "space"}}, "did you mean 'theme'?"),
        ("recommend", {"filter": {"theme": []}}, "filter.theme: 0 values"),
        ("recommend", {"filter": {"theme": {"a": 1}}}, "filter.theme: "),
        ("recommend", {"filter": {"\ud800": "a"}}, "half a character"),
        ("recommend", {"context": []}, "context: "),
        ("recommend", {"context": {"text": 1}}, "context: its text is not text"),
        ("recommend", {"context": {"a": "\0"}}, "NUL"),
        ("recommend", {"context": {"a": "x" * 20_000}}, "at most 10,000"),
        ("recommend", {"explain": "yes"}, "explain: "),
        ("recommend", [], "the body: "),
        ("recommend", None, "the body: "),
        ("search", {"query": " "}, "the query is empty"),
        ("search", {}, "there is nothing to search by; send a query, an image or audio"),
        ("similar", {}, 'send either "item" or "items"'),
        ("similar", {"item": "a", "items": ["b"]}, 'send either "item" or "items"'),
        ("similar", {"item": "nope"}, "there is no item 'nope'"),
        ("events", {}, "events: is missing"),
        ("events", {"events": []}, "events: "),
        ("events", {"events": [{}] * 1001}, "events: "),
        ("events", {"event": []}, "did you mean 'events'?"),
        ("items", {"items": {}}, "items: "),
    ],
)
def test_what_cannot_be_used_is_422(refusal: Refusal, path: str, body: Any, says: str) -> None:
    # httpx would not send half a character; its escape is what a client can send
    sent = json.dumps(body).encode()
    assert says in refusal(f"/v1/{path}", 422, "invalid", content=sent, headers=JSON)


def test_all_wrong_in_a_batch_is_422_and_lists_them(client: httpx.Client) -> None:
    answer = client.post("/v1/events", json={"events": [{"user": "u"}, {"kind": "clik"}]})
    assert answer.status_code == 422
    assert checked(answer, "nothing-accepted").startswith("all 2 events are wrong; the first: ")
    assert [wrong["index"] for wrong in answer.json()["rejected"]] == [0, 1]
    answer = client.post("/v1/items", json={"items": [{"title": "no id"}]})
    assert "without an id" in checked(answer, "nothing-accepted")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"{", "line 1, column 2"),
        (b'{"n": NaN}', "NaN is not JSON"),
        (b'{"n": -Infinity}', "-Infinity is not JSON"),
        (b'{"n": 1e999}', "too large"),
        (b'{"n": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"user": "\xff"}', "byte 10 is not UTF-8"),
        (b'{"context": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}", "32 levels"),
        (b"[" * 100_000, "32 levels"),
        (b'{"a":' * 100_000, "32 levels"),
    ],
)
def test_what_is_not_json_is_400(refusal: Refusal, raw: bytes, says: str) -> None:
    assert says in refusal("/v1/recommend", 400, "bad-json", content=raw, headers=JSON)


def test_no_body_at_all(refusal: Refusal) -> None:
    assert "the body: is missing" in refusal("/v1/recommend", 422, "invalid", headers=JSON)


def test_another_media_type_is_415(refusal: Refusal) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        headers = {"content-type": kind}
        says = refusal("/v1/events", 415, "wrong-media-type", content=b"{}", headers=headers)
        assert "Content-Type: application/json" in says


def test_unknown_address_and_wrong_method(refusal: Refusal, client: httpx.Client) -> None:
    assert "/v1/recomend" in refusal("/v1/recomend", 404, "not-found", json={})
    assert "use POST" in refusal("/v1/events", 405, "wrong-method", method="GET")
    assert client.get("/v1/events").headers["allow"] == "POST"
    refusal("/%00%ff%ED%A0%80", 404, "not-found", method="GET")


def test_too_large_a_body_is_413(refusal: Refusal) -> None:
    large = b'{"user": "' + b"x" * (9 * 1024 * 1024) + b'"}'
    refusal("/v1/recommend", 413, "too-large", content=large, headers=JSON)
    parts = (large[at : at + 65_536] for at in range(0, len(large), 65_536))  # no Content-Length
    says = refusal("/v1/recommend", 413, "too-large", content=parts, headers=JSON)
    assert "8,388,608 bytes" in says


def test_odd_but_good_requests_are_answered(client: httpx.Client) -> None:
    for body in (
        {"query": ""},
        {"query": "   "},
        {"query": "\x01\x02 \u202e \U0001f600"},
        {"query": "x" * 2000},
        {"user": None, "query": None, "n": None},
        {"n": 3.0},
        {"user": 10**30},
        {"user": "'; DROP TABLE events; --"},
        {"context": {"deep": [[[[1]]]], "number": 1e300}},
        {"filter": {"theme": ["space"] * 100}},
    ):
        answer = client.post("/v1/recommend", json=body)
        assert answer.status_code == 200, (body, answer.text)


@pytest.fixture
def broken() -> FastAPI:
    """An application with faults of its own."""
    app = FastAPI()
    app.add_middleware(GuardMiddleware)
    problems.install_handlers(app)

    @app.get("/bug")
    def bug() -> None:
        raise RuntimeError("secret: somebody searched for gout")

    @app.get("/store")
    def store() -> None:
        raise StoreError("/data/behaviour.db: database or disk is full; make room")

    return app


async def ask(app: FastAPI, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


def test_a_bug_is_500_with_a_number_and_no_secret(
    broken: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "foretaste.serve"):
        answer = asyncio.run(ask(broken, "/bug"))
    assert answer.status_code == 500
    detail = checked(answer, "internal")
    assert "gout" not in answer.text + caplog.text
    number = detail.split()[1].rstrip(";")
    assert number in caplog.text
    assert "RuntimeError" in caplog.text
    assert Path(__file__).name in caplog.text


def test_a_store_that_is_away_is_503(broken: FastAPI) -> None:
    answer = asyncio.run(ask(broken, "/store"))
    assert answer.status_code == 503
    assert "make room" in checked(answer, "unavailable")
    assert answer.headers["retry-after"] == "5"


def test_the_log_has_a_line_a_request_and_nothing_private(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def access_lines() -> list[str]:
        """Ours: uvicorn's own log is off in a service, and on after some other tests."""
        records = [record for record in caplog.records if record.name == "foretaste.serve.access"]
        return [record.getMessage() for record in records]

    with caplog.at_level(logging.INFO, "foretaste.serve.access"):
        client.post("/v1/search", json={"query": "gout", "user": "private"})
        client.get("/v1/about", params={"user": "private"})
        client.get("/gout?private")
        until(lambda: len(access_lines()) >= 3, "logged")  # the line comes after the answer
    lines = [json.loads(line) for line in access_lines()]
    assert [line["path"] for line in lines] == ["/v1/search", "/v1/about", "unknown"]
    assert [line["status"] for line in lines] == [200, 200, 404]
    assert all(line["ms"] >= 0 and line["request_id"] for line in lines)
    assert not any("gout" in line or "private" in line for line in access_lines())
