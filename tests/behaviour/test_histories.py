"""What one person did, and what some did, in both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.histories import MAX_SESSIONS
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event
from foretaste.domain.store import Past, Store, UserKey


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
        pasts = dict.fromkeys(people, Past(100.0, 100, 100))
        found = list(store.event_columns_before(pasts, ["click", "search"]))
        numbers = {event.event_id: number for number, event in store.events()}

        for user, session in people:
            wanted = {
                numbers[e.event_id]: (user, session, e.item, e.kind, e.value, e.at, e.text, e.query)
                for e in store.history(user, session)
            }
            assert {n: row for who, n, row in found if who == (user, session)} == wanted

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

    def test_a_bare_history_is_the_same_events(self, store: Store) -> None:
        said = Event("q", "search", 4.5, "u", "own", value=2.5, text="t", query="red shoes")
        mine = [click("a", 5, "u"), click("b", 1, "u", "s1"), click("c", 3, None, "own"), said]
        store.add_events([click("d", 2, "v"), click("e", 4, "v", "own"), *mine])
        store.identify("own", "u", 6.0)
        every_limit: list[Any] = [(), (2,), (10, ["click"])]
        for person in [("u", None), ("u", "s1"), (None, "own"), ("v", "own"), ("nobody", None)]:
            for limits in every_limit:
                assert store.bare_history(*person, *limits) == [
                    (e.item, e.kind, e.value, e.at, e.text, e.query)
                    for e in store.history(*person, *limits)
                ]

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

    def test_the_newest_of_some_types_are_found_behind_others(self, store: Store) -> None:
        shown = [Event(f"i{n}", "impression", n + 0.5, "u", None, "i") for n in range(40)]
        store.add_events([*shown, *(click(f"c{n}", n, "u") for n in range(40))])
        assert ids(store.history("u", None, 3, ["click"])) == ["c37", "c38", "c39"]
        assert store.history("u", None, 3, []) == []
        assert len(store.history("u", None, 3)) == 3
        buried = [Event(f"b{n}", "impression", 100, "u", None, "i") for n in range(31)]
        store.add_events(buried)
        assert store.history("u", None, 3, ["click"]) == [], "so far back nobody looks"

    def test_what_is_read_of_a_long_history_does_not_grow_with_it(self, store: SqlStore) -> None:
        """Rows that are fetched of somebody with 40 events, with 4,000, and signed in besides."""
        store.identify("own", "long", 0.0)
        for user, count in (("short", 40), ("long", 4_000)):
            store.add_events([click(f"{user}-{n}", n, user, f"of {user}") for n in range(count)])
            store.add_events([click(f"{user}-own-{n}", n, None, "own") for n in range(count)])
        fetched: list[int] = []
        fetch = store._raw_select._fetch

        def counted(sql: str, parameters: Any) -> list[Any]:
            rows = fetch(sql, parameters)
            fetched.append(len(rows))
            return rows

        store._raw_select._fetch = counted  # type: ignore[method-assign]
        costs = {}
        for person in [("short", None), ("long", None), (None, "of long"), ("short", "of short")]:
            fetched.clear()
            assert len(store.history(*person, 10, ["click"])) == 10
            key = (person[0], None if person[0] else person[1])
            past = Past(1e9, 2**40, 10)
            read = list(store.event_columns_before({key: past}, ["click"]))
            assert len(read) in (10, 20)
            assert store.newest_event_number(*person)
            costs[person] = sum(fetched)
        assert max(costs.values()) <= 50, costs

    def test_a_user_of_very_many_sessions(self, store: SqlStore) -> None:
        for n in range(MAX_SESSIONS + 5):
            store.identify(f"s{n}", "u", float(n))
            store.add_events([click(f"c{n}", n, None, f"s{n}")])
        assert len([event for event in store.history("u", None) if event.item]) == MAX_SESSIONS + 5
        newest = store.history("u", None, 1_000, ["click"])
        assert ids(newest) == [f"c{n}" for n in range(5, MAX_SESSIONS + 5)]
        past: dict[UserKey, Past] = {("u", None): Past(1e9, 2**40, 1_000)}
        assert len(list(store.event_columns_before(past, ["click"]))) == MAX_SESSIONS

    def test_events_by_their_numbers(self, store: SqlStore) -> None:
        store.add_events([click(name, 1, None, "s") for name in "ab"])
        store.identify("s", "u", 2.0)
        store.add_events([click("c", 3, None, "s")])
        all_events = dict(store.events())
        assert [event.user for event in all_events.values() if event.item] == [None, None, "u"]
        numbers = sorted(all_events)[1:]
        assert store.events_by_number([*numbers, 99]) == [(n, all_events[n]) for n in numbers]
        assert store.events_by_number([]) == []

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
