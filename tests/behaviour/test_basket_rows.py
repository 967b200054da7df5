"""What is taken together: in one order, one session, or a short time; for SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event

TYPES = ("purchase",)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    sqlite = request.param == "sqlite"
    url = tmp_path / "b.db" if sqlite else request.getfixturevalue("empty_postgres")
    with SqlStore(url) as store:
        yield store


def took(number: int, item: str, at: float, **fields: Any) -> Event:
    return Event(f"e{number}", fields.pop("kind", "purchase"), at, item=item, **fields)


def together(store: SqlStore, *items: str, window: float = 60.0) -> set[tuple[str, str, str]]:
    return {tuple(row) for row in store.baskets_with(items, TYPES, window, 100)}  # type: ignore[misc]


def test_one_session_is_one_basket(store: SqlStore) -> None:
    store.add_events(
        [
            took(1, "tent", 0.0, session="s1"),
            took(2, "lamp", 9_000.0, session="s1"),
            took(3, "rope", 1.0, session="s2"),
            took(4, "lamp", 2.0, session="s1", kind="view"),
            took(5, "tent", 3.0, session="s1"),
        ]
    )
    assert together(store, "tent") == {("tent", "lamp", "ss1")}
    assert together(store, "rope") == set()


def test_without_a_session_it_is_a_short_time_of_one_user(store: SqlStore) -> None:
    store.add_events(
        [
            took(1, "tent", 0.0, user="ann"),
            took(2, "lamp", 50.0, user="ann"),
            took(3, "rope", 90.0, user="ann"),
            took(4, "pan", 10.0, user="ben"),
        ]
    )
    assert together(store, "tent") == {("tent", "lamp", "uann")}
    assert together(store, "lamp") == {("lamp", "tent", "uann"), ("lamp", "rope", "uann")}
    assert together(store, "tent", "rope") == {
        ("tent", "lamp", "uann"),
        ("rope", "lamp", "uann"),
    }


def test_an_order_that_the_context_names_parts_what_one_user_took_at_once(
    store: SqlStore,
) -> None:
    store.add_events(
        [
            took(1, "tent", 0.0, user="ann", context={"order_id": 7}),
            took(2, "lamp", 50.0, user="ann", context={"order_id": "7"}),
            took(3, "rope", 1.0, user="ann", context={"order_id": "8"}),
            took(4, "pan", 1.0, user="ann"),
        ]
    )
    assert together(store, "tent") == {("tent", "lamp", "uann")}


def test_a_shared_device_is_not_one_person(store: SqlStore) -> None:
    store.add_events(
        [
            took(1, "tent", 0.0, user="ann", session="tv"),
            took(2, "lamp", 1.0, user="ben", session="tv"),
            took(3, "rope", 2.0, session="tv"),
        ]
    )
    assert together(store, "tent") == {("tent", "rope", "uann")}


def test_what_is_erased_or_taken_back_is_gone(store: SqlStore) -> None:
    store.add_events([took(1, "tent", 0.0, user="ann"), took(2, "lamp", 1.0, user="ann")])
    assert together(store, "tent")
    store.erase("ann")
    assert together(store, "tent") == set()
