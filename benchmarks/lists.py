"""What a list costs besides its experts: history, filters, rules, the answer, its JSON.

`make bench-lists`. 12,000 items with three attributes, a person with 20 events in SQLite; the
scores are given, so that everything else is measured, one question at a time, in milliseconds.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables import keep_result, show
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import KINDS, Catalogue, Event, Item, Request
from foretaste.online.fallback import Budget, Ladder, Way
from foretaste.online.slate import Lists
from foretaste.online.snapshot import Popular
from foretaste.prepare.catalogue import catalogue
from foretaste.rank.index import Shelf
from foretaste.rank.settings import RankSettings
from foretaste.serve.schemas import encoded

ITEMS, ROUNDS, WARM = 12_000, 1000, 50
PROTOCOL = (
    f"{ITEMS:,} items, {ROUNDS} questions one after another, scores given; median and p99, ms"
)
ASKED: dict[str, dict[str, Any]] = {
    "nothing more": {},
    "a filter": {"filter": {"genre": "g3", "year": {"gte": 1990}}},
    "three rules": {
        "rules": (
            {"boost": {"genre": "g1"}, "by": 2},
            {"quota": "genre", "most": 3},
            {"pin": "i500", "at": 1},
        )
    },
    "diversity": {"diversity": 0.5},
    "exploration": {"explore": 0.2},
}


@dataclass
class Stock:
    """A catalogue without a model."""

    items: dict[str, Item]
    catalogue: Catalogue
    shelf: Shelf
    version: str = "none"
    kinds: tuple[str, ...] = ("click",)


def stock() -> Stock:
    rng = np.random.default_rng(0)
    items = [
        Item(
            f"i{n}",
            f"Title {n}",
            attributes={
                "genre": (f"g{n % 20}", f"g{n % 7}"),
                "year": (str(1950 + n % 70),),
                "brand": (f"b{n % 900}",),
            },
        )
        for n in range(ITEMS)
    ]
    vectors = rng.normal(size=(ITEMS, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Stock({one.id: one for one in items}, catalogue(items, vectors), Shelf.of(items))


def measured(lists: Lists, live: Stock, asked: dict[str, Any]) -> dict[str, float]:
    """Milliseconds of each part."""
    scores = Popular(np.random.default_rng(1).normal(size=ITEMS).astype(np.float32) - 9)
    ladder, request = Ladder(), Request(user="u", **asked)
    rows = []
    for _ in range(ROUNDS):
        times = [time.perf_counter()]
        question = lists.asked(request, None, {})
        one = lists.behaviour(request, live)
        times.append(time.perf_counter())
        whole = lists.question(question, one, live)

        def full(question: Any = question, whole: Any = whole) -> Any:
            return lists.compose(question, whole, scores, None)

        _, made, _ = ladder.climb([Way("full", full), Way("popularity", full)], Budget(10_000))
        times.append(time.perf_counter())
        encoded(lists.told(request, whole, live, made))
        times.append(time.perf_counter())
        rows.append(np.diff(times) * 1000)
    parts = np.array(rows[WARM:])
    names = ("history", "list", "answer")
    told = {name: float(np.median(part)) for name, part in zip(names, parts.T, strict=True)}
    whole_ms = parts.sum(axis=1)
    return told | {"all": float(np.median(whole_ms)), "p99": float(np.quantile(whole_ms, 0.99))}


def main() -> None:
    live = stock()
    with tempfile.TemporaryDirectory() as folder, SqlStore(Path(folder) / "b.db") as store:
        store.add_events(
            [Event(f"e{n}", "click", 1e9 + n, user="u", item=f"i{n}") for n in range(20)]
        )
        lists = Lists(store, RankSettings(), KINDS, time.time)
        rows = [{"asked": name, **measured(lists, live, asked)} for name, asked in ASKED.items()]
        lists.answers.close()
    show(PROTOCOL, rows)
    keep_result("lists", "12,000 items", PROTOCOL, rows)


if __name__ == "__main__":
    main()
