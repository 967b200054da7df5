"""What two workers of a Ray cluster gain over one process that is held to one core.

`python -m benchmarks.shared_work --workspace DIR`: a workspace whose items have been read, such as
one of Amazon Beauty after `foretaste import` and `train`, of which nothing is changed. Two works,
each in a process of its own, from when all have loaded what they need to the result: texts that
nobody has read, made of the titles of its items; and epochs of the sequence network on its events.
`load` is what the system says of how many others compute when a step begins. Two processes that
do all of it at once say what the machine has to give: two cores may share caches, memory and power.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables import keep_result, show
from foretaste.cluster.ray_cluster import RayCluster, engaged
from foretaste.cluster.settings import RaySettings
from foretaste.domain.order_charges import articles_of
from foretaste.domain.ports import no_progress
from foretaste.language.open import open_encoder
from foretaste.loop import Foretaste
from foretaste.model.sequence_training import train_network
from foretaste.training.candidate import split_to_serve, training_of

WORKERS, CLUSTER = 2, "cluster"
WARM_UP_TEXTS = 512
PROTOCOL = (
    "one process held to one core against two workers of a Ray cluster on the same machine; "
    "seconds of the clock from when all have loaded what they need"
)


def made_up_texts(workspace: Path, count: int) -> list[str]:
    """Titles of its items, each with another's last words."""
    loop = Foretaste.open(workspace)
    titles = [item.reading() for _, item in loop.store.items()]
    loop.close()
    rng = np.random.default_rng(0)
    texts = dict[str, None]()
    while len(texts) < count:
        first, second = (titles[place].split() for place in rng.integers(len(titles), size=2))
        texts[" ".join([*first[:6], *second[-4:]])] = None
    return list(texts)[:count]


def read(cluster: RayCluster | None, workspace: Path, count: int) -> dict[str, Any]:
    """Read texts into an empty cache."""
    texts = made_up_texts(workspace, count + WARM_UP_TEXTS)
    loop = Foretaste.open(workspace)
    settings = loop.config.language
    loop.close()
    with tempfile.TemporaryDirectory() as folder:
        encoder = open_encoder(settings, Path(folder), cluster)
        encoder.encode(texts[count:])
        begun = time.perf_counter()
        encoder.encode(texts[:count])
        seconds = time.perf_counter() - begun
    return {"seconds": seconds}


def train(cluster: RayCluster | None, workspace: Path, epochs: int) -> dict[str, Any]:
    """Train the network for some epochs."""
    loop = Foretaste.open(workspace)
    items = articles_of(loop.store.items())
    split = partial(split_to_serve, loop.config)
    encoded_data = loop.data_encoder.encode_split(loop.interactions(items)[0], items, split)
    training = replace(
        training_of(loop, encoded_data),
        progress=no_progress,
        checkpoint_folder=None,
        cluster=cluster,
    )
    loop.close()
    sequence = training.settings.sequence.model_copy(update={"epochs": epochs, "device": "cpu"})
    settings = training.settings.model_copy(update={"sequence": sequence})
    begun = time.perf_counter()
    train_network(replace(training, settings=settings))
    return {"seconds": time.perf_counter() - begun}


def step(work: str, executor: str, workspace: Path, size: int) -> dict[str, Any]:
    """One measurement, in this process: by a cluster, or held to the core of a number."""
    load = os.getloadavg()[0]
    cluster = None
    if executor == CLUSTER:
        cluster = RayCluster(RaySettings(address="local", workers=WORKERS))
        assert len(list(cluster.map(os.getpid, _load, range(WORKERS)))) == WORKERS
    else:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[int(executor)]})
    with engaged(cluster) if cluster else nullcontext():
        row = {"read": read, "train": train}[work](cluster, workspace, size)
    return row | {"load": load}


def _load(pid: int, part: int) -> int:
    """What takes seconds to import, in each worker."""
    import foretaste.language.encoder
    import foretaste.model.sequence_training  # noqa: F401

    return part


def measured(work: str, workspace: Path, size: int) -> list[dict[str, Any]]:
    """Alone, shared, and twice at once by processes that know nothing of each other, which is what
    the machine has to give. Each process begins from nothing.
    """
    name = f"{size:,} texts" if work == "read" else f"{size} epochs"
    rows = []
    for by, executors in (
        ("one core", ("0",)),
        ("two workers", (CLUSTER,)),
        ("two processes, each all of it", ("0", "1")),
    ):
        programs = [_started(work, executor, workspace, size) for executor in executors]
        figures = [json.loads(_output(program).splitlines()[-1]) for program in programs]
        slowest = max(figures, key=lambda figure: float(figure["seconds"]))
        rows.append({"work": name, "by": by, "times": len(executors)} | slowest)
        print(rows[-1], flush=True)
    for row in rows:
        row["speedup"] = row["times"] * rows[0]["seconds"] / row["seconds"]
    return rows


def _started(work: str, executor: str, workspace: Path, size: int) -> "subprocess.Popen[bytes]":
    program = [sys.executable, "-m", "benchmarks.shared_work", "--step"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"}
    return subprocess.Popen(
        [*program, work, executor, str(workspace), str(size)],
        stdout=subprocess.PIPE,
        env=environment,
    )


def _output(program: "subprocess.Popen[bytes]") -> bytes:
    output, _ = program.communicate()
    if program.returncode:
        raise subprocess.CalledProcessError(program.returncode, program.args)
    return output


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--works", nargs="+", choices=("read", "train"), default=["read", "train"])
    parser.add_argument("--step", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        work, executor, workspace, size = options.step
        print(json.dumps(step(work, executor, Path(workspace), int(size))))
        return
    for work in options.works:
        size = options.texts if work == "read" else options.epochs
        rows = measured(work, options.workspace, size)
        show(PROTOCOL, rows)
        keep_result("shared_work", work, PROTOCOL, rows)


if __name__ == "__main__":
    main()
