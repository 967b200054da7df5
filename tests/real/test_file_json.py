"""JSON as trackers, warehouses and notebooks write it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .file_reader import events_of, import_bytes, items_of

ROWS = [
    {"user": "ann", "item": "tent", "kind": "view", "at": 1700000000},
    {"user": "bob", "item": "mat", "kind": "purchase", "at": 1700000001},
]
ANN_AND_BOB = [("ann", "tent", "view"), ("bob", "mat", "purchase")]
FRAME = pd.DataFrame(ROWS)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(json.dumps({"data": ROWS, "page": 1, "next": None}), id="under a key"),
        pytest.param(json.dumps({"events": ROWS}, indent=2), id="under a key, on many lines"),
        pytest.param(
            "\n".join(json.dumps(row, indent=2) for row in ROWS), id="an object on many lines"
        ),
        pytest.param(FRAME.to_json(), id="pandas"),
        pytest.param(FRAME.to_json(orient="index"), id="pandas by index"),
        pytest.param(FRAME.to_json(orient="split"), id="pandas split"),
        pytest.param(FRAME.to_json(orient="table"), id="pandas table"),
        pytest.param(json.dumps(FRAME.to_dict(orient="list")), id="columns of lists"),
        pytest.param("\n".join(map(str, ROWS)), id="dicts as Python writes them"),
        pytest.param("\r\n".join(map(json.dumps, ROWS)), id="CRLF"),
    ],
)
def test_the_same_events_in_any_form(tmp_path: Path, content: str) -> None:
    imported, store = import_bytes(tmp_path, "events.json", content)
    assert events_of(store) == ANN_AND_BOB
    assert imported.rejected == 0


def test_json_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    _, store = import_bytes(tmp_path, "export.txt", "\n".join(map(json.dumps, ROWS)))
    assert events_of(store) == ANN_AND_BOB


def test_items_by_their_ids(tmp_path: Path) -> None:
    content = json.dumps({"i1": {"title": "Tent"}, "i2": {"title": "Mat"}})
    _, store = import_bytes(tmp_path, "items.json", content, "items")
    assert {item.id: item.title for item in items_of(store).values()} == {"i1": "Tent", "i2": "Mat"}


SESSIONS: list[dict[str, Any]] = [
    {
        "session": 12899779,
        "events": [
            {"aid": 59625, "ts": 1661724000278, "type": "clicks"},
            {"aid": 1142000, "ts": 1661724378460, "type": "carts"},
            {"aid": 1142000, "ts": 1661724400000, "type": "orders"},
        ],
    },
    {"session": 12899780, "events": [{"aid": 59625, "ts": 1661724000378, "type": "clicks"}]},
]


def test_one_row_a_session_with_its_events(tmp_path: Path) -> None:
    imported, store = import_bytes(tmp_path, "otto.jsonl", "\n".join(map(json.dumps, SESSIONS)))
    assert events_of(store) == [
        ("12899779", "59625", "click"),
        ("12899779", "1142000", "add_to_cart"),
        ("12899779", "1142000", "purchase"),
        ("12899780", "59625", "click"),
    ]
    assert next(store.events())[1].at == pytest.approx(1661724000.278)
    assert (
        "took 'clicks' for click, 'carts' for add_to_cart, 'orders' for purchase"
        in imported.warnings
    )
    again, _ = import_bytes(tmp_path, "otto.jsonl", "\n".join(map(json.dumps, SESSIONS)))
    assert again.known == 4


def test_a_single_session_is_no_wrapping(tmp_path: Path) -> None:
    _, store = import_bytes(tmp_path, "otto.json", json.dumps(SESSIONS[0]))
    assert len(events_of(store)) == 3


def test_an_order_with_its_lines(tmp_path: Path) -> None:
    orders = [
        {
            "id": 1001,
            "created_at": "2025-03-01T10:00:00Z",
            "customer": {"id": 7, "email": "ann@example.org"},
            "line_items": [
                {"id": 1, "product_id": 31, "title": "Tent", "quantity": 1},
                {"id": 2, "product_id": 32, "title": "Mat", "quantity": 2},
            ],
        }
    ]
    _, store = import_bytes(tmp_path, "orders.json", json.dumps(orders))
    assert events_of(store) == [("7", "31", "purchase"), ("7", "32", "purchase")]


def test_a_list_of_ids_a_user(tmp_path: Path) -> None:
    content = '{"user_id": 1, "items": [10, 11, 12]}\n{"user_id": 2, "items": [11]}\n'
    _, store = import_bytes(tmp_path, "histories.jsonl", content)
    assert [event.item for event in store.history("1", None)] == ["10", "11", "12"]


def test_a_list_of_objects_in_a_cell_of_csv(tmp_path: Path) -> None:
    content = (
        "user_id,items\n"
        "1,\"[{'item_id': '10', 'playtime': 6}, {'item_id': '20', 'playtime': 0}]\"\n"
        '2,"[{""item_id"": ""10""}]"\n'
    )
    _, store = import_bytes(tmp_path, "steam.csv", content)
    assert [event[:2] for event in events_of(store)] == [("1", "10"), ("1", "20"), ("2", "10")]


def test_objects_within_an_event(tmp_path: Path) -> None:
    rows = [
        {
            "userId": "ann",
            "event": "Product Viewed",
            "timestamp": "2025-03-01T10:00:00Z",
            "properties": {"product_id": "31", "price": 8.5},
        },
        {
            "user": {"id": "bob"},
            "event": "Order Completed",
            "timestamp": "2025-03-02T10:00:00Z",
            "properties": {"product_id": "32"},
        },
    ]
    _, store = import_bytes(tmp_path, "track.jsonl", json.dumps(rows[0]))
    assert events_of(store) == [("ann", "31", "view")]
    _, store = import_bytes(tmp_path, "track2.jsonl", json.dumps(rows[1]))
    assert events_of(store)[1:] == [("bob", "32", "purchase")]
