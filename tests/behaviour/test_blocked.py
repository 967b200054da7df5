"""A store that others write to, or that stands still, is waited for only so long, and is read all
the while: a locked SQLite, a held advisory lock, a PostgreSQL process that is stopped.
"""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from foretaste.behaviour import group_commit, writers
from foretaste.behaviour.engine import ADVISORY_LOCK_ID, store_errors, write_transaction
from foretaste.behaviour.store import SqlStore
from foretaste.behaviour.writers import WriterTurns
from foretaste.domain.data import Event, Item, LoggedRecommendation
from foretaste.domain.patience import Patience, patience
from foretaste.errors import StoreBusy, StoreError

SHORT = Patience(lock=0.05, answer=0.3)
LONG = Patience(lock=60.0, answer=60.0)
_END_OTHERS = sa.text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def event(name: str) -> Event:
    return Event(name, "view", 1.0, user="u", item="i")


@contextmanager
def written_by_another(store: SqlStore) -> Iterator[None]:
    """Another process has begun to write, and does not go on."""
    if store.url.drivername == "sqlite":
        other = sqlite3.connect(str(store.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.close()
        return
    engine = sa.create_engine(store.url)
    with engine.connect() as connection:
        taken = f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK_ID}, hashtext(current_schema()))"
        connection.execute(sa.text(taken))
        yield
    engine.dispose()


class BlockedContract:
    """What holds of every store while another process writes."""

    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as store:
            store.add_events([event("first")])
            yield store

    def test_every_write_is_given_up_and_can_be_done_again(self, store: SqlStore) -> None:
        writes: list[Callable[[], object]] = [
            lambda: store.add_events([event("second")]),
            lambda: store.put_items([Item("i")]),
            lambda: store.identify("s", "u", 1.0),
            lambda: store.erase("nobody"),
            lambda: store.put_meta_text("name", "text"),
        ]
        with written_by_another(store), patience(SHORT):
            for write in writes:
                with pytest.raises(StoreBusy, match="another process is writing"):
                    write()
            assert store.last_event_number() == 1
            assert len(store.history("u", None)) == 1
        for write in writes:
            write()
        assert store.counts()["items"] == 1

    def test_readers_have_connections_however_many_wait_to_write(self, store: SqlStore) -> None:
        """A hundred threads wait to write; one connection is enough to read."""
        with ThreadPoolExecutor(100) as pool, patience(LONG):
            with written_by_another(store):
                waiting = [
                    pool.submit(_patiently, store.put_items, [Item(f"i{n}")]) for n in range(100)
                ]
                store.add_recommendations([])
                for _ in range(20):
                    assert store.log_position() == (1, 0)
                assert not any(write.done() for write in waiting)
                assert store._engine.pool.checkedout() <= 1  # type: ignore[attr-defined]
            assert [write.result() for write in waiting] == [1] * 100
        assert store.item_count() == 100

    def test_a_batch_that_waits_behind_another_is_given_up_too(self, store: SqlStore) -> None:
        with ThreadPoolExecutor(1) as pool, written_by_another(store):
            leader = pool.submit(_patiently, store.add_events, [event("a")])
            while not store._group_commit._is_writing:
                pass
            with patience(SHORT), pytest.raises(StoreBusy, match="others are writing"):
                store.add_events([event("b")])
            assert not store._group_commit._waiting
        assert leader.result(60) == 1
        assert [e.event_id for _, e in store.events()] == ["first", "a"]


def _patiently(write: Callable[[Any], Any], rows: Any) -> Any:
    with patience(LONG):
        return write(rows)


class TestSQLite(BlockedContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(BlockedContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres

    def test_a_process_of_the_server_that_is_stopped_is_given_up(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another connection answers; what was asked of the stopped one is told to have failed. It
        rested: one that was used a moment ago is not asked before.
        """
        monkeypatch.setattr("foretaste.behaviour.connection_pool.TRUSTED_SECONDS", 0.0)  # it rested
        with patience(SHORT), _stopped(_process_of(store)):
            assert store.last_event_number() == 1, "it is found out before anything is asked"
            assert store.add_events([event("second")]) == 1
        with store._engine.connect() as connection:
            number = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            asked = patience(SHORT), pytest.raises(sa.exc.OperationalError, match="no answer")
            with _stopped(number), asked[0], asked[1]:
                connection.scalar(sa.text("SELECT 1"))
        assert store.last_event_number() == 2

    def test_lists_that_were_shown_wait_for_no_writer(self, store: SqlStore) -> None:
        """They have no numbers, and are written all the time."""
        with patience(SHORT), written_by_another(store):
            store.add_recommendations([LoggedRecommendation("shown", 1.0, "u", None, "m", {}, [])])
        assert set(store.recommendations_by_id(["shown"])) == {"shown"}

    def test_of_connections_that_were_used_a_moment_ago_one_read_fails_at_most(
        self, store: SqlStore
    ) -> None:
        """They are not asked before each use whether they are alive."""
        with ExitStack() as several:
            for _ in range(4):
                several.enter_context(store._engine.connect()).execute(sa.text("SELECT 1"))
        other = sa.create_engine(store.url)
        with other.connect() as connection:
            connection.execute(_END_OTHERS)
        other.dispose()
        outcomes = list[int]()
        with patience(Patience(lock=5.0, answer=5.0)):
            for _ in range(5):
                try:
                    outcomes.append(store.last_event_number())
                except StoreError:
                    outcomes.append(-1)
        assert outcomes == [-1, 1, 1, 1, 1]

    def test_a_writer_that_is_stopped_holds_up_no_reader(self, store: SqlStore) -> None:
        with SqlStore(store.url) as other, patience(SHORT):
            with write_transaction(other._engine) as connection:
                number = int(connection.scalar(sa.text("SELECT pg_backend_pid()")) or 0)
                with _stopped(number):
                    with pytest.raises(StoreBusy, match="lock timeout; another process"):
                        store.add_events([event("second")])
                    assert store.last_event_number() == 1
            assert store.add_events([event("second")]) == 1

    def test_a_statement_that_takes_too_long_is_given_up(self, store: SqlStore) -> None:
        with (
            patience(Patience(lock=5.0, answer=0.2)),
            pytest.raises(StoreError, match=r"too slow|no answer within"),
            store_errors(store.url),
            write_transaction(store._engine) as connection,
        ):
            connection.execute(sa.text("SELECT pg_sleep(60)"))
        assert store.add_events([event("second")]) == 1, "and nothing of it holds the lock"


def _process_of(store: SqlStore) -> int:
    with store._engine.connect() as connection:
        return int(connection.scalar(sa.text("SELECT pg_backend_pid()")) or 0)


@contextmanager
def _stopped(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_no_more_wait_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = WriterTurns(max_waiting=0)
    with pytest.raises(StoreBusy, match="0 writes are waiting"), turns.turn():
        pass
    monkeypatch.setattr(group_commit, "MAX_WAITING_BATCHES", 0)
    with pytest.raises(StoreBusy, match="send this again later"):
        group_commit.GroupCommit(lambda batches: [0])([])
    assert writers.MAX_WAITING_WRITERS > 50


def test_a_turn_comes_back_after_a_failure() -> None:
    turns = WriterTurns()
    with pytest.raises(ValueError, match="no"), turns.turn():
        raise ValueError("no")
    with patience(SHORT), turns.turn() as seconds:
        assert 0 <= seconds <= SHORT.lock
