"""What a service of very many items holds in memory, part by part, and what ten million would take.

    python -m benchmarks.service_memory --workspace FOLDER [--items 1000000] [--events 2000000]

The workspace is made where there is none (benchmarks/large.py). One process opens it, takes in the
log, and gives some lists; then its parts are counted, each object once. The first load of a version
writes the files that later ones map, so two runs tell both; --cold asks the system to forget the
files before. "held" is memory that nothing else can have (anonymous); "of files" is what the
process has mapped and looked at, of which one copy serves all processes and which the system takes
back when memory gets short; PSS is both, with each process's share of what several have. What a
part has an item is carried on to ten million; what does not grow with them (libraries, the encoder)
is not. So is all that no part names (the allocator's, small objects), which makes the sum the
larger one.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch

from benchmarks.large import EVENTS, ITEMS, workspace
from benchmarks.scale_steps import memory
from benchmarks.tables import keep_result
from foretaste.domain.arrays import is_mapped

PROTOCOL = (
    "one process, `Foretaste.open`, the log taken in, lists of 10 for 200 people in turn, and for "
    "200 others; made-up items; smaps_rollup of Linux; parts counted object by object, without "
    "mapped files"
)
PEOPLE, LARGE = 200, 10_000_000
OPAQUE = (type, ModuleType, FunctionType, MethodType)
Row = dict[str, Any]


class Sizes:
    """Bytes behind objects, each counted once."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def of(self, root: object) -> int:
        """All that nobody asked for before."""
        total, waiting = 0, [root]
        while waiting:
            one = waiting.pop()
            if id(one) in self._seen or isinstance(one, OPAQUE):
                continue
            self._seen.add(id(one))
            total += self._own(one)
            waiting += _inner(one)
        return total

    def _own(self, one: object) -> int:
        if isinstance(one, np.ndarray):
            is_view = isinstance(one.base, np.ndarray)  # of what is counted by itself
            return 0 if is_view or is_mapped(one) else one.nbytes
        if isinstance(one, torch.Tensor):
            return one.untyped_storage().nbytes()
        if type(one).__module__.startswith("faiss") and hasattr(one, "ntotal"):
            if _is_on_disk(one):
                return 0
            code = getattr(one, "code_size", 0) or one.sa_code_size()
            return int(one.ntotal) * (int(code) + 8)
        return sys.getsizeof(one, 0)


def _is_on_disk(index: Any) -> bool:
    import faiss

    lists = getattr(index, "invlists", None)
    return lists is not None and isinstance(
        faiss.downcast_InvertedLists(lists), faiss.OnDiskInvertedLists
    )


def _inner(one: object) -> Iterator[object]:
    if isinstance(one, np.ndarray):
        yield from (one.base,) if isinstance(one.base, np.ndarray) else ()
        yield from one.ravel() if one.dtype == object else ()
    elif isinstance(one, dict):
        yield from one.keys()
        yield from one.values()
    elif isinstance(one, list | tuple | set | frozenset):
        yield from one
    else:
        yield getattr(one, "__dict__", None)
        for kind in type(one).__mro__:
            for name in getattr(kind, "__slots__", ()):
                yield getattr(one, name, None)


def parts(live: Any) -> Iterator[tuple[str, object]]:
    """(name, what is behind it), the inner first."""
    growing = live.cataloguing
    for field in fields(growing.catalogue):
        yield f"catalogue: {field.name}", getattr(growing.catalogue, field.name)
    yield "the items themselves", growing.items
    yield "what is on offer", live.shelf
    for expert in live.product.experts:
        own = vars(expert) if not is_dataclass(expert) else {}
        yield f"expert {expert.name}", own or expert
    yield "the rest of the snapshot", live


def process_memory() -> dict[str, float]:
    """MB of this process: PSS, held, of files; see above."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1e3 for line in lines}
    names = {"PSS MB": "Pss", "held MB": "Anonymous"}
    told = {name: round(sizes[field]) for name, field in names.items()}
    return {**told, "of files MB": round(sizes["Rss"] - sizes["Anonymous"])}


def forget_files(folder: Path) -> None:
    """The system drops what it has read of them, where nobody has them mapped."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def lists(loop: Any, people: range) -> dict[str, float]:
    """Of 10 items for each: milliseconds of CPU, and as they pass."""
    spent: list[tuple[float, float]] = []
    for number in people:
        began = time.process_time(), time.perf_counter()
        loop.recommend(f"u{number}", n=10)
        spent.append((time.process_time() - began[0], time.perf_counter() - began[1]))
    cpu, passed = np.array(spent).T * 1e3
    ends = {"p50": 50, "p99": 99}
    return {
        f"CPU ms {name}": round(float(np.percentile(cpu, p)), 1) for name, p in ends.items()
    } | {f"ms {name}": round(float(np.percentile(passed, p)), 1) for name, p in ends.items()}


def measure(folder: Path) -> list[Row]:
    """A row a part."""
    from foretaste.loop import Foretaste

    empty = process_memory()
    loop = Foretaste.open(folder)
    began = time.process_time(), time.perf_counter()
    live = loop.catch_up()
    seconds = time.process_time() - began[0], time.perf_counter() - began[1]
    loaded, peak = process_memory(), memory()
    file_bytes = sum(path.stat().st_size for path in (folder / "models").glob(".loaded/*/*"))
    first, later = (lists(loop, range(start, start + PEOPLE)) for start in (0, PEOPLE))
    answering = process_memory()
    sizes, count = Sizes(), len(live.catalogue)
    part_sizes = [(name, sizes.of(part)) for name, part in parts(live)]
    loop.close()
    named = sum(n for _, n in part_sizes)
    grown = answering["held MB"] - empty["held MB"]
    part_sizes.append(("named by no part", round(grown * 1e6) - named))
    rows: list[Row] = [
        {"part": name, "MB": round(size / 1e6, 1), "bytes an item": round(size / count)}
        for name, size in sorted(part_sizes, key=lambda pair: -pair[1])
        if size / count >= 1
    ]
    return [
        *rows,
        {"part": "libraries", **empty},
        {"part": "loaded", **loaded, "peak of all MB": round(peak * 1e3)}
        | {"CPU s": round(seconds[0], 1), "s": round(seconds[1], 1)},
        {"part": "answering", "items": count, **answering, "kept in files MB": file_bytes // 10**6},
        {"part": "the first lists", **first},
        {"part": "later lists", **later},
        {"part": f"held, carried on to {LARGE:,} items"}
        | {"MB": round(empty["held MB"] + grown * LARGE / count)},
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--items", type=int, default=ITEMS, help="where it is made")
    parser.add_argument("--events", type=int, default=EVENTS, help="where it is made")
    parser.add_argument("--cold", action="store_true", help="files are not in memory before")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    folder = workspace(asked.workspace, asked.items, asked.events)
    is_first = not any((folder / "models").glob(".loaded/*/complete.json"))
    if asked.cold:
        forget_files(folder)
    rows = measure(folder)
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    (items,) = {row["items"] for row in rows if "items" in row}
    is_kept = any((folder / "models").glob(".loaded/*/complete.json"))
    state = "first load" if is_first else "cold" if asked.cold else "warm"
    state = state if is_kept else "in memory"  # of a small catalogue
    keep_result("service_memory", f"{items:,} items, {state}", PROTOCOL, rows)


if __name__ == "__main__":
    main()
