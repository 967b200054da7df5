"""The service against its own OpenAPI document: made-up requests, right and wrong, and no answer
that fails or that the document does not know, none that keeps the event loop, and none that takes
much memory.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

from serve.watchdog import WATCHDOG
from serve.workspace import DEADLINE, serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CALLS = 20_000
LONGEST = 60_000
"""Bytes of an address: of a longer one no HTTP server of Python's reads anything."""
MAX_OPERATION_MB = 200
"""Memory that the requests to one address may take at a time, the test's own with it."""
MAX_GROWTH_MB = 300
"""Memory that may stay taken after all of them, the test's own with it."""
STATUS, RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def memory_mb(name: str) -> int:
    """Of this process, in which the service is too: VmRSS now, or VmHWM at its highest."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) // 1024


@contextmanager
def watched(label: str, peaks: dict[str, int]) -> Iterator[None]:
    """Nothing within keeps the event loop. How much memory it took at a time goes to `peaks`."""
    start = memory_mb("VmRSS")
    RESET_PEAK.write_text("5")
    yield
    peaks[label] = max(peaks.get(label, 0), memory_mb("VmHWM") - start)
    stalls = WATCHDOG.take_stalls()
    assert not stalls, "\n\n".join((label, *stalls))


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


def fuzz(
    client: httpx.Client, examples: int, number: int = 0, peaks: dict[str, int] | None = None
) -> Counter[tuple[str, int]]:
    """So many requests of each kind to each address, others for each number. → how often each
    answered with what.

    peaks: the most memory, in MB, that those to one address took at a time; None while what is
    loaded once is still to be loaded.
    """
    noted: dict[str, int] = {} if peaks is None else peaks
    schema = openapi.from_url(f"{client.base_url}/openapi.json", timeout=DEADLINE)
    seen: Counter[tuple[str, int]] = Counter()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # or it says what is wrong
        with watched(operation.label, noted):
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                strategy = operation.as_strategy(generation_mode=mode)
                _fuzz(seed(number), strategy, operation.label, examples, seen)
    dearest = max(noted, key=lambda label: noted[label])
    assert peaks is None or noted[dearest] < MAX_OPERATION_MB, f"{dearest} took {noted[dearest]} MB"
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


def test_memory_that_is_taken_for_a_moment_is_seen() -> None:
    peaks: dict[str, int] = {}
    for size in (300, 5):
        with watched(f"{size} MB", peaks):
            assert len(b"x" * (size << 20)) == size << 20
    assert peaks["300 MB"] > 250
    assert peaks["5 MB"] < 100


@pytest.mark.slow
def test_very_many_requests(client: httpx.Client) -> None:
    operations = len(client.get("/openapi.json").json()["paths"])
    seen: Counter[tuple[str, int]] = Counter()
    peaks: dict[str, int] = {}
    fuzz(client, examples=3, number=-1)  # what is loaded once is
    start = memory_mb("VmRSS")
    for number in count():
        seen += fuzz(client, examples=CALLS // (8 * operations), number=number, peaks=peaks)
        grown = memory_mb("VmRSS") - start
        print(f"{seen.total():,} calls, {grown:+,} MB since the first", flush=True)
        assert grown < MAX_GROWTH_MB
        if seen.total() >= CALLS:
            break
    assert all(status < 500 for _, status in seen)
    print(f"\n{seen.total():,} calls")
    for (label, status), times in sorted(seen.items()):
        print(f"{label:32} {status} {times:>7,} {peaks[label]:>7,} MB")
