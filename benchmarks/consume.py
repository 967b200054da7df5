"""How fast `foretaste consume` takes events in; whether any is lost or doubled when either end is
killed again and again.

`nice -n 10 python -m benchmarks.consume [--events 200000] [--rate 2000] [--every 10]`, loopback, an
empty workspace, SQLite; needs Debian's redis-server. The rates are from the first
stored event to the last, of a source that is full. In the run with kills a producer writes at a
bounded rate and repeats what was not acknowledged; every few seconds the server of the queue or the
consumer is killed with SIGKILL, in turns, and started again.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

from benchmarks.tables import keep_result, show
from foretaste.behaviour.store import STORE_FILE, SqlStore

PROTOCOL = (
    "loopback, an empty workspace, SQLite, batches of 500; rates from the first stored event to "
    "the last; kills with SIGKILL of queue and consumer in turns"
)
COMMAND = "from foretaste.cli.main import main; main()"
PIPELINE = 200
"""Events that are sent together."""


def event(number: int) -> dict[str, Any]:
    """Of two one has an id of its own, the other is known by its entry alone."""
    return ({"event_id": f"e{number}"} if number % 2 else {}) | {
        "user": f"u{number % 5000}",
        "item": f"i{number % 2000}",
        "event_type": "click",
    }


class RedisServer:
    """Debian's, which keeps what it has acknowledged."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._command = ["redis-server", "--port", str(port), "--dir", str(folder), "--save", ""]
        self._command += ["--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning"]
        self.client: Any = redis.Redis(port=port, socket_timeout=10.0, protocol=2)
        self.address = f"redis://127.0.0.1:{port}/0?stream=events&group=foretaste"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command)
        while True:
            with suppress(redis.ConnectionError, redis.BusyLoadingError):
                if self.client.ping():
                    return
            time.sleep(0.05)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self.client.close()
        self.kill()


@contextmanager
def consumer(workspace: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with (workspace / "consume.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "consume", *words, "--workspace", str(workspace)],
            stderr=log,
            stdout=log,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def new_workspace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        (workspace / "foretaste.toml").write_text("[worker]\nlease_seconds = 2.0\n")
        yield workspace


def drain(workspace: Path, n_events: int, *words: str) -> dict[str, Any]:
    """How long a full source takes."""
    start = end = 0.0
    with SqlStore(workspace / STORE_FILE) as store, consumer(workspace, *words) as process:
        first = 0
        while process.poll() is None:
            count = store.last_event_number()
            if count and not first:
                first, start = count, time.perf_counter()
            if count == n_events:
                end = time.perf_counter()
                break
            time.sleep(0.02)
        cpu = sum(map(float, Path(f"/proc/{process.pid}/stat").read_text().split()[13:15]))
        stored = store.counts()["events"]
    return {
        "events": n_events,
        "events_a_second": (n_events - first) / (end - start),
        "cpu_ms_a_1000_events": 1e6 * cpu / os.sysconf("SC_CLK_TCK") / n_events,
        "lost": max(n_events - stored, 0),
        "twice": max(stored - n_events, 0),
    }


def drain_redis(n_events: int) -> dict[str, Any]:
    with new_workspace() as workspace, closing(RedisServer(workspace.parent / "redis")) as server:
        for start in range(0, n_events, PIPELINE):
            with server.client.pipeline(transaction=False) as pipeline:
                for number in range(start, min(start + PIPELINE, n_events)):
                    pipeline.xadd("events", event(number))
                pipeline.execute()
        return {"source": "Redis Streams"} | drain(workspace, n_events, server.address)


def drain_folder(n_events: int) -> dict[str, Any]:
    with new_workspace() as workspace:
        inbox = workspace.parent / "inbox"
        inbox.mkdir()
        with (inbox / "events.jsonl").open("w") as file:
            file.writelines(json.dumps(event(number)) + "\n" for number in range(n_events))
        return {"source": "folder, JSON Lines"} | drain(workspace, n_events, str(inbox))


class Producer(threading.Thread):
    """Writes all events at a rate, each until it is acknowledged."""

    def __init__(self, server: RedisServer, n_events: int, rate: float) -> None:
        super().__init__()
        self._server, self._n_events, self._rate = server, n_events, rate
        self.repeated = 0

    def run(self) -> None:
        begin = time.perf_counter()
        for start in range(0, self._n_events, PIPELINE):
            time.sleep(max(begin + start / self._rate - time.perf_counter(), 0.0))
            while not self._sent(range(start, min(start + PIPELINE, self._n_events))):
                self.repeated += PIPELINE
                time.sleep(0.2)

    def _sent(self, numbers: range) -> bool:
        try:
            with self._server.client.pipeline(transaction=False) as pipeline:
                for number in numbers:
                    pipeline.xadd("events", event(number))
                pipeline.execute()
        except redis.RedisError:
            return False
        return True


def expected_ids(server: RedisServer, n_events: int) -> Iterator[str]:
    """Of all events that the producer was told are there, and of each entry without an id."""
    yield from (event(number)["event_id"] for number in range(1, n_events, 2))
    last = "-"
    while entries := server.client.xrange("events", min=last, count=10_000):
        for entry, fields in entries:
            if b"event_id" not in fields:
                yield f"redis/events/{entry.decode()}"
        last = f"({entries[-1][0].decode()}"


def with_kills(n_events: int, rate: float, every: float) -> dict[str, Any]:
    kills, begin = 0, time.perf_counter()
    with new_workspace() as workspace, closing(RedisServer(workspace.parent / "redis")) as server:
        producer = Producer(server, n_events, rate)
        producer.start()
        while producer.is_alive():
            with consumer(workspace, server.address):
                producer.join(every)
                if producer.is_alive():
                    server.kill()
                    server.start()
                    kills += 1
                    producer.join(every)
            kills += 1  # the block kills the consumer
        with consumer(workspace, server.address, "--once") as process:
            process.wait()
        seconds = time.perf_counter() - begin
        written = list(expected_ids(server, n_events))
        with SqlStore(workspace / STORE_FILE) as store:
            ids = [stored.event_id for _, stored in store.events()]
    return {
        "source": f"Redis Streams, a kill every {every:g} s",
        "events": n_events,
        "kills": kills,
        "seconds": seconds,
        "lost": len(set(written) - set(ids)),
        "twice": len(ids) - len(set(written) & set(ids)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rate", type=float, default=2000.0)
    parser.add_argument("--every", type=float, default=10.0)
    options = parser.parse_args()
    rows = [
        drain_redis(options.events // 10),
        drain_folder(options.events // 10),
        with_kills(options.events, options.rate, options.every),
    ]
    show(PROTOCOL, rows)
    keep_result("consume", f"{options.events:,} events", PROTOCOL, rows)


if __name__ == "__main__":
    main()
