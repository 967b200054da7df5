"""Which purchases came back, and what is counted in the store without them; for SQLite and
PostgreSQL.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event
from foretaste.domain.store import EventOwner, Past, UserKey

TYPES = ("purchase",)
PAIR = (("ann", "tent", 1.0), ("ann", "lamp", 2.0), ("ben", "tent", 3.0), ("ben", "lamp", 4.0))


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    sqlite = request.param == "sqlite"
    url = tmp_path / "b.db" if sqlite else request.getfixturevalue("empty_postgres")
    with SqlStore(url) as store:
        yield store


def took(name: str, item: str, at: float, **fields: Any) -> Event:
    return Event(name, fields.pop("kind", "purchase"), at, item=item, **fields)


def returned_ids(store: SqlStore, **scope: Any) -> set[str]:
    numbers = sorted(store.returned_numbers(**scope))
    return {event.event_id for _, event in store.events_by_number(numbers)}


def add_pairs(store: SqlStore) -> None:
    store.add_events(
        [
            took(f"e{number}", item, at, user=user, value=10.0)
            for number, (user, item, at) in enumerate(PAIR)
        ]
    )


def test_the_last_purchase_before_a_return_came_back(store: SqlStore) -> None:
    assert returned_ids(store) == set()
    store.add_events(
        [
            took("r1", "tent", 5.0, kind="return", user="ann"),
            took("e1", "tent", 1.0, user="ann"),
            took("e2", "tent", 2.0, user="ann"),
            took("e3", "tent", 6.0, user="ann"),
            took("e4", "lamp", 1.0, user="ann"),
            took("e5", "tent", 1.0, user="ben"),
            took("e6", "tent", 4.0, user="ann", kind="view"),
        ]
    )
    assert returned_ids(store) == {"e2"}
    assert returned_ids(store, people=[("ann", None)]) == {"e2"}
    assert returned_ids(store, people=[("ben", None)]) == set()
    assert returned_ids(store, since=2.0) == set()
    assert returned_ids(store, since=1.5) == {"e2"}
    store.reads_returns = False
    assert returned_ids(store) == set()


def test_what_was_bought_as_a_guest_comes_back_by_who_signed_in(store: SqlStore) -> None:
    store.add_events([took("e1", "tent", 1.0, session="s"), took("e2", "tent", 2.0, session="t")])
    store.identify("s", "ann", 3.0)
    store.add_events([took("r1", "tent", 4.0, kind="return", user="ann")])
    assert returned_ids(store) == {"e1"}
    assert returned_ids(store, people=[(None, "s")]) == {"e1"}
    store.add_events([took("r2", "tent", 5.0, kind="return", session="t")])
    assert returned_ids(store) == {"e1", "e2"}
    assert returned_ids(store, people=[(None, "t")]) == {"e2"}


def test_what_came_back_is_not_bought_together_nor_popular_nor_sold(store: SqlStore) -> None:
    add_pairs(store)
    assert len(store.baskets_with(["tent"], TYPES, 60.0, 100)) == 2
    store.add_events([took("r1", "lamp", 9.0, kind="return", user="ann")])
    store.add_events([took("r2", "tent", 9.0, kind="return", user="ben")])
    assert store.baskets_with(["tent"], TYPES, 60.0, 100) == []
    assert dict(store.user_counts(0.0, 10.0, TYPES)) == {"tent": 1, "lamp": 1}
    assert {(item, value, n) for item, value, n in store.event_value_sums(TYPES)} == {
        ("tent", 10.0, 1),
        ("lamp", 10.0, 1),
    }
    took_again = took("e9", "tent", 10.0, user="ben")
    store.add_events([took_again])
    assert dict(store.user_counts(0.0, 10.0, TYPES)) == {"tent": 2, "lamp": 1}


def test_what_was_counted_before_is_noted_as_what_is_erased_is(store: SqlStore) -> None:
    called = list[int]()
    store.purchases_returned = lambda: called.append(store.erasure_count())
    add_pairs(store)
    store.add_events([took("r0", "rope", 9.0, kind="return", user="ann")])
    assert (store.erasure_count(), called) == (0, [])
    store.add_events([took("r1", "lamp", 9.0, kind="return", user="ann")])
    assert (store.erasure_count(), store.first_erased_number(0), called) == (1, 2, [1])
    store.add_events([took("r1", "lamp", 9.0, kind="return", user="ann")])  # once more
    assert store.erasure_count() == 1
    # so late that the return takes back another than it did, and the first counts again
    store.add_events([took("late", "lamp", 5.0, user="ann")])
    assert returned_ids(store) == {"late"}
    assert (store.erasure_count(), store.first_erased_number(1), called) == (2, 2, [1, 2])
    assert store.purge_log()


def test_a_return_that_goes_counts_its_purchase_again(store: SqlStore) -> None:
    add_pairs(store)
    store.add_events([took("r1", "lamp", 9.0, kind="return", user="ann")])
    store.take_back_events([EventOwner("r1")])
    assert (store.first_erased_number(1), returned_ids(store)) == (0, set())
    store.add_events([took("r2", "lamp", 9.0, kind="return", user="ann")])
    count = store.erasure_count()
    store.delete_events("ann", "lamp", "return")
    assert (store.first_erased_number(count), returned_ids(store)) == (0, set())


def test_pasts_and_columns_are_without_it(store: SqlStore) -> None:
    add_pairs(store)
    number = store.last_event_number()
    store.add_events([took("r1", "lamp", 9.0, kind="return", user="ann")])
    past: dict[UserKey, Past] = {("ann", None): Past(9.0, number, 1)}
    assert [row[2][2] for row in store.event_columns_before(past, TYPES)] == ["tent"]
    rows = list(store.event_columns(until_number=number, as_returned=True))
    assert [row[:3] for row in rows if row[0] == "ann"] == [("ann", None, "tent")]
    assert len(list(store.event_columns(until_number=number))) == len(PAIR)
