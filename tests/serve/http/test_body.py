"""Bodies and answers of the largest size, of every kind, at every address: while one is read and
checked others are answered. That nothing keeps the event loop is what `watchdog` sees to.
"""

import json
import sys
from collections.abc import Callable

import httpx
import pytest
from pydantic_core import to_json

from foretaste.serve.http.body import (
    MAX_JSON_VALUES,
    THREADED_PARSE_BYTES,
    VALUES_PER_CALL,
    encode_json,
    parse_json,
)
from foretaste.serve.http.guard import MAX_BODY_BYTES
from foretaste.serve.http.problems import ProblemError

from ..conftest import checked

JSON = {"content-type": "application/json"}


def filled(start: bytes, part: bytes, end: bytes, *, most: int = MAX_BODY_BYTES) -> bytes:
    """JSON with as many of the same part as there may be bytes."""
    count = (most - len(start) - len(end)) // (len(part) + 1)
    return start + b",".join([part] * count) + end


def values(start: bytes, part: bytes, end: bytes) -> bytes:
    """The same with as many as there may be values."""
    count = (MAX_JSON_VALUES - 10) // (1 + part.count(b"[") + part.count(b"{"))
    return start + b",".join([part] * count) + end


def keys(start: bytes, end: bytes, count: int = MAX_JSON_VALUES - 10) -> bytes:
    return start + b",".join(b'"%x":1' % key for key in range(count)) + end


LARGE: dict[str, Callable[[], tuple[str, bytes]]] = {
    "a filter of lists": lambda: ("/v1/recommend", values(b'{"filter":{"a":[', b"[]", b"]}}")),
    "a filter of texts": lambda: ("/v1/rank", filled(b'{"filter":{"a":[', b'"abcdefgh,"', b"]}}")),
    "a filter of keys": lambda: ("/v1/search", keys(b'{"query":"a","filter":{', b"}}")),
    "an unknown field": lambda: ("/v1/recommend", b'{"' + b"a" * (MAX_BODY_BYTES - 10) + b'":1}'),
    "a context": lambda: ("/v1/recommend", values(b'{"context":{"a":[', b"{}", b"]}}")),
    "an id": lambda: ("/v1/recommend", b'{"user":"' + b"a" * (MAX_BODY_BYTES - 12) + b'"}'),
    "a query": lambda: ("/v1/chat", b'{"text":"' + b"\\n" * (MAX_BODY_BYTES // 2 - 10) + b'"}'),
    "wrong ids": lambda: ("/v1/rank", values(b'{"candidates":[', b"[]", b"]}")),
    "digits": lambda: ("/v1/rank", b'{"candidates":[' + b"1" * (MAX_BODY_BYTES - 20) + b"]}"),
    "rules": lambda: ("/v1/recommend", values(b'{"rules":[{"a":[', b"[]", b"]}]}")),
    "events": lambda: ("/v1/events", values(b'{"events":[{"context":{"a":[', b"1", b"]}}]}")),
    "too many events": lambda: ("/v1/events", filled(b'{"events":[', b'{"user":"a"}', b"]}")),
    "many attributes": lambda: ("/v1/items", keys(b'{"items":[{"id":"large",', b"}]}", 50_000)),
    "rows of Gorse": lambda: ("/api/items", values(b"[", b"{}", b"]")),
    "a row of Gorse": lambda: ("/api/user", keys(b"{", b"}")),
    "a session of Gorse": lambda: ("/api/session/recommend", values(b"[", b'{"ItemId":[]}', b"]")),
    "nested": lambda: ("/v1/recommend", b"[" * MAX_BODY_BYTES),
    "quotes": lambda: ("/v1/recommend", b'{"a":"' + b'\\"' * (MAX_BODY_BYTES // 2 - 10) + b'"}'),
    "not UTF-8": lambda: ("/v1/recommend", b'{"a":"' + b"\xff" * (MAX_BODY_BYTES - 10) + b'"}'),
}  # fmt: skip
SLOW = ("a filter of keys", "a row of Gorse", "many attributes", "a session of Gorse", "events")
"""Of which reading takes more than half a second."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in LARGE]
)
def test_a_large_body_keeps_nobody_waiting(client: httpx.Client, name: str) -> None:
    path, body = LARGE[name]()
    assert len(body) <= MAX_BODY_BYTES
    answer = client.post(path, content=body, headers=JSON)
    assert answer.status_code < 500, answer.text[:200]
    assert len(answer.content) < 200_000


@pytest.mark.parametrize("part", [b"1.5", b"null", b'"a,[{"', rb'"\"[,"'])
def test_a_body_of_many_values_is_read_as_a_small_one(part: bytes) -> None:
    body = b"[" + b",".join([part] * (VALUES_PER_CALL + 1)) + b"]"
    assert parse_json(body) == [json.loads(part)] * (VALUES_PER_CALL + 1)


def test_a_body_with_too_many_values_is_refused(client: httpx.Client) -> None:
    body = b'{"candidates":[' + b'"i",' * MAX_JSON_VALUES + b'"i"]}'
    answer = client.post("/v1/rank", content=body, headers=JSON)
    assert answer.status_code == 413
    assert (
        checked(answer, "too-large")
        == "a body has at most 200,000 values; send it in several calls"
    )
    text = b"[" + b'"' + b",[{" * MAX_JSON_VALUES + b'\\\\"]'
    assert len(parse_json(text)) == 1, "what is within a text is no value"
    with pytest.raises(ProblemError):
        parse_json(b"[" + b'"\\"",' * MAX_JSON_VALUES + b"1]")


def test_of_many_wrong_fields_the_first_are_told_and_how_many_there_are(
    client: httpx.Client,
) -> None:
    wrong: list[object] = [1] * THREADED_PARSE_BYTES
    answer = client.post("/api/items", json=wrong)
    count = f"And {len(wrong) - 1:,} more, see errors, which has the first 20"
    assert checked(answer, "invalid").endswith(count)
    assert len(answer.json()["errors"]) == 20
    few = client.post("/api/items", json=wrong[:3])
    assert checked(few, "invalid").endswith("And 2 more, see errors")


def call_count(work: Callable[[], object]) -> int:
    """How many calls this is made of: between two of them others have their turn."""
    count = 0

    def profile(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_others_have_their_turn_while_a_body_is_read_or_an_answer_written() -> None:
    """Nobody has while a function of C runs, and Python's own reader and writer are one each."""
    body = b"[" + b"[]," * (MAX_JSON_VALUES // 2 - 2) + b"[]]"
    rows = [{"id": "i", "value": 1.5}] * 100_000
    assert call_count(lambda: json.loads(body)) < MAX_JSON_VALUES // 50, "of the collector's"
    assert call_count(lambda: parse_json(body)) > MAX_JSON_VALUES // 2
    assert call_count(lambda: to_json(rows)) < 10
    assert call_count(lambda: encode_json({"rows": rows})) > len(rows) // 1000


def test_an_answer_in_parts_is_the_answer() -> None:
    rows = [{"id": f"{row}", "tags": ["a", None]} for row in range(2500)]
    content = {"rows": rows, "few": [1, 2], "none": None, "at": float("inf")}
    assert json.loads(encode_json(content)) == content | {"at": None}
    assert json.loads(encode_json(rows)) == rows
