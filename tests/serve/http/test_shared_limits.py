"""What a key may ask, counted for several processes by a real Redis, which may go away."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.errors import InputError
from foretaste.serve.http.keys import create_key
from foretaste.serve.http.limits import RateLimiter

from ..workspace import serving

redis = pytest.importorskip("redis", reason="pip install 'foretaste[streams]'")

from consume.redis_server import NEEDS_REDIS, RedisServer  # noqa: E402  # needs redis itself
from foretaste.serve.http.shared_limits import PAUSE_SECONDS, SharedRateLimiter  # noqa: E402

pytestmark = NEEDS_REDIS

SLOW, BURST = 0.001, 10
"""Tokens a second: none flows in while a test runs."""
T = TypeVar("T")


class Ticks:
    """A clock that is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path_factory.mktemp("limits") / "data")
    started.start()
    yield started
    started.close()


@pytest.fixture
def address(server: RedisServer) -> str:
    """Of a Redis that has counted nothing yet."""
    server.client.flushall()
    return f"redis://127.0.0.1:{server.port}/0"


class Process:
    """A limiter as one process has it."""

    def __init__(self, address: str, rate: float = SLOW, burst: int = BURST) -> None:
        self.ticks, self.counted_alone = Ticks(), 0
        local = RateLimiter(rate, burst, ticks=self.ticks)
        self.limiter = SharedRateLimiter(address, local, note_local=self._note, ticks=self.ticks)

    def _note(self) -> None:
        self.counted_alone += 1

    async def passed(self, requests: int, key: str = "key", visitor: str = "") -> int:
        waits = [await self.limiter.wait_seconds(key, visitor) for _ in range(requests)]
        return waits.count(0)


def run(work: Coroutine[None, None, T], *processes: Process) -> T:
    async def closed_after() -> T:
        try:
            return await work
        finally:
            for process in processes:
                await process.limiter.close()

    return asyncio.run(closed_after())


def test_two_processes_have_one_bucket(address: str) -> None:
    first, second = Process(address), Process(address)

    async def work() -> None:
        both = await asyncio.gather(first.passed(BURST), second.passed(BURST))
        assert sum(both) == BURST
        assert await second.limiter.wait_seconds("key") > 900, "in so many seconds there is one"
        assert await first.passed(2, key="other") == 2, "each key has its own"

    run(work(), first, second)
    assert first.counted_alone == second.counted_alone == 0


def test_tokens_flow_in_and_a_full_bucket_is_forgotten(server: RedisServer, address: str) -> None:
    process = Process(address, rate=1000.0, burst=2)

    async def work() -> None:
        for _ in range(50):
            wait = await process.limiter.wait_seconds("key")
            assert wait <= 1

    run(work(), process)
    (name,) = server.client.keys("*")
    assert 0 < server.client.pttl(name) <= 1100
    assert b"key" in name


def test_a_visitor_who_asks_little_is_let_in_by_an_empty_bucket(
    server: RedisServer, address: str
) -> None:
    process = Process(address)

    async def work() -> None:
        assert await process.passed(1, visitor="198.51.100.7") == 1
        assert await process.passed(50, visitor="greedy") < 50
        assert await process.passed(1, visitor="198.51.100.7") == 1

    run(work(), process)
    stored = str([server.client.hgetall(name) for name in server.client.keys("*")])
    assert "198.51" not in stored + str(server.client.keys("*")), "addresses stay here"


def test_while_it_is_away_each_counts_for_itself_and_says_so(
    server: RedisServer, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Process(address), Process(address)

    async def work() -> None:
        assert await first.passed(BURST) == BURST
        server.kill()
        assert await first.passed(2 * BURST) == BURST, "its own burst"
        assert await second.passed(2 * BURST) == BURST
        assert (first.counted_alone, second.counted_alone) == (2 * BURST, 2 * BURST)
        server.start()
        assert await first.passed(1) == 0, "not asked again yet"
        for process in (first, second):
            process.ticks.now += PAUSE_SECONDS
        assert await first.passed(1) + await second.passed(1) == 0, "it has kept the bucket"
        assert await first.passed(1, key="new") == 1

    run(work(), first, second)
    assert first.counted_alone == 2 * BURST + 1
    assert caplog.text.count("is away") == 2
    assert caplog.text.count("is back") == 2


def test_no_limit_asks_nobody() -> None:
    process = Process("redis://127.0.0.1:1/0", rate=0.0)
    assert run(process.passed(5), process) == 5
    assert process.counted_alone == 0


def test_an_address_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="limits_server"):
        Process("http://127.0.0.1/0")


def test_two_services(tmp_path: Path, server: RedisServer, address: str) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "foretaste.toml").write_text(
        f"[serve]\nrequests_per_second = {SLOW}\nburst = 3\nlimits_server = '{address}'\n"
    )
    with SqlStore(folder / STORE_FILE) as store:
        _, secret = create_key(store.keys, "front", ["events"], user_access="open", now=1.0)
        _, metrics_secret = create_key(store.keys, "prometheus", ["metrics"], now=1.0)
    with ExitStack() as stack:
        services = [stack.enter_context(serving(folder, ready=False)) for _ in range(2)]
        event = {"user": "u", "item": "i", "kind": "view"}
        answers = [
            service.post("/v1/events", json={"events": [event]}, headers={"X-API-Key": secret})
            for service in services * 3
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429, 429]
        server.kill()
        alone = services[0].post(
            "/v1/events", json={"events": [event]}, headers={"X-API-Key": secret}
        )
        assert alone.status_code == 200
        server.start()
        metrics = services[0].get("/metrics", headers={"X-API-Key": metrics_secret}).text
        assert 'foretaste_local_limits_total{reason="away"}' in metrics
