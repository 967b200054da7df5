"""The watchdog sees what keeps an event loop, and nothing else."""

import asyncio
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from foretaste.behaviour.store import SqlStore

from .watchdog import MAX_CALLBACK_SECONDS, LoopWatchdog, measuring


def compute() -> None:
    end = time.thread_time() + 2 * MAX_CALLBACK_SECONDS
    while time.thread_time() < end:
        pass


def wait_for_an_event() -> None:
    threading.Event().wait(0)


def wait_for_a_thread() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def wait_for_a_queue() -> None:
    with pytest.raises(queue.Empty):
        queue.Queue[int]().get(timeout=0.001)


def wait_for_the_clock() -> None:
    time.sleep(0)


def stalls_of(step: Callable[[], Awaitable[object]]) -> list[str]:
    """What is said of a loop that does this, and of one beside it that nobody watches."""
    watchdog = LoopWatchdog()

    async def steps() -> None:
        await step()

    def run() -> None:
        with watchdog.watching():
            asyncio.run(steps())

    with measuring(watchdog):
        watched = threading.Thread(target=run)
        unwatched = threading.Thread(target=lambda: asyncio.run(steps()))
        for thread in (watched, unwatched):
            thread.start()
        for thread in (watched, unwatched):
            thread.join()
    return watchdog.take_stalls()


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (compute, "ms of CPU in one callback: <coroutine object stalls_of"),
        (wait_for_an_event, "another thread was waited for"),
        (wait_for_a_thread, "the end of a thread was waited for"),
        (wait_for_a_queue, "another thread was waited for"),
        (wait_for_the_clock, "the clock was waited for"),
    ],
)
def test_what_keeps_a_loop(work: Callable[[], None], reason: str) -> None:
    async def in_the_loop() -> None:
        work()

    stalls = stalls_of(in_the_loop)
    assert stalls
    assert all(reason in stall for stall in stalls)
    assert not stalls_of(lambda: run_sync(work))


def test_the_store_is_not_asked_by_a_loop(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "behaviour.db") as store:
        for ask in (store.counts, store.log_position):

            async def in_the_loop(ask: Callable[[], object] = ask) -> None:
                ask()

            assert "the store was asked" in stalls_of(in_the_loop)[0]
            assert not stalls_of(lambda ask=ask: run_sync(ask))  # type: ignore[misc]


def test_many_short_callbacks_are_none_that_is_long() -> None:
    async def in_parts() -> None:
        end = time.thread_time() + 2 * MAX_CALLBACK_SECONDS
        while time.thread_time() < end:
            await asyncio.sleep(0)

    assert not stalls_of(in_parts)
