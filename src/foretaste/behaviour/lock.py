"""In: a store and a name. Out: a lock on that name for one process among all that share the store.

It is a small text in the store that its holder changes every few seconds. Whoever wants it watches
the text: one that does not change for a whole lease belongs to a process that is gone, killed or
cut off, and may be taken over. Only durations on the watcher's own clock count, so neither a clock
that steps back nor two machines that disagree about the time can lock anybody out or let two in.
"""

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Self

from foretaste.domain.store import FactStore
from foretaste.errors import Busy, StoreError

log = logging.getLogger(__name__)

LEASE = 30.0
"""Seconds without a sign of life after which a holder is taken to be gone."""
BEATS = 5
"""Signs of life in a lease."""


class Lock:
    """Held by at most one process at a time. Use it in a `with`, or `take` and `release` it."""

    def __init__(
        self,
        store: FactStore,
        name: str,
        *,
        lease: float = LEASE,
        wait: bool = True,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._name = store, f"lock:{name}"
        self._what, self._lease, self._wait, self._ticks = name, lease, wait, ticks
        self._text: str | None = None
        self._seen_alive = 0.0  # when the store last confirmed that it is ours
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def held(self) -> bool:
        """Whether nobody else can have it."""
        return self._text is not None and self._ticks() < self._seen_alive + self._lease

    def take(self) -> None:
        """Wait for it, or raise Busy where waiting is not wanted and its holder is alive."""
        seen: str | None = None
        since = self._ticks()
        told = False
        while True:
            there = self._store.fact(self._name)
            if there is None or (there == seen and self._ticks() - since > self._lease):
                if there is not None:
                    log.warning("%s gives no sign of life; its lock is taken over", _who(there))
                if self._swap(there, _text()):
                    break
                continue
            if there != seen:
                if seen is not None and not self._wait:
                    raise Busy(self._busy(there))
                seen, since = there, self._ticks()
                if self._wait and not told:
                    log.info("%s; waiting for it", self._busy(there))
                    told = True
            self._ended.wait(self._lease / BEATS / 2)
        self._ended.clear()
        self._thread = threading.Thread(target=self._beat, name="lock", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Let somebody else have it."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        text, self._text, self._thread = self._text, None, None
        if text is None:
            return
        try:
            self._store.swap_fact(self._name, text, None)
        except StoreError as error:  # it runs out by itself
            log.warning("the lock could not be released: %s", error)

    def _busy(self, text: str) -> str:
        return f"another {self._what} is at work on this workspace ({_who(text)})"

    def _swap(self, before: str | None, after: str) -> bool:
        began = self._ticks()
        if not self._store.swap_fact(self._name, before, after):
            return False
        self._text, self._seen_alive = after, began
        return True

    def _beat(self) -> None:
        while not self._ended.wait(self._lease / BEATS):
            try:
                if not self._swap(self._text, _text(self._text)):
                    log.error("the lock was taken over: this process gave no sign of life")
                    self._text = None
                    return
            except StoreError as error:  # it may come back within the lease
                log.warning("the lock cannot be renewed: %s", error)


def _text(before: str | None = None) -> str:
    """What stands in the store: never the same twice."""
    told: dict[str, Any] = json.loads(before) if before else {}
    mine = {"host": socket.gethostname(), "process": os.getpid(), "id": uuid.uuid4().hex}
    return json.dumps({**mine, **told, "beat": int(told.get("beat", 0)) + 1})


def _who(text: str) -> str:
    try:
        told = json.loads(text)
        return f"process {told['process']} on {told['host']}"
    except (ValueError, KeyError, TypeError):
        return "unknown"
