"""What a service of very many items holds in memory, part by part, and what ten million would take.

    python -m benchmarks.service_memory --workspace FOLDER [--items 1000000] [--events 2000000]

The workspace is made where there is none (benchmarks/large.py). One process opens it, takes in the
log, and gives some lists; then its parts are counted, each object once. What a part has an item is
carried on to ten million; what does not grow with them (libraries, the encoder) is not. So is all
that no part names (the allocator's, small objects), which makes the sum the larger one.
"""

import argparse
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

PROTOCOL = (
    "one process, `Foretaste.open`, the log taken in, lists of 10 for 200 people in turn; "
    "made-up items of benchmarks/large.py; resident memory of Linux; parts counted object by object"
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
            return 0 if isinstance(one.base, np.ndarray) else one.nbytes  # else of what it looks at
        if isinstance(one, torch.Tensor):
            return one.untyped_storage().nbytes()
        if type(one).__module__.startswith("faiss") and hasattr(one, "ntotal"):
            code = getattr(one, "code_size", 0) or one.sa_code_size()
            return int(one.ntotal) * (int(code) + 8)
        return sys.getsizeof(one, 0)


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


def measure(folder: Path) -> list[Row]:
    """A row a part."""
    from foretaste.loop import Foretaste

    empty = memory("VmRSS")
    loop = Foretaste.open(folder)
    began = time.process_time()
    live = loop.catch_up()
    seconds, loaded, peak = time.process_time() - began, memory("VmRSS"), memory()
    times = []
    for number in range(PEOPLE):
        began = time.process_time()
        loop.recommend(f"u{number}", n=10)
        times.append((time.process_time() - began) * 1e3)
    answering = memory("VmRSS")
    sizes, count = Sizes(), len(live.catalogue)
    part_sizes = [(name, sizes.of(part)) for name, part in parts(live)]
    loop.close()
    part_sizes.append(
        ("named by no part", round((answering - empty) * 1e9) - sum(n for _, n in part_sizes))
    )
    rows: list[Row] = [
        {"part": name, "MB": round(size / 1e6, 1), "bytes an item": round(size / count)}
        for name, size in sorted(part_sizes, key=lambda pair: -pair[1])
        if size / count >= 1
    ]
    whole = empty + (answering - empty) * LARGE / count
    return [
        *rows,
        {"part": "libraries", "MB": round(empty * 1e3)},
        {"part": "loaded", "MB": round(loaded * 1e3), "peak MB": round(peak * 1e3)},
        {"part": "answering", "MB": round(answering * 1e3), "items": count}
        | {"CPU s to load": round(seconds, 1)}
        | {f"list, CPU ms p{p}": round(float(np.percentile(times, p)), 1) for p in (50, 99)},
        {"part": f"carried on to {LARGE:,} items", "MB": round(whole * 1e3)},
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--items", type=int, default=ITEMS, help="where it is made")
    parser.add_argument("--events", type=int, default=EVENTS, help="where it is made")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows = measure(workspace(asked.workspace, asked.items, asked.events))
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    keep_result("service_memory", f"{rows[-2]['items']:,} items", PROTOCOL, rows)


if __name__ == "__main__":
    main()
