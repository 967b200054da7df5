"""The zoo: is the product ever worse than one of its own parts? On real and on invented data.

    python -m benchmarks.zoo [--quick] [--only SET …] [--keep DIR] [--results FILE]

A row is a set, its age and its settings. The set is imported, evaluated (by time where times
differ, leave-one-out where they do not, both where people did little) and trained; all test cases
count. Beside the product as a service has it stand its experts and the item neighbours of
scikit-learn, on the same cases and with the same items left out as in lists. The verdict is of the
difference in NDCG@10 to the best of them, paired over people: `ok` is not below, `~` inside the
interval, `BELOW` below for certain. A row that breaks is a failure that says why. Exit code 1 where
there is either. Public sets are as old as they are, invented ones ended a year ago, unless the age
says otherwise. Everything is as the program has it by default, or as a recipe has it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.datasets import REPOSITORY, Absent
from benchmarks.zoo.rows import Row, select_rows
from benchmarks.zoo.running import Outcome, run
from benchmarks.zoo.table import HEADER, lines, record, summary
from foretaste.evaluate.machine import describe_machine

RESULTS = REPOSITORY / "benchmarks" / "results" / "zoo.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="SET", help="these alone")
    parser.add_argument("--quick", action="store_true", help="a few rows, in about ten minutes")
    parser.add_argument("--keep", type=Path, default=REPOSITORY / "build" / "zoo")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    try:
        rows = select_rows(options.only, quick=options.quick)
    except Absent as absent:
        parser.error(str(absent))
    outcomes = run_rows(rows, options)
    text, well = summary(outcomes)
    print("\n" + "\n".join(text))
    sys.exit(0 if well else 1)


def run_rows(rows: Sequence[Row], options: argparse.Namespace) -> list[Outcome]:
    """Run and print row by row, and keep what there is after each."""
    outcomes = []
    print(HEADER)
    for row in rows:
        try:
            outcome = run(row, options.keep / "vectors.sqlite")
        except Absent as absent:
            print(absent, flush=True)
            continue
        print("\n".join(lines(outcome)), f"   ({outcome.seconds:.0f} s)", flush=True)
        outcomes.append(outcome)
        keep(options.results, row, record(outcome))
    return outcomes


def keep(path: Path, row: Row, figures: dict[str, Any]) -> None:
    """Into the file of results, beside the other rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results[row.name] = {"machine": describe_machine(REPOSITORY), **figures}
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
