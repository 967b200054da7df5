"""Bounded reads for whoever runs the shop: one contract, for SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour import operator_reads
from foretaste.behaviour.operator_reads import DayHealth
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, Item, LoggedRecommendation, User

DAY = 86_400.0


def event(number: int, kind: str = "click", at: float = 10.0, **fields: object) -> Event:
    return Event(f"e{number}", kind, at, **fields)  # type: ignore[arg-type]


def answer(name: str, at: float, user: str = "ann") -> LoggedRecommendation:
    return LoggedRecommendation(
        name, at, user, None, "m", {"user": user}, [("i", 1, 1.0, "model", -1.0)], owner=user
    )


class ReadsContract:
    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as store:
            yield store

    def test_answers_are_the_newest_of_a_span(self, store: SqlStore) -> None:
        store.add_recommendations([answer(str(at), float(at)) for at in range(10)])
        reads = store.operator
        assert [row.id for row in reads.answers_between(2.0, 8.0, 3)] == ["7", "6", "5"]
        assert [row.id for row in reads.newest_answers_to("ann", 2)] == ["9", "8"]
        assert reads.newest_answers_to("bob", 2) == []

    def test_attributed_events_are_among_the_newest_of_a_span(self, store: SqlStore) -> None:
        store.add_events(
            [
                event(
                    n, at=float(n), user="ann", item="i", recommendation_id="r" if n % 2 else None
                )
                for n in range(10)
            ]
        )
        reads = store.operator
        rows = reads.attributed_events(0.0, 9.0, 4)
        assert sorted(row.at for row in rows) == [5.0, 7.0]
        assert rows[0][:4] == ("r", "click", "i", None)
        assert reads.oldest_of_newest(0.0, 9.0, 4) == 4.0
        assert reads.oldest_of_newest(0.0, 9.0, 20) is None
        assert reads.newest_event_time() == 9.0

    def test_days_tell_what_is_wrong_with_their_events(self, store: SqlStore) -> None:
        store.put_items([Item("i")])
        store.add_events(
            [
                event(1, at=1.0, user="ann", item="i", recommendation_id="r"),
                event(2, "search", at=2.0, user="ann"),
                event(3, at=DAY, user="ann", item="gone"),
                event(4, at=DAY + 1, item="i"),
            ]
        )
        assert store.operator.day_health([0.0, DAY, 2 * DAY], DAY) == [
            DayHealth(0.0, 2, 1, 0, 0, 1),
            DayHealth(DAY, 2, 0, 1, 1, 0),
            DayHealth(2 * DAY, 0, 0, 0, 0, 0),
        ]

    def test_a_day_costs_no_more_than_so_many_events(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operator_reads, "MAX_DAY_EVENTS", 3)
        monkeypatch.setattr(operator_reads, "MAX_ITEM_EVENTS", 3)
        store.add_events([event(n, user="ann", item="i") for n in range(10)])
        (day,) = store.operator.day_health([0.0], DAY)
        assert day.events == 3
        assert store.operator.item_event_counts("i") == {"click": 3}

    def test_items_are_found_by_a_part_of_their_id_or_title(self, store: SqlStore) -> None:
        store.put_items(
            [
                Item("A-1", title="The Matrix"),
                Item("b%2", title="100 % Wolf"),
                Item("c_3", title="<script>alert(1)</script>"),
                Item("d4", title="Wolf", hidden=True),
                Item("e5", title="Wolf later", available_from=50.0),
                Item("f6", title="Wolf no more", available_until=5.0),
            ]
        )
        find = store.operator.find_items

        def ids(text: str, state: str = "all", **options: object) -> list[str]:
            return [item.id for item in find(text, state, 10.0, **options)]  # type: ignore[arg-type]

        assert ids("matrix") == ids("a-1") == ["A-1"]
        assert ids("%") == ["b%2"]
        assert ids("_") == ["c_3"]
        assert ids("<script>") == ["c_3"]
        assert ids("\\") == []
        assert ids("wolf") == ["b%2", "d4", "e5", "f6"]
        assert ids("wolf", n=2) == ["b%2", "d4"]
        assert ids("wolf", after_id="d4") == ["e5", "f6"]
        states = {state: ids("", state) for state in ("shown", "hidden", "upcoming", "ended")}
        assert states == {
            "shown": ["A-1", "b%2", "c_3"],
            "hidden": ["d4"],
            "upcoming": ["e5"],
            "ended": ["f6"],
        }

    def test_an_item_has_its_events_by_type_and_the_newest(self, store: SqlStore) -> None:
        store.add_events(
            [
                event(1, user="ann", item="i", value=2.0),
                event(2, "purchase", user="bob", item="i", recommendation_id="r"),
                event(3, user="bob", item="another"),
            ]
        )
        assert store.operator.item_event_counts("i") == {"click": 1, "purchase": 1}
        newest = store.operator.newest_item_events("i", 1)
        assert [(row.user, row.recommendation_id) for row in newest] == [("bob", "r")]
        assert store.operator.newest_item_events("none", 5) == []

    def test_people_are_found_by_the_beginning_of_their_id(self, store: SqlStore) -> None:
        users = ("ann", "anna", "an-2", "bob", "Zoë", "a%b")
        store.add_events(
            [event(2 * n + k, user=user, item="i") for n, user in enumerate(users) for k in (0, 1)]
        )
        store.put_users([User("anton", {"age": ("30",)}), User("ann", {})])
        reads = store.operator
        assert set(reads.find_people("an", 10)) == {"an-2", "ann", "anna", "anton"}
        assert reads.find_people("Zo", 10) == ["Zoë"]
        assert reads.find_people("a%", 10) == ["a%b"]
        assert reads.find_people("nobody", 10) == []
        assert len(reads.find_people("", 2)) == 2
        assert reads.find_people("ann", 1) == ["ann"]

    def test_recent_people_are_those_of_the_newest_events(self, store: SqlStore) -> None:
        store.add_events(
            [
                event(1, at=1.0, user="ann"),
                event(2, at=2.0, user="bob"),
                event(3, at=3.0, session="s"),
                event(4, at=4.0, user="ann"),
            ]
        )
        assert store.operator.recent_people(5) == [("ann", 4.0), ("bob", 2.0)]
        assert store.operator.recent_people(1) == [("ann", 4.0)]


class TestSQLite(ReadsContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(ReadsContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres
