"""Is anything left of people who are erased under load? `make bench-erasures`

A small invented shop, served as a program of its own, on SQLite and on PostgreSQL. People with
random names leave every trace there is; then, while lists are asked for at a rate, each clicks once
more at a random moment and is erased over HTTP. Measured: how long lists take meanwhile, and
before, while as many regular customers click and nobody is erased. Then the model is trained,
deleted rows are overwritten, and every byte of the workspace, and of the database server's tables,
is searched for ids, sessions, ids of events, words, and six hashes of the ids.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import sqlalchemy as sa

from benchmarks.load import Fired, Gun
from benchmarks.serve_steps import asking, postgres_folder
from benchmarks.served import Served
from benchmarks.tables import keep_result, show
from foretaste.domain.consent_store import ConsentChange
from foretaste.domain.data import Event, Item, User
from foretaste.loop import Foretaste
from foretaste.training.receipt_book import BOOK_NAME

HASHES = ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s")
THEMES = ("space", "kitchen", "garden", "jazz")
ITEMS, REGULARS = 200, 300
TRIES = 30
NEEDLE_BYTES = 8
"""That are looked at to find where a needle may be."""
SETTINGS = "[model]\nmax_versions = 1\n[model.sequence]\ndim = 16\nlayers = 1\nepochs = 2\n"


class Person:
    """Somebody with random names and words."""

    def __init__(self, rng: random.Random) -> None:
        def word(kind: str) -> str:
            return kind + "".join(rng.choices("bcdfghjklmnpqrstvwxz0123456789", k=14))

        self.user, self.session = word("person-"), word("session-")
        self.search, self.review, self.wish, self.country = (
            word(kind) for kind in ("search", "review", "wish", "land")
        )
        self.event_ids = [word("event-") for _ in range(8)]
        self.items = [f"i{rng.randrange(ITEMS)}" for _ in range(6)]

    def act(self, loop: Foretaste, at: float) -> None:
        """All that leaves a trace."""
        ids = iter(self.event_ids)
        loop.record([Event(next(ids), "click", at, session=self.session, item=self.items[0])])
        loop.recommend(session=self.session, query=f"{self.search} at first")
        loop.identify(self.session, self.user)
        words = {"user": self.user, "item": self.items[1]}
        loop.record(
            [
                Event(next(ids), "search", at + 1, self.user, query=f"{self.search} moon"),
                Event(next(ids), "review", at + 2, text=f"lovely {self.review}", **words),
                *(
                    Event(next(ids), "click", at + 3, self.user, item=item)
                    for item in self.items[2:]
                ),
            ]
        )
        loop.store.put_users([User(self.user, {"country": (self.country,)})])
        loop.recommend(self.user, query=f"more {self.search}")
        loop.steer(self.user, wish=f"more {self.wish}")
        loop.store.put_consents([ConsentChange(self.user, None, {"share": False})], at)

    def last_event(self) -> dict[str, Any]:
        """What is sent just before the erasure."""
        return {
            "event_id": self.event_ids[-1],
            "event_type": "click",
            "user": self.user,
            "session": self.session,
            "item": self.items[-1],
        }

    def needles(self) -> Iterator[bytes]:
        for text in (self.user, self.session, *self.event_ids):
            yield text.encode()
        for text in (self.search, self.review, self.wish, self.country, self.user):
            yield text.encode()
            yield text.encode("utf-16-le")
        for name in (self.user, self.session):
            for algorithm in HASHES:
                digest = hashlib.new(algorithm, name.encode()).digest()
                yield digest[:12]
                yield digest.hex()[:24].encode()


def regular_click(number: int, rng: random.Random) -> dict[str, Any]:
    """One more event of a regular customer."""
    return {
        "event_id": f"again-{number}",
        "event_type": "click",
        "user": f"u{rng.randrange(REGULARS)}",
        "item": f"i{rng.randrange(ITEMS)}",
    }


def make_shop(folder: Path, database: str | None) -> None:
    """Items and regular customers, trained on."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    own = f'[behaviour]\ndatabase = "{database}"\n' if database else ""
    (folder / "foretaste.toml").write_text(SETTINGS + own, encoding="utf-8")
    loop = Foretaste.open(folder)
    themes = [THEMES[number % len(THEMES)] for number in range(ITEMS)]
    loop.store.put_items(
        [
            Item(f"i{number}", f"The {theme} no. {number}", attributes={"genre": (theme,)})
            for number, theme in enumerate(themes)
        ]
    )
    now = time.time() - 86_400
    for person in range(REGULARS):
        theme = rng.integers(len(THEMES))
        loop.record(
            [
                Event(f"r{person}-{step}", "click", now + person + 60 * step, f"u{person}",
                      item=f"i{int(rng.integers(ITEMS // 4)) * 4 + int(theme)}")
                for step in range(8)
            ]
        )  # fmt: skip
    loop.train()
    loop.close()


async def load_with_erasures(
    service: Served, people: list[Person], rate: float, seconds: float
) -> tuple[Fired, Fired, list[float], Counter[str]]:
    """(lists before, lists meanwhile, milliseconds of each erasure, what went wrong)."""
    regulars = [f"u{number}" for number in range(REGULARS)]
    took, wrong = list[float](), Counter[str]()
    rng = random.Random(7)

    async with Gun(service.url) as gun, aiohttp.ClientSession(service.url) as session:

        async def erase(person: Person, moment: float) -> None:
            await asyncio.sleep(moment)
            await click(person.last_event())
            start = time.perf_counter()
            for _ in range(TRIES):  # a service that is busy says when to ask again
                try:
                    async with session.delete(f"/v1/users/{person.user}") as answer:
                        told = await answer.text()
                        if answer.status == 200:
                            took.append((time.perf_counter() - start) * 1e3)
                            return
                        wrong[f"erase {answer.status} {told[:160]}"] += 1
                        await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
                except (aiohttp.ClientError, TimeoutError) as error:
                    wrong[f"erase {type(error).__name__}"] += 1

        async def click(event: dict[str, Any], moment: float = 0.0) -> None:
            await asyncio.sleep(moment)
            async with session.post("/v1/events", json={"events": [event]}) as answer:
                if answer.status != 200:
                    wrong[f"event {answer.status}"] += 1

        await gun.steady(asking(regulars), rate, min(5.0, seconds))
        moments = [rng.random() * seconds for _ in people]
        clicks = [
            asyncio.create_task(click(regular_click(number, rng), moment))
            for number, moment in enumerate(moments)
            if moment < seconds / 2
        ]
        before = await gun.steady(asking(regulars), rate, seconds / 2)
        await asyncio.gather(*clicks)
        erasing = [
            asyncio.create_task(erase(person, moment))
            for person, moment in zip(people, moments, strict=True)
        ]
        meanwhile = await gun.steady(asking(regulars, seed=1), rate, seconds)
        await asyncio.gather(*erasing)
    return before, meanwhile, took, wrong


def write_pages(address: sa.URL) -> None:
    """Into the files of PostgreSQL what its memory has, so that the search before finds it."""
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CHECKPOINT"))
    engine.dispose()


def places_left(folder: Path, people: list[Person]) -> list[str]:
    """Where something of somebody is, as file and text."""
    needles = [needle for person in people for needle in person.needles()]
    by_start: dict[int, list[bytes]] = {}
    for needle in needles:
        by_start.setdefault(int.from_bytes(needle[:NEEDLE_BYTES], "little"), []).append(needle)
    starts = np.array(sorted(by_start), np.uint64)
    places = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for shift in range(NEEDLE_BYTES):
            count = max(len(content) - shift, 0) // NEEDLE_BYTES
            words = np.frombuffer(content, np.uint64, count, shift) if count else starts[:0]
            for position in np.flatnonzero(np.isin(words, starts)).tolist():
                at = shift + position * NEEDLE_BYTES
                places += [
                    f"{path.relative_to(folder)}: {needle!r}"
                    for needle in by_start[int(words[position])]
                    if content.startswith(needle, at)
                ]
    return places


def measure(
    folder: Path, database: str | None, tables: Path | None, arguments: Any
) -> list[dict[str, Any]]:
    """Rows of one store."""
    make_shop(folder, database)
    rng = random.Random(3)
    people = [Person(rng) for _ in range(arguments.people)]
    loop = Foretaste.open(folder)
    for person in people:
        person.act(loop, time.time() - 3600)
    loop.recommendation_log.flush()
    loop.store.purge_log()
    loop.close()
    if tables:
        write_pages(loop.store.url)
    found = len(places_left(tables or folder, people))
    with Served(folder, workers=arguments.workers) as service:
        before, meanwhile, took, wrong = asyncio.run(
            load_with_erasures(service, people, arguments.rate, arguments.seconds)
        )
    loop = Foretaste.open(folder)
    for _ in range(2):  # the version before stays for one training, to roll back to
        loop.train()
    loop.store.scrub()
    waiting = len(json.loads(loop.store.meta_text(BOOK_NAME) or "[]"))
    loop.close()
    left = places_left(folder, people) + (places_left(tables, people) if tables else [])
    print(wrong, before.wrong, meanwhile.wrong, *left[:20], sep="\n", flush=True)
    store = "PostgreSQL" if tables else "SQLite"
    return [
        {
            "store": store,
            "people": len(took),
            "places before": found,
            "places left": len(left),
            "receipts open": waiting,
            "p50 before": before.at(50),
            "p50 meanwhile": meanwhile.at(50),
            "p99 before": before.at(99),
            "p99 meanwhile": meanwhile.at(99),
            "ratio p99": meanwhile.at(99) / before.at(99),
            "erasure p50": float(np.percentile(took, 50)),
            "errors of lists": before.wrong.total() + meanwhile.wrong.total(),
            "erased again": wrong.total(),
            "load": round(os.getloadavg()[0], 1),
        }
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100.0, help="Lists a second.")
    parser.add_argument(
        "--seconds", type=float, default=120.0, help="That the erasures are spread over."
    )
    parser.add_argument("--workers", type=int, default=2, help="Processes that serve.")
    parser.add_argument("--store", choices=("sqlite", "postgres"), action="append")
    arguments = parser.parse_args()
    protocol = (
        f"{ITEMS} items, {REGULARS} regular customers, {arguments.people} people erased at random "
        f"moments within {arguments.seconds:g} s beside {arguments.rate:g} lists a second, "
        f"{arguments.workers} processes; ms"
    )
    for store in arguments.store or ("sqlite", "postgres"):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            database, tables = None, None
            if store == "postgres":
                database, tables = stack.enter_context(postgres_folder())
            rows = measure(folder / "shop", database, tables, arguments)
        show(protocol, rows)
        keep_result("erasures", store, protocol, rows)


if __name__ == "__main__":
    main()
