"""Searching up to ten million item vectors, in memory and from the disk: recall, time and memory.

`python -m benchmarks.index_disk --items 10000000`. The vectors and queries are those of
benchmarks/index.py. What is measured is the search of one expert that compares vectors, not a whole
request: the nearest by the index, then those compared exactly in the vectors. recall@100 is the
share of the exact 100 nearest among what the index gave. Each row is one index, measured in turns
with the others: the service's own, and product quantisation of the same reduced vectors; in memory,
and in files that the system maps, vectors too. One thread; the latency of the first queries, which
still read the disk, is in the greatest.
"""

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import faiss  # noqa: E402
import numpy as np  # noqa: E402

from benchmarks.index import (  # noqa: E402
    exact,
    neighbourhoods,
    tastes,
    title_vectors,
    variations,
)
from benchmarks.tables import keep_result, show  # noqa: E402
from foretaste.domain.arrays import QuantizedVectors  # noqa: E402
from foretaste.domain.data import Floats, Ints  # noqa: E402
from foretaste.model.index import ivf  # noqa: E402
from foretaste.model.index.base import BATCH_ROWS, rows_of  # noqa: E402

QUERIES = 200
WARM_UP = 20
CODE_BYTES = 64
"""Of product quantisation: as many as the service's 4 bits for each of 128 directions."""
EFFORTS = ((32, 512), (64, 512), (64, 1024), (128, 1024), (128, 2048))
"""(lists looked through, items that are then compared exactly)"""


@dataclass
class Contender:
    """An index and where its vectors are."""

    name: str
    place: str
    index: Any
    """Of FAISS."""
    vectors: QuantizedVectors
    rotation: Floats
    build_seconds: float

    def nearest(self, query: Floats, probes: int, count: int) -> Ints:
        """The nearest by the index."""
        parameters: Any = faiss.SearchParametersIVF()
        parameters.nprobe = probes
        _, items = self.index.search((query @ self.rotation)[None], count, params=parameters)
        return np.sort(items[0][items[0] >= 0])


def memory_gb(kind: str) -> float:
    """Of this process: RssAnon, which it holds; RssFile, which the system may take back."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")) / 1e6


def of_service(vectors: QuantizedVectors) -> Contender:
    """What the service builds."""
    begun = time.process_time()
    lists = ivf.IvfIndex.of(rows_of(vectors), len(vectors))._lists
    seconds = time.process_time() - begun
    return Contender("IVF SQ4", "memory", lists._index, vectors, lists.rotation, seconds)


def quantised(vectors: QuantizedVectors, service: Contender) -> Contender:
    """Product quantisation in the lists of the service: only the codes are learnt anew."""
    begun = time.process_time()
    rng = np.random.default_rng(1)
    drawn = np.sort(rng.choice(len(vectors), min(len(vectors), 80_000), replace=False))
    quantizer = faiss.downcast_index(service.index.quantizer)
    width = service.rotation.shape[1]
    index = faiss.IndexIVFPQ(
        quantizer, width, service.index.nlist, CODE_BYTES, 8, faiss.METRIC_INNER_PRODUCT
    )
    index.train(vectors[drawn] @ service.rotation)
    for start in range(0, len(vectors), BATCH_ROWS):
        index.add(vectors[start : start + BATCH_ROWS] @ service.rotation)
    seconds = time.process_time() - begun
    return Contender("IVF PQ64", "memory", index, vectors, service.rotation, seconds)


def on_disk(contender: Contender, codes: QuantizedVectors, folder: Path) -> Contender:
    """The same from a file that is mapped."""
    path = folder / f"{contender.name}.faiss"
    faiss.write_index(contender.index, str(path))
    mapped = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
    return Contender(
        contender.name, "disk", mapped, codes, contender.rotation, contender.build_seconds
    )


def mapped_vectors(vectors: QuantizedVectors, folder: Path) -> QuantizedVectors:
    """The same in a file that is mapped."""
    path = folder / "codes.npy"
    np.save(path, vectors.codes)
    return QuantizedVectors(np.load(path, mmap_mode="r"), vectors.steps)


def measured(contenders: list[Contender], queries: Floats, truth: Ints) -> Iterator[dict[str, Any]]:
    """A row for each index and effort."""
    for probes, count in EFFORTS:
        milliseconds: list[list[float]] = [[] for _ in contenders]
        recalls: list[list[float]] = [[] for _ in contenders]
        for query, nearest in zip(queries, truth, strict=True):
            for place, contender in enumerate(contenders):
                begun = time.perf_counter()
                items = contender.nearest(query, probes, count)
                _ = contender.vectors[items] @ query
                milliseconds[place].append((time.perf_counter() - begun) * 1e3)
                recalls[place].append(len(np.intersect1d(items, nearest)) / len(nearest))
        for place, contender in enumerate(contenders):
            times = milliseconds[place][WARM_UP:]
            yield {
                "index": contender.name,
                "in": contender.place,
                "search": f"{probes} lists, {count} compared",
                "recall@100": float(np.mean(recalls[place])),
                "p50 ms": float(np.percentile(times, 50)),
                "p99 ms": float(np.percentile(times, 99)),
                "greatest ms": max(milliseconds[place]),
                "build CPU s": contender.build_seconds,
            }


def measure(items: int, cache: Path, folder: Path, *, with_codes: bool) -> list[dict[str, Any]]:
    """All rows of a catalogue of this size."""
    rng = np.random.default_rng(0)
    titles = title_vectors(cache)
    near = neighbourhoods(titles)
    vectors = variations(titles, near, items, rng)
    queries = tastes(titles, near, QUERIES, rng)
    print(f"{items:,} vectors: {memory_gb('RssAnon'):.1f} GB", flush=True)
    truth = exact(vectors, queries)
    contenders = [of_service(vectors)]
    print(f"built in {contenders[0].build_seconds:.0f} CPU s", flush=True)
    if with_codes:
        contenders.append(quantised(vectors, contenders[0]))
        print(f"quantised in {contenders[-1].build_seconds:.0f} CPU s", flush=True)
    peak = memory_gb("VmHWM")
    rows = list(measured(contenders, queries, truth))
    held = memory_gb("RssAnon")
    codes = mapped_vectors(vectors, folder)
    contenders = [on_disk(contender, codes, folder) for contender in contenders]
    del vectors
    gc.collect()
    ivf_files = sum(path.stat().st_size for path in folder.iterdir()) / 1e9
    disk_rows = list(measured(contenders, queries, truth))
    on_disk_held = memory_gb("RssAnon")
    for row in rows:
        row |= {"held GB": held, "peak GB": peak}
    for row in disk_rows:
        row |= {"held GB": on_disk_held, "on disk GB": ivf_files}
    return [*rows, *disk_rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--with-codes", action="store_true", help="product quantisation as well")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/foretaste-index-bench"))
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options.items, options.cache, Path(folder), with_codes=options.with_codes)
    protocol = (
        f"{options.items:,} vectors of 384 dimensions around 12,101 real ones, {QUERIES} queries "
        "one after another, one thread; the nearest of one expert, then compared exactly"
    )
    show(protocol, rows)
    keep_result("index_disk", f"{options.items}", protocol, rows)


if __name__ == "__main__":
    main()
