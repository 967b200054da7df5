"""kill -9 of whoever consumes and of whoever is consumed, again and again: every event that the
queue has acknowledged is in the store once, and every bad row once among the rejects.
"""

import json
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from consume.kafka_broker import NEEDS_KAFKA, KafkaCluster
from consume.nats_server import NEEDS_NATS, NatsServer
from consume.redis_server import NEEDS_REDIS, RedisServer
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.consume.consumer_status import ConsumerStatus
from serve.workspace import until

from .nursery import Nursery

ROUNDS = pytest.mark.parametrize("rounds", [2, pytest.param(30, marks=pytest.mark.slow)])
KNOWN = 200
"""Events of the workspace."""
BAD_EVERY = 7
"""Of so many rows one is bad."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with closing(RedisServer(tmp_path / "redis")) as started:
        started.start()
        yield started


class Producer:
    """Writes to a stream until it is stopped, and knows what was acknowledged."""

    def __init__(self, server: RedisServer, seed: int) -> None:
        self._server, self._rng = server, random.Random(seed)
        self._stop = threading.Event()
        self.good: set[str] = set()
        self.bad: set[str] = set()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(0.001):
            number += 1
            row: dict[str, Any] = {"user": f"u{number % 50}", "item": f"space-{number % 12}"}
            is_bad = number % BAD_EVERY == 0
            if is_bad:
                row["event_type"] = "clik"
            elif number % 2:  # of the others some have no id of their own
                row["event_id"] = f"e{number}"
            for _ in range(self._rng.choice([1, 1, 1, 2])):  # some are sent twice
                try:
                    entry = self._server.client.xadd("events", {"row": json.dumps(row)}).decode()
                except redis.RedisError:
                    continue  # nobody was told that it is there
                (self.bad if is_bad else self.good).add(
                    entry if is_bad else row.get("event_id", f"redis/events/{entry}")
                )

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def ids_in_store(folder: Path) -> Counter[str]:
    with SqlStore(folder / STORE_FILE) as store:
        return Counter(event.event_id for _, event in store.events())


def status_of(folder: Path, name: str = "redis/events") -> ConsumerStatus | None:
    with SqlStore(folder / STORE_FILE) as store:
        return ConsumerStatus.load(store, name)


def rejected_entries(folder: Path) -> Counter[str]:
    path = folder / "rejects" / "consume-redis-events.jsonl"
    return Counter(json.loads(line)["entry"] for line in path.read_text().splitlines())


def progressed(folder: Path, past: int, name: str = "redis/events") -> bool:
    status = status_of(folder, name)
    return status is not None and status.accepted > past


@NEEDS_REDIS
@ROUNDS
def test_kill_of_either_end(
    nursery: Nursery, workspace: Path, server: RedisServer, rounds: int
) -> None:
    rng = random.Random(rounds)
    words = ("consume", server.address(), "--batch", "20")
    with closing(Producer(server, rounds)) as producer:
        for _ in range(rounds):
            status = status_of(workspace)
            accepted = status.accepted if status else 0
            with nursery.start(workspace, *words) as consumer:
                until(lambda past=accepted: progressed(workspace, past), "rows")  # type: ignore[misc]
                server.kill()
                until(lambda: "trying again" in consumer.log, "a word about it")
                server.start()
                threading.Event().wait(rng.uniform(0.0, 0.3))
                consumer.end()
    with nursery.start(workspace, *words, "--once") as consumer:
        assert consumer.wait() == 0, consumer.log
    stored = ids_in_store(workspace)
    assert [name for name in producer.good if name not in stored] == []
    assert stored.total() == len(stored)
    assert len(stored) - KNOWN >= len(producer.good) > rounds
    entries = {
        f"redis/events/{entry.decode()}"
        for entry, fields in server.client.xrange("events")
        if "event_id" not in (row := json.loads(fields[b"row"])) and "event_type" not in row
    }
    assert {name for name in stored if name.startswith("redis/")} == entries != set()
    rejected = rejected_entries(workspace)
    assert producer.bad <= set(rejected)
    assert rejected.total() == len(rejected)


@NEEDS_REDIS
def test_a_polite_end_comes_after_the_batch_in_hand(
    nursery: Nursery, workspace: Path, server: RedisServer
) -> None:
    for number in range(50):
        server.client.xadd("events", {"event_id": f"e{number}", "user": "u", "item": "space-1"})
    with nursery.start(workspace, "consume", server.address()) as consumer:
        until(lambda: progressed(workspace, 0), "rows")
        assert consumer.end(signal.SIGTERM) == 0
        assert "50 new" in consumer.log
    status = status_of(workspace)
    assert status is not None
    assert status.accepted == 50


@NEEDS_NATS
@ROUNDS
def test_kill_of_either_end_of_jetstream(
    nursery: Nursery, workspace: Path, tmp_path: Path, rounds: int
) -> None:
    sent = 0

    def messages() -> list[dict[str, Any]]:
        nonlocal sent
        sent += 150
        numbers = range(sent - 150, sent)
        return [{"event_id": f"e{n}", "user": "u", "item": f"space-{n % 12}"} for n in numbers]

    with closing(NatsServer(tmp_path / "nats")) as server:
        server.start()
        words = ("consume", server.address, "--batch", "20")
        for _ in range(rounds):
            status = status_of(workspace, "nats/EVENTS")
            accepted = status.accepted if status else 0
            server.publish(messages())
            with nursery.start(workspace, *words) as consumer:
                until(
                    lambda past=accepted: progressed(workspace, past, "nats/EVENTS"),  # type: ignore[misc]
                    "rows",
                )
                server.kill()
                until(lambda: "trying again" in consumer.log, "a word about it")
                server.start()
                server.publish(messages())
                consumer.end()
        with nursery.start(workspace, *words, "--once") as consumer:
            assert consumer.wait() == 0, consumer.log
    stored = ids_in_store(workspace)
    assert stored.total() == len(stored) == KNOWN + sent


def test_kill_amid_a_folder(nursery: Nursery, workspace: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    rows = [{"user": f"u{n % 50}", "item": f"space-{n % 12}"} for n in range(2400)]
    for part in range(3):
        text = "".join(json.dumps(row) + "\n" for row in rows[part * 800 : part * 800 + 800])
        (inbox / f"{part}.jsonl").write_text(text)
    words = ("consume", str(inbox), "--batch", "20")
    accepted = 0
    for _ in range(3):
        with nursery.start(workspace, *words) as consumer:
            with SqlStore(workspace / STORE_FILE) as store:
                last = store.last_event_number()
                until(lambda s=store, n=last: s.last_event_number() > n, "rows")  # type: ignore[misc]
            consumer.end()
        accepted = ids_in_store(workspace).total() - KNOWN
    assert 0 < accepted < 2400, "it was in the middle"
    with nursery.start(workspace, "consume", str(inbox), "--once") as consumer:
        assert consumer.wait() == 0, consumer.log
    stored = ids_in_store(workspace)
    assert stored.total() == len(stored) == KNOWN + 2400


def table_of_clicks(folder: Path, rows: list[dict[str, str]]) -> str:
    engine = sa.create_engine(f"sqlite:///{folder / 'shop.db'}")
    columns = "id INTEGER PRIMARY KEY, user_id TEXT, item_id TEXT"
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE clicks ({columns})"))
        insert = "INSERT INTO clicks (user_id, item_id) VALUES (:user, :item)"
        connection.execute(sa.text(insert), rows)
    engine.dispose()
    return f"sqlite:///{folder / 'shop.db'}?table=clicks&cursor=id"


@pytest.fixture(params=["table", pytest.param("topic", marks=NEEDS_KAFKA)])
def filled_source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of something with 2,400 clicks that have no ids."""
    rows = [{"user": f"u{n % 50}", "item": f"space-{n % 12}"} for n in range(2400)]
    if request.param == "table":
        yield table_of_clicks(tmp_path, rows)
        return
    cluster = KafkaCluster()
    cluster.publish("clicks", [json.dumps(row).encode() for row in rows])
    yield cluster.address("clicks")


def test_kill_amid_a_table_and_a_topic(
    nursery: Nursery, workspace: Path, filled_source: str
) -> None:
    words = ("consume", filled_source, "--batch", "20")
    accepted = 0
    for _ in range(2):
        with nursery.start(workspace, *words) as consumer:
            with SqlStore(workspace / STORE_FILE) as store:
                last = store.last_event_number()
                until(lambda s=store, n=last: s.last_event_number() > n, "rows")  # type: ignore[misc]
            consumer.end()
        accepted = ids_in_store(workspace).total() - KNOWN
    assert 0 < accepted < 2400, "it was in the middle"
    with nursery.start(workspace, "consume", filled_source, "--once") as consumer:
        assert consumer.wait() == 0, consumer.log
    stored = ids_in_store(workspace)
    assert stored.total() == len(stored) == KNOWN + 2400
