"""`foretaste worker`, as typed."""

import os
import subprocess
import sys
from pathlib import Path

from foretaste.behaviour.lock import Lock
from foretaste.behaviour.store import STORE_FILE, SqlStore

PROGRAM = "from foretaste.cli.main import main; main()"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "worker", *words, "--workspace", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "FORETASTE_WORKER__LEASE_SECONDS": "1"},
    )


def test_it_looks_once_and_a_second_one_leaves_and_says_why(trained: Path) -> None:
    with SqlStore(trained / STORE_FILE) as store, Lock(store, "worker", lease=1.0):
        second = run(trained, "--once")
    assert second.returncode == 2
    told = second.stderr.splitlines()[-1]
    assert told.startswith("error: another worker is at work on this workspace (process ")
    assert f"process {os.getpid()} on" in told
    first = run(trained, "--once")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "default: nothing is to be done\n"
    with SqlStore(trained / STORE_FILE) as store:
        assert store.meta_text("lock:worker") is None
