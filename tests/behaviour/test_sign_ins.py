"""Logs in which visitors are anonymous before they sign in: whose their events are."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

import foretaste
from foretaste.behaviour import sign_ins
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import IDENTIFY_EVENT, ImportResult
from foretaste.domain.store import Store

NOW = 1_780_000_000.0
HEADER = "visitor_id,customer_id,item,time,event"
ONE_CUSTOMER = [
    "v1,,tent,2026-03-01,view",
    "v1,,mat,2026-03-02,view",
    "v1,c1,lamp,2026-03-03,purchase",
    "v1,,pan,2026-03-04,view",
    "v2,c1,stove,2026-03-06,view",
    "v2,,knife,2026-03-05,view",
    "v4,,stove,2026-03-05,view",
]
SHARED = [
    "v3,,pan,2026-03-01,view",
    "v3,c2,knife,2026-03-02,purchase",
    "v3,,tent,2026-03-03,view",
    "v3,c3,mat,2026-03-04,purchase",
    "v3,,stove,2026-03-05,view",
]


def add(store: SqlStore, folder: Path, rows: list[str], header: str = HEADER) -> ImportResult:
    file = folder / "log.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return add_source(store, folder, file)


def add_source(store: SqlStore, folder: Path, source: Any, **options: Any) -> ImportResult:
    settings = BehaviourSettings()
    return import_file(store, "events", source, settings, rejects_dir=folder, now=NOW, **options)


def items_of(store: Store, user: str | None, session: str | None = None) -> list[str]:
    """In the order of their times."""
    return [event.item or "" for event in store.history(user, session) if event.item]


def test_what_a_visitor_did_is_the_customers_who_signs_in(store: SqlStore, tmp_path: Path) -> None:
    result = add(store, tmp_path, ONE_CUSTOMER)
    assert (result.read, result.added) == (7, 7)
    assert items_of(store, "c1") == ["tent", "mat", "lamp", "pan", "knife", "stove"]
    assert items_of(store, None, "v4") == ["stove"]
    (note,) = [note for note in result.warnings if "joined" in note]
    assert note == (
        "4 events without 'customer_id' (2 visitors) were joined to the customer who signed in on "
        "the same 'visitor_id'"
    )
    assert store.user_of_session("v2") == "c1", "what the visitor does from now on is theirs, too"


def test_nobody_gets_what_may_be_anothers(store: SqlStore, tmp_path: Path) -> None:
    """Whatever the order of the rows."""
    result = add(store, tmp_path, [*reversed(SHARED), *ONE_CUSTOMER])
    assert (items_of(store, "c2"), items_of(store, "c3")) == (["knife"], ["mat"])
    assert len(items_of(store, "c1")) == 6
    assert store.user_of_session("v3") is None
    assert [note for note in result.warnings if "nobody" in note] == [
        "3 events without 'customer_id' (1 visitor) were joined to nobody, as several customers "
        "signed in on the same 'visitor_id'"
    ]


def test_a_file_that_comes_twice_says_nothing_new(store: SqlStore, tmp_path: Path) -> None:
    add(store, tmp_path, ONE_CUSTOMER)
    number = store.last_event_number()
    again = add(store, tmp_path, ONE_CUSTOMER)
    assert (again.added, again.known) == (0, 7)
    assert store.last_event_number() == number


def test_the_sign_in_may_come_in_another_month(store: SqlStore, tmp_path: Path) -> None:
    march, april = ONE_CUSTOMER[:2], ["v1,c1,lamp,2026-04-03,view", "v9,,pan,2026-04-04,view"]
    add(store, tmp_path, [*march, "v8,c8,lamp,2026-03-03,view"])
    add(store, tmp_path, [*april, "v8,,mat,2026-04-05,view"])
    assert items_of(store, "c1") == ["tent", "mat", "lamp"]
    add(store, tmp_path, ["v8,,pan,2026-05-01,view", *SHARED])
    assert items_of(store, "c8") == ["lamp", "mat", "pan"]


def test_orders_say_whose_their_other_lines_are(store: SqlStore, tmp_path: Path) -> None:
    """And no fact is kept of the orders that are whole."""
    header = "order_id,customer_id,sku,time"
    rows = ["o1,c1,tent,2026-03-01", "o1,,mat,2026-03-01", "o2,c2,pan,2026-03-02"]
    add(store, tmp_path, rows, header)
    assert items_of(store, "c1") == ["tent", "mat"]
    assert store.user_of_session("o2") is None


def test_a_browser_tells_more_than_a_visit(store: SqlStore, tmp_path: Path) -> None:
    header = "session_id,device_id,customer_id,item,time,event"
    rows = [f"s{at // 2},{row}" for at, row in enumerate(ONE_CUSTOMER)]
    result = add(store, tmp_path, rows, header)
    assert items_of(store, "c1") == ["tent", "mat", "lamp", "pan", "knife", "stove"]
    note = "took column 'device_id' for the session, as people without 'customer_id' are known by"
    assert any(note in warning for warning in result.warnings)


def test_the_tracker_and_the_orders_may_be_two_files(tmp_path: Path) -> None:
    """The tracker knows nobody; the shop has the browser beside the customer."""
    rows = [row.split(",") for row in [*ONE_CUSTOMER, *SHARED]]
    table = pd.DataFrame(rows, columns=HEADER.split(","))
    is_anonymous = table["customer_id"] == ""
    table[is_anonymous].drop(columns="customer_id").to_csv(tmp_path / "views.csv", index=False)
    table[~is_anonymous].to_csv(tmp_path / "orders.csv", index=False)
    with foretaste.open(tmp_path / "shop") as shop:
        results = shop.add(tmp_path / "views.csv", tmp_path / "orders.csv")
        notes = "\n".join(note for result in results for note in result.warnings)
        assert items_of(shop.store, "c1") == ["tent", "mat", "lamp", "pan", "knife", "stove"]
        assert items_of(shop.store, "c2") == ["knife"]
        assert items_of(shop.store, None, "v4") == ["stove"]
    assert "took column 'visitor_id' for the session, as another file has an account" in notes
    assert "2 visitors of 'visitor_id' signed in: what they do without 'customer_id'" in notes


def test_sessions_where_everybody_is_signed_in_need_no_fact(
    store: SqlStore, tmp_path: Path
) -> None:
    header = "session_id,customer_id,item,time,event"
    add(store, tmp_path, [row for row in ONE_CUSTOMER if ",c1," in row], header)
    assert not [event for event in store.history("c1", None) if event.kind == IDENTIFY_EVENT]


def test_a_file_that_says_who_signed_in_is_taken_at_its_word(
    store: SqlStore, tmp_path: Path
) -> None:
    rows = [
        "v5,,tent,2026-03-01,view",
        "v5,c5,,2026-03-02,identify",
        "v5,,mat,2026-03-03,view",
        "v5,c6,pan,2026-03-03,view",
    ]
    result = add(store, tmp_path, rows)
    assert items_of(store, "c5") == ["tent", "mat"]
    assert not [note for note in result.warnings if "joined" in note]


def test_a_frame_of_several_batches(store: SqlStore, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(sign_ins, "FACTS_PER_BATCH", 3)
    rows = [
        {"visitor_id": f"v{n}", "customer_id": customer, "item": f"i{n}", "time": 1_770_000_000 + n}
        for n in range(8)
        for customer in (None, f"c{n}")
    ]
    add_source(store, tmp_path, pl.DataFrame(rows), name="log")
    assert all(items_of(store, f"c{n}") == [f"i{n}"] * 2 for n in range(8))
