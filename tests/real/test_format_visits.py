"""Formats by name: small invented files as Matomo, Piano Analytics and Spotify write them."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from foretaste.errors import InputError

from .format_reader import Export

START = 1_767_430_800
TEE = {"productViewName": "Trail Tee", "productViewSku": "SKU1", "productViewPrice": 29.9}
LINES = [
    {"itemSKU": "SKU1", "itemName": "Trail Tee", "itemCategory": "Shirts", "price": 29.9},
    {"itemSKU": "SKU2", "itemName": "Camp Mug", "itemCategory": "Mugs", "price": 14.5},
]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


def visit(number: int, visitor: str, user: str | None, *actions: Mapping[str, Any]) -> Any:
    """As Live.getLastVisitsDetails has it, with some of its hundred fields."""
    timed = [{"timestamp": START + 60 * place, **action} for place, action in enumerate(actions)]
    return {
        "idSite": "1",
        "idVisit": str(number),
        "visitIp": "203.0.113.0",
        "visitorId": visitor,
        "userId": user,
        "serverTimestamp": START,
        "deviceType": "Desktop",
        "actionDetails": timed,
    }


def page(path: str, title: str, **more: Any) -> dict[str, Any]:
    address = f"https://shop.example/{path}"
    return {"type": "action", "url": address, "pageTitle": title, "timeSpent": "40", **more}


VISITS = [
    visit(
        1,
        "c1a8f2d9",
        None,
        page("", "Shop"),
        page("tee?utm=x", "Trail Tee", **TEE, productViewCategories=["Shirts", "Sale"]),
        {"type": "search", "siteSearchKeyword": "camp mug", "pageTitle": "camp mug"},
        {"type": "event", "eventCategory": "Videos", "eventAction": "Play"},
        {"type": "ecommerceAbandonedCart", "revenue": 29.9, "itemDetails": LINES[:1]},
    ),
    visit(
        2,
        "c1a8f2d9",
        "ann",
        {"type": "ecommerceOrder", "orderId": "o1", "revenue": 44.4, "itemDetails": LINES},
        {"type": "goal", "goalName": "Newsletter"},
    ),
]
MATOMO_ROWS = [
    ("c1a8f2d9", "SKU1", "view"),
    ("c1a8f2d9", "camp mug", "search"),
    ("c1a8f2d9", "SKU1", "add_to_cart"),
    ("ann", "SKU1", "purchase"),
    ("ann", "SKU2", "purchase"),
    ("ann", None, "identify"),  # derived: who signs in on the browser
]


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Lists and objects as Matomo's CSV has them: actionDetails_0_type."""
    if not isinstance(value, dict | list):
        return {name: value}
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    cells: dict[str, Any] = {}
    for key, inner in pairs:
        cells |= flat(inner, f"{name}_{key}" if name else str(key))
    return cells


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    names = dict.fromkeys(name for row in rows for name in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(names))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_matomo(export: Export, kind: str) -> None:
    is_json = kind == "json"
    export.write(
        f"visits.{kind}", json.dumps(VISITS) if is_json else as_csv(list(map(flat, VISITS)))
    )
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == MATOMO_ROWS
    assert [event.at - START for event in shop.events[:4]] == [60, 120, 240, 0]
    assert [event.value for event in shop.events[3:5]] == [29.9, 14.5]
    assert shop.events[0].device == "Desktop"
    assert shop.items["SKU2"].title == "Camp Mug"
    assert "event: no product and no words" in shop.warnings
    assert "were joined to the customer who signed in" in shop.warnings


def test_products_within_the_visits_of_matomo(export: Export) -> None:
    path = export.write("visits.json", json.dumps(VISITS))
    shop = export.read(format_name="matomo", items=path)
    assert {item.id: item.title for item in shop.items.values()} == {
        "SKU1": "Trail Tee",
        "SKU2": "Camp Mug",
    }
    assert "Shirts" in shop.items["SKU1"].attributes["category"]
    assert shop.items["SKU2"].attributes["price"] == ("14.5",)


def test_a_site_without_products_is_refused_with_what_to_do(export: Export) -> None:
    visits = [visit(1, "a1", None, page("news/1?at=mail", "First"), page("news/2#end", "Second"))]
    export.write("visits.json", json.dumps(visits))
    with pytest.raises(InputError, match="--format matomo-pages takes pages for the items"):
        export.read("visits.json", format_name="matomo")
    shop = export.read(format_name="matomo-pages")
    assert shop.rows() == [
        ("a1", "https://shop.example/news/1", "view"),
        ("a1", "https://shop.example/news/2", "view"),
    ]
    assert shop.items["https://shop.example/news/1"].title == "First"


def piano(minute: int, name: str, user: str = "", **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"e{minute}",
        "event_time_utc": f"2026-01-03T09:{minute:02}:00",
        "event_name": name,
        "visit_id": "77",
        "visitor_id": "a91f",
        "user_id": user,
        "device_type": "Smartphone",
        "page": "",
        "product_id": "",
        "product": "",
        "product_brand": "",
        "product_category1": "",
        "product_category2": "",
        "product_pricetaxincluded": "",
        "ise_keyword": "",
        **more,
    }


MUG: dict[str, Any] = {
    "product_id": "P2",
    "product": "Camp Mug",
    "product_brand": "Nordfell",
    "product_category1": "Kitchen",
    "product_category2": "Mugs",
    "product_pricetaxincluded": 14.5,
}
PIANO_EVENTS = [
    piano(1, "page.display", page="Home"),
    piano(2, "internal_search_result.display", ise_keyword="mug"),
    piano(3, "product.display", **MUG),
    piano(4, "product.page_display", **MUG),
    piano(5, "product.add_to_cart", **MUG),
    piano(6, "cart.payment"),
    piano(7, "transaction.confirmation", "ben"),
    piano(8, "product.purchased", "ben", **MUG),
]
PIANO_ROWS = [
    ("a91f", "mug", "search"),
    ("a91f", "P2", "impression"),
    ("a91f", "P2", "view"),
    ("a91f", "P2", "add_to_cart"),
    ("ben", "P2", "purchase"),
    ("ben", None, "identify"),  # derived
]


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_piano(export: Export, kind: str) -> None:
    export.settings('[behaviour]\ntimezone = "Europe/Paris"\n')
    is_json = kind == "json"
    path = export.write(
        f"events.{kind}", json.dumps(PIANO_EVENTS) if is_json else as_csv(PIANO_EVENTS)
    )
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == PIANO_ROWS
    assert shop.events[0].at == START + 120, "in UTC, whatever the zone of the shop"
    assert (shop.events[4].value, shop.events[4].session) == (14.5, "a91f")
    assert "page.display: no product_id, av_content_id" in shop.warnings
    assert "event_name is transaction.confirmation" in shop.warnings
    shop = export.read(format_name="piano", items=path)
    mug = shop.items["P2"]
    assert (mug.title, mug.attributes["brand"]) == ("Camp Mug", ("Nordfell",))
    assert mug.attributes["category"] == ("Kitchen", "Kitchen > Mugs")


STREAMS = [
    {"endTime": f"2026-01-02 10:3{place}", **stream}
    for place, stream in enumerate(
        [
            {"artistName": "Adele", "trackName": "Hello", "msPlayed": 295_000},
            {"artistName": "Lionel Richie", "trackName": "Hello", "msPlayed": 1_200},
            {"podcastName": "Night Talk", "episodeName": "Owls", "msPlayed": 1_800_000},
        ]
    )
]


def test_the_short_history_of_spotify(export: Export) -> None:
    streams = [{"user": "ann", **stream} for stream in STREAMS]
    export.settings('[behaviour]\ntimezone = "Europe/Paris"\n')
    path = export.write("StreamingHistory_music_0.json", json.dumps(streams[:2]))
    export.write("StreamingHistory_podcast_0.json", json.dumps(streams[2:]))
    shop = export.read()
    assert shop.rejects == []
    items = ["Adele – Hello", "Lionel Richie – Hello", "Night Talk – Owls"]
    assert [event.item for event in shop.events] == items
    assert shop.events[0].at == 1_767_349_800, "in UTC"
    assert shop.items["Adele – Hello"].title == "Hello"
    shop = export.read(format_name="spotify", items=path)
    assert shop.items["Adele – Hello"].attributes["artist"] == ("Adele",)


def test_a_track_whose_artist_is_empty_is_known_by_its_name_alone(export: Export) -> None:
    """Not as one of an artist called None."""
    rows = [{"user": "ann", **STREAMS[0]}, {"user": "ann", **STREAMS[1], "artistName": None}]
    export.write("StreamingHistory_music_0.json", json.dumps(rows))
    assert [event.item for event in export.read().events] == ["Adele – Hello", "Hello"]


def test_a_history_of_nobody_is_refused_with_what_to_do(export: Export) -> None:
    export.write("StreamingHistory0.json", json.dumps(STREAMS[:2]))
    with pytest.raises(InputError, match="whose history it is: add a column user to its rows"):
        export.read("StreamingHistory0.json")
