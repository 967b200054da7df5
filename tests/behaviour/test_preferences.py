"""What a person changed is kept, follows them to every device, and is nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import IDENTIFY, Event
from foretaste.domain.preference import Change


def boost(value: str, nats: float = 1.0, at: float = 1.0) -> Change:
    return Change(f"genre: {value}", {"genre": value}, "boost", nats, value, at)


def names(store: SqlStore, user: str | None, session: str | None = None) -> list[str]:
    return [one.name.removeprefix("genre: ") for one in store.changes(user, session)]


class SteeringContract:
    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as store:
            yield store

    def test_the_same_again(self, store: SqlStore, url: str | Path) -> None:
        odd = Change("id: é", {"id": ["é", "\n"], "not": {"a": 1}}, "only", 0.0, None, 2.5)
        store.put_changes("ann", None, [boost("war", -2.25), odd])
        with SqlStore(url) as other:
            assert other.changes("ann", None) == (boost("war", -2.25), odd)
        assert store.changes("bob", None) == store.changes(None, "ann") == ()
        assert store.changes(None, None) == ()

    def test_one_of_a_name_and_those_taken_out(self, store: SqlStore) -> None:
        store.put_changes("ann", None, [boost("war"), boost("odd")])
        store.put_changes("ann", None, [boost("war", 3.0)], ["genre: odd", "genre: never was"])
        assert store.changes("ann", None) == (boost("war", 3.0),)
        store.put_changes("ann", None, [boost("new")], None)
        assert names(store, "ann") == ["new"]

    def test_a_session_becomes_a_user(self, store: SqlStore) -> None:
        store.put_changes(None, "tv", [boost("war", 1.0, at=5), boost("odd", at=6)])
        store.put_changes("ann", None, [boost("war", -1.0, at=4)])
        assert names(store, "ann") == ["war"]
        assert names(store, "ann", "tv") == ["war", "odd"]
        store.identify("tv", "ann", 7.0)
        for who in (("ann", None), (None, "tv"), ("ann", "phone")):
            assert [one.nats for one in store.changes(*who)] == [1.0, 1.0], who  # the later holds
        store.put_changes(None, "tv", [boost("war", 2.0, at=8)], ["genre: odd"])
        assert store.changes("ann", None) == (boost("war", 2.0, at=8),)

    def test_an_event_that_identifies_does_as_well(self, store: SqlStore) -> None:
        store.put_changes(None, "tv", [boost("war")])
        store.add_events([Event("e", IDENTIFY, 1.0, user="ann", session="tv")])
        assert names(store, "ann") == ["war"]

    def test_on_a_shared_device_each_has_their_own(self, store: SqlStore) -> None:
        store.put_changes(None, "tv", [boost("before")])
        store.identify("tv", "ann", 1.0)
        store.put_changes(None, "tv", [boost("hers")])
        store.identify("tv", "bob", 2.0)
        store.put_changes(None, "tv", [boost("his")])
        assert names(store, "ann") == ["before", "hers"]
        assert names(store, "bob") == ["his"]
        store.put_changes("bob", None, [], None)
        assert names(store, "ann") == ["before", "hers"]


class TestSqlite(SteeringContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgres(SteeringContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres
