"""Events are kept as long as the settings say, by type, and what is deleted is gone."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.retention_rows import RetentionRows
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event
from foretaste.errors import SettingsError
from foretaste.loop import Foretaste
from foretaste.training.retention import apply_retention
from foretaste.worker import Worker
from foretaste.workspace.privacy_report import privacy_report
from serve.workspace import until

NOW = 1_800_000_000.0
DAY = 86_400.0
SETTINGS = {"behaviour.retention_days": {"Search": 30, "other": 400}}


def event(name: str, kind: str, days: float) -> Event:
    query = f"words of {name}" if kind == "search" else None
    item = None if kind == "search" else "space-1"
    return Event(name, kind, NOW - days * DAY, user="new", item=item, query=query)


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(trained, settings=SETTINGS)
    loop.clock = lambda: NOW
    loop.record([event("kept", "search", 29), event("gone", "search", 31)])
    loop.record([event("bought", "purchase", 399), event("old", "purchase", 401)])
    loop.store.identify("s", "new", NOW - 900 * DAY)
    yield loop
    loop.close()


def test_each_type_has_its_own_end(shop: Foretaste) -> None:
    shop.recommend("new")  # the words are read, and their vectors kept
    outcome = apply_retention(shop)
    assert outcome is not None
    assert outcome.deleted == {"search": 1, "other": 151}  # with all of the workspace
    names = {found.event_id for found in shop.store.history("new", None)}
    assert names >= {"kept", "bought"}
    assert not names & {"gone", "old"}
    assert shop.store.user_of_session("s") == "new"  # or an erasure would not find its events
    assert b"words of gone" not in (shop.folder / "behaviour.db").read_bytes()
    with sqlite3.connect(shop.folder / "behaviour.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "search 30 days, other 400 days" in privacy_report(shop).text()
    assert "152 deleted on 2027-01-15" in privacy_report(shop).text()
    assert shop.recommend("new").items


def test_the_worker_does_it_and_not_at_every_look(shop: Foretaste) -> None:
    worker = Worker(shop)
    first = worker.delete_old_events()
    assert first is not None
    assert first.deleted["search"] == 1
    shop.record([event("late", "search", 50)])
    assert worker.delete_old_events() is None
    shop.clock = lambda: NOW + 3601
    second = worker.delete_old_events()
    assert second is not None
    assert second.deleted["search"] == 1


def test_more_than_go_in_one_transaction(shop: Foretaste, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretaste.behaviour.retention_rows.EVENTS_PER_DELETION", 40)
    outcome = apply_retention(shop)
    assert outcome is not None
    assert outcome.deleted["other"] == 151


def test_without_a_setting_nothing_is_deleted(trained: Path) -> None:
    shop = Foretaste.open(trained)
    assert apply_retention(shop) is None
    assert "kept until the person is erased" in privacy_report(shop).text()
    shop.close()


@pytest.mark.parametrize("days", [{"identify": 3}, {"view": 0}, {"view": 1e9}, {"vieww": 3}])
def test_what_cannot_be_kept_to_is_refused(tmp_path: Path, days: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="retention_days"):
        Foretaste.open(tmp_path, settings={"behaviour.retention_days": days})


def test_on_postgresql(empty_postgres: str) -> None:
    with SqlStore(empty_postgres) as store:
        rows: RetentionRows = store
        store.add_events([event("gone", "search", 31), event("kept", "purchase", 31)])
        assert rows.delete_older_events(NOW - 30 * DAY, "search").texts == {"words of gone"}
        assert rows.delete_older_events(NOW, None, ["purchase"]).event_count == 0
        assert [found.event_id for _, found in store.events()] == ["kept"]
        until(store.purge_log, "purged: the server's own vacuum may still read an old state")
