"""Is what people say understood? `make bench-understanding`.

    python -m benchmarks.understanding [--keep DIR] [--only building|held-out|search]

What is said over five catalogues and in four languages, against the state that it must lead to:
`building.txt` was looked at while the grammar was written, `held_out.txt` was written before it and
kept apart, `later.txt` is of somebody who had not written it, each `unseen_*.txt` was run before
anything was changed for it. By now all are seen; the share at the first look stands beside the
present one (`first_looks.json`). Then the search of `search.py`.
Result: benchmarks/results/understanding.json.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.datasets import Absent
from benchmarks.tables import keep_result, show
from benchmarks.understanding.cases import Case, Outcome, outcome_of, read_cases
from benchmarks.understanding.catalogues import CATALOGUES, open_catalogue
from benchmarks.understanding.search import search_rows

FOLDER = Path(__file__).parent
HALVES = {
    "building": "building.txt",
    "held-out": "held_out.txt",
    "later": "later.txt",
    "unseen-1": "unseen_1.txt",
    "unseen-2": "unseen_2.txt",
    "unseen-3": "unseen_3.txt",
    "unseen-4": "unseen_4.txt",
    "unseen-5": "unseen_5.txt",
    "unseen-6": "unseen_6.txt",
    "unseen-7": "unseen_7.txt",
    "unseen-8": "unseen_8.txt",
    "unseen-9": "unseen_9.txt",
    "unseen-10": "unseen_10.txt",
    "unseen-11": "unseen_11.txt",
    "unseen-12": "unseen_12.txt",
    "unseen-13": "unseen_13.txt",
    "unseen-14": "unseen_14.txt",
    "unseen-15": "unseen_15.txt",
    "unseen-16": "unseen_16.txt",
    "unseen-17": "unseen_17.txt",
    "unseen-18": "unseen_18.txt",
    "unseen-19": "unseen_19.txt",
    "unseen-20": "unseen_20.txt",
    "unseen-21": "unseen_21.txt",
}
FIRST_LOOKS = json.loads((FOLDER / "first_looks.json").read_text(encoding="utf-8"))
"""Half → language → the share of exact states before anything was changed."""
OUT_OF_SCOPE = ("greet", "thanks", "help", "my_data", "unknown")


def outcomes_of(cases: Sequence[Case], folder: Path) -> list[Outcome]:
    """Every case, said to its catalogue; those of a catalogue that is absent are left out."""
    outcomes = []
    for name in CATALOGUES:
        try:
            shop = open_catalogue(name, folder)
        except Absent as absent:
            print(f"{name} is left out: {absent}")
            continue
        mine = [case for case in cases if case.catalogue == name]
        outcomes += [outcome_of(case, shop, number) for number, case in enumerate(mine)]
        shop.close()
    return outcomes


def rows_of(outcomes: Sequence[Outcome], first_look: Mapping[str, float]) -> list[dict[str, Any]]:
    """A row a language."""
    rows = []
    for language in dict.fromkeys(outcome.case.language for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.case.language == language]
        lists = [o for o in mine if any("top=" in check for check in o.case.checks)]
        outside = [o for o in mine if o.case.intent in OUT_OF_SCOPE]
        rows.append(
            {
                "language": language,
                "said": float(len(mine)),
                **({"at first look": first_look[language]} if language in first_look else {}),
                "exact state": _share([not o.faults for o in mine]),
                "out of scope told": _share(
                    [o.reply.intent == o.case.intent and not o.faults for o in outside]
                ),
                "first five right": _share([not o.list_faults for o in lists]),
                "reversals": float(sum(o.is_reversal for o in mine)),
            }
        )
    return rows


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="the workspaces stay here for the next time")
    parser.add_argument("--only", choices=[*HALVES, "search"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = chosen.keep or Path(passing)
        for half, file_name in HALVES.items():
            if chosen.only in (None, half):
                outcomes = outcomes_of(read_cases(FOLDER / file_name), folder)
                for outcome in outcomes:
                    if outcome.faults or outcome.list_faults or outcome.is_reversal:
                        print(f"{outcome.case.text!r}: {outcome.faults + outcome.list_faults}")
                rows = rows_of(outcomes, FIRST_LOOKS.get(half, {}))
                protocol = f"{half}: {len(outcomes)} utterances, {len(CATALOGUES)} catalogues"
                show(protocol, rows)
                keep_result("understanding", half, protocol, rows)
        if chosen.only in (None, "search"):
            try:
                rows = search_rows(open_catalogue("films", folder))
            except Absent as absent:
                print(f"search is left out: {absent}")
            else:
                show("200 queries for films of ml-100k", rows)
                keep_result("understanding", "search", "200 queries, ml-100k", rows)


if __name__ == "__main__":
    main()
