"""kill -9 in the middle of events, imports and training, again and again: nothing that was
acknowledged is lost, nothing is counted twice, and no model is half there.
"""

import random
import re
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.cli.common import intake
from foretaste.loop import Foretaste
from foretaste.online.snapshot import Snapshot
from foretaste.worker import TrainingOutcome
from serve.workspace import DEADLINE, until

from .nursery import Child, Nursery

ROUNDS = pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=pytest.mark.slow)])
SEVERAL = 10
TRIES = 5
KNOWN = 200
"""Events of the workspace."""
NEW = 60
"""Events after which another model is trained."""

Batch = list[dict[str, Any]]


def batch(name: str, size: int) -> Batch:
    return [
        {"event_id": f"{name}-{n}", "user": name, "item": f"space-{n % 12}", "kind": "click"}
        for n in range(size)
    ]


def stored(folder: Path) -> Counter[str]:
    with SqlStore(folder / STORE_FILE) as store:
        return Counter(event.event_id for _, event in store.events())


def counted(live: Snapshot) -> int:
    popularity: Any = next(one for one in live.product.experts if one.name == "popularity")
    return int(np.sum(popularity.taken))


@ROUNDS
def test_the_service(nursery: Nursery, workspace: Path, rounds: int) -> None:
    rng = random.Random(rounds)
    acknowledged: list[str] = []
    unsure: list[Batch] = []
    for turn in range(rounds):
        with nursery.start(workspace, "serve", "--port", "0") as service:
            url = f"{service.address}/v1/events"
            timer = threading.Timer(rng.uniform(0.02, 0.5), service.end)
            with httpx.Client(timeout=DEADLINE) as client:
                for number in range(10_000):
                    rows = batch(f"k{turn}-{number}", rng.choice([1, 3, 50]))
                    try:
                        answer = client.post(url, json={"events": rows})
                    except httpx.TransportError:  # killed before it said what became of them
                        unsure.append(rows)
                        break
                    assert answer.json()["accepted"] == len(rows)
                    if number == 1:  # it is at work
                        timer.start()
                    acknowledged += answer.json()["event_ids"]
            timer.join()
    found = stored(workspace)
    assert len(acknowledged) > rounds, "it was in the middle"
    assert [one for one in acknowledged if one not in found] == []
    with nursery.start(workspace, "serve", "--port", "0") as service:  # and again, to be sure
        for rows in unsure:
            answer = httpx.post(f"{service.address}/v1/events", json={"events": rows})
            told = answer.json()
            assert told["accepted"] + told["duplicates"] == len(rows)
            assert told["duplicates"] in (0, len(rows)), "a batch is there whole or not at all"
    found = stored(workspace)
    everything = KNOWN + len(acknowledged) + sum(map(len, unsure))
    assert found.total() == len(found) == everything
    with closing(Foretaste.open(workspace)) as loop:
        assert counted(loop.catch_up()) == everything


@ROUNDS
def test_an_import(nursery: Nursery, workspace: Path, rounds: int) -> None:
    lines = [f"i{n},u{n % 70},space-{n % 12},click,{1_700_000_000 + n}" for n in range(6000)]
    file = workspace.parent / "events.csv"
    file.write_text("\n".join(["event_id,user,item,kind,at", *lines]))
    rng = random.Random(rounds)
    for _ in range(rounds):
        with nursery.start(workspace, "import", "--events", str(file)) as one:
            threading.Event().wait(rng.uniform(0.05, 0.8))
            one.end()
        found = stored(workspace)
        assert found.total() == len(found) >= KNOWN
    with nursery.start(workspace, "import", "--events", str(file)) as one:
        one.wait()
        assert "events.csv" in one.log
    assert stored(workspace).total() == KNOWN + 6000


def more(loop: Foretaste, name: str) -> None:
    """Enough events for another model."""
    rows = [row for n in range(12) for row in batch(f"{name}-{n}", 5)]
    assert intake(loop).events(rows, 1_700_500_000.0).accepted == NEW


def worked(nursery: Nursery, workspace: Path) -> float:
    """A worker that is left alone judges a model. → seconds it took."""
    began = time.monotonic()
    with nursery.start(workspace, "worker", "--now") as worker:
        worker.wait()
        assert re.search("default: (promoted|refused)", worker.log), worker.log
    return time.monotonic() - began


@ROUNDS
def test_the_worker(nursery: Nursery, workspace: Path, rounds: int) -> None:
    """Each is killed at another moment of its work: as it waits for the lock of the one before,
    reads, trains, writes, compares or promotes.
    """
    rng = random.Random(rounds)
    with SqlStore(workspace / STORE_FILE) as store, closing(Foretaste.open(workspace)) as loop:
        more(loop, "first")
        first = last = loop.models.live_name()
        expected, promoted, takes, judged = KNOWN + NEW, 0, 1.0, 0.0
        if rounds >= SEVERAL:  # how long one takes here, so that some are killed at their very end
            takes = worked(nursery, workspace)
        for turn in range(rounds):
            outcome = TrainingOutcome.last(store)
            if loop.models.live_name() != last or (outcome and outcome.at != judged):
                promoted += loop.models.live_name() != last
                last, judged = loop.models.live_name(), outcome.at if outcome else 0.0
                expected += (
                    NEW  # what it was judged by is used up, whether it was found good or not
                )
                more(loop, f"w{turn}")
            with nursery.start(workspace, "worker", "--now") as worker:
                threading.Event().wait(rng.uniform(0.05, 1.2) * takes)
                worker.end()
            outcome = TrainingOutcome.last(store)
            assert outcome is None or outcome.what != "failed", (outcome, worker.log)
            whole = [version.name for version in loop.models.versions()]
            assert loop.models.live_name() in whole
            for name in whole:
                loop.at_snapshot(name)  # checks every hash
            assert counted(loop.catch_up()) == expected
        for turn in range(TRIES):  # of so few people some candidates are rightly found worse
            if loop.models.live_name() != first:
                break
            worked(nursery, workspace)
            if loop.models.live_name() == first:
                expected += NEW
                more(loop, f"more{turn}")
        assert loop.models.live_name() != first
        assert counted(loop.catch_up()) == expected
        assert stored(workspace).total() == expected
    assert rounds < SEVERAL or 0 < promoted < rounds, "some in the middle, some at the end"


def test_two_workers_at_once(nursery: Nursery, workspace: Path) -> None:
    """The second waits; when the first is killed it goes on in its place."""

    def holder() -> str:
        with SqlStore(workspace / STORE_FILE) as store:
            return store.meta_text("lock:worker") or ""

    def at_work(one: Child) -> bool:
        return f'"process": {one.pid},' in holder()

    with nursery.start(workspace, "worker") as first:
        until(lambda: at_work(first), "the first at work")
        with nursery.start(workspace, "worker") as second:
            until(lambda: "another worker is at work" in second.log, "the second waiting")
            assert f"(process {first.pid} on" in second.log
            assert at_work(first)
            first.end()
            until(lambda: at_work(second), "the second in its place")
            assert "gives no sign of life; its lock is taken over" in second.log
