"""One process at a time, on both stores; and a holder that is gone holds nobody up."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.nursery import Nursery
from foretaste.behaviour.lock import Lock
from foretaste.behaviour.store import SqlStore
from foretaste.errors import Busy

LEASE = 0.4


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'behaviour.db'}"
    return str(request.getfixturevalue("empty_postgres"))


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with SqlStore(url) as opened:
        yield opened


def lock(store: SqlStore, *, wait: bool = False) -> Lock:
    return Lock(store, "worker", lease=LEASE, wait=wait)


def test_the_second_is_told_who_has_it_and_gets_it_afterwards(store: SqlStore, url: str) -> None:
    with SqlStore(url) as other:
        with lock(store) as first:
            assert first.is_held
            with pytest.raises(Busy, match=r"another worker is at work .*\(process \d+ on "):
                lock(other).acquire()
            assert first.is_held
        with lock(other) as second:
            assert second.is_held
            assert not first.is_held


def test_the_second_waits_where_it_may(store: SqlStore, url: str) -> None:
    order: list[str] = []
    with SqlStore(url) as other:
        first = lock(store)
        first.acquire()

        def second() -> None:
            with lock(other, wait=True):
                order.append("second")

        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(2 * LEASE)  # longer than the lease: signs of life keep it
        order.append("first")
        first.release()
        waiting.join()
    assert order == ["first", "second"]


def test_of_many_at_once_one_has_it(store: SqlStore) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with lock(store, wait=True):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


DYING = """
import os, signal, sys
from foretaste.behaviour.lock import Lock
from foretaste.behaviour.store import SqlStore
Lock(SqlStore(sys.argv[1]), "worker", lease=0.5).acquire()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_one_that_was_killed_does_not_block_for_ever(
    nursery: Nursery, store: SqlStore, url: str
) -> None:
    assert nursery.run_script(DYING, url).returncode == -9
    assert store.meta_text("lock:worker") is not None, "it died with the lock"
    with lock(store) as mine:
        assert mine.is_held


def test_who_lost_it_knows(store: SqlStore) -> None:
    with lock(store) as mine:
        store.put_meta_text("lock:worker", '{"process": 1, "host": "elsewhere", "beat": 1}')
        while mine.is_held:
            threading.Event().wait(0.02)
    assert "elsewhere" in (store.meta_text("lock:worker") or ""), "what is another's is left alone"


def test_only_what_is_there_is_swapped(store: SqlStore) -> None:
    assert not store.swap_meta_text("a", "x", "y")
    assert store.swap_meta_text("a", None, "x")
    assert not store.swap_meta_text("a", None, "y")
    assert store.meta_text("a") == "x"
    assert store.swap_meta_text("a", "x", None)
    assert store.meta_text("a") is None


class Clock:
    """Of a process; while it is stopped nothing of it runs."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_that_ran_out_while_nobody_wanted_it_is_renewed(store: SqlStore) -> None:
    """As for a process that was given no CPU."""
    clock = Clock()
    with Lock(store, "worker", lease=3600.0, ticks=clock) as held:
        clock.now += 3601.0
        assert not held.is_held
        assert held.confirm()
        clock.now += 3599.0
        assert held.is_held


def test_a_lease_that_ran_out_and_was_taken_over_is_lost(store: SqlStore) -> None:
    clock = Clock()
    with Lock(store, "worker", lease=3600.0, ticks=clock) as held:
        clock.now += 3601.0
        store.put_meta_text("lock:worker", '{"process": 1, "host": "other", "beat": 1}')
        assert not held.confirm()
        assert not held.confirm()
    assert store.meta_text("lock:worker"), "it is the other's"
