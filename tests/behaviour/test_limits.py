"""How long texts may be, the same at every door: rows over HTTP, of files and frames, of Gorse's
API, and events made in Python.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from foretaste.behaviour.checks import check_ids
from foretaste.behaviour.gorse import event_from_gorse, item_from_gorse, user_from_gorse
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.ingest import Ingestor
from foretaste.behaviour.recording import record_events
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.behaviour.values import MAX_ID_LENGTH
from foretaste.domain.data import Event
from foretaste.domain.text_limits import MAX_COLUMN_VALUES, MAX_ITEM_LENGTH, MAX_TEXT_LENGTH
from foretaste.errors import InputError
from foretaste.feedback.attribution import attribute_events

NOW = 1_770_000_000.0
SETTINGS = BehaviourSettings(unknown_items="create")
LONG = "x" * MAX_TEXT_LENGTH
Door = Callable[[SqlStore, str, dict[str, Any], Path], str]
"""A store, what the row is, and the row → why it was not taken; "" where it was."""


def service(store: SqlStore, table: str, row: dict[str, Any], _: Path) -> str:
    find = store.recommendations_by_id
    intake = Ingestor(store, SETTINGS, partial(attribute_events, find_served=find))
    summary = intake.events([row], NOW) if table == "events" else getattr(intake, table)([row])
    return "; ".join(f"{one.problem}; {one.remedy}" for one in summary.rejected)


def source(store: SqlStore, table: Any, rows: Any, folder: Path) -> str:
    rejects = folder / "rejects"
    done = import_file(store, table, rows, SETTINGS, rejects_dir=rejects, now=NOW)
    return "; ".join(f"{one.problem}; {one.remedy}" for one in done.rejects)


def json_file(store: SqlStore, table: str, row: dict[str, Any], folder: Path) -> str:
    path = folder / "rows.jsonl"
    path.write_text(json.dumps(row))
    return source(store, table, path, folder)


def csv_file(store: SqlStore, table: str, row: dict[str, Any], folder: Path) -> str:
    path = folder / "rows.csv"
    cells = {
        key: json.dumps(value) if isinstance(value, dict | list) else value
        for key, value in row.items()
    }
    pd.DataFrame([cells]).to_csv(path, index=False)
    return source(store, table, path, folder)


def frame(store: SqlStore, table: str, row: dict[str, Any], folder: Path) -> str:
    return source(store, table, pd.DataFrame([row]), folder)


DOORS: list[Door] = [service, json_file, csv_file, frame]
EVENT = {"user": "u", "item": "i", "kind": "click", "at": NOW - 60}
SEARCH = {"user": "u", "kind": "search", "at": NOW - 60}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("row", "field"),
    [
        (SEARCH, "query"),
        (EVENT | {"kind": "review"}, "text"),
        (EVENT, "device"),
    ],
)
def test_a_text_of_an_event(
    store: SqlStore, tmp_path: Path, door: Door, row: Any, field: str
) -> None:
    assert door(store, "events", {**row, field: LONG}, tmp_path) == ""
    assert door(store, "events", {**row, field: f"{LONG}x"}, tmp_path) == (
        f"{field} has 2,001 characters; shorten it to 2,000"
    )


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("value", [1.1e15, -1e300])
def test_the_value_of_an_event(store: SqlStore, tmp_path: Path, door: Door, value: float) -> None:
    assert door(store, "events", EVENT | {"value": 1e15}, tmp_path) == ""
    assert door(store, "events", EVENT | {"value": value}, tmp_path) == (
        f"value {value:g} is too large; write stars, a price or seconds, from -1e+15 to 1e+15"
    )


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("column", ["available_from", "available_until"])
def test_the_times_of_an_item_are_those_of_a_calendar(
    store: SqlStore, tmp_path: Path, door: Door, column: str
) -> None:
    for seconds in (1e308, -1e300, 1e30):
        refused = door(store, "items", {"id": "i", "title": "Moon", column: seconds}, tmp_path)
        assert "is past the year 9999; write ISO 8601" in refused
    assert door(store, "items", {"id": "i", "title": "Moon", column: 4e9}, tmp_path) == ""


@pytest.mark.parametrize("door", DOORS)
def test_the_context_of_an_event_is_limited_as_json(
    store: SqlStore, tmp_path: Path, door: Door
) -> None:
    context = {"page": "x" * (MAX_TEXT_LENGTH - len('{"page": ""}'))}
    assert door(store, "events", EVENT | {"context": context}, tmp_path) == ""
    for longer in ({"page": context["page"] + "x"}, {str(n): n for n in range(500)}):
        refused = door(store, "events", EVENT | {"context": longer}, tmp_path)
        assert refused.startswith("context has ")
        assert refused.endswith("shorten it to 2,000")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("field", ["user", "session", "item", "event_id", "recommendation_id"])
@pytest.mark.parametrize("length", [MAX_ID_LENGTH + 1, 10_000, 1_000_000])
def test_ids(store: SqlStore, tmp_path: Path, door: Door, field: str, length: int) -> None:
    assert "characters" in door(store, "events", EVENT | {field: "x" * length}, tmp_path)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("field", ["title", "image", "audio", "brand"])
def test_a_text_of_an_item(store: SqlStore, tmp_path: Path, door: Door, field: str) -> None:
    settings = {"id": "i", "title": "t", "brand": "b"}
    value: Any = [LONG] if field == "brand" else LONG  # one long value alone reads as free text
    longer: Any = [f"{LONG}x", "b"] if field == "brand" else f"{LONG}x"
    if field != "brand":
        assert door(store, "items", {**settings, field: value}, tmp_path) == ""
        assert door(store, "items", {**settings, field: longer}, tmp_path) == (
            f"{field} has 2,001 characters; shorten it to 2,000"
        )


def test_a_value_of_an_attribute(store: SqlStore, tmp_path: Path) -> None:
    settings = BehaviourSettings(attribute_columns=["brand"])
    for length, rejected in ((MAX_TEXT_LENGTH, 0), (MAX_TEXT_LENGTH + 1, 1)):
        rows = [{"id": "i", "brand": ["y", "x" * length]}]
        done = import_file(store, "items", rows, settings, rejects_dir=tmp_path, now=NOW)
        assert done.rejected == rejected
    users = [{"id": "u", "brand": ["y", "x" * (MAX_TEXT_LENGTH + 1)]}]
    assert import_file(store, "users", users, settings, rejects_dir=tmp_path, now=NOW).rejected == 1


@pytest.mark.parametrize("door", DOORS)
def test_descriptions_may_be_long(store: SqlStore, tmp_path: Path, door: Door) -> None:
    fits = "word " * ((MAX_ITEM_LENGTH - 100) // 5)
    item = {"id": "i", "title": "t", "description": fits}
    assert door(store, "items", item, tmp_path) == ""
    refused = door(store, "items", item | {"description": fits * 2}, tmp_path)
    assert "shorten it to 100,000" in refused
    refused = door(store, "items", item | {"plot": fits}, tmp_path)
    assert "the columns together have 199,8" in refused
    assert "shorten them to 100,000 together" in refused


@pytest.mark.parametrize("table", ["items", "users"])
def test_the_number_and_the_names_of_columns(store: SqlStore, tmp_path: Path, table: str) -> None:
    many = [f"v{n}" for n in range(MAX_COLUMN_VALUES + 1)]
    settings = BehaviourSettings(attribute_columns=["tags"])
    for values, rejected in ((many[1:], 0), (many, 1)):
        rows = [{"id": "a", "tags": values}]
        done = import_file(store, table, rows, settings, rejects_dir=tmp_path, now=NOW)  # type: ignore[arg-type]
        assert done.rejected == rejected
    assert done.rejects[0].problem == "tags has 1,001 values"
    named = {"id": "a", f"{LONG}x": "red"}
    assert "the name of a column has 2,001" in service(store, table, named, tmp_path)
    wide = {"id": "a"} | {f"column number {n:>8}": "value" for n in range(5_000)}
    assert "the columns together have" in service(store, table, wide, tmp_path)


def test_gorse(store: SqlStore, tmp_path: Path) -> None:
    feedback = {"FeedbackType": "like", "UserId": "u", "ItemId": "i"}
    for field in ("Comment", "UserId", "ItemId"):
        row = event_from_gorse(feedback | {field: f"{LONG}x"})
        assert "characters" in service(store, "events", row, tmp_path)
    for field in ("Comment", "ItemId"):
        row = item_from_gorse({"ItemId": "i", field: f"{LONG}x"})
        assert "characters" in service(store, "items", row, tmp_path)
    for more in ({"Labels": {"a": ["b", f"{LONG}x"]}}, {"Categories": ["b", f"{LONG}x"]}):
        row = item_from_gorse({"ItemId": "i"} | more)
        assert service(store, "items", row, tmp_path) or any(
            len(text) > MAX_TEXT_LENGTH for text in next(store.items())[1].texts.values()
        )
    assert "characters" in service(store, "users", user_from_gorse({"UserId": LONG}), tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_id", "x" * (MAX_ID_LENGTH + 1)),
        ("user", "x" * 1_000_000),
        ("session", "a\0"),
        ("item", "\ud800"),
        ("recommendation_id", "x" * 600),
        ("kind", f"{LONG}x"),
        ("text", f"{LONG}x"),
        ("query", "x" * 7_000_000),
        ("device", f"{LONG}x"),
        ("context", {"a": {"b": [f"{LONG}x"]}}),
        ("context", {"a": "\ud800"}),
    ],
)
def test_an_event_made_in_python(store: SqlStore, field: str, value: Any) -> None:
    fields: dict[str, Any] = {"event_id": "e", "kind": "click", "at": NOW, "user": "u", "item": "i"}
    wrong = Event(**{**fields, field: value})
    told = "event_type" if field == "kind" else field
    with pytest.raises(InputError, match=rf"events\[1\]\.{told}: "):
        record_events(store, [Event(**fields), wrong], SETTINGS, NOW)
    assert store.counts()["events"] == 0
    assert record_events(store, [Event(**fields)], SETTINGS, NOW) == 1


def test_a_context_without_end(store: SqlStore) -> None:
    deep: Any = {}
    for _ in range(5_000):
        deep = {"a": deep}
    loop: dict[str, Any] = {}
    loop["a"] = loop
    for context in (deep, loop):
        event = Event("e", "click", NOW, user="u", item="i", context=context)
        with pytest.raises(InputError, match="context is nested too deep, or in itself"):
            record_events(store, [event], SETTINGS, NOW)


def test_ids_of_python() -> None:
    check_ids(user="u", session=None)
    with pytest.raises(InputError, match="session of 513 characters; an id has at most 512"):
        check_ids(user="u", session="x" * 513)


@pytest.mark.parametrize("value", ["\ud800", "a\ud800b"])
def test_what_no_store_takes_is_the_mistake_of_whoever_sent_it(store: SqlStore, value: str) -> None:
    looks: list[Callable[[], Any]] = [
        lambda: store.item(value),
        lambda: store.items_page(value, 3),
        lambda: store.known_item_ids([value]),
        lambda: store.user(value),
        lambda: store.events_page(0, 3, user=value),
        lambda: store.add_events([Event("e", "click", NOW, user=value)]),
        lambda: store.preferences(value, None),
        lambda: store.conversation(value),
    ]
    for look in looks:
        with pytest.raises(InputError, match="half a character"):
            look()
    with pytest.raises(InputError, match="too large"):
        store.events_page(2**63, 3)
    assert store.counts()["events"] == 0
