"""The service against whoever means it ill: hostile texts, sizes and shapes at every field, every
route with every key about every owner. No answer fails, keeps the event loop, takes much memory, or
is much longer than what was asked for.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve.routes import ROUTES
from serve.test_routes import NO_LIMIT, PAGE_RULES, SCOPES_BY_KEY, Headers, ask, make_keys
from serve.workspace import SETTINGS, serving

from .hostile import Field, all_fields, hostile_values
from .test_fuzz import MAX_GROWTH_MB, MAX_OPERATION_MB, memory_mb, watched

MAX_ANSWER_BYTES = 1_000_000
"""Of an answer about a workspace this small."""
OWNERS = (
    "p1",
    "p1\u202e",
    "../p1",
    "p1/../p2",
    "' OR 1=1 --",
    "%",
    "*",
    "p1\0",
    "x" * 513,
    "é" * 512,
    "anonymous",
    "null",
    "0",
)
"""Users, sessions and items that somebody may name to be told of others."""
NOBODY = ("anonymous", "null", "0")
"""Of these the users that mean nobody: what a session did is recorded without a user."""


@pytest.fixture(scope="module")
def folder(served_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "workspace"
    shutil.copytree(served_workspace, folder)
    (folder / "foretaste.toml").write_text(SETTINGS + NO_LIMIT)
    return folder


@pytest.fixture(scope="module")
def keys(folder: Path) -> dict[str, Headers]:
    return make_keys(folder)


@pytest.fixture(scope="module")
def client(folder: Path, keys: Mapping[str, Headers]) -> Iterator[httpx.Client]:
    with serving(folder) as opened:
        yield opened


def send(client: httpx.Client, field: Field, value: Any, headers: Headers) -> httpx.Response | None:
    """A request with a value in a field, as long as the server reads its address."""
    request = field.request(value)
    if request is None:
        return None
    given: Headers = request.pop("headers", {})
    return client.request(**request, headers={**given, **headers})


def check_answer(answer: httpx.Response, question: str) -> None:
    """It does not fail, and is neither long nor unreadable."""
    assert answer.status_code < 500, f"{question}: {answer.status_code} {answer.text[:500]}"
    assert len(answer.content) < MAX_ANSWER_BYTES, f"{question}: {len(answer.content):,} bytes"
    kind = answer.headers.get("content-type", "")
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert "json" in kind, f"{question}: {answer.status_code} {kind}"
    if kind.startswith(("application/json", "application/problem+json")):
        json.loads(answer.content)


def attack(
    client: httpx.Client, fields: Sequence[Field], values: Sequence[Any], headers: Headers
) -> Counter[tuple[str, int]]:
    """Each value in each field. → how often each route answered with what."""
    seen: Counter[tuple[str, int]] = Counter()
    peaks: dict[str, int] = {}
    for field in fields:
        with watched(field.label, peaks):
            for value in values:
                answer = send(client, field, value, headers)
                if answer is not None:
                    check_answer(answer, f"{field.label} = {ascii(value)[:200]}")
                    seen[field.route.name, answer.status_code] += 1
        assert peaks[field.label] < MAX_OPERATION_MB, f"{field.label} took {peaks[field.label]} MB"
    return seen


def test_every_route_and_field_is_tried(client: httpx.Client, keys: Mapping[str, Headers]) -> None:
    document = client.get("/openapi.json", headers=keys["admin"]).json()
    fields = list(all_fields(document))
    assert all(field.request("x") for field in fields)
    labels = {field.label for field in fields}
    assert {
        "POST /v1/recommend body filter",
        "POST /v1/recommend body context",
        "POST /v1/events body events.0.query",
        "GET /v1/trending query n",
        "GET /v1/items/{item:path} path item",
        "POST /api/feedback body 0.Comment",
        "POST /v1/items.jsonl body title",
        "POST /v1/items body items.0.price",
        "PATCH /v1/users/{id}/profile body changes.0.filter",
    } <= labels, sorted(labels)
    assert {label.rpartition(" ")[0].rpartition(" ")[0] for label in labels} >= {
        route.name for route in ROUTES if route.body is not None or "{" in route.path
    }


def test_a_few_values_in_the_fields_of_a_list(
    client: httpx.Client, keys: Mapping[str, Headers]
) -> None:
    document = client.get("/openapi.json", headers=keys["admin"]).json()
    fields = [field for field in all_fields(document) if field.route.path == "/v1/recommend"]
    values = ["\ud83d", "@" * 3_000, "x" * 1_000_000, 10**400, {"not": {"about": "a" * 9_000}}]
    seen = attack(client, fields, values, keys["admin"])
    assert seen["POST /v1/recommend", 422] > 20


@pytest.mark.slow
def test_hostile_values_in_every_field(client: httpx.Client, keys: Mapping[str, Headers]) -> None:
    document = client.get("/openapi.json", headers=keys["admin"]).json()
    fields, values = list(all_fields(document)), hostile_values()
    attack(client, fields[::7], values[::9], keys["admin"])  # what is loaded once is
    start = memory_mb("VmRSS")
    seen = attack(client, fields, values, keys["admin"])
    grown = memory_mb("VmRSS") - start
    print(f"\n{seen.total():,} hostile values in {len(fields):,} fields, {grown:+,} MB")
    for (label, status), times in sorted(seen.items()):
        print(f"{label:44} {status} {times:>7,}")
    assert grown < MAX_GROWTH_MB


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_hostile_owners_with_every_key(
    client: httpx.Client, folder: Path, keys: Mapping[str, Headers], route: Any
) -> None:
    """A name opens nothing that the key does not open, and an error names no path."""
    for key, headers in keys.items():
        scopes = SCOPES_BY_KEY.get(key, SCOPES_BY_KEY["both"] if key in PAGE_RULES else ("admin",))
        for owner in OWNERS:
            names = {"user": owner, "session": owner, "item": owner}
            try:
                answer = ask(client, route, headers, **names)
            except (httpx.InvalidURL, UnicodeEncodeError):
                continue  # no such address can be sent
            question = f"{key}: {route.name} about {ascii(owner)[:40]}"
            check_answer(answer, question)
            is_open = "admin" in scopes or set(route.scopes) <= set(scopes)
            if not is_open:
                assert answer.status_code in (401, 403, 404, 405), question
            if key in PAGE_RULES and route.names_user and is_open and owner not in NOBODY:
                assert answer.status_code >= 400, f"{question}: nobody proved who that is"
            if "admin" not in scopes:
                assert str(folder) not in answer.text, question
