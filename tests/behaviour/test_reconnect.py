"""Writes that the database breaks off: none is lost, none is there twice, nobody waits too long."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from foretaste.behaviour import reconnect
from foretaste.behaviour.postgres import ServerOrder
from foretaste.behaviour.reconnect import until_reached
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event
from foretaste.domain.patience import LIST, Patience, patience
from foretaste.errors import StoreError

PATIENT = Patience(lock=5.0, answer=10.0, reconnect=5.0)


def clicks(*names: str) -> list[Event]:
    return [Event(name, "click", 1.0, user="u", item="i") for name in names]


def stored(store: SqlStore) -> list[str]:
    return [event.event_id for _, event in store.events()]


def once(store: SqlStore, name: str, action: Callable[[sa.Connection], None]) -> None:
    """At the next event of this name of the engine, and never again."""
    sa.event.listen(store._engine, name, action, once=True)


def end_connection(connection: sa.Connection) -> None:
    """As the server ends it when it is stopped."""
    pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
    with psycopg.connect(_address(connection.engine)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def _address(engine: sa.Engine) -> str:
    url = engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def commit_and_end(connection: sa.Connection) -> None:
    """It is stored, and the answer is lost."""
    driver_connection: Any = connection.connection.dbapi_connection
    driver_connection.commit()
    driver_connection.execute("SELECT 1")  # else there is nothing that could be lost
    end_connection(connection)


@pytest.mark.parametrize("action", [end_connection, commit_and_end])
def test_a_connection_that_is_lost_in_the_middle_of_a_commit(
    empty_postgres: str, action: Callable[[sa.Connection], None]
) -> None:
    with SqlStore(empty_postgres) as store, patience(PATIENT):
        store.add_events(clicks("before"))
        once(store, "commit", action)
        new = store.add_events(clicks("before", "amid"))
        assert new == (0 if action is commit_and_end else 1), "by then it is known"
        assert stored(store) == ["before", "amid"]


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_what_others_did_at_the_same_moment(empty_postgres: str, state: str) -> None:
    def fail(connection: sa.Connection) -> None:
        connection.exec_driver_sql(
            f"DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '{state}'; END $$"
        )

    with SqlStore(empty_postgres) as store, patience(LIST):
        once(store, "commit", fail)
        assert store.add_events(clicks("amid")) == 1
        assert stored(store) == ["amid"]


def test_whoever_cannot_wait_is_told_at_once(empty_postgres: str) -> None:
    with SqlStore(empty_postgres) as store, patience(LIST):
        store.add_events(clicks("before"))
        once(store, "commit", end_connection)
        with pytest.raises(StoreError, match="Do the same again when it is"):
            store.add_events(clicks("amid"))
        assert store.add_events(clicks("amid")) == 1


def test_a_read_in_the_middle_of_a_write_is_done_again(empty_postgres: str) -> None:
    with SqlStore(empty_postgres) as store, patience(PATIENT):
        store.add_events(clicks("before"))
        once(store, "begin", end_connection)
        assert store.counts()["events"] == 1


def test_a_server_that_has_become_a_standby_is_left(empty_postgres: str) -> None:
    def be_standby(connection: sa.Connection) -> None:
        connection.exec_driver_sql("SET default_transaction_read_only = on")

    with SqlStore(empty_postgres) as store, patience(PATIENT):
        store.add_events(clicks("before"))
        with store._engine.begin() as connection:
            be_standby(connection)
        assert store.add_events(clicks("amid")) == 1


class Clock:
    """Time that passes only where it is slept."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_one_that_stays_away_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(reconnect, "time", clock)
    engine = sa.create_engine("postgresql+psycopg://127.0.0.1:1/none")
    asked = []

    def attempt() -> None:
        asked.append(clock.now)
        engine.connect()

    with patience(PATIENT):
        with pytest.raises(sa.exc.OperationalError):
            until_reached(engine, attempt)
        assert clock.now == pytest.approx(105.0), "as long as whoever writes can wait"
        assert len(asked) > 5
        clock.now += 60.0
        with pytest.raises(sa.exc.OperationalError):
            until_reached(engine, attempt)
        assert clock.now == pytest.approx(165.0), "it has been away for long"
        assert until_reached(engine, lambda: 1) == 1
        with pytest.raises(sa.exc.OperationalError):
            until_reached(engine, attempt)
        assert clock.now == pytest.approx(170.0), "it was back meanwhile"


def test_the_server_that_answered_last_is_asked_first(empty_postgres: str) -> None:
    order = ServerOrder()
    several = {"host": "a,b,b", "port": "1,2,3"}
    assert order.last_first(several) == several
    order._last = ("b", "3")
    assert order.last_first(several) == {"host": "b,a,b", "port": "3,1,2"}
    assert order.last_first({"host": "a,b", "port": "3"}) == {"host": "b,a", "port": "3,3"}
    assert order.last_first({"host": "a", "port": "1"}) == order.last_first({}) == {}
    with psycopg.connect(_address(sa.create_engine(empty_postgres))) as connection:
        order.note(connection)
        assert order._last == (connection.info.host, "5432")
