"""The service for half an hour beside a slow reader, a blocked writer and a visitor of 100,000
events: what ordinary visitors notice of them.

    make soak [WORKSPACE=…] [MINUTES=30]

Lists at a steady rate throughout, and some events; in turn alone and beside all three attackers, so
that what else the machine does falls on both alike. Without a workspace Amazon Beauty is imported
and trained first, some minutes more. It works on a copy: what is sent is not kept.

- Slow readers ask for a thousand explained items each and read a few bytes a second.
- The blocked writer holds the lock of the store's file, as a backup that hangs does.
- The visitor sends 100,000 events of one session, then asks for lists without a pause.

The loop's lag is the time that `/healthz`, which does nothing, takes to answer.
"""

import argparse
import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import numpy as np

from benchmarks import serve_steps as steps
from benchmarks.load import Fired, Gun, Shot, Shots
from benchmarks.serve import show_row
from benchmarks.served import Served
from benchmarks.tables import keep_result
from foretaste.behaviour.store import STORE_FILE

PROTOCOL = (
    "`foretaste serve`, one process, SQLite; lists at a steady rate, in turn alone and beside "
    "eight slow readers, a writer that holds the store's lock every other three seconds and a "
    "visitor of 100,000 events; latency counts from when each was due"
)
RATE = 20.0
"""Lists a second."""
EVENT_RATE = 1.0
ROUND_SECONDS = 30.0
"""Of one of the two, alone or beside the attackers, before the other has its turn."""
SLOW_READERS = 8
LOCK_SECONDS = 3.0
VISITOR_EVENTS = 100_000
PROBE_SECONDS = 0.1
WARM_SECONDS = 5.0


@dataclass
class Observed:
    """What ordinary visitors had, alone or beside the attackers."""

    lists: Fired = field(default_factory=Fired)
    events: Fired = field(default_factory=Fired)
    lag_ms: list[float] = field(default_factory=list)
    """Of the event loop, as `/healthz` sees it."""
    gigabytes: list[float] = field(default_factory=list)


async def slow_reader(url: str) -> None:
    """Asks for much and reads it slowly, again and again."""
    address = urlsplit(url)
    body = json.dumps({"user": "slow", "n": 1000, "explain": True}).encode()
    head = (
        f"POST /v1/recommend HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=64)
            writer.write(head.encode() + body)
            for _ in range(60):
                if not await reader.read(16):
                    break
                await asyncio.sleep(1)
            writer.close()
        await asyncio.sleep(0.1)


async def blocked_writer(store: Path) -> None:
    """Holds the lock of the store's file, every other few seconds."""
    with closing(sqlite3.connect(store, isolation_level=None, timeout=30)) as connection:
        while True:
            with suppress(sqlite3.OperationalError):  # others have it: the next turn
                connection.execute("BEGIN IMMEDIATE")
                try:
                    await asyncio.sleep(LOCK_SECONDS)
                finally:
                    connection.execute("ROLLBACK")
            await asyncio.sleep(LOCK_SECONDS)


async def send_visitor_events(gun: Gun, items: Sequence[str]) -> None:
    """100,000 events of one session."""
    for start in range(0, VISITOR_EVENTS, steps.BATCH):
        events = [
            {"kind": "view", "session": "visitor", "item": items[number % len(items)]}
            for number in range(start, start + steps.BATCH)
        ]
        await gun.ask(Shot("/v1/events", {"events": events}))


async def visitor(gun: Gun) -> None:
    """Asks for lists by that history without a pause."""
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            await gun.ask(Shot("/v1/recommend", {"session": "visitor", "n": 50, "explain": True}))


async def probe_loop(url: str, observed: Observed) -> None:
    """How long the event loop keeps whoever asks for nothing."""
    async with aiohttp.ClientSession(url) as session:
        while True:
            start = time.perf_counter()
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.get("/healthz") as answer:
                    await answer.read()
            observed.lag_ms.append((time.perf_counter() - start) * 1e3)
            await asyncio.sleep(PROBE_SECONDS)


def views(users: Sequence[str], items: Sequence[str]) -> Shots:
    """Somebody looks at something."""
    rng = np.random.default_rng(9)

    def view() -> Shot:
        user, item = users[rng.integers(len(users))], items[rng.integers(len(items))]
        return Shot("/v1/events", {"events": [{"kind": "view", "user": user, "item": item}]})

    return view


async def observe_round(
    service: Served, gun: Gun, users: list[str], items: list[str], observed: Observed
) -> None:
    """Ordinary load for the time of a round."""
    seconds = ROUND_SECONDS
    probing = asyncio.create_task(probe_loop(service.url, observed))
    lists, events = await asyncio.gather(
        gun.steady(steps.asking(users, seed=len(observed.gigabytes)), RATE, seconds),
        gun.steady(views(users, items), EVENT_RATE, seconds),
    )
    probing.cancel()
    observed.lists.add(lists)
    observed.events.add(events)
    observed.gigabytes.append(round(service.gigabytes(), 3))


async def soak(workspace: Path, minutes: float) -> list[steps.Row]:
    """Rounds alone and rounds beside the attackers, in turn."""
    users, items = steps.people(workspace), steps.item_ids(workspace)
    alone, attacked = Observed(), Observed()
    rounds = max(1, round(minutes * 60 / (2 * ROUND_SECONDS)))
    with Served(workspace, workers=1) as service:
        async with AsyncExitStack() as stack:
            gun, attacker = [await stack.enter_async_context(Gun(service.url)) for _ in range(2)]
            await send_visitor_events(attacker, items)
            await gun.steady(steps.asking(users), RATE, WARM_SECONDS)
            for _ in range(rounds):
                await observe_round(service, gun, users, items, alone)
                attacks = [
                    *(slow_reader(service.url) for _ in range(SLOW_READERS)),
                    blocked_writer(workspace / STORE_FILE),
                    visitor(attacker),
                ]
                tasks = [asyncio.create_task(attack) for attack in attacks]
                await observe_round(service, gun, users, items, attacked)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    return rows_of(alone, attacked, minutes)


def rows_of(alone: Observed, attacked: Observed, minutes: float) -> list[steps.Row]:
    """The figures, with what is wanted of them."""
    growth = 100 * (max(attacked.gigabytes[1:] or attacked.gigabytes) / attacked.gigabytes[0] - 1)
    lists = len(alone.lists) + len(attacked.lists)
    wrong = alone.lists.wrong + attacked.lists.wrong
    return [
        steps.row(
            f"lists at {RATE:g}/s beside the attackers, p99 ms",
            attacked.lists.at(99),
            2 * alone.lists.at(99),
            **{"alone": round(alone.lists.at(99), 1), "target is twice": "that alone"},
            **{"p50": round(attacked.lists.at(50), 1), "p50 alone": round(alone.lists.at(50), 1)},
        ),
        steps.row(
            "lists from fewer experts beside the attackers, %",
            100 * attacked.lists.degraded / len(attacked.lists),
            1,
            alone=round(100 * alone.lists.degraded / len(alone.lists), 2),
        ),
        steps.row(f"errors of {lists:,} lists", wrong.total(), 0, minutes=minutes)
        | dict(wrong.most_common(3)),
        steps.row(
            "events that were refused or lost, beside the attackers",
            attacked.events.wrong.total(),
            0,
            **{"of": len(attacked.events), "p99": round(attacked.events.at(99), 1)},
            **{"p99 alone": round(alone.events.at(99), 1)},
        )
        | dict(attacked.events.wrong.most_common(2)),
        steps.row(
            "lag of the event loop beside the attackers, p99 ms",
            float(np.percentile(attacked.lag_ms, 99)),
            50,
            alone=round(float(np.percentile(alone.lag_ms, 99)), 1),
            longest=round(max(attacked.lag_ms), 1),
        ),
        steps.row(
            "memory above that of the first round, %", growth, 10, GB=[*attacked.gigabytes[-10:]]
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, help="trained; it is copied")
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        if options.workspace:
            shutil.copytree(options.workspace, workspace)
        else:
            steps.trained(workspace)
        rows = asyncio.run(soak(workspace, options.minutes))
    for row in rows:
        print(show_row(row), flush=True)
    print(f"load of the machine at the end, 1 minute: {os.getloadavg()[0]:.1f}")
    keep_result("serve", "soak", PROTOCOL, rows)


if __name__ == "__main__":
    main()
