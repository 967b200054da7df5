"""How good are the lists? Every set through the command line, as a user would, with the defaults.

    python -m benchmarks.quality [SET …] [--seeds 0 1 2]

Protocols: leave-one-out for the sets whose order alone is known, by time for those with times; all
items ranked, never a sample; masked and unmasked. Result: benchmarks/results/quality.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.datasets import REPOSITORY, Absent, write
from foretaste.evaluate.machine import describe_machine

RESULTS = REPOSITORY / "benchmarks" / "results" / "quality.json"
PROTOCOLS = {
    "beauty": "leave-one-out",
    "sports": "leave-one-out",
    "sports-titles": "leave-one-out",
    "ml-1m": "leave-one-out",
    "ml-small": "time",
    "ml-small-ties": "time",
    "movietweetings": "time",
}
DEFAULT = ("beauty", "ml-small", "movietweetings")


def foretaste(*words: str, seed: int) -> str:
    """What the command line prints."""
    environment = {**os.environ, "FORETASTE_MODEL__SEED": str(seed)}
    program = Path(sys.executable).with_name("foretaste")
    done = subprocess.run(
        [program, *words], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def run(name: str, seed: int) -> dict[str, Any]:
    """The figures of one set and one seed."""
    with tempfile.TemporaryDirectory() as folder:
        events, items = write(name, Path(folder))
        workspace = ("--workspace", f"{folder}/workspace")
        foretaste("import", "--events", str(events), "--items", str(items), *workspace, seed=seed)
        words = ("evaluate", "--protocol", PROTOCOLS[name], "--json", *workspace)
        figures: dict[str, Any] = json.loads(foretaste(*words, seed=seed))
    return figures


def row(name: str, seed: int, figures: dict[str, Any]) -> str:
    """One line for the eye."""
    best, alone = max(
        (expert["masked"]["ndcg@10"], name) for name, expert in figures["experts"].items()
    )
    masked, unmasked = figures["masked"], figures["unmasked"]
    return (
        f"{name:<15}{figures['protocol']:<15}{seed:>4}"
        f"{masked['ndcg@10']:>10.4f}{masked['recall@10']:>10.4f}{unmasked['ndcg@10']:>10.4f}"
        f"{figures['as_in_service']['masked']['ndcg@10']:>11.4f}"
        f"{best:>9.4f} {alone:<12}"
        f"{figures['cpu_seconds']:>7.0f}{figures['wall_seconds']:>7.0f}"
    )


HEADER = (
    f"{'set':<15}{'protocol':<15}{'seed':>4}{'N@10':>10}{'R@10':>10}{'unmasked':>10}"
    f"{'in service':>11}{'best expert alone':>22}{'CPU s':>7}{'wall s':>7}"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(DEFAULT), metavar="SET")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    asked = parser.parse_args()
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    print(HEADER)
    for name in asked.sets:
        for seed in asked.seeds:
            try:
                figures = run(name, seed)
            except Absent as absent:
                print(absent)
                break
            print(row(name, seed, figures), flush=True)
            told = {"machine": describe_machine(REPOSITORY), "figures": figures}
            kept.setdefault(name, {})[str(seed)] = told
            RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"written to {RESULTS.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
