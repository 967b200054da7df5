"""A visitor becomes a known user: in both databases, in any order, on shared devices."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.behaviour.identity import SessionOwners
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import IDENTIFY_EVENT, Event
from foretaste.domain.store import Past


def click(name: str, at: float, user: str | None = None, session: str | None = None) -> Event:
    return Event(name, "click", at, user=user, session=session, item="i")


def did(store: SqlStore, user: str | None, session: str | None = None) -> list[str]:
    """The ids of a history, but for the facts themselves."""
    return [one.event_id for one in store.history(user, session) if one.kind != IDENTIFY_EVENT]


def trained(store: SqlStore) -> dict[str | None, int]:
    """How many events training finds of each user."""
    found: dict[str | None, int] = {}
    for user, _, _, kind, *_ in store.event_columns(chunk_size=3):
        if kind != IDENTIFY_EVENT:
            found[user] = found.get(user, 0) + 1
    return found


class IdentityContract:
    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as store:
            yield store

    def test_events_before_and_after(self, store: SqlStore) -> None:
        store.add_events([click("a", 1, "ann"), click("b", 2, None, "s"), click("c", 3, None, "t")])
        assert did(store, "ann") == ["a"]
        assert store.identify("s", "ann", 4.0)
        store.add_events([click("d", 5, None, "s"), click("e", 0.5, None, "s")])
        for who in (("ann", None), ("ann", "s"), (None, "s"), ("ann", "another")):
            assert did(store, *who) == ["e", "a", "b", "d"], who
        assert did(store, None, "t") == ["c"]
        assert trained(store) == {"ann": 4, None: 1}

    def test_twice_is_once(self, store: SqlStore) -> None:
        store.add_events([click("a", 1, None, "s")])
        assert store.identify("s", "ann", 2.0)
        before = store.last_event_number()
        assert not store.identify("s", "ann", 3.0)
        assert store.last_event_number() == before
        assert did(store, "ann") == ["a"]

    def test_several_devices(self, store: SqlStore) -> None:
        store.add_events([click(name, n, None, name) for n, name in enumerate("xyz")])
        for session in "zx":
            store.identify(session, "ann", 9.0)
        store.add_events([click("a", 4, "ann", "tv")])
        for who in (("ann", None), (None, "x"), (None, "z")):
            assert did(store, *who) == ["x", "z", "a"]
        assert did(store, None, "y") == ["y"]
        assert store.user_of_session("x") == "ann"
        assert store.user_of_session("y") is None

    def test_a_shared_device(self, store: SqlStore) -> None:
        store.add_events([click("before", 1, None, "tv")])
        store.identify("tv", "ann", 2.0)
        store.add_events([click("ann's", 3, None, "tv"), click("hers", 3.5, "ann", "tv")])
        store.identify("tv", "ben", 4.0)
        store.add_events([click("ben's", 5, None, "tv")])
        assert did(store, "ann") == did(store, "ann", "tv") == ["before", "ann's", "hers"]
        assert did(store, "ben") == did(store, None, "tv") == ["ben's"]
        assert store.identify("tv", "ann", 6.0), "she is back"
        store.add_events([click("again", 7, None, "tv")])
        assert did(store, None, "tv") == ["before", "ann's", "hers", "again"]
        assert did(store, "ben") == ["ben's"]
        assert trained(store) == {"ann": 4, "ben": 1}

    def test_nothing_is_rewritten_and_readers_see_what_was_known(self, store: SqlStore) -> None:
        store.add_events([click("a", 1, None, "s")])
        store.identify("s", "ann", 2.0)
        store.add_events([click("b", 3, None, "s")])
        told = [(one.event_id, one.user) for _, one in store.events() if one.kind != IDENTIFY_EVENT]
        assert told == [("a", None), ("b", "ann")]
        (fact,) = [one for _, one in store.events() if one.kind == IDENTIFY_EVENT]
        assert (fact.session, fact.user, fact.at, fact.item) == ("s", "ann", 2.0, None)

    def test_the_past_says_since_when_it_is_known(self, store: SqlStore) -> None:
        store.add_events([click("a", 1, "ann"), click("b", 2, None, "s")])
        store.identify("s", "ann", 3.0)
        numbers = {one.event_id: number for number, one in store.events()}
        fact = max(numbers.values())
        pasts = dict.fromkeys([("ann", None), (None, "s")], Past(100.0, 100, 100))
        rows = [
            (row[0], number, row[5])
            for _, number, row in store.event_columns_before(pasts, ["click"])
        ]
        assert {row[1:] for row in rows if row[0] == "ann"} == {(numbers["a"], 1), (fact, 2)}
        assert [row[1:] for row in rows if row[0] is None] == [(numbers["b"], 2)]

    def test_many_sessions(self, store: SqlStore) -> None:
        names = [f"s{n}" for n in range(1200)]
        store.add_events([click(f"e-{name}", n, None, name) for n, name in enumerate(names)])
        facts = [
            Event(f"f-{name}", IDENTIFY_EVENT, 1.0, user="ann", session=name) for name in names
        ]
        store.add_events(facts)
        assert len(did(store, "ann")) == 1200
        assert trained(store) == {"ann": 1200}


class TestSQLite(IdentityContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(IdentityContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres


_names = st.sampled_from(["ann", "ben"])


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), _names), max_size=12))
def test_every_anonymous_event_has_at_most_one_owner(log: list[str | None]) -> None:
    """A log of one session: None is an event, a name is a fact."""
    facts = [("s", number, name) for number, name in enumerate(log) if name is not None]
    owners = SessionOwners(facts)
    for number, name in enumerate(log):
        if name is None:
            before = [who for _, at, who in facts if at < number]
            after = [(at, who) for _, at, who in facts if at > number]
            if before:
                assert owners.owner_of("s", number) == (before[-1], number)
                assert owners.owner_when_accepted("s", number) == before[-1]
            elif after:
                assert owners.owner_of("s", number) == (after[0][1], after[0][0])
                assert owners.owner_when_accepted("s", number) is None
            else:
                assert owners.owner_of("s", number) == (None, number)
    assert SessionOwners([]).owner_of("s", 1) == (None, 1)
    assert owners.owner_of(None, 1) == (None, 1)
