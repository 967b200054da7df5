"""In: the folder of a workspace. Out: a `foretaste worker` beside the service while it runs.

A process of its own, so that a training never holds the interpreter that answers. It ends when the
service does, also when that is killed: its stdin is a pipe from here, which then closes.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger("foretaste.serve")

WORKER_PROGRAM = "from foretaste.cli.main import main; main()"
FIRST_RESTART_SECONDS, MAX_RESTART_SECONDS = 1.0, 300.0
"""Seconds before one that ended is started again, doubled each time."""
STABLE_SECONDS = 60.0
"""Seconds after which one counts as having started well."""
TERMINATE_SECONDS = 20.0


class WorkerProcess:
    """Starts the worker, and starts it again when it ends."""

    def __init__(self, folder: Path) -> None:
        arguments = ["worker", "--tied", "--workspace", str(folder)]
        self._command = [sys.executable, "-c", WORKER_PROGRAM, *arguments]
        self._stop_event = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run_and_restart, name="trainer", daemon=True)

    def start(self) -> None:
        """In a thread of its own."""
        self._thread.start()

    @property
    def process_id(self) -> int | None:
        """The number of the process, while there is one."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End it."""
        self._stop_event.set()
        deadline = time.monotonic() + TERMINATE_SECONDS
        while self._thread.is_alive():  # it may be starting one this very moment
            process = self._process
            if process is not None:
                process.terminate() if time.monotonic() < deadline else process.kill()
            self._thread.join(0.2)

    def _run_and_restart(self) -> None:
        restart_seconds = FIRST_RESTART_SECONDS
        while not self._stop_event.is_set():
            start_time = time.monotonic()
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
            exit_code = self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None
            if self._stop_event.is_set():
                return
            restart_seconds = (
                FIRST_RESTART_SECONDS
                if time.monotonic() > start_time + STABLE_SECONDS
                else min(2 * restart_seconds, MAX_RESTART_SECONDS)
            )
            log.error(
                "the worker ended with %d; it is started again in %.0f s",
                exit_code,
                restart_seconds,
            )
            self._stop_event.wait(restart_seconds)


@contextmanager
def running_worker(folder: Path) -> Iterator[WorkerProcess]:
    """A worker on the folder, ended on the way out."""
    worker = WorkerProcess(folder)
    worker.start()
    try:
        yield worker
    finally:
        worker.close()
