"""What one person did, and what some did, in both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event
from foretaste.domain.store import Store


def click(event_id: str, at: float, user: str | None = None, session: str | None = None) -> Event:
    return Event(event_id, "click", at, user=user, session=session, item="i")


def ids(events: list[Event]) -> list[str]:
    return [event.event_id for event in events]


class HistoryContract:
    """What every store tells of people. A class for each database says how to open an empty one."""

    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as store:
            yield store

    def test_the_pasts_of_many_are_their_histories(self, store: Store) -> None:
        store.add_events(
            [
                click("late", 9.0, user="u"),
                click("early", 1.0, user="u"),
                click("same", 1.0, user="u", session="s"),
                click("alone", 5.0, session="s"),
                click("other", 3.0, user="v"),
                Event("found", "search", 12.5, "u", "s", value=3.25, text="t", query="red shoes"),
            ]
        )
        people = [("u", None), ("v", None), (None, "s"), ("nobody", None)]
        found = sorted(store.user_event_columns(people), key=lambda pair: pair[0])
        numbers = {event.event_id: number for number, event in store.events()}

        for user, session in people:
            wanted = {
                numbers[e.event_id]: (user, session, e.item, e.kind, e.value, e.at, e.text, e.query)
                for e in store.history(user, session)
            }
            assert {n: row for n, row in found if row[:2] == (user, session)} == wanted

    def test_a_history_is_in_time_order(self, store: Store) -> None:
        mine = [click("a", 5, "u"), click("b", 1, "u", "s1"), click("c", 3, None, "s2")]
        others = [click("d", 2, "v"), click("e", 4, "v", "s2"), click("f", 6, None, "s3")]
        store.add_events(others + mine)
        assert ids(store.history("u", None)) == ["b", "a"]
        assert ids(store.history("u", "s2")) == ["b", "c", "a"], (
            "not what v did in the same session"
        )
        assert ids(store.history(None, "s2")) == ["c", "e"]
        assert store.history("nobody", "nowhere") == []

    def test_of_a_long_history_the_newest_can_be_read_alone(self, store: Store) -> None:
        store.add_events([click(name, at, "u", "s") for at, name in enumerate("abcde")])
        assert ids(store.history("u", None, 2)) == ["d", "e"]
        assert ids(store.history(None, "s", 2)) == ["d", "e"]
        assert ids(store.history("u", "s", 3)) == ["c", "d", "e"]
        store.add_events([click("f", 5, None, "own"), click("g", 5, None, "own")])
        store.identify("own", "u", 6.0)
        newest = [event.event_id for event in store.history("u", None, 3) if event.item]
        assert newest == ["f", "g"], "and the fact of who it is"
        assert len(store.history("u", None, 100)) == 8

    def test_events_of_the_same_time_stay_in_their_order(self, store: Store) -> None:
        store.add_events([click(name, 1, "u") for name in "dacb"])
        assert ids(store.history("u", None)) == list("dacb")


class TestSQLite(HistoryContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(HistoryContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres
