"""A folder in, a workspace of three or ten million made-up items out, loaded once.

    python -m benchmarks.larger --workspace FOLDER --items 10000000

As benchmarks/large.py makes one of a million, but some items at a time: nothing here holds them all
as objects. The vectors are handed to the first load in place of the language model's, and are on
the disk in the files that this load leaves beside the version alone: read from the cache of texts
they would take four times the room. Identities are drawn by chance, as a network that has learnt
them all takes as much memory.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np

from benchmarks.large import CHUNK, EVENTS, events_of
from benchmarks.scale_steps import LEFT_OUT, memory, network
from benchmarks.synthetic import CLUSTER, DIM, WORDS, histories
from foretaste.domain.data import (
    Catalogue,
    EvaluationCases,
    Feature,
    Floats,
    Interactions,
    Ints,
    Item,
)
from foretaste.domain.ports import Expert, StateArrays, StateMetadata
from foretaste.loop import Foretaste
from foretaste.model.expert_weights import default_expert_weights
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.lexical import LexicalExpert
from foretaste.model.experts.sequence import SequenceExpert
from foretaste.model.product import ProductOfExperts
from foretaste.model.settings import ModelSettings
from foretaste.model.tfidf import TfIdf
from foretaste.model.training import Training
from foretaste.prepare.catalogue_builder import build_catalogue

WHOLE_CATALOGUE = ("popularity", "neighbour", "transition", "attribute")
"""Experts that count items and values; what others keep does not depend on how many items there
are, so they are made of a few."""
FEW = 1_000


class MadeItems(Sequence[Item]):
    """So many items, each made when it is asked for; the same as those of benchmarks/synthetic.py
    but for the draw.
    """

    def __init__(self, count: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.count, self.brands = count, max(count // 200, 20)
        cluster = np.arange(count) // CLUSTER
        self.words = np.minimum(rng.zipf(1.3, (count, 4)), WORDS - 1).astype(np.int32)
        self.brand = ((cluster * 7 + rng.integers(3, size=count)) % self.brands).astype(np.int32)
        self.genre = (cluster % 40).astype(np.int32)

    def __len__(self) -> int:
        return self.count

    @overload
    def __getitem__(self, row: int) -> Item: ...
    @overload
    def __getitem__(self, row: slice) -> list[Item]: ...
    def __getitem__(self, row: int | slice) -> Item | list[Item]:
        if isinstance(row, slice):
            return [self._item(number) for number in range(*row.indices(self.count))]
        return self._item(row)

    def _item(self, row: int) -> Item:
        a, b, c, d = self.words[row].tolist()
        title = f"w{a} w{b} w{c} w{d} line{row // CLUSTER % 5000} model{row % 997}"
        attributes = {"brand": (f"b{self.brand[row]}",), "genre": (f"g{self.genre[row]}",)}
        return Item(f"i{row}", title, attributes=attributes)

    def features(self) -> tuple[Feature, ...]:
        """The two columns."""
        offsets = np.arange(self.count + 1, dtype=np.int64)
        brands = tuple(f"b{number}" for number in range(self.brands))
        genres = tuple(f"g{number}" for number in range(40))
        return (
            Feature("brand", brands, offsets, self.brand),
            Feature("genre", genres, offsets, self.genre),
        )


class MadeVectors:
    """What a language model would read of the items, in their order."""

    def __init__(self, count: int, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        clusters = -(-count // CLUSTER)
        themes = self._rng.standard_normal((max(clusters // 50, 4), DIM), np.float32)
        self._theme = self._rng.integers(len(themes), size=clusters)
        self._themes = themes

    def read(self, items: Sequence[Item]) -> Floats:
        """[items, DIM], of length 1. A cluster's centre is drawn anew by its number."""
        rows = np.array([int(item.id[1:]) for item in items])
        clusters, places = np.unique(rows // CLUSTER, return_inverse=True)
        noise = [
            np.random.default_rng(number).standard_normal(DIM, np.float32) for number in clusters
        ]
        centres = self._themes[self._theme[clusters]] + np.stack(noise)
        vectors = centres[places] + self._rng.standard_normal((len(rows), DIM), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


class Stated:
    """An expert of which only what is written down is there."""

    def __init__(self, name: str, arrays: StateArrays, metadata: StateMetadata) -> None:
        self.name, self._state = name, (arrays, metadata)

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """For the version's files."""
        return self._state


def workspace(folder: Path, item_count: int, event_count: int = EVENTS) -> Path:
    """Made and loaded once, unless it is there."""
    if (folder / "models" / "live.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    loop, items = Foretaste.open(folder), MadeItems(item_count)
    for start in range(0, item_count, CHUNK):
        loop.store.put_items(items[start : start + CHUNK])
    _tell("items in the store")
    interactions = histories(item_count, event_count)
    loop.store.add_events(events_of(interactions))
    experts = tuple(_experts(items, interactions))
    _tell("experts made")
    product = ProductOfExperts(experts, default_expert_weights(experts))
    event, revision = loop.store.log_position()
    data = {"event": event, "revision": revision, "kinds": interactions.event_types}
    ids = [f"i{row}" for row in range(item_count)]
    name = loop.models.save(product, ids, created=0.0, data=data, settings={}, metrics={})
    del product, experts, ids, items
    loop.models.promote(name)
    _tell("version saved")
    vectors = MadeVectors(item_count)
    loop.vectors = lambda items, *_, **__: vectors.read(items)  # type: ignore[method-assign]
    loop.at_snapshot(name)
    loop.close()
    _tell("loaded once")
    return folder


def _experts(items: MadeItems, interactions: Interactions) -> Iterator[Any]:
    """As benchmarks/large.py has them."""
    settings, nothing = ModelSettings(), np.empty(0, np.int64)
    popularity = settings.popularity.model_copy(update={"half_life_days": 0.0})
    settings = settings.model_copy(update={"popularity": popularity})
    few = build_catalogue(items[:FEW], MadeVectors(FEW).read(items[:FEW]))
    cases = EvaluationCases(interactions, nothing, nothing)
    whole = replace(few, ids=range(len(items)), features=items.features())  # type: ignore[arg-type]
    known = interactions.filter_rows(interactions.item < FEW)
    for kind in EXPERTS:
        if kind.name in LEFT_OUT or kind.name == "lexical":
            continue
        is_whole = kind.name.partition(":")[0] in WHOLE_CATALOGUE
        catalogue, told = (whole, interactions) if is_whole else (few, known)
        yield from kind.fit(Training(catalogue, told, cases, settings))
    tfidf = TfIdf.fit(_Texts(items))
    assert tfidf is not None
    yield LexicalExpert(tfidf, settings.lexical, few)
    yield _sequence(few, known, settings, len(items))


class _Texts(Sequence[str]):
    def __init__(self, items: MadeItems) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, row: Any) -> Any:
        return self._items[row].reading()


def _sequence(few: Catalogue, known: Interactions, settings: ModelSettings, size: int) -> Stated:
    untaught = network(few, known, settings, 50)
    expert: Expert = SequenceExpert(untaught, settings.sequence, few)
    arrays, metadata = expert.state()
    identity = np.zeros((size + 1, settings.sequence.dim), np.float16)
    rng = np.random.default_rng(5)
    for start in range(1, size + 1, CHUNK):
        rows: Ints = identity[start : start + CHUNK]
        rows[:] = 0.02 * rng.standard_normal(rows.shape, np.float32)
    return Stated("sequence", {**arrays, "identity.weight": identity}, metadata)


def _tell(step: str) -> None:
    held = f"{memory('VmRSS')} GB, at most {memory()}"
    print(f"{step}: {time.process_time():.0f} CPU s, {held}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--items", type=int, default=10_000_000)
    parser.add_argument("--events", type=int, default=EVENTS)
    asked = parser.parse_args()
    workspace(asked.workspace, asked.items, asked.events)


if __name__ == "__main__":
    main()
