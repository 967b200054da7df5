"""What a list costs besides its experts: history, filters, rules, the answer, its JSON.

`make bench-lists`. 12,000 items with three attributes, a person with 20 events in SQLite; the
scores are given, so that everything else is measured, one question at a time, in milliseconds.
"""

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables import keep_result, show
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Event, Item, Request
from foretaste.model.product import ProductOfExperts
from foretaste.model.product_scorer import SharedScorer
from foretaste.model.request_facts import REQUEST_FACTS
from foretaste.online.fallback import Budget, FallbackChain, Level
from foretaste.online.slate import SlateBuilder
from foretaste.online.snapshot import Snapshot
from foretaste.prepare.catalogue_builder import GrowingCatalogue
from foretaste.rank.index import ItemAvailability
from foretaste.rank.settings import RankSettings
from foretaste.serve.schemas import encode_recommendation

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
            {"quota": "genre", "max_items": 3},
            {"pin": "i500", "at": 1},
        )
    },
    "diversity": {"diversity": 0.5},
    "exploration": {"explore": 0.2},
}


def made_up() -> Snapshot:
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
    return Snapshot(
        version="v",
        created=0.0,
        product=ProductOfExperts((), np.zeros((len(REQUEST_FACTS), 0), np.float32)),
        kinds=tuple(EVENT_TYPE_WEIGHTS),
        weights=EVENT_TYPE_WEIGHTS,
        read=lambda _: vectors[:0],
        cataloguing=GrowingCatalogue.of(items, vectors),
        shelf=ItemAvailability.of(items),
        event=0,
        revision=0,
    )


def measured(slates: SlateBuilder, snapshot: Snapshot, asked: dict[str, Any]) -> dict[str, float]:
    """Milliseconds of each part."""
    scores = np.random.default_rng(1).normal(size=ITEMS).astype(np.float32) - 9
    chain, request, rows = FallbackChain(), Request(user="u", **asked), []
    for _ in range(ROUNDS):
        times = [time.perf_counter()]
        page = slates.page_request(request, None, {})
        context = slates.user_context(request, snapshot)
        times.append(time.perf_counter())
        question = slates.question(page, context, snapshot)
        work = partial(slates.slate, page, question, SharedScorer(scores))
        slate = chain.first_in_time(
            [Level("full", work), Level("popularity", work)], Budget(10_000)
        ).result
        times.append(time.perf_counter())
        recommendation = slates.recommendation(question, snapshot, slate)
        slates.keep(request, recommendation)
        encode_recommendation(recommendation)
        times.append(time.perf_counter())
        rows.append(np.diff(times) * 1000)
    chain.close()
    parts = np.array(rows[WARM:])
    names = ("history", "list", "answer")
    told = {name: float(np.median(part)) for name, part in zip(names, parts.T, strict=True)}
    whole_ms = parts.sum(axis=1)
    return told | {"all": float(np.median(whole_ms)), "p99": float(np.quantile(whole_ms, 0.99))}


def main() -> None:
    snapshot = made_up()
    with tempfile.TemporaryDirectory() as folder, SqlStore(Path(folder) / "b.db") as store:
        store.add_events(
            [Event(f"e{n}", "click", 1e9 + n, user="u", item=f"i{n}") for n in range(20)]
        )
        slates = SlateBuilder(store, RankSettings(), EVENT_TYPE_WEIGHTS, time.time)
        rows = [
            {"asked": name, **measured(slates, snapshot, asked)} for name, asked in ASKED.items()
        ]
        slates.log.close()
    show(PROTOCOL, rows)
    keep_result("lists", "12,000 items", PROTOCOL, rows)


if __name__ == "__main__":
    main()
