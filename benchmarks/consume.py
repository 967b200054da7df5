"""How fast `foretaste consume` takes events in; whether any is lost or doubled when either end is
killed again and again.

`nice -n 10 python -m benchmarks.consume [--events 200000] [--rate 2000] [--every 10]
[--sources redis nats folder table s3 kafka]`, loopback, an empty workspace, SQLite; needs Debian's
redis-server and nats-server and the packages of requirements.lock. The rates are from the first
stored event to the last, of a source that is full. In the run with kills a producer writes at a
bounded rate and repeats what was not acknowledged; every few seconds the server of the source or
the consumer is killed with SIGKILL, in turns, and started again; Kafka's is not killed, see
`stream_servers`. With `--day`, say `--events 2000000 --every 60`, the events come as fast as they
are stored, and the consumer alone is killed. It waits 5 s for the lock of the one before.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.served import Served
from benchmarks.stream_servers import SERVERS, StreamServer, event
from benchmarks.tables import keep_result, show
from foretaste.behaviour.store import STORE_FILE, SqlStore

PROTOCOL = (
    "loopback, an empty workspace, SQLite, batches of 500; rates from the first stored event to "
    "the last; kills with SIGKILL of source and consumer in turns"
)
COMMAND = "from foretaste.cli.main import main; main()"
PIPELINE, DAY_PIPELINE = 200, 1000
"""Events that are sent together."""
AHEAD = 50_000
"""Events that are written and not stored, at most: librdkafka's cluster forgets older ones."""
DAY_PROTOCOL = (
    "loopback, an empty workspace, SQLite, batches of 500; events at the speed of the consumer, "
    "which is killed with SIGKILL again and again, and waits 5 s for the lock of the one before"
)


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
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        (workspace / "foretaste.toml").write_text("[worker]\nlease_seconds = 5.0\n")
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
        if process.poll() is not None:
            raise SystemExit((workspace / "consume.log").read_text()[-2000:])
        cpu = sum(map(float, Path(f"/proc/{process.pid}/stat").read_text().split()[13:15]))
        stored = store.counts()["events"]
    return {
        "events": n_events,
        "events_a_second": (n_events - first) / (end - start),
        "cpu_ms_a_1000_events": 1e6 * cpu / os.sysconf("SC_CLK_TCK") / n_events,
        "lost": max(n_events - stored, 0),
        "twice": max(stored - n_events, 0),
    }


@contextmanager
def started(kind: str, workspace: Path) -> Iterator[StreamServer]:
    folder = workspace.parent / kind
    folder.mkdir()
    with closing(SERVERS[kind](folder)) as server:
        yield server


def drain_server(kind: str, n_events: int) -> dict[str, Any]:
    with new_workspace() as workspace, started(kind, workspace) as server:
        for start in range(0, n_events, PIPELINE):
            server.write(range(start, min(start + PIPELINE, n_events)))
        return {"source": server.name} | drain(workspace, n_events, server.address)


def drain_folder(n_events: int) -> dict[str, Any]:
    with new_workspace() as workspace:
        inbox = workspace.parent / "inbox"
        inbox.mkdir()
        with (inbox / "events.jsonl").open("w") as file:
            file.writelines(json.dumps(event(number)) + "\n" for number in range(n_events))
        return {"source": "folder, JSON Lines"} | drain(workspace, n_events, str(inbox))


class Producer(threading.Thread):
    """Writes all events at a rate, each until it is acknowledged."""

    def __init__(self, server: StreamServer, n_events: int, rate: float) -> None:
        super().__init__()
        self._server, self._n_events, self._rate = server, n_events, rate

    def run(self) -> None:
        begin = time.perf_counter()
        for start in range(0, self._n_events, PIPELINE):
            time.sleep(max(begin + start / self._rate - time.perf_counter(), 0.0))
            while not self._server.write(range(start, min(start + PIPELINE, self._n_events))):
                time.sleep(0.2)


def with_kills(kind: str, n_events: int, rate: float, every: float) -> dict[str, Any]:
    kills, begin = 0, time.perf_counter()
    with new_workspace() as workspace, started(kind, workspace) as server:
        producer = Producer(server, n_events, rate)
        producer.start()
        while producer.is_alive():
            with consumer(workspace, server.address):
                producer.join(every)
                if producer.is_alive():
                    kills += server.kill()
                    producer.join(every)
            kills += 1  # the block kills the consumer
        with consumer(workspace, server.address, "--once") as process:
            if process.wait():
                raise SystemExit((workspace / "consume.log").read_text()[-2000:])
        seconds = time.perf_counter() - begin
        written = set(server.ids())
        with SqlStore(workspace / STORE_FILE) as store:
            ids = [stored.event_id for _, stored in store.events()]
    return {
        "source": f"{server.name}, a kill every {every:g} s",
        "events": n_events,
        "kills": kills,
        "seconds": seconds,
        "lost": len(written - set(ids)),
        "twice": len(ids) - len(written & set(ids)),
    }


class AheadProducer(threading.Thread):
    """Writes all events as fast as it goes, but never far ahead of what is stored."""

    def __init__(self, server: StreamServer, store: SqlStore, n_events: int) -> None:
        super().__init__(daemon=True)
        self._server, self._store, self._n_events = server, store, n_events

    def run(self) -> None:
        for start in range(0, self._n_events, DAY_PIPELINE):
            while start > self._store.last_event_number() + AHEAD:
                time.sleep(0.2)
            numbers = range(start, min(start + DAY_PIPELINE, self._n_events))
            while not self._server.write(numbers):
                time.sleep(0.2)


def a_day(kind: str, n_events: int, every: float) -> dict[str, Any]:
    """All at the speed of the consumer, which is killed every so often."""
    kills, cpu, ticks = 0, 0.0, os.sysconf("SC_CLK_TCK")
    with (
        new_workspace() as workspace,
        started(kind, workspace) as server,
        SqlStore(workspace / STORE_FILE) as store,
    ):
        producer, begin = AheadProducer(server, store, n_events), time.perf_counter()
        producer.start()
        while store.last_event_number() < n_events:
            with consumer(workspace, server.address) as process:
                end = time.perf_counter() + every
                while time.perf_counter() < end and store.last_event_number() < n_events:
                    time.sleep(0.2)
                if process.poll() is not None:
                    raise SystemExit((workspace / "consume.log").read_text()[-2000:])
                stat = Path(f"/proc/{process.pid}/stat").read_text().split()
                cpu += sum(map(float, stat[13:15])) / ticks
            kills += store.last_event_number() < n_events  # the last one ends the run
        seconds = time.perf_counter() - begin
        producer.join()
        with consumer(workspace, server.address, "--once") as process:
            if process.wait():
                raise SystemExit((workspace / "consume.log").read_text()[-2000:])
        written = set(server.ids())
        ids = [stored.event_id for _, stored in store.events()]
    return {
        "source": f"{server.name}, the consumer killed every {every:g} s",
        "events": n_events,
        "kills": kills,
        "seconds": seconds,
        "events_a_second": n_events / seconds,
        "cpu_ms_a_1000_events": 1e6 * cpu / n_events,
        "lost": len(written - set(ids)),
        "twice": len(ids) - len(written & set(ids)),
        "load": os.getloadavg()[0],
    }


def plain_import(n_events: int) -> dict[str, Any]:
    """The same events, by `foretaste import` of a file."""
    with new_workspace() as workspace:
        path = workspace.parent / "events.jsonl"
        with path.open("w") as file:
            file.writelines(json.dumps(event(number)) + "\n" for number in range(n_events))
        begin, words = time.perf_counter(), ["import", str(path), "--workspace", str(workspace)]
        subprocess.run(
            [sys.executable, "-c", COMMAND, *words], check=True, stdout=subprocess.DEVNULL
        )
        seconds = time.perf_counter() - begin
        with SqlStore(workspace / STORE_FILE) as store:
            stored = store.counts()["events"]
    return {
        "source": "foretaste import, with its start",
        "events": stored,
        "seconds": seconds,
        "events_a_second": stored / seconds,
        "load": os.getloadavg()[0],
    }


def plain_http(n_events: int) -> dict[str, Any]:
    """The same events, by one client of the service that sends 500 at a time."""
    with new_workspace() as workspace, Served(workspace, workers=1, wait=False) as service:
        begin = time.perf_counter()
        for start in range(0, n_events, 500):
            rows = [event(number) for number in range(start, min(start + 500, n_events))]
            body = json.dumps({"events": rows}).encode()
            request = urllib.request.Request(
                f"{service.url}/v1/events", body, {"Content-Type": "application/json"}
            )
            urllib.request.urlopen(request, timeout=60).read()
        seconds = time.perf_counter() - begin
    return {
        "source": "POST /v1/events, 500 at a time",
        "events": n_events,
        "seconds": seconds,
        "events_a_second": n_events / seconds,
        "load": os.getloadavg()[0],
    }


def day(options: argparse.Namespace) -> None:
    rows = [plain_import(options.events // 10), plain_http(options.events // 20)]
    show(DAY_PROTOCOL, rows)
    for kind in options.sources:
        rows.append(a_day(kind, options.events, options.every))
        show(DAY_PROTOCOL, rows[-1:])
        name = f"a day, {options.events:,} events, {' '.join(options.sources)}"
        keep_result("consume", name, DAY_PROTOCOL, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rate", type=float, default=2000.0)
    parser.add_argument("--every", type=float, default=10.0)
    parser.add_argument("--sources", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument(
        "--day", action="store_true", help="At the speed of the consumer, and it alone is killed."
    )
    options = parser.parse_args()
    if options.day:
        day(options)
        return
    rows = [drain_server(kind, options.events // 10) for kind in options.sources]
    rows.append(drain_folder(options.events // 10))
    for kind in options.sources:
        rows.append(with_kills(kind, options.events, options.rate, options.every))
        show(PROTOCOL, rows[-1:])
    show(PROTOCOL, rows)
    name = f"{options.events:,} events, {' '.join(options.sources)}"
    keep_result("consume", name, PROTOCOL, rows)


if __name__ == "__main__":
    main()
