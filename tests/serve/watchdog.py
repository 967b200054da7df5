"""In: the thread of an event loop. Out: each callback in which the loop computed for too long, and
each wait of it for a lock, a thread, the clock or the store.

While a callback runs, nobody else is answered. What other processes and threads do to the clock
must fail no test, so nothing here is measured by the clock: computing counts in CPU time of the
loop's own thread, without the garbage collector, which counts the objects of all tests, and as a
ratio to a fixed computation of the same moment, since a core that other programs share takes more
CPU time for the same work; and a wait counts whether it was short or long.
"""

import asyncio
import gc
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from foretaste.behaviour.raw_select import RawSelect

MAX_CALLBACK_SECONDS = 0.05
"""CPU seconds of one callback of an event loop, on an idle core."""
REFERENCE_SECONDS = 0.0025
"""What the reference computation takes on an idle core."""


def slowdown() -> float:
    """How many times longer than on an idle core this thread computes at the moment; at least 1."""
    start = time.thread_time()
    sum(number * number for number in range(50_000))
    return max(1.0, (time.thread_time() - start) / REFERENCE_SECONDS)


class LoopWatchdog:
    """Watches the event loops of some threads; used as a context for all of them."""

    def __init__(self) -> None:
        self._threads: dict[int, Any] = {}  # thread of a loop → the callback that runs in it
        self._collecting: dict[int, tuple[float, float]] = {}  # → when it began, how much so far
        self._stalls: list[str] = []

    def take_stalls(self) -> list[str]:
        """What has kept a loop since this was last asked."""
        stalls, self._stalls = self._stalls, []
        return stalls

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The event loop that this thread runs is watched."""
        thread = threading.get_ident()
        self._threads[thread], self._collecting[thread] = None, (0.0, 0.0)
        try:
            yield
        finally:
            del self._threads[thread], self._collecting[thread]

    def run(self, handle: Any, run: Callable[[Any], None]) -> None:
        """Run a callback, and say if it took too long."""
        thread = threading.get_ident()
        if thread not in self._threads:
            run(handle)
            return
        self._threads[thread] = callback = handle._callback
        collected, start = self._collecting[thread][1], time.thread_time()
        try:
            run(handle)
        finally:
            seconds = time.thread_time() - start - (self._collecting[thread][1] - collected)
            self._threads[thread] = None
            if seconds > MAX_CALLBACK_SECONDS and seconds > MAX_CALLBACK_SECONDS * slowdown():
                self._stalls.append(
                    f"{1000 * seconds:.0f} ms of CPU in one callback: {_description(callback)}"
                )

    def note_wait(self, reason: str) -> None:
        """Something that may take long is begun in this thread."""
        callback = self._threads.get(threading.get_ident())
        if callback is not None:
            stack = traceback.extract_stack()[:-2]
            if not any(_may_wait(frame) for frame in stack[-2:]):
                lines = "".join(traceback.format_list(stack[-8:]))
                self._stalls.append(f"{reason} in {_description(callback)}\n{lines}")

    def note_collection(self, phase: str, _: object) -> None:
        """The garbage collector begins or ends in this thread."""
        thread = threading.get_ident()
        if thread in self._collecting:
            start, seconds = self._collecting[thread]
            now = time.thread_time()
            self._collecting[thread] = (
                (now, seconds) if phase == "start" else (now, seconds + now - start)
            )


def _may_wait(frame: traceback.FrameSummary) -> bool:
    """The loop's own end, and whoever starts a thread, for a moment."""
    starts_thread = frame.filename == threading.__file__ and frame.name == "start"
    return starts_thread or "/asyncio/" in frame.filename


def _description(callback: Any) -> str:
    """A callback, and of a coroutine where it goes on."""
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return repr(callback)
    coroutine: Any = task.get_coro()
    places = [repr(coroutine)]
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        places.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
        coroutine = coroutine.cr_await
    return "\n  ".join(places)


WATCHDOG = LoopWatchdog()
"""That of the tests of this process."""


@contextmanager
def measuring(watchdog: LoopWatchdog) -> Iterator[None]:
    """It is told what happens in this process."""
    run = asyncio.events.Handle._run

    def waiting(reason: str, wait: Callable[..., Any]) -> Callable[..., Any]:
        def wait_and_note(*arguments: Any, **options: Any) -> Any:
            watchdog.note_wait(reason)
            return wait(*arguments, **options)

        return wait_and_note

    def note_query(*_: object) -> None:
        watchdog.note_wait("the store was asked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.events.Handle, "_run", lambda handle: watchdog.run(handle, run))
        for owner, name, reason in (
            (threading.Condition, "wait", "another thread was waited for"),
            (threading.Thread, "join", "the end of a thread was waited for"),
            (time, "sleep", "the clock was waited for"),
            (RawSelect, "__call__", "the store was asked"),
        ):
            patch.setattr(owner, name, waiting(reason, getattr(owner, name)))
        gc.callbacks.append(watchdog.note_collection)
        sa.event.listen(sa.Engine, "before_cursor_execute", note_query)
        try:
            yield
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", note_query)
            gc.callbacks.remove(watchdog.note_collection)
