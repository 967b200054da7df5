"""A workspace and a number of processes in; a running service, its memory and CPU time out."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import psutil

PATIENCE = 900.0
"""Seconds until it must be ready."""
IN_A_ROW = 12
"""Answers that it is ready, each on a connection of its own, so that every process was asked."""


class Served:
    """`foretaste serve` on a free port, as a program of its own."""

    def __init__(
        self,
        workspace: Path,
        *,
        workers: int,
        wait: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, self.log = f"http://127.0.0.1:{port}", workspace / "serve.log"
        program = [str(Path(sys.executable).with_name("foretaste")), "serve"]
        program += ["--workspace", str(workspace), "--port", str(port), "--workers", str(workers)]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        environment = {**os.environ, **threads, **(settings or {})}
        began = time.perf_counter()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(program, env=environment, stderr=log)
        self._of = psutil.Process(self._process.pid)
        self._wait("/readyz" if wait else "/healthz")
        self.started = time.perf_counter() - began
        """Seconds from the start of the program until every process was ready."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(60)

    def _wait(self, path: str) -> None:
        end, row = time.monotonic() + PATIENCE, 0
        while row < IN_A_ROW:
            try:
                with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                    row = row + 1 if answer.status == 200 else 0
            except (OSError, urllib.error.HTTPError):
                row = 0
                time.sleep(0.02)
            if self._process.poll() is not None or time.monotonic() > end:
                told = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the service did not become ready:\n{told}")

    def _all(self) -> list[psutil.Process]:
        return [self._of, *self._of.children(recursive=True)]

    def gigabytes(self) -> float:
        """Of memory that its processes hold, pages that they share counted once."""
        return sum(one.memory_full_info().pss for one in self._all()) / 1e9

    def cpu(self) -> float:
        """Seconds of CPU time so far."""
        times = [one.cpu_times() for one in self._all()]
        return float(sum(one.user + one.system for one in times))
