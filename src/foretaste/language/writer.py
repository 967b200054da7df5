"""The writer, put together. In: settings and a folder for caches; out: a `Writer`, or None.

Whichever it is, no more than so many texts are written and wait at once, and what was written is
kept in memory under the hash of the prompt and of who wrote it. Nothing of it goes to disk: a text
is about a person, and is theirs to have erased.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from foretaste.domain.ports import Writer
from foretaste.domain.prompt import Deadline, Prompt
from foretaste.errors import MissingExtra, WriterError
from foretaste.language.endpoint_writer import EndpointWriter
from foretaste.language.local_writer import LocalWriter
from foretaste.language.settings import WriterSettings
from foretaste.language.weights import resolve_weights

POLL_SECONDS = 0.1
"""Seconds after which whoever waits looks whether it was called off."""


def open_writer(settings: WriterSettings, cache: Path) -> Writer | None:
    """Who writes by these settings; None where templates alone do. Loaded when first needed.

    Raises:
        WeightsError: no weights, or not the pinned ones.
        MissingExtra: what `foretaste[llm]` brings is not there.

    """
    if settings.kind == "template":
        return None
    if settings.kind == "endpoint":
        return BoundedWriter(EndpointWriter(settings), settings, settings.concurrency)
    weights = resolve_weights(
        settings.model,
        settings.revision,
        settings.sha256,
        setting="language.writer.model",
        gguf=True,
    )
    if weights.gguf and find_spec("gguf") is None:
        raise MissingExtra("gguf, which reads these weights,", "llm")
    return BoundedWriter(LocalWriter(weights, settings, cache / "writers"), settings, 1)


class BoundedWriter:
    """A writer with a bound on what it does at once, and a memory."""

    def __init__(self, writer: Writer, settings: WriterSettings, at_once: int) -> None:
        self._writer, self._max_cached_texts, self._max_waiting = (
            writer,
            settings.max_cached_texts,
            settings.max_waiting_texts,
        )
        self._slots = threading.Semaphore(at_once)
        self._waiting = 0
        self._cached_texts: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The writer's."""
        return self._writer.name

    @property
    def fingerprint(self) -> str:
        """The writer's."""
        return self._writer.fingerprint

    def start(self) -> None:
        """Begin to load."""
        self._writer.start()

    def write(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        """The text, at once where it is known."""
        key = self._key(prompt)
        with self._lock:
            cached_text = self._cached_texts.get(key)
            if cached_text is not None:
                self._cached_texts.move_to_end(key)
        if cached_text is not None:
            yield cached_text
            return
        if not self._acquire_slot(deadline):
            return
        try:
            pieces = []
            for piece in self._writer.write(prompt, deadline):
                pieces.append(piece)
                yield piece
        finally:
            self._slots.release()
        if not prompt.private and not deadline.cancelled:
            self._cache_text(key, "".join(pieces))

    def _acquire_slot(self, deadline: Deadline) -> bool:
        """Wait for a place. → False where it was called off."""
        if self._slots.acquire(blocking=False):
            return True
        with self._lock:
            if self._waiting >= self._max_waiting:
                raise WriterError("too many texts are waiting to be written")
            self._waiting += 1
        try:
            while seconds_left := deadline.seconds_left():
                if self._slots.acquire(timeout=min(POLL_SECONDS, seconds_left)):
                    return True
        finally:
            with self._lock:
                self._waiting -= 1
        if deadline.cancelled:
            return False
        raise WriterError("others' texts took all the time")

    def _cache_text(self, key: bytes, text: str) -> None:
        with self._lock:
            self._cached_texts[key] = text
            while len(self._cached_texts) > self._max_cached_texts:
                self._cached_texts.popitem(last=False)

    def _key(self, prompt: Prompt) -> bytes:
        key_text = repr(
            (self.fingerprint, prompt.messages, prompt.tokens, prompt.names, prompt.words)
        )
        return blake2b(key_text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def close(self) -> None:
        """Forget, and let go of the writer."""
        with self._lock:
            self._cached_texts.clear()
        self._writer.close()
