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

LEASE_SECONDS = 30.0
"""Seconds without a sign of life after which a holder is taken to be gone."""
BEATS_PER_LEASE = 5
"""Signs of life in a lease."""


class Lock:
    """Held by at most one process at a time. Use it in a `with`, or `take` and `release` it."""

    def __init__(
        self,
        store: FactStore,
        name: str,
        *,
        lease: float = LEASE_SECONDS,
        wait: bool = True,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._name = store, f"lock:{name}"
        self._role, self._lease, self._wait, self._ticks = name, lease, wait, ticks
        self._text: str | None = None
        self._confirmed_at = 0.0  # when the store last confirmed that it is ours
        self._renewal_lock = threading.Lock()
        self._stop_signal = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def is_held(self) -> bool:
        """Whether nobody else can hold it."""
        return self._text is not None and self._ticks() < self._confirmed_at + self._lease

    def confirm(self) -> bool:
        """Whether nobody else can hold it. A lease may run out though nobody wants it: a process
        that got no CPU, or whose disk was slow, gave no sign of life; so the store is asked then.
        Raises StoreError where it does not answer.
        """
        while self._text is not None and not self.is_held:
            self._renew()
        return self._text is not None

    def acquire(self) -> None:
        """Wait for it, or raise Busy where waiting is not wanted and its holder is alive."""
        last_text: str | None = None
        unchanged_since = self._ticks()
        wait_logged = False
        while True:
            current_text = self._store.meta_text(self._name)
            if current_text is None or (
                current_text == last_text and self._ticks() - unchanged_since > self._lease
            ):
                if current_text is not None:
                    log.warning(
                        "%s gives no sign of life; its lock is taken over",
                        _holder_name(current_text),
                    )
                if self._swap(current_text, _next_text()):
                    break
                continue
            if current_text != last_text:
                if last_text is not None and not self._wait:
                    raise Busy(self._busy_message(current_text))
                last_text, unchanged_since = current_text, self._ticks()
                if self._wait and not wait_logged:
                    log.info("%s; waiting for it", self._busy_message(current_text))
                    wait_logged = True
            self._stop_signal.wait(self._lease / BEATS_PER_LEASE / 2)
        self._stop_signal.clear()
        self._thread = threading.Thread(target=self._beat, name="lock", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Release it for others."""
        self._stop_signal.set()
        if self._thread is not None:
            self._thread.join()
        text, self._text, self._thread = self._text, None, None
        if text is None:
            return
        try:
            self._store.swap_meta_text(self._name, text, None)
        except StoreError as error:  # it runs out by itself
            log.warning("the lock could not be released: %s", error)

    def _busy_message(self, text: str) -> str:
        return f"another {self._role} is at work on this workspace ({_holder_name(text)})"

    def _swap(self, expected: str | None, replacement: str) -> bool:
        started_at = self._ticks()
        if not self._store.swap_meta_text(self._name, expected, replacement):
            return False
        self._text, self._confirmed_at = replacement, started_at
        return True

    def _beat(self) -> None:
        while not self._stop_signal.wait(self._lease / BEATS_PER_LEASE):
            try:
                self._renew()
            except StoreError as error:  # it may come back within the lease
                log.warning("the lock cannot be renewed: %s", error)
            if self._text is None:
                return

    def _renew(self) -> None:
        """Give a sign of life, or find out that another process has taken it over."""
        with self._renewal_lock:
            if self._text is not None and not self._swap(self._text, _next_text(self._text)):
                log.error("the lock was taken over: this process gave no sign of life")
                self._text = None


def _next_text(previous_text: str | None = None) -> str:
    """What stands in the store: never the same twice."""
    previous_fields: dict[str, Any] = json.loads(previous_text) if previous_text else {}
    own_fields = {"host": socket.gethostname(), "process": os.getpid(), "id": uuid.uuid4().hex}
    return json.dumps(
        {**own_fields, **previous_fields, "beat": int(previous_fields.get("beat", 0)) + 1}
    )


def _holder_name(text: str) -> str:
    try:
        fields = json.loads(text)
        return f"process {fields['process']} on {fields['host']}"
    except (ValueError, KeyError, TypeError):
        return "unknown"
