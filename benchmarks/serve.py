"""The service under load, against what issue 4 wants of it: each figure, its target, met or not.

    make bench-serve [WORKSPACE=…]         all but what follows; 10 minutes of two idle cores
    make bench-serve-long [WORKSPACE=…]    200,000 mixed requests, for errors and memory

The load generator (benchmarks/load.py) is on the same machine and takes its share of the cores.
Without a workspace Amazon Beauty is imported and trained first, some minutes more. It works on a
copy: what is sent is not kept. Beside each figure: the CPU time of the service for a request, which
what else the machine does changes less than the clock, and the machine's load (1 minute).
"""

import argparse
import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks import serve_steps as steps
from benchmarks.tables import keep_result

PROTOCOL = (
    "`foretaste serve`, one process a core where not said otherwise, requests over loopback from "
    "one more process on the same cores; Amazon Beauty, all experts, 10 items a list; latency at "
    "100 requests a second counts from when each was due"
)
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, help="trained on Amazon Beauty; it is copied")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each load")
    parser.add_argument("--only", choices=STEPS, nargs="+", default=[*STEPS][:-1])
    parser.add_argument("--mixed", type=int, default=200_000, help="requests of the step mixed")
    asked = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.only:
            found = asyncio.run(STEPS[name](asked, Path(folder)))
            for row in found:
                print(show_row(row), flush=True)
            rows += found
            keep_result("serve", name, PROTOCOL, found)
    missed = [row["line"] for row in rows if not row["met"]]
    print(
        f"\n{len(rows) - len(missed)} of {len(rows)} met" + "".join(f"\n  not: {m}" for m in missed)
    )


def show_row(row: Row) -> str:
    """A row for the eye."""
    shown = ("line", "found", "target", "met")
    more = "  ".join(f"{name} {value}" for name, value in row.items() if name not in shown)
    met = "yes" if row["met"] else "NO"
    return f"{row['line']:<54}{row['found']:>12,.1f}  {row['target']:<10}{met:<5}{more}"


def beauty(asked: argparse.Namespace, folder: Path) -> Path:
    """A workspace trained on Amazon Beauty, of one's own."""
    target = folder / "beauty"
    if not target.exists():
        if asked.workspace:
            shutil.copytree(asked.workspace, target)
        else:
            steps.trained(target)
    return target


async def lists(asked: argparse.Namespace, folder: Path) -> list[Row]:
    return await steps.lists(beauty(asked, folder), asked.workers, asked.seconds)


async def fresh(asked: argparse.Namespace, folder: Path) -> list[Row]:
    return await steps.fresh(beauty(asked, folder), asked.workers, asked.seconds)


async def events(asked: argparse.Namespace, folder: Path) -> list[Row]:
    return await steps.events(folder, asked.workers, asked.seconds / 3)


async def million(asked: argparse.Namespace, folder: Path) -> list[Row]:
    return await steps.million(folder, asked.seconds)


async def writer(asked: argparse.Namespace, folder: Path) -> list[Row]:
    return await steps.writer(beauty(asked, folder), asked.workers, asked.seconds)


async def mixed(asked: argparse.Namespace, folder: Path) -> list[Row]:
    return await steps.mixed(beauty(asked, folder), asked.workers, asked.mixed)


STEPS: dict[str, Callable[[argparse.Namespace, Path], Awaitable[list[Row]]]] = {
    "lists": lists,
    "fresh": fresh,
    "events": events,
    "writer": writer,
    "million": million,
    "mixed": mixed,
}
"""The last is not part of the usual run."""

if __name__ == "__main__":
    main()
