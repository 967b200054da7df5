"""A writer on this machine. In: prompts; out: text, from a model in a process of its own.

The process that answers requests only waits for lines: it neither holds the interpreter nor a core
while the model writes, and the model's process stands back for it.
"""

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from foretaste.domain.prompt import Deadline, Prompt
from foretaste.errors import WriterError
from foretaste.language.settings import WriterSettings
from foretaste.language.weights import Weights

POLL_SECONDS = 0.1
"""Seconds after which whoever waits looks whether it was called off."""
RESTART_SECONDS = 30.0
"""Seconds after which a process that ended by itself is started again."""

MessageQueue = queue.SimpleQueue[dict[str, Any]]


class LocalWriter:
    """One model, one process, one text at a time. Started when first needed."""

    def __init__(self, weights: Weights, settings: WriterSettings, cache: Path) -> None:
        self._weights, self._settings = weights, settings
        self._cache = cache / weights.sha256[:16]
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._queues: dict[int, MessageQueue] = {}
        self._started_at = -RESTART_SECONDS
        self._is_ready = False
        self._closed = False
        self._failure: str | None = None

    @property
    def name(self) -> str:
        """The model's, without who published it."""
        return Path(self._weights.gguf or self._settings.model).name.removesuffix(".gguf")

    @property
    def fingerprint(self) -> str:
        """The weights; it writes greedily."""
        return f"local:{self._weights.sha256}"

    def start(self) -> None:
        """Start the process, unless it runs or has just failed."""
        with self._lock:
            running = self._process is not None and self._process.poll() is None
            if running or self._closed or time.monotonic() - self._started_at < RESTART_SECONDS:
                return
            self._started_at, self._is_ready, self._failure = time.monotonic(), False, None
            self._process = self._start_process()
            threading.Thread(
                target=self._listen, args=(self._process,), name="writer", daemon=True
            ).start()

    def _start_process(self) -> "subprocess.Popen[str]":
        arguments = {
            "folder": str(self._weights.path),
            "gguf": self._weights.gguf,
            "cache": str(self._cache),
            "threads": self._settings.threads,
            "niceness": self._settings.niceness,
        }
        threads = str(self._settings.threads)
        environment = {
            "OMP_NUM_THREADS": threads,
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "foretaste.language.writing_process", json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, **environment},
        )

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        """Give what the process says to whoever waits for it."""
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                message = json.loads(line)
                if "ready" in message:
                    self._is_ready = True
                elif "failed" in message:
                    self._failure = f"the writer cannot be loaded: {message['failed']}"
                elif message_queue := self._queues.get(message["id"]):
                    message_queue.put(message)
        code = process.wait()
        assert process.stdin is not None
        with suppress(OSError):  # what was still to be said has no one to hear it
            process.stdin.close()
        if process is not self._process:  # another has taken its place
            return
        self._failure = self._failure or f"the writer's process ended with code {code}"
        for message_queue in list(self._queues.values()):
            message_queue.put({"end": self._failure})

    def write(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        """The text, piece by piece."""
        self.start()
        if self._failure is not None:
            raise WriterError(self._failure)
        number, message_queue = next(self._numbers), MessageQueue()
        self._queues[number] = message_queue
        ended = False
        try:
            self._tell({"id": number, **asdict(prompt)})
            while not ended and deadline.seconds_left():
                try:
                    message = message_queue.get(
                        timeout=min(POLL_SECONDS, max(deadline.seconds_left(), 0.001))
                    )
                except queue.Empty:
                    continue
                ended = "end" in message
                if not ended:
                    yield message["piece"]
                elif message["end"] is not None:
                    raise WriterError(message["end"])
            if not ended and not deadline.cancelled:
                raise WriterError(_timeout_message(self._is_ready))
        finally:
            del self._queues[number]
            if not ended:
                self._stop(number)

    def _stop(self, number: int) -> None:
        with suppress(WriterError):  # where it is gone, so is what it was writing
            self._tell({"stop": number})

    def _tell(self, message: dict[str, Any]) -> None:
        with self._lock:
            process = self._process
            try:
                if process is None or process.stdin is None or self._closed:
                    raise WriterError("the writer is closed")
                process.stdin.write(json.dumps(message) + "\n")
                process.stdin.flush()
            except (OSError, ValueError) as error:
                raise WriterError("the writer's process is gone") from error

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is None:
            return
        process.terminate()
        process.wait()
        assert process.stdin is not None
        with suppress(OSError):  # what was still to be said has no one to hear it
            process.stdin.close()


def _timeout_message(is_ready: bool) -> str:
    return "not written in time" if is_ready else "the writer is still being loaded"
