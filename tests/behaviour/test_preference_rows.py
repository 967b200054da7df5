"""What a person changed is kept, follows them to every device, and is nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import IDENTIFY_EVENT, Event
from foretaste.domain.preference import Preference


def boost(value: str, nats: float = 1.0, at: float = 1.0) -> Preference:
    return Preference(f"genre: {value}", {"genre": value}, "boost", nats, value, at)


def names(store: SqlStore, user: str | None, session: str | None = None) -> list[str]:
    return [one.name.removeprefix("genre: ") for one in store.preferences(user, session)]


class SteeringContract:
    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as store:
            yield store

    def test_the_same_again(self, store: SqlStore, url: str | Path) -> None:
        odd = Preference("id: é", {"id": ["é", "\n"], "not": {"a": 1}}, "only", 0.0, None, 2.5)
        store.put_preferences("ann", None, [boost("war", -2.25), odd])
        with SqlStore(url) as other:
            assert other.preferences("ann", None) == (boost("war", -2.25), odd)
        assert store.preferences("bob", None) == store.preferences(None, "ann") == ()
        assert store.preferences(None, None) == ()

    def test_one_of_a_name_and_those_taken_out(self, store: SqlStore) -> None:
        store.put_preferences("ann", None, [boost("war"), boost("odd")])
        store.put_preferences("ann", None, [boost("war", 3.0)], ["genre: odd", "genre: never was"])
        assert store.preferences("ann", None) == (boost("war", 3.0),)
        store.put_preferences("ann", None, [boost("new")], None)
        assert names(store, "ann") == ["new"]

    def test_a_session_becomes_a_user(self, store: SqlStore) -> None:
        store.put_preferences(None, "tv", [boost("war", 1.0, at=5), boost("odd", at=6)])
        store.put_preferences("ann", None, [boost("war", -1.0, at=4)])
        assert names(store, "ann") == ["war"]
        assert names(store, "ann", "tv") == ["war", "odd"]
        store.identify("tv", "ann", 7.0)
        for who in (("ann", None), (None, "tv"), ("ann", "phone")):
            assert [one.nats for one in store.preferences(*who)] == [1.0, 1.0], (
                who
            )  # the later holds
        store.put_preferences(None, "tv", [boost("war", 2.0, at=8)], ["genre: odd"])
        assert store.preferences("ann", None) == (boost("war", 2.0, at=8),)

    def test_an_event_that_identifies_does_as_well(self, store: SqlStore) -> None:
        store.put_preferences(None, "tv", [boost("war")])
        store.add_events([Event("e", IDENTIFY_EVENT, 1.0, user="ann", session="tv")])
        assert names(store, "ann") == ["war"]

    def test_on_a_shared_device_each_has_their_own(self, store: SqlStore) -> None:
        store.put_preferences(None, "tv", [boost("before")])
        store.identify("tv", "ann", 1.0)
        store.put_preferences(None, "tv", [boost("hers")])
        store.identify("tv", "bob", 2.0)
        store.put_preferences(None, "tv", [boost("his")])
        assert names(store, "ann") == ["before", "hers"]
        assert names(store, "bob") == ["his"]
        store.put_preferences("bob", None, [], None)
        assert names(store, "ann") == ["before", "hers"]


class TestSqlite(SteeringContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgres(SteeringContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres
