"""Foretaste and its peers in one run: one split, one metric code, each peer by its own recipe.

    python -m benchmarks.peers [--sets SET …] [--peers NAME …] [--cap 1200] [--keep DIR]

Leave-one-out; everything is fitted on the training part, chosen on the validation items, and given
the history up to and including the validation item at the test. All items are ranked. A peer that
cannot be installed or run becomes a row that says why. Results: benchmarks/results/peers.json and
a plot for each set.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.datasets import REPOSITORY, Absent
from benchmarks.peers import shown, split
from benchmarks.peers.environments import THREADS
from benchmarks.peers.known import OURS, PEERS
from benchmarks.peers.running import Bench, Row
from foretaste.evaluate.machine import describe_machine

RESULTS = REPOSITORY / "benchmarks" / "results"
PROTOCOL = (
    "leave-one-out; fitted on the training part, chosen by the validation items, the history up to "
    "and with the validation item given at the test; all items ranked; cold test items count"
)


def measured(bench: Bench, keys: Sequence[str]) -> dict[str, Row]:
    """A row each, printed as it is there."""
    rows: dict[str, Row] = {}
    print(shown.HEADER)
    for key in keys:
        rows[key] = bench.ours() if key == OURS else bench.peer(key, PEERS[key])
        print(shown.line(rows[key]), flush=True)
    return rows


def told(bench: Bench, rows: dict[str, Row], before: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a set; rows that were not asked for stay as they were."""
    held = bench.split
    joined = {**before.get("rows", {}), **rows}
    best = next((key for key in shown.ranking(joined) if key != OURS), None)
    margin = bench.margin_over(best) if best and "masked" in joined.get(OURS, {}) else None
    return {
        "machine": describe_machine(REPOSITORY),
        "protocol": PROTOCOL,
        "cap_cpu_seconds": bench.cap,
        "people": len(held.train),
        "items": held.items,
        "cases": len(held.targets),
        "cold_targets": held.cold(),
        "targets_seen_before": held.again(),
        "ahead": before.get("ahead") if margin is None else {"of": best, "ndcg@10": margin},
        "rows": {key: joined[key] for key in (*PEERS, OURS) if key in joined},
    }


def main() -> None:
    every = [*PEERS, OURS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=["beauty"], metavar="SET")
    parser.add_argument("--peers", nargs="+", default=every, choices=every, metavar="PEER")
    parser.add_argument(
        "--cap", type=float, default=1200, help="CPU seconds of training, each peer"
    )
    parser.add_argument("--keep", type=Path, default=REPOSITORY / "build" / "peers")
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    os.environ.update(THREADS)
    path = asked.results / "peers.json"
    for name in asked.sets:
        try:
            held = split.of_set(name)
        except Absent as absent:
            print(absent)
            continue
        bench = Bench(name, held, asked.keep.resolve(), asked.cap)
        split.write(held, bench.folder / "split")
        print(f"{name}: {PROTOCOL}")
        keys = [
            key
            for key in asked.peers
            if held.times is not None or key == OURS or not PEERS[key].needs_times
        ]
        rows = measured(bench, keys)
        kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        kept[name] = told(bench, rows, kept.get(name, {}))
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        shown.plot(
            kept[name]["rows"], f"{name}, leave-one-out", asked.results / f"peers-{name}.png"
        )
        print(f"\n{shown.table(kept[name]['rows'])}\n")


if __name__ == "__main__":
    main()
