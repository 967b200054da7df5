"""Cost against size: what training and answering take, where, and how near the machine's peak.

`make bench-scale`. Synthetic (benchmarks/synthetic.py), one thread, each step in a process of its
own, whose peak of resident memory is what Linux tells (VmHWM). The network of the sequence expert
is trained for a few batches only: its speed is measured, and its answers are those of a network
that has learnt little. With `--workspace`, a trained one is measured as well. Seconds of training
and of kernels are CPU seconds, those of answers are of the clock, with CPU time beside them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SIZES = ((10_000, 100_000), (100_000, 1_000_000), (100_000, 10_000_000), (1_000_000, 10_000_000))
"""(items, events)"""
STEPS = ("fit", "sequence", "answer")
ABOUT = {
    "peak": "What one core can do, and the share of it that hot kernels reach (CPU time)",
    "fit": "Training every expert but the sequence, CPU seconds",
    "sequence": "Training the sequence expert: 12 batches, CPU time, hottest operations",
    "answer": "One request after another, in milliseconds of the clock and of CPU time",
    "workspace_answer": "The same with a trained workspace",
    "workspace_packed": "Its vectors in 8 bits, as of a large catalogue, against 32",
    "workspace_overlap": "The same answered by candidates, against scoring everything",
}
PROTOCOL = (
    "synthetic, seed 0, one thread; each step in a process of its own; 200 requests one after "
    "another, every expert but query and language, 10 items with reasons; overlap@10 with the list "
    "of scoring everything"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, help="a trained one, e.g. of Amazon Beauty")
    parser.add_argument("--most", type=int, default=SIZES[-1][0], help="items, at most")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = [step("peak")]
    with tempfile.TemporaryDirectory() as folder:
        for items, events in SIZES:
            if items <= asked.most:
                size = {"items": items, "events": events, "folder": folder}
                rows += [step(name, **size) for name in STEPS]
    if asked.workspace:
        trained = ("workspace_answer", "workspace_overlap", "workspace_packed")
        rows += [step(name, folder=str(asked.workspace)) for name in trained]
    from benchmarks.scale_plot import plot
    from benchmarks.tables import RESULTS, keep_result

    for name in dict.fromkeys(row["step"] for row in rows):
        its = [row for row in rows if row["step"] == name]
        keep_result(
            "scale", name, f"{ABOUT[name]}; {PROTOCOL}", down(its) if name == "peak" else its
        )
    plot(rows, RESULTS / "scale.png")
    print(f"written to {RESULTS / 'scale.json'} and scale.png")


def step(name: str, **given: Any) -> dict[str, Any]:
    """Run one step in a process of its own and print its row."""
    program = (sys.executable, "-m", "benchmarks.scale_steps", name, json.dumps(given))
    environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")}
    began = time.monotonic()
    done = subprocess.run(program, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        row: dict[str, Any] = {"step": name, **given, "failed": done.stderr.strip()[-400:]}
    else:
        row = {"step": name, **given, **json.loads(done.stdout.splitlines()[-1])}
    row.pop("folder", None)
    row["wall seconds of the step"] = round(time.monotonic() - began, 1)
    print(told(row), flush=True)
    return row


def down(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row of many figures as many rows of one."""
    figures = (pair for row in rows for pair in row.items() if isinstance(pair[1], float))
    return [{"what": name, "figure": figure} for name, figure in figures]


def told(row: Mapping[str, Any]) -> str:
    """A row for the eye."""
    size = f"{row.get('items', 0):>9,} items {row.get('events', 0):>10,} events"
    figures = "  ".join(
        f"{name} {value}" for name, value in row.items() if name not in ("step", "items", "events")
    )
    return f"{row['step']:<18}{size}  {figures}"


if __name__ == "__main__":
    main()
