"""How long a suggestion takes while somebody types, in a catalogue of 100,000 items.

`python -m benchmarks.suggest`. Titles of two to six words of 40,000, as often as Zipf says; 900
brands and 40 genres; a person with 20 events in SQLite. What is typed is the beginning of a title
at random, letter by letter, and the same with two letters swapped. One question at a time.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.tables import keep_result, show
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Event, Item, Request
from foretaste.generate.item_display import ItemDisplay
from foretaste.model.product import ProductOfExperts
from foretaste.model.request_facts import REQUEST_FACTS
from foretaste.online.slate import SlateBuilder
from foretaste.online.snapshot import Snapshot
from foretaste.online.suggest_index import SuggestIndexCache
from foretaste.online.suggestions import PopularSearches, SuggestionFinder
from foretaste.prepare.catalogue_builder import GrowingCatalogue
from foretaste.rank.index import ItemAvailability
from foretaste.rank.settings import RankSettings

ITEMS, WORDS, ROUNDS = 100_000, 40_000, 300
PROTOCOL = (
    f"{ITEMS:,} items, {ROUNDS} questions each, one after another; ms, by the clock and of CPU"
)


def made_up(rng: np.random.Generator) -> Snapshot:
    letters = np.array(list("aabcdeeefghiijklmnoopqrrssttuuvwxyz"))
    words = ["".join(rng.choice(letters, rng.integers(3, 10))) for _ in range(WORDS)]
    ranks = rng.zipf(1.2, (ITEMS, 6)) % WORDS
    lengths = rng.integers(2, 7, ITEMS)
    items = [
        Item(
            f"i{n}",
            " ".join(words[rank] for rank in ranks[n, : lengths[n]]).title(),
            attributes={"genre": (f"genre {n % 40}",), "brand": (f"{words[n % 900]} {n % 900}",)},
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


def typed_texts(
    snapshot: Snapshot, letters: int, rng: np.random.Generator, swap: bool
) -> list[str]:
    rows = rng.integers(0, ITEMS, ROUNDS)
    texts = [snapshot.catalogue.titles[row][:letters].lower() for row in rows]
    return [text[:2] + text[3:4] + text[2:3] + text[4:] for text in texts] if swap else texts


def main() -> None:
    rng = np.random.default_rng(0)
    snapshot, rows = made_up(rng), []
    start = time.perf_counter()
    cache = SuggestIndexCache()
    index = cache.get(snapshot.catalogue, "v")
    build_seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder, SqlStore(Path(folder) / "b.db") as store:
        events = [Event(f"e{n}", "click", 1e9 + n, user="u", item=f"i{n}") for n in range(20)]
        store.add_events(events)
        slates = SlateBuilder(store, RankSettings(), EVENT_TYPE_WEIGHTS, time.time)
        popular, display = PopularSearches(store, RankSettings(), time.time), ItemDisplay()
        for letters, swap in (
            (1, False),
            (2, False),
            (4, False),
            (8, False),
            (14, False),
            (8, True),
        ):
            durations, cpu = list[float](), list[float]()
            for text in typed_texts(snapshot, letters, rng, swap):
                begin, cpu_begin = time.perf_counter(), time.thread_time()
                page = slates.page_request(Request(user="u", query=text), None, {})
                context = slates.user_context(page.request, snapshot)
                question = slates.question(page, context, snapshot)
                SuggestionFinder(question, snapshot, index, popular, display).suggest(text, 8)
                durations.append((time.perf_counter() - begin) * 1000)
                cpu.append((time.thread_time() - cpu_begin) * 1000)
            median, p99 = np.quantile(durations[5:], [0.5, 0.99])
            cpu_median, cpu_p99 = np.quantile(cpu[5:], [0.5, 0.99])
            name = f"{letters} letters" + (", two swapped" if swap else "")
            rows.append(
                {
                    "typed": name,
                    "median": float(median),
                    "p99": float(p99),
                    "cpu_median": float(cpu_median),
                    "cpu_p99": float(cpu_p99),
                }
            )
        slates.log.close()
    show(PROTOCOL, rows)
    print(f"making the index took {build_seconds:.1f} s")
    keep_result("suggest", "100,000 items", PROTOCOL, rows)


if __name__ == "__main__":
    main()
