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

PROGRAM = "from foretaste.cli.main import main; main()"
FIRST, LONGEST = 1.0, 300.0
"""Seconds before one that ended is started again, doubled each time."""
STEADY = 60.0
"""Seconds after which one counts as having started well."""
GRACE = 20.0


class Trainer:
    """Starts the worker, and starts it again when it ends."""

    def __init__(self, folder: Path) -> None:
        words = ["worker", "--tied", "--workspace", str(folder)]
        self._command = [sys.executable, "-c", PROGRAM, *words]
        self._ended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="trainer", daemon=True)

    def start(self) -> None:
        """In a thread of its own."""
        self._thread.start()

    @property
    def process(self) -> int | None:
        """The number of the process, while there is one."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End it."""
        self._ended.set()
        patience = time.monotonic() + GRACE
        while self._thread.is_alive():  # it may be starting one this very moment
            process = self._process
            if process is not None:
                process.terminate() if time.monotonic() < patience else process.kill()
            self._thread.join(0.2)

    def _keep(self) -> None:
        pause = FIRST
        while not self._ended.is_set():
            began = time.monotonic()
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
            code = self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None
            if self._ended.is_set():
                return
            pause = FIRST if time.monotonic() > began + STEADY else min(2 * pause, LONGEST)
            log.error("the worker ended with %d; it is started again in %.0f s", code, pause)
            self._ended.wait(pause)


@contextmanager
def trainer(folder: Path) -> Iterator[Trainer]:
    """A worker on the folder, ended on the way out."""
    one = Trainer(folder)
    one.start()
    try:
        yield one
    finally:
        one.close()
