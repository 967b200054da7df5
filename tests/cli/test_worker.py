"""`foretaste worker`, as typed."""

import os
import signal
from pathlib import Path

from faults.nursery import Nursery
from foretaste.behaviour.lock import Lock
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Event
from foretaste.worker import PLAN_FACT, TrainingOutcome
from serve.workspace import until


def test_it_looks_once_and_a_second_one_leaves_and_says_why(
    nursery: Nursery, trained: Path
) -> None:
    with (trained / "foretaste.toml").open("a") as file:
        file.write("[worker]\nlease_seconds = 1\n")
    with (
        SqlStore(trained / STORE_FILE) as store,
        Lock(store, "worker", lease=1.0),
        nursery.start(trained, "worker", "--once") as second,
    ):
        assert second.wait() == 2
    error = second.log.splitlines()[-1]
    assert error.startswith("error: another worker is at work on this workspace (process ")
    assert f"process {os.getpid()} on" in error
    with nursery.start(trained, "worker", "--once") as first:
        assert first.wait() == 0
    assert first.log == "default: nothing is to be done\n"
    with SqlStore(trained / STORE_FILE) as store:
        assert store.meta_text("lock:worker") is None


def test_a_training_that_is_stopped_did_not_fail_and_is_gone_on_with(
    nursery: Nursery, trained: Path
) -> None:
    """As at every restart of its machine."""
    with (trained / "foretaste.toml").open("a") as file:
        file.write("[worker]\nmin_compared_events = 10\n")
    settings = (trained / "foretaste.toml").read_text()
    endless = settings.replace("epochs = 2", "epochs = 100000\npatience = 100000")
    assert endless != settings
    (trained / "foretaste.toml").write_text(endless)
    with SqlStore(trained / STORE_FILE) as store:
        rows = [
            Event(f"new{n}", "click", 1_800_000_000.0 + n, user=f"n{n % 5}", item=f"space-{n % 10}")
            for n in range(30)
        ]
        store.add_events(rows)
        with nursery.start(trained, "worker", "--once", "--now") as stopped:
            until(lambda: "epoch" in stopped.log, "a training under way")
            assert stopped.end(signal.SIGTERM) == 0
        assert "failed" not in stopped.log
        assert TrainingOutcome.last(store) is None
        assert store.meta_text(PLAN_FACT) is not None
        assert store.meta_text("lock:worker") is None
