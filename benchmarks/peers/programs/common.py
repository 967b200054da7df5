"""What the peers' programs share: in: the files of a split, out: each person's best items.

Runs in the peers' own environments, so it knows NumPy and nothing of Foretaste. The test items are
not among the files it reads.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

K = 100
"""How many of the best items are written, with and without those a person had."""


@dataclass(frozen=True)
class Split:
    """What may be learned from (`train`) and what may choose (`valid`)."""

    items: int
    train: list[list[int]]
    """[people] item numbers, oldest first."""
    valid: list[int]
    """[people], -1 for people who are not tested."""
    times: list[list[float]] | None = None
    """[people] when the items of `train` were taken, in seconds; None where it is not known."""

    @property
    def cases(self) -> list[int]:
        """The people to be told the next item of."""
        return [person for person, item in enumerate(self.valid) if item >= 0]

    def history(self, person: int) -> list[int]:
        """All that came before the item to be told."""
        valid = self.valid[person]
        return self.train[person] + ([valid] if valid >= 0 else [])


def read(folder: Path) -> Split:
    """The files that `benchmarks.peers.split` wrote."""
    items = json.loads((folder / "about.json").read_text())["items"]
    train = [[int(word) for word in line.split()] for line in _lines(folder / "train.txt")]
    valid = [int(line) for line in _lines(folder / "valid.txt")]
    times = None
    if (folder / "times.txt").exists():
        times = [[float(word) for word in line.split()] for line in _lines(folder / "times.txt")]
    return Split(items, train, valid, times)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").split("\n")[:-1]


@dataclass
class Task:
    """What the program was asked for, and what it says of its work."""

    split: Split
    settings: dict[str, Any]
    cap: float
    """CPU seconds of this process after which training stops."""
    out: Path
    work: Path
    """A folder for whatever the library wants to write."""
    told: dict[str, Any] = field(default_factory=dict)

    def spent(self) -> float:
        """CPU seconds of this process so far, all threads."""
        return time.process_time()

    def over(self) -> bool:
        """Whether the cap is reached."""
        return self.spent() > self.cap


def task() -> Task:
    """From the command line; the library then finds an empty one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--cap", type=float, required=True)
    asked = parser.parse_args()
    sys.argv = sys.argv[:1]
    asked.work.mkdir(parents=True, exist_ok=True)
    most = int(1.5 * asked.cap + 900)  # for what a cap cannot stop
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 60))
    return Task(read(asked.split), asked.settings, asked.cap, asked.out, asked.work)


class training:  # noqa: N801, a word of the programs
    """Measures what is done within: CPU and wall seconds of the training."""

    def __init__(self, asked: Task) -> None:
        self.asked = asked

    def __enter__(self) -> None:
        self.start = time.process_time(), time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.asked.told["train_cpu_seconds"] = round(time.process_time() - self.start[0], 2)
        self.asked.told["train_wall_seconds"] = round(time.monotonic() - self.start[1], 2)


CURVE_EPOCHS = frozenset({1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233})
"""Epochs after which the state is kept for the curve of quality over CPU seconds."""


class Curve:
    """The states of a network on its way; their lists are made after the training."""

    def __init__(self, asked: Task) -> None:
        self._asked = asked
        self._states: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def keep(self, epoch: float, spent: float, state: Mapping[str, Any]) -> None:
        """Keep a copy of a state of PyTorch's, if this epoch is one of the curve's."""
        if epoch in CURVE_EPOCHS:
            copy = {name: value.detach().clone() for name, value in state.items()}
            self._states.append(({"epoch": epoch, "cpu_seconds": spent}, copy))

    def write(
        self, load: Callable[[dict[str, Any]], object], ranked: Callable[[], Mapping[str, Any]]
    ) -> None:
        """The lists of each state, in a file each beside the lists of the end.

        load: puts a state into the model; ranked: the lists of the model as it is.
        """
        points = self._asked.told.setdefault("curve", [])
        for number, (point, state) in enumerate(self._states):
            load(state)
            path = self._asked.out.with_name(f"{self._asked.out.stem}-{number}.npz")
            np.savez_compressed(path, **ranked())
            points.append({**point, "lists": path.name})


Lists = tuple[np.ndarray, np.ndarray]
"""Item numbers [cases, K], -1 where there are fewer, and their scores."""


def best(scores: np.ndarray, k: int = K) -> Lists:
    """The k best columns of each row, best first; items of score -inf are left out."""
    k = min(k, scores.shape[1])
    found = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, found, axis=1), axis=1, kind="stable")
    found = np.take_along_axis(found, order, axis=1)
    values = np.take_along_axis(scores, found, axis=1)
    return np.where(np.isneginf(values), -1, found), values


def lists(parts: Iterable[tuple[Sequence[int], np.ndarray]], split: Split) -> dict[str, np.ndarray]:
    """(people, their scores [people, items]) → the lists, masked and not."""
    place = {person: row for row, person in enumerate(split.cases)}
    kept = empty(len(place))
    for people, scores in parts:
        rows = [place[person] for person in people]
        _keep(kept, "unmasked", rows, best(scores))
        hidden = scores.copy()
        for row, person in enumerate(people):
            hidden[row, split.history(person)] = -np.inf
        _keep(kept, "masked", rows, best(hidden))
    return kept


def empty(cases: int) -> dict[str, np.ndarray]:
    """Lists in which nothing is yet."""
    kept: dict[str, np.ndarray] = {}
    for variant in ("masked", "unmasked"):
        kept[f"{variant}_items"] = np.full((cases, K), -1, np.int32)
        kept[f"{variant}_scores"] = np.full((cases, K), -np.inf, np.float64)
    return kept


def _keep(kept: dict[str, np.ndarray], variant: str, rows: Sequence[int], found: Lists) -> None:
    width = found[0].shape[1]
    kept[f"{variant}_items"][rows, :width] = found[0]
    kept[f"{variant}_scores"][rows, :width] = found[1]


def batches(people: Sequence[int], size: int = 256) -> Iterator[Sequence[int]]:
    for start in range(0, len(people), size):
        yield people[start : start + size]


def scored(
    asked: Task, score: Callable[[Sequence[int]], np.ndarray]
) -> Iterator[tuple[Sequence[int], np.ndarray]]:
    """The scores of all cases, batch by batch."""
    for people in batches(asked.split.cases):
        yield people, score(people)


def answer(asked: Task, kept: Mapping[str, np.ndarray], *libraries: str) -> None:
    """Write the lists and, beside them, what there is to say of the run."""
    np.savez_compressed(asked.out, **kept)
    used = resource.getrusage(resource.RUSAGE_SELF)
    asked.told |= {
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_memory_mb": round(used.ru_maxrss / 1024),
        "versions": {name: version(name) for name in libraries},
    }
    asked.out.with_suffix(".json").write_text(json.dumps(asked.told, indent=1))
