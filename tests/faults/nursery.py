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
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from serve.workspace import until

PROGRAM = """
import json, os, pathlib, signal, sys, traceback
import uvicorn, torch, transformers, sklearn.feature_extraction.text
import foretaste.workspace.backup, foretaste.cli.progress, foretaste.cli.main
import foretaste.language.encoder, foretaste.loop
import foretaste.serve.app, foretaste.serve.run, foretaste.worker
from foretaste.language.open import forgetful, open_encoder
from foretaste.language.settings import LanguageSettings

# whoever opens the encoder of the workspaces of tests has its weights, as in `serve.preload`
cached_encoder = open_encoder(LanguageSettings(threads=1), pathlib.Path(sys.argv[1]))
encoder = forgetful(cached_encoder)
encoder.load()
cached_encoder.close()
codes = {}


def note_ends(*_):
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if child == 0:
            return
        with open(codes[child] + ".partial", "w") as file:
            file.write(str(os.waitstatus_to_exitcode(status)))
        os.rename(codes[child] + ".partial", codes.pop(child))


def run(words, folder, streams, script):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    os.chdir(folder)
    os.dup2(os.open(streams[0], os.O_RDONLY), 0)
    sys.stdin = open(0, closefd=False)
    for number in (1, 2):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(streams[number], flags, 0o644), number)
    sys.argv = ["foretaste", *words]
    code = 1
    try:
        exec(script, {"__name__": "__main__"}) if script else foretaste.cli.main.main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


signal.signal(signal.SIGCHLD, note_ends)
print("here", flush=True)
for line in sys.stdin:
    words, folder, streams, script, code = json.loads(line)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # until it is known whose end it is
    child = os.fork()
    if child == 0:
        run(words, folder, streams, script)
    codes[child] = code
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    print(child, flush=True)
"""


@dataclass
class Child:
    """One command that runs."""

    pid: int
    said: Path
    code_file: Path

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

    def end(self, number: int = signal.SIGKILL) -> int:
        """Send it a signal and wait for its end. → its exit code."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return self.wait()

    def wait(self) -> int:
        """Until it has ended. → its exit code, as `subprocess` has it."""
        until(self.code_file.exists, "the end of a command")
        return int(self.code_file.read_text())


class Nursery:
    """Where they come from."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._parent = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "here"

    def start(self, workspace: Path, *words: str) -> AbstractContextManager[Child]:
        """`foretaste` with these words on a workspace; killed at the end."""
        return self._start([*words, "--workspace", str(workspace)], "", Path.cwd())

    def start_between(
        self, requests: Path, answers: Path, workspace: Path, *words: str
    ) -> AbstractContextManager[Child]:
        """The same between two named pipes: it reads the first, and writes into the second."""
        arguments, errors = [*words, "--workspace", str(workspace)], self._folder / "between.err"
        return self._start(arguments, "", Path.cwd(), requests, errors, answers)

    def start_script(self, script: str, *words: object) -> AbstractContextManager[Child]:
        """Python that finds these words after the first in `sys.argv`; killed at the end."""
        return self._start([str(word) for word in words], script, Path.cwd())

    def run_script(
        self, script: str, *words: object, text: str = "", folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The same to its end, with a text to read from stdin."""
        asked, errors = (self._folder / f"{self._count + 1}.{name}" for name in ("in", "err"))
        asked.write_text(text)
        arguments = [str(word) for word in words]
        with self._start(arguments, script, folder or Path.cwd(), asked, errors) as child:
            code = child.wait()
            return subprocess.CompletedProcess(arguments, code, child.log, errors.read_text())

    @contextmanager
    def _start(
        self,
        words: list[str],
        script: str,
        folder: Path,
        asked: Path = Path(os.devnull),
        errors: Path | None = None,
        answers: Path | None = None,
    ) -> Iterator[Child]:
        self._count += 1
        said, code = (self._folder / f"{self._count}.{name}" for name in ("log", "code"))
        streams = [str(path) for path in (asked, answers or said, errors or said)]
        line = json.dumps([words, str(folder), streams, script, str(code)])
        assert self._parent.stdin is not None
        self._parent.stdin.write(line + "\n")
        self._parent.stdin.flush()
        child = Child(int(self._read()), said, code)
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
