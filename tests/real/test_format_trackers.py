"""What trackers write: events with their products in objects and lists."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from foretaste.errors import InputError

from .format_reader import Export


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


def lines(rows: Iterable[Any]) -> str:
    return "\n".join(map(json.dumps, rows))


def ga4(name: str, *products: dict[str, Any], user: str | None = None, **values: Any) -> Any:
    """An event as `bq extract` writes it: numbers of 64 bits are text."""
    params = [
        {"key": "ga_session_id", "value": {"string_value": None, "int_value": "1767430000"}},
        {"key": "page_location", "value": {"string_value": "https://shop.example/p"}},
        *({"key": key, "value": {"string_value": value}} for key, value in values.items()),
    ]
    return {
        "event_date": "20260103",
        "event_timestamp": "1767430800123456",
        "event_name": name,
        "event_params": params,
        "user_id": user,
        "user_pseudo_id": "1193466.1767",
        "device": {"category": "mobile", "language": "de"},
        "ecommerce": {"purchase_revenue": 44.4},
        "items": list(products),
    }


TEE = {
    "item_id": "SKU_1",
    "item_name": "Trail Tee",
    "item_brand": "Nordfell",
    "item_category": "Apparel",
    "item_category2": "Shirts",
    "price": 29.9,
}
MUG = {"item_id": "SKU_2", "item_name": "Camp Mug", "item_category": "Kitchen", "price": 14.5}
GA4_EVENTS = [
    ga4("session_start"),
    ga4("page_view"),
    ga4("view_search_results", search_term="camp mug"),
    ga4("view_item_list", TEE, MUG),
    ga4("select_item", TEE),
    ga4("view_item", TEE),
    ga4("add_to_cart", TEE, user="ann"),
    ga4("begin_checkout", TEE, MUG, user="ann"),
    ga4("purchase", TEE, MUG, user="ann"),
    ga4("add_to_wishlist", MUG, user="ann"),
    ga4("remove_from_cart", MUG, user="ann"),
    ga4("scroll"),
]
GA4_ROWS = [
    ("1193466.1767", "camp mug", "search"),
    ("1193466.1767", "SKU_1", "impression"),
    ("1193466.1767", "SKU_2", "impression"),
    ("1193466.1767", "SKU_1", "click"),
    ("1193466.1767", "SKU_1", "view"),
    ("ann", "SKU_1", "add_to_cart"),
    ("ann", "SKU_1", "purchase"),
    ("ann", "SKU_2", "purchase"),
    ("ann", "SKU_2", "like"),
    ("ann", None, "identify"),  # the browser's earlier events are ann's, too
]


@pytest.mark.parametrize("format_name", [None, "ga4"])
def test_google_analytics(export: Export, format_name: str | None) -> None:
    export.write("events_20260103.json", lines(GA4_EVENTS))
    shop = export.read(format_name=format_name)
    assert shop.rejects == []
    assert shop.rows() == GA4_ROWS
    event = shop.events[6]
    assert (event.user, event.session, event.device) == ("ann", "1193466.1767", "mobile")
    assert event.at == pytest.approx(1767430800.123456)
    assert [event.value for event in shop.events[6:8]] == [29.9, 14.5]
    assert (
        "1 (scroll: no product, no item_id, content_id or article_id in event_params, no words)"
        in shop.warnings
    )
    assert "event_name is remove_from_cart" in shop.warnings


def test_google_analytics_of_a_newspaper(export: Export) -> None:
    """It has no products: the page views name what was read."""
    rows = [ga4("page_view", content_id=f"a{n % 3}", user="ann") for n in range(3)]
    export.write("events.json", lines([*rows, ga4("page_view"), ga4("scroll")]))
    shop = export.read(format_name="ga4")
    assert shop.rows() == [("ann", "a0", "view"), ("ann", "a1", "view"), ("ann", "a2", "view")]


def test_google_analytics_of_an_app_of_recipes(export: Export) -> None:
    """What it has is named by an event of its own, which is its rating."""
    rows = [ga4("rate_recipe", recipe_id=f"r{n}", rating=str(n), user="ann") for n in (1, 5)]
    export.write("events.json", lines(rows))
    shop = export.read(format_name="ga4")
    assert shop.rows()[:2] == [("ann", "r1", "rating"), ("ann", "r5", "rating")]
    assert [event.value for event in shop.events[:2]] == [1.0, 5.0]


def test_google_analytics_without_items_says_what_is_missing(export: Export) -> None:
    export.write("events.json", lines([ga4("page_view"), ga4("page_view"), ga4("scroll")]))
    with pytest.raises(InputError, match=r"none of the first 3 rows .* 2 \(page_view: no product"):
        export.read(format_name="ga4")


def test_google_analytics_flattened_to_csv(export: Export) -> None:
    import csv
    import io

    text = io.StringIO()
    table = csv.DictWriter(text, GA4_EVENTS[0].keys())
    table.writeheader()
    for row in GA4_EVENTS:
        table.writerow(
            {
                key: json.dumps(value) if isinstance(value, list | dict) else value
                for key, value in row.items()
            }
        )
    export.write("events.csv", text.getvalue())
    shop = export.read()
    assert shop.rows() == GA4_ROWS
    assert shop.events[0].device == "mobile"


def test_google_analytics_in_parquet(export: Export) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(GA4_EVENTS), export.folder / "events.parquet")
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == GA4_ROWS


def test_products_within_events_of_google_analytics(export: Export) -> None:
    path = export.write("events_20260103.json", lines(GA4_EVENTS))
    shop = export.read(format_name="ga4")
    shop = export.read(format_name="ga4", items=path)
    assert shop.items["SKU_1"].title == "Trail Tee"
    assert shop.items["SKU_1"].attributes["brand"] == ("Nordfell",)
    assert shop.items["SKU_1"].attributes["price"] == ("29.9",)
    assert shop.items["SKU_1"].attributes["category"] == ("Apparel", "Apparel > Shirts")
    assert shop.items["SKU_2"].attributes["category"] == ("Kitchen",)


def segment(call: str, event: str | None = None, user: str | None = None, **values: Any) -> Any:
    return {
        "type": call,
        "event": event,
        "messageId": f"ajs-{call}-{event}",
        "anonymousId": "anon-1",
        "userId": user,
        "originalTimestamp": "2026-01-03T09:00:00.500Z",
        "timestamp": "2026-01-03T09:00:00.700Z",
        "receivedAt": "2026-01-03T09:00:01.000Z",
        "context": {"page": {"path": "/p"}, "library": {"name": "analytics.js"}},
        "properties": values,
    }


def test_segment(export: Export) -> None:
    rows = [
        segment("page", name="Home", path="/"),
        segment("track", "Products Searched", query="camp mug"),
        segment("track", "Product List Viewed", products=[{"product_id": "1"}, {"sku": "M-2"}]),
        segment("track", "Product Clicked", product_id="1", price=29.9),
        segment("track", "Product Viewed", product_id="1", price=29.9),
        segment("page", product_id="1"),
        segment("identify", user="ann", email="ann@example.org"),
        segment("identify"),
        segment("track", "Product Added", user="ann", product_id="1", price=29.9),
        segment("track", "Checkout Started", user="ann", products=[{"product_id": "1"}]),
        segment(
            "track",
            "Order Completed",
            user="ann",
            order_id="o1",
            products=[{"product_id": "1", "price": 29.9}, {"product_id": "2", "price": 14.5}],
        ),
        segment("track", "Product Added to Wishlist", user="ann", product_id="2"),
        segment("track", "Newsletter Signup", user="ann"),
    ]
    export.write("segment-logs.json", lines(rows))
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == [
        ("anon-1", "camp mug", "search"),
        ("anon-1", "1", "impression"),
        ("anon-1", "M-2", "impression"),
        ("anon-1", "1", "click"),
        ("anon-1", "1", "view"),
        ("anon-1", "1", "view"),
        ("ann", None, "identify"),
        ("ann", "1", "add_to_cart"),
        ("ann", "1", "purchase"),
        ("ann", "2", "purchase"),
        ("ann", "2", "like"),
    ]
    assert {event.at for event in shop.events} == {1767430800.5}
    assert [event.value for event in shop.events[8:10]] == [29.9, 14.5]
    assert "newsletter_signup: no item and no words" in shop.warnings
    assert [result.known for result in export.read().results] == [11]


ECOMMERCE = "com_snowplowanalytics_snowplow_ecommerce"


def snowplow(event_id: int, action: str, *products: dict[str, Any], user: str | None = None) -> Any:
    return {
        "app_id": "shop",
        "platform": "web",
        "collector_tstamp": "2026-01-03T09:00:02.000Z",
        "derived_tstamp": "2026-01-03T09:00:00.000Z",
        "event": "unstruct",
        "event_name": "snowplow_ecommerce_action",
        "event_id": f"e{event_id}",
        "user_id": user,
        "domain_userid": "d-1",
        "domain_sessionid": "s-1",
        f"unstruct_event_{ECOMMERCE}_snowplow_ecommerce_action_1": {"type": action},
        f"contexts_{ECOMMERCE}_product_1": list(products),
    }


def test_snowplow(export: Export) -> None:
    tee = {"id": "1", "name": "Trail Tee", "category": "Shirts", "price": 29.9, "currency": "EUR"}
    mug = {"id": "2", "name": "Camp Mug", "category": "Mugs", "price": 14.5, "currency": "EUR"}
    page = {**snowplow(0, "x"), "event": "page_view", "event_name": "page_view"}
    del page[f"unstruct_event_{ECOMMERCE}_snowplow_ecommerce_action_1"]
    search = {**page, "event_id": "e7", "event_name": "site_search", "event": "unstruct"}
    search["unstruct_event_com_snowplowanalytics_snowplow_site_search_1"] = {
        "terms": ["camp", "mug"]
    }
    structured = {
        **page,
        "event_id": "e8",
        "event": "struct",
        "event_name": "event",
        "se_category": "ecommerce",
        "se_action": "add-to-basket",
        "se_label": "2",
        "se_value": 14.5,
    }
    rows = [
        page,
        search,
        snowplow(1, "list_view", tee, mug),
        snowplow(2, "list_click", tee),
        snowplow(3, "product_view", tee),
        snowplow(4, "add_to_cart", tee, user="ann"),
        snowplow(5, "remove_from_cart", tee, user="ann"),
        snowplow(6, "transaction", tee, mug, user="ann"),
        {**structured, "se_action": "add_to_basket"},
    ]
    export.write("enriched.json", lines(rows))
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == [
        ("d-1", "camp mug", "search"),
        ("d-1", "1", "impression"),
        ("d-1", "2", "impression"),
        ("d-1", "1", "click"),
        ("d-1", "1", "view"),
        ("ann", "1", "add_to_cart"),
        ("ann", "1", "purchase"),
        ("ann", "2", "purchase"),
        ("d-1", "2", "add_to_cart"),
        ("ann", None, "identify"),  # derived: who signs in on the browser
    ]
    assert {event.at for event in shop.events} == {1767430800.0}
    assert shop.events[6].value == 29.9


def test_opensearch_ubi(export: Export) -> None:
    queries = [
        {
            "application": "shop",
            "query_id": "q1",
            "client_id": "c1",
            "user_query": "camp mug",
            "query_attributes": {},
            "query_response_object_ids": ["2", "1"],
            "timestamp": "2026-01-03T09:00:00.000Z",
        },
        {
            "application": "shop",
            "query_id": "q2",
            "client_id": "c2",
            "user_query": "",
            "timestamp": "2026-01-03T09:00:00.000Z",
        },
    ]

    def event(action: str, item: str | None, position: int | None = None) -> Any:
        thing = {"object_id": item, "object_id_field": "sku", "description": "x"}
        return {
            "application": "shop",
            "action_name": action,
            "query_id": "q1",
            "client_id": "c1",
            "session_id": "s1",
            "timestamp": "2026-01-03T09:00:05.000Z",
            "message_type": "CLICK",
            "event_attributes": {
                "object": thing if item else None,
                "position": {"ordinal": position},
            },
        }

    events = [
        event("on_search", None),
        event("impression", "2", 1),
        event("item_hover", "2", 1),
        event("click_through", "2", 1),
        event("add_to_cart", "2"),
        event("purchase", "2"),
        event("page_exit", None),
    ]
    export.write("ubi_queries.ndjson", lines(queries))
    export.write("ubi_events.ndjson", lines(events))
    shop = export.read()
    assert shop.rejects == []
    assert sorted(shop.rows()) == sorted(
        [
            ("c1", "camp mug", "search"),
            ("c1", "2", "impression"),
            ("c1", "2", "click"),
            ("c1", "2", "add_to_cart"),
            ("c1", "2", "purchase"),
        ]
    )
    assert {event.at for event in shop.events} == {1767430800.0, 1767430805.0}
