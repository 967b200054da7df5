"""Draws the people of the small sets on which every peer can be trained to its own end.

    python -m benchmarks.peers.draw

Done once: the ids are in the repository, so that others measure on the same people. People with
fewer than five events are left out, as in the 5-core sets.
"""

import csv
import random
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.datasets import DRAWN, write

PEOPLE, SEED, LEAST_EVENTS = 2000, 2026, 5
WHOLE_SETS = ("beauty", "movietweetings")


def draw(whole: str, people: int = PEOPLE) -> list[str]:
    """Ids of some people of a data set, the same each time."""
    with tempfile.TemporaryDirectory() as folder:
        events, _ = write(whole, Path(folder))
        with events.open(newline="", encoding="utf-8") as file:
            counts = Counter(row["user"] for row in csv.DictReader(file))
    busy = sorted(user for user, count in counts.items() if count >= LEAST_EVENTS)
    return sorted(random.Random(f"{SEED} {whole}").sample(busy, people))


def main() -> None:
    DRAWN.mkdir(exist_ok=True)
    for whole in WHOLE_SETS:
        path = DRAWN / f"{whole}-{PEOPLE}.txt"
        path.write_text("\n".join(draw(whole)) + "\n", encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
