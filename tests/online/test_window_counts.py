"""Counts of a window: of those who took an item, and no older than a few seconds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event
from foretaste.domain.patience import BESIDE, LIST, Patience, current_patience, patience
from foretaste.online.window_counts import MAX_WINDOWS, REFRESH_SECONDS, WindowCounts

NOW, HOUR = 1.7e9, 3600.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(tmp_path / "behaviour.db") as opened:
        yield opened


def click(event_id: str, at: float, kind: str = "click") -> Event:
    return Event(event_id, kind, at, user=event_id, item="i")


def test_people_are_counted_who_took_an_item_within_the_window(store: SqlStore) -> None:
    store.add_events(
        [
            click("a", NOW - 1),
            click("b", NOW - 2 * HOUR),
            click("c", NOW - 1, "dislike"),
            click("d", NOW - 1, "impression"),
        ]
    )
    counts = WindowCounts(store, {"click": 1.0, "dislike": -1.0, "impression": 0.0})

    assert counts.users_by_item(HOUR, NOW) == [("i", 1)]
    assert counts.users_by_item(3 * HOUR, NOW) == [("i", 2)]


def test_of_what_few_took_nothing_is_told(store: SqlStore) -> None:
    store.add_events([click("a", NOW - 1), click("b", NOW - 1)])
    counts = WindowCounts(store, {"click": 1.0})
    counts.min_people = 3
    assert counts.users_by_item(HOUR, NOW) == []
    store.add_events([click("c", NOW - 1)])
    assert counts.users_by_item(HOUR, NOW + REFRESH_SECONDS) == [("i", 3)]


def test_counts_hold_for_some_seconds(store: SqlStore) -> None:
    store.add_events([click("a", NOW - 1)])
    counts = WindowCounts(store, {"click": 1.0})
    assert counts.users_by_item(HOUR, NOW) == [("i", 1)]
    store.add_events([click("b", NOW - 1)])

    assert counts.users_by_item(HOUR, NOW + REFRESH_SECONDS - 1) == [("i", 1)]
    assert counts.users_by_item(HOUR, NOW + REFRESH_SECONDS) == [("i", 2)]


def test_a_clock_that_is_set_back_is_no_reason_to_wait(store: SqlStore) -> None:
    store.add_events([click("a", NOW - 10)])
    counts = WindowCounts(store, {"click": 1.0})
    assert counts.users_by_item(HOUR, NOW) == [("i", 1)]

    assert counts.users_by_item(HOUR, NOW - 20) == []


def test_only_so_many_windows_are_kept(store: SqlStore) -> None:
    counts = WindowCounts(store, {"click": 1.0})
    for number in range(MAX_WINDOWS + 1):
        counts.users_by_item(HOUR + number, NOW)
    store.add_events([click("a", NOW - 1)])

    assert counts.users_by_item(HOUR, NOW) == [("i", 1)], "its counts made room and are new"
    assert counts.users_by_item(HOUR + MAX_WINDOWS, NOW) == [], "those of the last are kept"


def test_the_log_is_read_as_long_as_work_beside_the_answers_may_take(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Patience] = []
    count = store.user_counts

    def noted(*arguments: Any) -> list[tuple[str, int]]:
        seen.append(current_patience())
        return count(*arguments)

    monkeypatch.setattr(store, "user_counts", noted)
    with patience(LIST):
        WindowCounts(store, {"click": 1.0}).users_by_item(HOUR, NOW)
    assert seen == [BESIDE]
