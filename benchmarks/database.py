"""PostgreSQL under a shop that has outgrown one machine. `make bench-database`

Step fresh: two services, as on two hosts, with one PostgreSQL. Beside lists and events at a rate,
an event is taken by one of them and a list of its person is asked for at the other, again and again
until it knows of the event. Once more after the other has had nothing to do for a while in which
very much happened.

Step imports: files into an empty store, with rows put one by one and by COPY.

Steps migrations and retention: what they keep others waiting on a store of two million events.
"""

import argparse
import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from benchmarks.database_size import migrations, retention
from benchmarks.erasures import ITEMS, REGULARS, make_shop
from benchmarks.load import Fired, Gun, Shot, Shots
from benchmarks.serve_steps import asking, postgres
from benchmarks.served import Served
from benchmarks.tables import keep_result, show
from foretaste.behaviour import bulk_insert
from foretaste.loop import Foretaste

Row = dict[str, Any]
REGULAR_CUSTOMERS = [f"u{number}" for number in range(REGULARS)]
TRIES = 200
IDLE_EVENTS = 5_000
"""That happen while one of the services is asked for nothing."""
IDLE_ROUNDS, EVENTS_PER_CALL = 12, 500
IMPORTED_ITEMS = 20_000
COPYING = {"one by one": 10**9, "COPY": bulk_insert.MIN_COPIED_ROWS}
"""Case → from how many rows on they are copied."""


def clicks(seed: int, size: int = 1) -> Shots:
    """Clicks of regular customers, `size` in a call."""
    rng, numbers = np.random.default_rng(seed), itertools.count()

    def shot() -> Shot:
        return Shot(
            "/v1/events",
            {
                "events": [
                    {
                        "event_id": f"load-{seed}-{number}",
                        "user": REGULAR_CUSTOMERS[rng.integers(REGULARS)],
                        "item": f"i{rng.integers(ITEMS)}",
                        "event_type": "click",
                    }
                    for number in itertools.islice(numbers, size)
                ]
            },
        )

    return shot


@dataclass
class Seen:
    """How soon lists elsewhere knew of events."""

    ms: list[float] = field(default_factory=list)
    """From the answer to an event to the end of the first list that knows of it."""
    in_first: int = 0
    """Events that the first list knew of."""
    refused: int = 0
    """Events or lists that were refused: nothing was promised."""

    async def look(self, writer: Gun, reader: Gun, user: str) -> None:
        """Once, for the best item of a user."""
        question = Shot("/v1/recommend", {"user": user, "n": 5})
        try:
            top = (await writer.ask(question))["items"][0]["id"]
            event = {"event_type": "purchase", "user": user, "item": top}
            await writer.ask(Shot("/v1/events", {"events": [event]}))
            start = time.perf_counter()
            for attempt in range(TRIES):
                answer = await reader.ask(question)
                if top not in [item["id"] for item in answer["items"]]:
                    self.in_first += attempt == 0
                    break
            self.ms.append((time.perf_counter() - start) * 1e3)
        except aiohttp.ClientError:
            self.refused += 1


async def fresh(asked: argparse.Namespace, folder: Path) -> list[Row]:
    """From an event at one host to a list at another."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres())
        make_shop(folder / "shop", database)
        services = [stack.enter_context(Served(folder / "shop", workers=1)) for _ in range(2)]
        async with AsyncExitStack() as guns:
            first, second = [
                await guns.enter_async_context(Gun(service.url)) for service in services
            ]
            for gun in (first, second):
                await gun.steady(asking(REGULAR_CUSTOMERS), asked.rate / 2, 5.0)
            load = [
                asyncio.create_task(gun.steady(shots, rate / 2, asked.seconds))
                for place, gun in enumerate((first, second))
                for shots, rate in (
                    (asking(REGULAR_CUSTOMERS, seed=place), asked.rate),
                    (clicks(place), asked.events),
                )
            ]
            people, seen = itertools.cycle(REGULAR_CUSTOMERS), Seen()
            end = time.monotonic() + asked.seconds
            while time.monotonic() < end:
                for writer, reader in ((first, second), (second, first)):
                    await seen.look(writer, reader, next(people))
            fired = await asyncio.gather(*load)
            lists = Fired()
            for part in fired[::2]:
                lists.add(part)
            busy = _summary("under load", seen) | {"any list p99": lists.at(99)}
            seen = Seen()
            for turn in range(IDLE_ROUNDS):
                writer, reader = (first, second) if turn % 2 else (second, first)
                shots = clicks(100 + turn, EVENTS_PER_CALL)
                for _ in range(IDLE_EVENTS // EVENTS_PER_CALL):
                    await writer.ask(shots())
                await seen.look(writer, reader, next(people))
        return [busy, _summary(f"after {IDLE_EVENTS:,} events elsewhere", seen)]


def _summary(case: str, seen: Seen) -> Row:
    return {
        "case": case,
        "events": len(seen.ms),
        "p50": float(np.percentile(seen.ms, 50)),
        "p99": float(np.percentile(seen.ms, 99)),
        "in the first list, %": 100 * seen.in_first / len(seen.ms),
        "refused": seen.refused,
        "load": round(os.getloadavg()[0], 1),
    }


async def imports(asked: argparse.Namespace, folder: Path) -> list[Row]:
    """Files of events and items into an empty store, put one by one and copied."""
    rng = np.random.default_rng(0)
    items, events = folder / "items.csv", folder / "events.csv"
    overview = " ".join(["word"] * 30)
    items.write_text(
        "id,title,genre,overview\n"
        + "".join(
            f"i{n},The title {n},g{n % 30}|g{n % 7},{overview} {n}\n" for n in range(IMPORTED_ITEMS)
        )
    )
    users, taken = (rng.integers(most, size=asked.imported) for most in (20_000, IMPORTED_ITEMS))
    events.write_text(
        "user,item,kind,at\n"
        + "".join(
            f"u{user},i{item},click,{1_700_000_000 + n}\n"
            for n, (user, item) in enumerate(zip(users.tolist(), taken.tolist(), strict=True))
        )
    )
    rows = []
    with postgres() as database:
        for turn, (case, least) in enumerate(COPYING.items()):
            bulk_insert.MIN_COPIED_ROWS = least
            workspace = Foretaste.open(
                folder / f"shop-{turn}",
                settings={"behaviour.database": database, "behaviour.database_schema": f"s{turn}"},
            )
            seconds = []
            for source in ({"items": items}, {"events": events}, {"events": events}):
                start = time.perf_counter()
                workspace.add(**source)
                seconds.append(time.perf_counter() - start)
            counts = workspace.store.counts()
            workspace.close()
            rows.append(
                {
                    "case": case,
                    "items a second": IMPORTED_ITEMS / seconds[0],
                    "events a second": asked.imported / seconds[1],
                    "known events a second": asked.imported / seconds[2],
                    "events stored": counts["events"],
                    "load": round(os.getloadavg()[0], 1),
                }
            )
    return rows


STEPS: dict[str, Callable[[argparse.Namespace, Path], Awaitable[list[Row]]]] = {
    "fresh": fresh,
    "imports": imports,
    "migrations": migrations,
    "retention": retention,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=STEPS, nargs="+", default=[*STEPS])
    parser.add_argument("--rate", type=float, default=100.0, help="Lists a second.")
    parser.add_argument("--events", type=float, default=50.0, help="Events a second beside them.")
    parser.add_argument("--seconds", type=float, default=60.0, help="Of load.")
    parser.add_argument("--imported", type=int, default=200_000, help="Events of the imports.")
    parser.add_argument("--rows", type=int, default=2_000_000, help="Events of a large store.")
    asked = parser.parse_args()
    for name in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            rows = asyncio.run(STEPS[name](asked, Path(folder)))
        protocol = PROTOCOLS[name].format(**vars(asked))
        show(protocol, rows)
        keep_result("database", name, protocol, rows)


PROTOCOLS = {
    "fresh": "two services of one process each with one PostgreSQL, {rate:g} lists and {events:g} "
    "events a second over both; from the answer to an event at one to a list at the other that "
    "knows of it, ms",
    "imports": "files of {imported:,} events and of items into an empty PostgreSQL by `add()`, "
    "then the same file of events once more; with the rows put one by one, and by COPY",
    "migrations": "{rows:,} events, 50,000 items, 200,000 lists that were shown, in a durable "
    "PostgreSQL; each migration by itself, beside one writer and one reader",
    "retention": "{rows:,} events of two years, beside single events that are written one after "
    "another",
}

if __name__ == "__main__":
    main()
