"""Rows that are copied are those that would have been put one by one."""

import pytest

from foretaste.behaviour import bulk_insert
from foretaste.behaviour.bulk_insert import MIN_COPIED_ROWS
from foretaste.behaviour.database_address import database_url, url_with_schema
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, Item, User
from foretaste.errors import InputError

ODD = ("\\N", "a\tb\nc\r\\d", "'\";--", "é ☃ 😀", "", " ", "NULL", '{"a": [1, null]}')


def events(first: int, count: int) -> list[Event]:
    """With all that a column may hold, some without a value."""
    return [
        Event(
            f"e{number}",
            "rating",
            1e9 + number / 3,
            user=None if number % 5 == 0 else f"u{number % 7}",
            session=f"s{number % 3}",
            item=f"i{number % 11}",
            value=None if number % 4 else number / 7,
            text=ODD[number % len(ODD)],
            query=ODD[-number % len(ODD)],
            context={"odd": ODD[number % len(ODD)]} if number % 2 else {},
            position=number % 6 or None,
        )
        for number in range(first, first + count)
    ]


def items(count: int, title: str) -> list[Item]:
    return [
        Item(f"i{number}", f"{title} {ODD[number % len(ODD)]}", attributes={"genre": ODD[:2]})
        for number in range(count)
    ]


def change_much(store: SqlStore) -> list[object]:
    """What each step returns, and what is in the store at the end."""
    results: list[object] = [
        store.add_events(events(0, 3)),
        store.add_events([*events(1, 300), *events(5, 10), *events(290, 100)]),
        store.put_items(items(250, "A")),
        store.put_items([*items(250, "A")[:240], *items(250, "B")[240:]]),
        store.put_items(items(300, "C")),
        store.put_users([User(f"u{number}", {"country": (ODD[1],)}) for number in range(200)]),
    ]
    store.delete_items(["i1", "i2"])
    results.append(store.put_items(items(300, "D")))
    return [
        *results,
        [*store.items()],
        [*store.users()],
        [*store.deleted_items()],
        [event for _, event in store.events()],
    ]


def test_they_are_the_same(empty_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = (
        url_with_schema(database_url(empty_postgres), name) for name in ("copied", "inserted")
    )
    with SqlStore(ours) as store:
        copied = change_much(store)
    monkeypatch.setattr(bulk_insert, "MIN_COPIED_ROWS", 10_000)
    with SqlStore(theirs) as store:
        inserted = change_much(store)
    assert copied == inserted


def test_a_value_that_no_database_takes_is_a_mistake_of_who_sent_it(empty_postgres: str) -> None:
    wrong = [*events(0, MIN_COPIED_ROWS), Event("e", "click", 1.0, item="i", position=2**40)]
    with SqlStore(empty_postgres) as store:
        with pytest.raises(InputError, match="cannot be stored"):
            store.add_events(wrong)
        with pytest.raises(InputError, match="half a character"):
            store.add_events([*wrong[:-1], Event("e", "click", 1.0, item="\ud800")])
        assert store.counts()["events"] == 0, "all or nothing"
        assert store.add_events(wrong[:-1]) == MIN_COPIED_ROWS
