"""Searching a million item vectors: recall, latency, memory and build time of vector indexes.

`python -m benchmarks.index`. The vectors are the language model's own of 12,101 product titles
(Amazon Beauty), each the middle of a cluster of variations: it is moved by the difference of two
of its neighbours, so the clusters and the spectrum are those of real embeddings. Queries are made
as the content expert makes them: a decayed sum of five items of one or two neighbourhoods.

recall@100: what share of the exact 100 nearest is among the `COMPARED_NEIGHBOURS` items that a
search returns, which the service then compares exactly. Latencies are of one thread; the indexes
take turns, query after query, so that what else the machine does meets all alike.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import faiss  # noqa: E402
import numpy as np  # noqa: E402

from benchmarks.datasets import SHARED  # noqa: E402
from benchmarks.tables import keep_result, show  # noqa: E402
from foretaste.domain.arrays import QuantizedVectors  # noqa: E402
from foretaste.domain.data import Floats, Ints  # noqa: E402
from foretaste.language.open import open_encoder  # noqa: E402
from foretaste.language.settings import LanguageSettings  # noqa: E402
from foretaste.model.index import ivf  # noqa: E402
from foretaste.model.index.base import BATCH_ROWS, COMPARED_NEIGHBOURS, rows_of  # noqa: E402

COMPARED = 100
"""Of the exact nearest, how many are looked for."""
QUERIES, WARM_UP = 300, 20
TITLES = SHARED / "amazon-beauty-5core" / "items.jsonl"

Search = Callable[[Floats, int], Ints]


@dataclass
class Contender:
    """An index that was built, and how to search it."""

    name: str
    parameter: str
    search: Search
    build_seconds: float
    bytes: int


def title_vectors(cache: Path) -> Floats:
    """[titles, dim], of length 1."""
    texts = [json.loads(line)["title"] for line in TITLES.read_text("utf-8").splitlines()]
    encoder = open_encoder(LanguageSettings(threads=1), cache)
    vectors = encoder.encode([text for text in texts if text])
    return vectors[vectors.any(axis=1)]


def neighbourhoods(vectors: Floats, size: int = 50) -> Ints:
    """[vectors, size], the nearest of each."""
    parts = [
        np.argpartition(-(vectors[start : start + 1024] @ vectors.T), size, axis=1)[:, :size]
        for start in range(0, len(vectors), 1024)
    ]
    return np.concatenate(parts).astype(np.int32)


def variations(
    vectors: Floats, near: Ints, items: int, rng: np.random.Generator
) -> QuantizedVectors:
    """[items, dim], kept as the service keeps so many."""

    def parts() -> Iterator[Floats]:
        for start in range(0, items, BATCH_ROWS):
            count = min(BATCH_ROWS, items - start)
            middle = rng.integers(len(vectors), size=count)
            pair = rng.integers(near.shape[1], size=(2, count))
            step = vectors[near[middle, pair[0]]] - vectors[near[middle, pair[1]]]
            rows = vectors[middle] + np.float32(0.6) * step
            yield rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return QuantizedVectors.from_blocks(parts(), items)


def tastes(vectors: Floats, near: Ints, count: int, rng: np.random.Generator) -> Floats:
    """[count, dim], of length 1: five items, the last of another neighbourhood in every second."""
    queries = np.zeros((count, vectors.shape[1]), np.float32)
    for row in range(count):
        homes = rng.integers(len(vectors), size=2)
        for event in range(5):
            home = homes[1] if event == 4 and row % 2 else homes[0]
            queries[row] += vectors[near[home, rng.integers(near.shape[1])]] * 0.8**event
    return queries / np.linalg.norm(queries, axis=1, keepdims=True)


def exact(vectors: QuantizedVectors, queries: Floats) -> Ints:
    """[queries, COMPARED], the nearest, by comparing all."""
    best = np.full((len(queries), COMPARED), -np.inf, np.float32)
    items = np.zeros((len(queries), COMPARED), np.int64)
    for start in range(0, len(vectors), BATCH_ROWS):
        scores = queries @ vectors[start : start + BATCH_ROWS].T
        numbers = np.broadcast_to(np.arange(start, start + scores.shape[1]), scores.shape)
        scores, numbers = np.hstack([best, scores]), np.hstack([items, numbers])
        chosen = np.argpartition(scores, -COMPARED, axis=1)[:, -COMPARED:]
        best = np.take_along_axis(scores, chosen, axis=1)
        items = np.take_along_axis(numbers, chosen, axis=1)
    return items.astype(np.int32)


def of_service(vectors: QuantizedVectors) -> Iterator[Contender]:
    """The index that the service has."""
    began = time.process_time()
    index = ivf.IvfIndex.of(rows_of(vectors), len(vectors))
    seconds = time.process_time() - began
    size = len(faiss.serialize_index(index._lists._index)) + index._lists.rotation.nbytes
    for probes in (16, 32, 64, 128):

        def search(query: Floats, k: int, probes: int = probes) -> Ints:
            ivf.PROBED_LISTS = probes
            return index.nearest(query, k)

        yield Contender("IvfIndex, as in service", f"{probes} probes", search, seconds, size)


def of_faiss(
    vectors: QuantizedVectors, factory: str, dim: int | None, efforts: tuple[int, ...]
) -> Iterator[Contender]:
    """A type of FAISS, of all dimensions or of the first `dim` after a rotation."""
    began = time.process_time()
    rng = np.random.default_rng(1)
    drawn = np.sort(rng.choice(len(vectors), min(len(vectors), 80_000), replace=False))
    rotation = None if dim is None else ivf.principal_directions(vectors[drawn], dim)

    def reduced(rows: Floats) -> Floats:
        return rows if rotation is None else np.ascontiguousarray(rows @ rotation)

    width = dim or vectors.shape[1]
    index = faiss.index_factory(width, factory, faiss.METRIC_INNER_PRODUCT)
    index.train(reduced(vectors[drawn]))
    for start in range(0, len(vectors), BATCH_ROWS):
        index.add(reduced(vectors[start : start + BATCH_ROWS]))
    seconds = time.process_time() - began
    size = len(faiss.serialize_index(index)) + (0 if rotation is None else rotation.nbytes)
    graph = factory.startswith("HNSW")
    for effort in efforts:
        parameters = (
            faiss.SearchParametersHNSW(efSearch=effort)
            if graph
            else faiss.SearchParametersIVF(nprobe=effort)
        )

        def search(query: Floats, k: int, parameters: Any = parameters) -> Ints:
            _, items = index.search(reduced(query[None]), k, params=parameters)
            return np.asarray(items[0])

        name = f"FAISS {factory}, {width}-d"
        yield Contender(name, f"{effort} {'ef' if graph else 'probes'}", search, seconds, size)


TYPES: dict[str, tuple[str, int | None, tuple[int, ...]]] = {
    "sq8-64": ("IVF{lists},SQ8", 64, (16, 32, 64, 128)),
    "sq6-64": ("IVF{lists},SQ6", 64, (16, 32, 64, 128)),
    "sq4-64": ("IVF{lists},SQ4", 64, (16, 32, 64, 128)),
    "sq4-96": ("IVF{lists},SQ4", 96, (16, 32, 64, 128)),
    "sq4-128": ("IVF{lists},SQ4", 128, (16, 32, 64, 128)),
    "sq8-128": ("IVF{lists},SQ8", 128, (16, 32, 64, 128)),
    "sq8": ("IVF{lists},SQ8", None, (16, 32, 64, 128)),
    "sq4": ("IVF{lists},SQ4", None, (16, 32, 64, 128)),
    "pq32-64": ("IVF{lists},PQ32x4fs", 64, (32, 64, 128)),
    "pq64-128": ("IVF{lists},PQ64x4fs", 128, (32, 64, 128)),
    "pq64": ("IVF{lists},PQ64", None, (32, 64, 128)),
    "pq96-fast": ("IVF{lists},PQ96x4fs", None, (32, 64, 128)),
    "rabitq": ("IVF{lists},RaBitQ", None, (32, 64, 128)),
    "flat": ("IVF{lists},Flat", None, (16, 32, 64, 128)),
    "hnsw-64": ("HNSW32,SQ8", 64, (512,)),
}


def measured(contenders: list[Contender], queries: Floats, truth: Ints) -> list[dict[str, Any]]:
    """A row each."""
    milliseconds: list[list[float]] = [[] for _ in contenders]
    recalls: list[list[float]] = [[] for _ in contenders]
    for query, nearest in zip(queries, truth, strict=True):
        for place, contender in enumerate(contenders):
            began = time.perf_counter()
            items = contender.search(query, COMPARED_NEIGHBOURS)
            milliseconds[place].append((time.perf_counter() - began) * 1e3)
            recalls[place].append(len(np.intersect1d(items, nearest)) / len(nearest))
    return [
        {
            "index": contender.name,
            "search": contender.parameter,
            "recall@100": float(np.mean(recalls[place])),
            "p50 ms": float(np.percentile(milliseconds[place][WARM_UP:], 50)),
            "p99 ms": float(np.percentile(milliseconds[place][WARM_UP:], 99)),
            "MB": contender.bytes / 1e6,
            "build CPU s": contender.build_seconds,
        }
        for place, contender in enumerate(contenders)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--types", nargs="*", choices=TYPES, default=list(TYPES))
    parser.add_argument("--cache", type=Path, default=Path("/tmp/foretaste-index-bench"))
    asked = parser.parse_args()
    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(0)
    titles = title_vectors(asked.cache)
    near = neighbourhoods(titles)
    vectors = variations(titles, near, asked.items, rng)
    queries = tastes(titles, near, QUERIES, rng)
    truth = exact(vectors, queries)
    contenders = list(of_service(vectors))
    for name in asked.types:
        factory, dim, efforts = TYPES[name]
        lists = int(2 * np.sqrt(asked.items))
        contenders += of_faiss(vectors, factory.format(lists=lists), dim, efforts)
        print(f"{name}: built in {contenders[-1].build_seconds:.0f} s", flush=True)
    protocol = (
        f"{asked.items:,} vectors of {vectors.shape[1]} dimensions around 12,101 real ones, "
        f"{QUERIES} queries one after another in turns, {COMPARED_NEIGHBOURS} items each, "
        "one thread"
    )
    rows = measured(contenders, queries, truth)
    show(protocol, rows)
    keep_result("index", f"{asked.items}", protocol, rows)


if __name__ == "__main__":
    main()
