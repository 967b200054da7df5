"""`foretaste worker`, as typed."""

import os
from pathlib import Path

from faults.nursery import Nursery
from foretaste.behaviour.lock import Lock
from foretaste.behaviour.store import STORE_FILE, SqlStore


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
