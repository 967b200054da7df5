"""A peer and a split in; a row of figures out, or a row that says why there are none."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import REPOSITORY
from benchmarks.datasets import write as write_set
from benchmarks.peers.environments import OWN, Environment, Failed, call
from benchmarks.peers.judged import judged
from benchmarks.peers.known import OURS, Peer
from benchmarks.peers.split import Held
from benchmarks.quality import foretaste
from foretaste.evaluate.machine import checked_out_commit
from foretaste.evaluate.metrics import Ranks
from foretaste.evaluate.protocols import RankingResult

PROGRAMS = Path(__file__).parent / "programs"
Row = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """One data set being measured."""

    name: str
    split: Held
    keep: Path
    """A folder for environments, splits, lists and logs."""
    cap: float
    """CPU seconds after which a peer's training is stopped."""

    @property
    def folder(self) -> Path:
        return self.keep / self.name

    def peer(self, key: str, peer: Peer) -> Row:
        """Installed, run and judged; any failure becomes the row."""
        row = about(peer.title, peer.asked(self.name), peer.source)
        if self.name in peer.published:
            row["published"] = peer.published[self.name]
        log = self.folder / f"{key}.log"
        self.folder.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        try:
            python = self._python(peer.environment)
            out = self._ran(key, peer, python, log)
            told = json.loads(out.with_suffix(".json").read_text())
            if "curve" in told:
                told["curve"] = [self._point(point) for point in told["curve"]]
            return {**row, **told, **figures(judged(out, self.split))}
        except (Failed, OSError, ValueError) as error:
            return {**row, "failed": str(error)}

    def _point(self, point: Mapping[str, Any]) -> dict[str, float]:
        """Of a state on the way: its epoch, CPU seconds and the quality of its lists."""
        lists = judged(self.folder / point["lists"], self.split)
        mean = float(lists.values("ndcg@10", masked=True).mean())
        return {"epoch": point["epoch"], "cpu_seconds": point["cpu_seconds"], "ndcg@10": mean}

    def margin_over(self, key: str) -> list[float] | None:
        """How far Foretaste's masked NDCG@10 is above a peer's, paired over people: the mean and
        its 95 % interval. None where the ranks of either are not there.
        """
        path, lists = self.folder / f"{OURS}.npz", self.folder / f"{key}.npz"
        if not (path.exists() and lists.exists()):
            return None
        with np.load(path) as ranks:
            ours = RankingResult(
                self.split.people, self.split.targets, Ranks(**ranks), self.split.items
            )
        margin = ours.margin_over(
            judged(lists, self.split), "ndcg@10", np.random.default_rng(0), masked=True
        )
        return list(margin)

    def _python(self, environment: Environment) -> Path:
        if environment == OWN:
            return Path(sys.executable)
        return environment.python(self.keep / "environments")

    def _ran(self, key: str, peer: Peer, python: Path, log: Path) -> Path:
        """The file of lists."""
        out = self.folder / f"{key}.npz"
        out.unlink(missing_ok=True)
        work = self.folder / f"{key}-work"
        work.mkdir(exist_ok=True)
        words = {
            "--split": self.folder / "split",
            "--out": out,
            "--work": work,
            "--settings": json.dumps(peer.asked(self.name)),
            "--cap": self.cap,
        }
        call(
            [str(python), str(PROGRAMS / peer.program), *_flat(words)],
            log,
            doing="running",
            variables=peer.environment.variables,
            at=work,
        )
        return out

    def ours(self) -> Row:
        """Foretaste with its defaults, on the same set.

        Training is what `evaluate` reports and, on top, the reading of the items' texts, measured
        as a program of its own; `evaluate` then finds the vectors in the cache.
        """
        row = about("Foretaste", {}, "the defaults")
        try:
            with tempfile.TemporaryDirectory() as folder, whole() as used:
                events, items = write_set(self.name, Path(folder))
                workspace = ("--workspace", f"{folder}/workspace")
                foretaste(
                    "import", "--events", str(events), "--items", str(items), *workspace, seed=0
                )
                with whole() as reading:
                    reader = [sys.executable, "-m", "benchmarks.peers.reading", workspace[1]]
                    subprocess.run(reader, check=True, cwd=REPOSITORY)
                self.folder.mkdir(parents=True, exist_ok=True)
                ranks = str(self.folder / f"{OURS}.npz")
                words = [sys.executable, "-m", "benchmarks.peers.ours", workspace[1], ranks]
                done = subprocess.run(words, check=True, cwd=REPOSITORY, stdout=subprocess.PIPE)
                found = json.loads(done.stdout)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            return {**row, "failed": str(error)}
        cases, there = len(self.split.targets), (found["cases"], found["items"])
        if there != (cases, self.split.items):
            return {**row, "failed": f"another split: {there} cases and items"}
        return {
            **row,
            "train_cpu_seconds": round(found["cpu_seconds"] + reading["cpu_seconds"], 2),
            "reading_cpu_seconds": reading["cpu_seconds"],
            **used,
            "versions": {"foretaste": checked_out_commit(REPOSITORY) or "unknown"},
            "masked": found["masked"],
            "unmasked": found["unmasked"],
            "interval": found["interval"],
            "as_in_service": found["as_in_service"],
        }


def about(title: str, settings: Mapping[str, Any], source: str) -> Row:
    """What is known before anything runs."""
    return {
        "title": title,
        "settings": dict(settings),
        "source": source,
        "commit": checked_out_commit(REPOSITORY),
    }


def figures(result: RankingResult) -> Row:
    """Masked and unmasked, and the interval of the masked NDCG@10."""
    found = result.interval("ndcg@10", np.random.default_rng(0), masked=True)
    return {**result.figures(), "interval": [found.low, found.high]}


@contextmanager
def whole() -> Iterator[dict[str, float]]:
    """CPU and wall seconds of all programs that are run, and end, within."""
    told: dict[str, float] = {}
    start, clock = _children(), time.monotonic()
    yield told
    told["cpu_seconds"] = round(_children() - start, 2)
    told["wall_seconds"] = round(time.monotonic() - clock, 2)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _flat(words: Mapping[str, object]) -> list[str]:
    return [str(one) for pair in words.items() for one in pair]
