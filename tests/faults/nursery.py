"""`foretaste` in processes of their own, many in a row: one process imports everything once, and
each command is a fork of it. So a service that is killed is up again in a moment.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from serve.workspace import until

PROGRAM = """
import json, os, signal, sys, traceback
import uvicorn, torch, transformers, sklearn.feature_extraction.text
import foretaste.workspace.backup, foretaste.cli.progress, foretaste.cli.main
import foretaste.language.encoder, foretaste.loop
import foretaste.serve.app, foretaste.serve.run, foretaste.worker

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("here", flush=True)
for line in sys.stdin:
    words, log, script = json.loads(line)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        to = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for number in (1, 2):
            os.dup2(to, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.argv = ["foretaste", *words]
        try:
            exec(script, {}) if script else foretaste.cli.main.main()
        except SystemExit as ended:
            print("ended with", ended.code, flush=True)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    print(child, flush=True)
"""


@dataclass
class Child:
    """One command that runs."""

    pid: int
    said: Path

    @property
    def log(self) -> str:
        """What it has written."""
        return self.said.read_text(errors="replace") if self.said.exists() else ""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return psutil.pid_exists(self.pid)

    @property
    def address(self) -> str:
        """Where it listens, once it does."""
        found: list[str] = []

        def listening() -> bool:
            found[:] = re.findall(r"http://127\.0\.0\.1:\d+", self.log)
            assert found or self.alive, self.log
            return bool(found)

        until(listening, "listening")
        return found[0]

    def end(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal and wait for its end."""
        if self.alive:
            os.kill(self.pid, number)
        self.wait()

    def wait(self) -> None:
        """Until it has ended."""
        until(lambda: not self.alive, "the end of a command")


class Nursery:
    """Where they come from."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._parent = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "here"

    def start(self, workspace: Path, *words: str) -> AbstractContextManager[Child]:
        """`foretaste` with these words on a workspace; killed at the end."""
        return self._start([*words, "--workspace", str(workspace)])

    def start_script(self, script: str, *words: object) -> AbstractContextManager[Child]:
        """Python that finds these words after the first in `sys.argv`; killed at the end."""
        return self._start([str(word) for word in words], script)

    @contextmanager
    def _start(self, words: list[str], script: str = "") -> Iterator[Child]:
        self._count += 1
        said = self._folder / f"{self._count}.log"
        line = json.dumps([words, str(said), script])
        assert self._parent.stdin is not None
        self._parent.stdin.write(line + "\n")
        self._parent.stdin.flush()
        child = Child(int(self._read()), said)
        try:
            yield child
        finally:
            child.end()

    def close(self) -> None:
        """No more of them."""
        for stream in (self._parent.stdin, self._parent.stdout):
            assert stream is not None
            stream.close()
        self._parent.kill()
        self._parent.wait()

    def _read(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline().strip()
