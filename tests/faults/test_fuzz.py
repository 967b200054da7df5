"""The service against its own OpenAPI document: made-up requests, right and wrong, and no answer
that fails or that the document does not know.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, openapi, serializer
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serve.workspace import serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CALLS = 20_000
LONGEST = 60_000
"""Bytes of an address: of a longer one no HTTP server of Python's reads anything."""


@serializer("application/x-ndjson")
def _lines(_: object, value: object) -> bytes:
    """A body of JSON Lines from whatever was made up for it."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    rows = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(row, default=str) for row in rows).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def client(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = shutil.copytree(_made, tmp_path_factory.mktemp("fuzz") / "workspace")
    with serving(Path(folder)) as found:
        yield found


def fuzz(client: httpx.Client, examples: int, number: int = 0) -> Counter[tuple[str, int]]:
    """So many requests of each kind to each address, others for each number. → how often each
    answered with what.
    """
    schema = openapi.from_url(f"{client.base_url}/openapi.json")
    seen: Counter[tuple[str, int]] = Counter()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # or it says what is wrong
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = operation.as_strategy(generation_mode=mode)
            _fuzz(seed(number), strategy, operation.label, examples, seen)
    return seen


def _fuzz(
    seeded: Any, strategy: Any, label: str, examples: int, seen: Counter[tuple[str, int]]
) -> None:
    def one(case: Any) -> None:
        assume(len(urlencode(case.query or {}, errors="replace")) < LONGEST)
        answer = case.call()
        seen[label, answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    some = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    run: Any = seeded(some(given(case=strategy)(one)))
    with suppress(Unsatisfiable):  # of an address without parameters nothing can be wrong
        run()


def test_a_few_requests_of_each_kind(client: httpx.Client) -> None:
    seen = fuzz(client, examples=3)
    statuses = {status for _, status in seen}
    assert 200 in statuses
    assert 422 in statuses
    addresses = {label for label, _ in seen}
    assert {"POST /v1/recommend", "POST /v1/events", "GET /v1/trending"} <= addresses


@pytest.mark.slow
def test_very_many_requests(client: httpx.Client) -> None:
    operations = len(client.get("/openapi.json").json()["paths"])
    seen: Counter[tuple[str, int]] = Counter()
    for number in count():
        seen += fuzz(client, examples=CALLS // (8 * operations), number=number)
        print(f"{seen.total():,} calls", flush=True)
        if seen.total() >= CALLS:
            break
    assert all(status < 500 for _, status in seen)
    print(f"\n{seen.total():,} calls")
    for (label, status), times in sorted(seen.items()):
        print(f"{label:32} {status} {times:>7,}")
