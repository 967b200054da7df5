import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest

from foretaste.behaviour.export import event_to_json
from foretaste.behaviour.ingest import Ingestor
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Item
from foretaste.feedback.attribution import attribute_events

NOW = 1_750_000_000.0
CLICK = {"user": "u", "item": "a", "kind": "click"}


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with SqlStore(tmp_path / "behaviour.db") as found:
        found.put_items([Item("a", "An item")])
        yield found


def intake_of(store: SqlStore, settings: BehaviourSettings) -> Ingestor:
    return Ingestor(
        store, settings, partial(attribute_events, find_served=store.recommendations_by_id)
    )


@pytest.fixture
def intake(store: SqlStore) -> Ingestor:
    return intake_of(store, BehaviourSettings())


def test_a_retry_is_known_and_the_first_use_holds(intake: Ingestor, store: SqlStore) -> None:
    first = intake.events([{**CLICK, "event_id": "e"}], NOW)
    again = intake.events([{**CLICK, "event_id": "e", "kind": "hide"}], NOW)
    assert (first.accepted, first.duplicates, again.accepted, again.duplicates) == (1, 0, 0, 1)
    assert [event.kind for _, event in store.events()] == ["click"]


@pytest.mark.parametrize(
    ("again", "fields"),
    [
        ({}, []),
        ({"item": " a "}, []),
        ({"kind": "hide"}, ["event_type"]),
        ({"user": "v", "value": 2}, ["user", "value"]),
        ({"session": "s"}, ["session"]),
        ({"context": {"page": "home"}}, ["context"]),
        ({"at": NOW - 1}, ["at"]),
        ({"at": NOW}, []),
    ],
)
def test_another_content_under_a_known_id_is_told(
    intake: Ingestor, again: dict[str, Any], fields: list[str]
) -> None:
    row = {**CLICK, "event_id": "e"}
    assert intake.events([row], NOW).conflicts == []
    taken = intake.events(["no event", {**row, "event_id": "f"}, row | again], NOW + 5)
    assert (taken.accepted, taken.duplicates, taken.ids) == (1, 1, [None, "f", "e"])
    assert [(found.index, found.event_id, found.fields) for found in taken.conflicts] == (
        [(2, "e", fields)] if fields else []
    )
    for conflict in taken.conflicts:
        assert conflict.problem.endswith(f"with another {', '.join(fields)}")


def test_two_contents_under_one_id_of_a_batch_are_told(intake: Ingestor) -> None:
    taken = intake.events([{**CLICK, "event_id": "e", "value": n} for n in range(3)], NOW)
    assert (taken.accepted, taken.duplicates) == (1, 2)
    assert [(found.index, found.fields) for found in taken.conflicts] == [
        (1, ["value"]),
        (2, ["value"]),
    ]


def test_an_id_that_a_stranger_used_first_suppresses_nothing(
    intake: Ingestor, store: SqlStore
) -> None:
    order = {**CLICK, "event_id": "order-7", "kind": "purchase"}
    stranger = {**order, "user": None, "session": "of a stranger"}
    for owner in ("key", "other key", None):
        intake.events([stranger], NOW, id_owner=owner)
    for owner in ("key", None):
        first = intake.events([{**order, "recommendation_id": "r"}], NOW, id_owner=owner)
        known_to_all = owner is None
        assert (first.accepted, first.duplicates) == ((0, 1) if known_to_all else (1, 0))
        assert first.ids == ["order-7"]
        assert list(first.unattributed) == ["order-7"]
    again = intake.events([{**order, "recommendation_id": "r"}, order], NOW, id_owner="key")
    assert (again.accepted, again.duplicates) == (0, 2)
    assert [(found.event_id, found.fields) for found in again.conflicts] == [
        ("order-7", ["recommendation_id"])
    ]
    assert [event.user for _, event in store.events()] == [None, None, None, "u"]


def test_without_an_id_two_clicks_are_two_clicks(intake: Ingestor) -> None:
    taken = intake.events([CLICK, CLICK, {**CLICK, "event_id": " "}], NOW)
    assert taken.accepted == 3
    assert len(set(taken.ids)) == 3


def test_the_same_id_twice_in_a_batch_counts_once(intake: Ingestor) -> None:
    taken = intake.events([{**CLICK, "event_id": "e"}] * 2, NOW)
    assert (taken.accepted, taken.duplicates) == (1, 1)


def test_an_event_without_a_time_is_now(intake: Ingestor, store: SqlStore) -> None:
    intake.events([CLICK, {**CLICK, "at": "2020-01-01T00:00:00Z"}], NOW)
    assert [event.at for _, event in store.events()] == [NOW, 1_577_836_800.0]


def test_everything_an_event_may_say_is_kept(intake: Ingestor, store: SqlStore) -> None:
    row = {
        "event_id": "e",
        "user": "u",
        "session": "s",
        "item": "a",
        "kind": "review",
        "value": 4,
        "text": "fine",
        "device": "phone",
        "context": {"page": "home"},
        "recommendation_id": "r",
        "position": 3,
    }
    intake.events([row], NOW)
    event = next(event for _, event in store.events())
    assert {name: getattr(event, name) for name in row} == row


@pytest.mark.parametrize(
    "named",
    [
        {"event_type": "Like"},
        {"kind": "like"},
        {"event_type": "like", "kind": "like"},
        {"event_type": None, "kind": "like"},
        {"event_type": "like", "kind": None},
    ],
)
def test_the_event_type_by_its_name_and_the_old(
    intake: Ingestor, store: SqlStore, named: dict[str, str | None]
) -> None:
    taken = intake.events([{"user": "u", "item": "a", **named}], NOW)
    assert taken.rejected == []
    assert [event.kind for _, event in store.events()] == ["like"]


def test_an_exported_event_can_be_sent_again(intake: Ingestor, store: SqlStore) -> None:
    intake.events([CLICK], NOW)
    (exported,) = [event_to_json(event) for _, event in store.events()]
    assert (exported["event_type"], exported["kind"]) == ("click", "click")
    assert (intake.events([exported], NOW).rejected, store.counts()["events"]) == ([], 1)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"item": "a", "kind": "click"}, "user"),
        ({"user": "u", "kind": "click"}, "item"),
        ({"user": "u", "item": "nope", "kind": "click"}, "item"),
        ({"user": "u", "item": "a", "kind": "clik"}, "kind"),
        ({"user": "u", "item": "a", "event_type": "clik"}, "event_type"),
        ({**CLICK, "event_type": "hide"}, "kind"),
        ({"user": "u", "kind": "search"}, "query"),
        ({**CLICK, "at": 4e9}, "at"),
        ({**CLICK, "at": "yesterday"}, "at"),
        ({**CLICK, "value": "much"}, "value"),
        ({**CLICK, "value": 10**400}, "value"),
        ({**CLICK, "position": 0}, "position"),
        ({**CLICK, "context": "home"}, "context"),
        ({**CLICK, "itm": "a"}, "itm"),
        ({**CLICK, "user": "\0"}, "event"),
        ({**CLICK, "user": "\ud800"}, "event"),
        ({**CLICK, "\ud800": 1}, "event"),
        ({**CLICK, "context": {"a": ["\ud800"]}}, "event"),
        ({**CLICK, "user": "u" * 600}, "user"),
        ("click", "event"),
        (None, "event"),
    ],
)
def test_a_wrong_event_is_told_and_the_good_ones_go_in(
    intake: Ingestor, store: SqlStore, row: Any, field: str
) -> None:
    taken = intake.events([CLICK, row, CLICK], NOW)
    assert taken.accepted == 2
    (wrong,) = taken.rejected
    assert (wrong.index, wrong.field) == (1, field)
    assert wrong.problem
    assert wrong.remedy
    assert taken.ids[1] is None
    assert store.counts()["events"] == 2


def test_an_unknown_item_is_created_while_the_catalogue_is_ids_alone(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "bare.db") as store:
        intake = intake_of(store, BehaviourSettings())
        assert intake.events([{**CLICK, "item": "new"}], NOW).accepted == 1
        assert store.item("new") == Item("new")
        store.put_items([Item("titled", "With a title")])
        (wrong,) = intake.events([{**CLICK, "item": "other"}], NOW).rejected
        assert "/v1/items" in wrong.remedy


def test_unknown_items_are_created_where_the_settings_say_so(store: SqlStore) -> None:
    intake = intake_of(store, BehaviourSettings(unknown_items="create"))
    assert intake.events([{**CLICK, "item": "new"}], NOW).accepted == 1
    assert store.item("new") == Item("new")


def test_an_item_that_came_in_since_is_known(intake: Ingestor, store: SqlStore) -> None:
    assert intake.events([{**CLICK, "item": "late"}], NOW).rejected
    store.put_items([Item("late", "Late")])
    assert intake.events([{**CLICK, "item": "late"}], NOW).accepted == 1


def test_items_with_any_columns(intake: Ingestor, store: SqlStore) -> None:
    row = {
        "id": "b",
        "title": "Second",
        "overview": "What it is about.",
        "genre": ["Drama", "Comedy"],
        "year": 1995,
        "price": 12.5,
        "hidden": True,
        "available_until": "2030-01-01",
    }
    assert intake.items([row]).accepted == 1
    item = store.item("b")
    assert item is not None
    assert item.texts == {"overview": "What it is about."}
    assert item.attributes["genre"] == ("Drama", "Comedy")
    assert item.attributes["year"] == ("1995",)
    assert (item.attributes["price"], item.attributes["price_band"]) == (("12.5",), ("10-25",))
    assert item.hidden
    assert intake.items([row]).duplicates == 1


def test_wrong_items_are_told(intake: Ingestor, store: SqlStore) -> None:
    rows = [
        {"id": "b", "title": "fine"},
        {"title": "no id"},
        {"id": "c", "available_from": "soon"},
        {"id": "d", "overview\ud800": "x" * 100},
        {"id": "e", "nested": {"a": 1}},
        [],
    ]
    taken = intake.items(rows)
    assert taken.accepted == 1
    assert [wrong.index for wrong in taken.rejected] == [1, 2, 3, 4, 5]
    assert store.item_ids() == {"a", "b"}


@pytest.mark.parametrize("rule", ["create", "reject"])
def test_a_late_event_does_not_bring_a_deleted_item_back(
    store: SqlStore, rule: Literal["create", "reject"]
) -> None:
    store.delete_items(["a"])
    taken = intake_of(store, BehaviourSettings(unknown_items=rule)).events([CLICK], NOW)
    assert (taken.accepted, taken.rejected) == (1, [])
    assert store.item("a") is None


def test_of_two_changes_of_a_column_at_once_neither_is_lost(
    intake: Ingestor, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting, read = threading.Barrier(2), SqlStore.item

    def met(self: SqlStore, item_id: str) -> Item | None:
        item = read(self, item_id)
        with suppress(threading.BrokenBarrierError):  # both have read before either writes
            meeting.wait(1)
        return item

    monkeypatch.setattr(SqlStore, "item", met)
    with ThreadPoolExecutor(2) as threads:
        changes = threads.map(
            lambda value: intake.change_values("a", "genres", lambda had: [*had, value]), "xy"
        )
        assert all(item is not None for item in changes)
    monkeypatch.undo()
    item = store.item("a")
    assert item is not None
    assert sorted(item.attributes["genres"]) == ["x", "y"]
    assert intake.change_values("nowhere", "genres", lambda had: had) is None
    emptied = intake.change_values("a", "genres", lambda _: [])
    assert emptied is not None
    assert "genres" not in emptied.attributes


def test_what_files_decided_is_looked_up_only_for_an_id_that_may_be_a_decimal(
    intake: Ingestor, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for 10 and 20 as well: it is a question to the store for each."""
    store.put_meta_text("id_forms", '{"item_whole_floats": true}')
    store.put_items([Item(name, name) for name in ("10", "20", "30")])
    asked: list[str] = []
    meta_text = store.meta_text

    def asking(key: str) -> str | None:
        asked.append(key)
        return meta_text(key)

    monkeypatch.setattr(store, "meta_text", asking)
    summary = intake.events([{**CLICK, "item": item} for item in ("10", "20", "30.0", "1e0")], NOW)
    assert summary.rejected[-1].field == "item"
    assert {event.item for _, event in store.events()} == {"10", "20", "30"}
    assert asked.count("id_forms") == 1


def test_an_item_is_known_by_its_number_with_other_zeros(store: SqlStore) -> None:
    """A spreadsheet or a cart has made the number 42 of the article 00042."""
    store.put_items([Item("00042", "Mug"), Item("7", "Pan"), Item("007", "Pot")])
    intake = intake_of(store, BehaviourSettings(unknown_items="reject"))
    taken = intake.events([{**CLICK, "item": item} for item in ("42", "0042", "0007")], NOW)
    assert taken.accepted == 2
    assert [wrong.index for wrong in taken.rejected] == [2]  # 7 or 007
    assert {event.item for _, event in store.events()} == {"00042"}


def test_charges_are_no_items(store: SqlStore) -> None:
    before = store.counts()["items"]
    store.put_items([Item("mug", "Mug"), Item("post", "Postage", {}, {"order_charge": ("yes",)})])
    assert store.counts()["items"] == before + 1
