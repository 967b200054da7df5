"""PostgreSQL under a shop that has outgrown one machine. `make bench-database`

Step fresh: two services, as on two hosts, with one PostgreSQL. Beside lists and events at a rate,
an event is taken by one of them and a list of its person is asked for at the other, again and again
until it knows of the event. Once more after the other has had nothing to do for a while in which
very much happened.
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

from benchmarks.erasures import ITEMS, REGULARS, make_shop
from benchmarks.load import Fired, Gun, Shot, Shots
from benchmarks.serve_steps import asking, postgres
from benchmarks.served import Served
from benchmarks.tables import keep_result, show

Row = dict[str, Any]
REGULAR_CUSTOMERS = [f"u{number}" for number in range(REGULARS)]
TRIES = 200
IDLE_EVENTS = 5_000
"""That happen while one of the services is asked for nothing."""
IDLE_ROUNDS, EVENTS_PER_CALL = 12, 500


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


STEPS: dict[str, Callable[[argparse.Namespace, Path], Awaitable[list[Row]]]] = {"fresh": fresh}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=STEPS, nargs="+", default=[*STEPS])
    parser.add_argument("--rate", type=float, default=100.0, help="Lists a second.")
    parser.add_argument("--events", type=float, default=50.0, help="Events a second beside them.")
    parser.add_argument("--seconds", type=float, default=60.0, help="Of load.")
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
}

if __name__ == "__main__":
    main()
