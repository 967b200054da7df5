"""What a shop notices when the primary of its PostgreSQL is killed. `make bench-failover`

A small invented shop, answered by four processes, with a primary and a synchronous standby on this
machine. Lists and single events are sent at a rate. In the middle the primary and all its processes
are killed with SIGKILL; some seconds later, as long as whoever watches it takes, the standby is
promoted. Every event has an id; at the end those that were acknowledged are looked for.
"""

import argparse
import asyncio
import itertools
import json
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from benchmarks.erasures import ITEMS, REGULARS, make_shop
from benchmarks.postgres_pair import PostgresPair
from benchmarks.served import Served
from benchmarks.tables import keep_result, show
from foretaste.behaviour.store import SqlStore

FROM_MEMORY = "memory"
PATIENCE = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True)
class Answer:
    """To one request."""

    sent_at: float
    ended_at: float
    status: int
    """0 where there was none."""
    degraded: str | None = None
    """To what a list was: "memory" while the store is away."""


@dataclass
class Record:
    """What became of a kind of requests."""

    answers: list[Answer] = field(default_factory=list)

    def milliseconds(self, since: float, until: float) -> np.ndarray:
        """Of those that were sent in between."""
        return np.array(
            [
                (answer.ended_at - answer.sent_at) * 1e3
                for answer in self.answers
                if since <= answer.sent_at < until
            ]
        )

    def last(self, since: float, *, degraded: bool = False) -> float:
        """When the last failure, or list from memory, past a moment ended; the moment if none."""
        return max(
            (
                answer.ended_at
                for answer in self.answers
                if answer.ended_at > since
                and (answer.degraded == FROM_MEMORY if degraded else answer.status != 200)
            ),
            default=since,
        )

    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)


class Shop:
    """Sends requests, each at its time whatever became of those before."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.lists, self.events = Record(), Record()
        self.acknowledged: list[str] = []
        self._rng = np.random.default_rng(0)

    async def load(self, lists: float, events: float, seconds: float) -> None:
        """Both kinds at their rates."""
        await asyncio.gather(
            self._steady(self._list, lists, seconds), self._steady(self._event, events, seconds)
        )

    async def _steady(self, send: Any, rate: float, seconds: float) -> None:
        start, under_way = time.monotonic(), set()
        for number in range(int(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(max(due - time.monotonic(), 0))
            task = asyncio.create_task(send(due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if under_way:
            await asyncio.wait(under_way)

    async def _list(self, due: float) -> None:
        body = {"user": self._user(), "n": 10}
        status, text = await self._post("/v1/recommend", body)
        degraded = (json.loads(text).get("degraded") or {}).get("to") if status == 200 else None
        self.lists.answers.append(Answer(due, time.monotonic(), status, degraded))

    _numbers = itertools.count()

    async def _event(self, due: float) -> None:
        event_id = f"sent-{next(self._numbers)}"
        event = {
            "event_id": event_id,
            "user": self._user(),
            "item": f"i{self._rng.integers(ITEMS)}",
            "event_type": "click",
        }
        status, _ = await self._post("/v1/events", {"events": [event]})
        if status == 200:
            self.acknowledged.append(event_id)
        self.events.answers.append(Answer(due, time.monotonic(), status))

    async def _post(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        try:
            async with self._session.post(path, json=body) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return 0, b""

    def _user(self) -> str:
        return f"u{self._rng.integers(REGULARS)}"


async def run(service: Served, pair: PostgresPair, asked: argparse.Namespace) -> dict[str, Any]:
    """The load with the failover in its middle. → a row but for what the store has."""
    connector = aiohttp.TCPConnector(limit=512)
    async with aiohttp.ClientSession(service.url, connector=connector, timeout=PATIENCE) as session:
        shop = Shop(session)
        await Shop(session).load(asked.lists / 2, asked.events / 2, 5.0)
        load = asyncio.create_task(shop.load(asked.lists, asked.events, asked.seconds))
        start = time.monotonic()
        await asyncio.sleep(asked.seconds / 3)
        pair.kill_primary()
        killed = time.monotonic()
        await asyncio.sleep(asked.detection)
        await asyncio.to_thread(pair.promote)
        promoted = time.monotonic()
        await load
        readiness = await (await session.get("/readyz")).json()
    before, lists = shop.lists.milliseconds(start, killed), shop.lists
    away = lists.milliseconds(killed, promoted)
    after = shop.events.last(promoted) - promoted
    stored = await asyncio.to_thread(stored_ids, pair)
    return {
        "case": f"{asked.workers} processes",
        "acknowledged": len(shop.acknowledged),
        "lost": sum(name not in stored for name in shop.acknowledged),
        "twice": sum(count > 1 for count in stored.values()),
        "events refused": len(shop.events.answers) - len(shop.acknowledged),
        "lists": len(lists.answers),
        "lists refused": sum(lists.statuses().values()) - lists.statuses()[200],
        "lists from memory": sum(answer.degraded == FROM_MEMORY for answer in lists.answers),
        "lists short of time": sum(
            answer.degraded not in (None, FROM_MEMORY) for answer in lists.answers
        ),
        "list p99 before, ms": float(np.percentile(before, 99)),
        "list p99 while away, ms": float(np.percentile(away, 99)),
        "without a primary, s": promoted - killed,
        "last event refused after the new primary, s": after,
        "last list from memory after it, s": lists.last(promoted, degraded=True) - promoted,
        "ready at the end": float(readiness["status"] == "ready"),
        "load": round(os.getloadavg()[0], 1),
    }


def stored_ids(pair: PostgresPair) -> Counter[str]:
    """How often each event is in the store."""
    with SqlStore(pair.url) as store:
        return Counter(event.event_id for _, event in store.events())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=4, help="Processes that answer.")
    parser.add_argument("--lists", type=float, default=100.0, help="A second.")
    parser.add_argument("--events", type=float, default=50.0, help="A second.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument(
        "--detection", type=float, default=2.0, help="Seconds from the kill to the promotion."
    )
    asked = parser.parse_args()
    protocol = (
        f"{ITEMS} items, {REGULARS} customers, {asked.workers} processes, {asked.lists:g} lists "
        f"and {asked.events:g} single events a second for {asked.seconds:g} s; after a third of it "
        f"kill -9 of a durable primary with a synchronous standby, promoted {asked.detection:g} s "
        "later"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresPair(durable=True) as pair,
    ):
        make_shop(Path(folder) / "shop", pair.url)
        with Served(Path(folder) / "shop", workers=asked.workers) as service:
            rows = [asyncio.run(run(service, pair, asked))]
    show(protocol, rows)
    keep_result("failover", "synchronous standby", protocol, rows)


if __name__ == "__main__":
    main()
