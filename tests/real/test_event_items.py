"""Logs of shops, tills and trackers: what their rows say of items, and what says nothing."""

import csv
import json
import random
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

import pandas as pd
import pytest
from benchmarks.datasets import SHARED

from foretaste.behaviour.item_columns import describes_item, item_columns
from foretaste.behaviour.open_table import HEAD_ROWS
from foretaste.domain.data import ImportResult
from foretaste.errors import InputError

from .conftest import Shop

REVIEWS = SHARED / "womens-clothing-reviews" / "WomensClothingE-CommerceReviews.parquet.brotli"
CITIES = ("Oslo", "Bergen", "Narva", "Tartu", "Riga", "Lodz", "Brno", "Graz", "Linz", "Bern")
PEOPLE = [f"u{number}" for number in range(40)]
ARTICLES: list[dict[str, Any]] = [
    {
        "id": str(44_600_000 + number),
        "name": f"{name} lamp",
        "brand": ("Acme", "Widgets", "Lumen")[number % 3],
        "category": ("lamps.desk", "lamps.floor")[number % 2],
        "price": 20.0 + 7 * number,
    }
    for number, name in enumerate(
        ["Oslo", "Bergen", "Narva", "Tartu", "Riga", "Lodz", "Brno", "Graz", "Linz", "Bern"]
    )
]


def drawn(count: int = 400) -> Iterator[tuple[int, str, dict[str, Any], random.Random]]:
    """(row, user, article), the same each time."""
    chance = random.Random(3)
    for row in range(count):
        yield row, chance.choice(PEOPLE), chance.choice(ARTICLES), chance


def text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    file = StringIO()
    csv.writer(file).writerows([header, *rows])
    return file.getvalue()


def day(row: int) -> str:
    return f"2026-01-{1 + row // 24 % 28:02d}"


def clock(row: int) -> str:
    return f"{row % 24:02d}:{row % 60:02d}:07"


def said(result: ImportResult) -> str:
    return " ".join(result.warnings)


def shop_log() -> str:
    """As shops export the log of a tracker, with the article's data in every row."""
    header = (
        "event_time,event_type,product_id,category_code,brand,price,user_id,user_session,"
        "order_status,delivery_city,total"
    )
    rows = [
        (
            f"{day(row)} {clock(row)} UTC",
            ("view", "view", "cart", "remove_from_cart", "purchase")[row % 5],
            article["id"],
            article["category"],
            article["brand"],
            f"{article['price'] * chance.choice((1, 1, 1, 1, 0.95)):.2f}",
            user,
            f"s{row // 3}",
            chance.choice(("open", "sent")),
            chance.choice(("Oslo", "Bergen", "Narvik")),
            f"{article['price']:.2f}",
        )
        for row, user, article, chance in drawn()
    ]
    return text(header.split(","), rows)


def test_what_all_rows_of_an_item_agree_on_is_the_items(shop: Shop) -> None:
    result = shop.add("events", shop_log())
    assert not result.rejects
    for article in ARTICLES:
        attributes = shop.items[article["id"]].attributes
        assert attributes["brand"] == (article["brand"],)
        assert attributes["category_code"] == (article["category"],)
        assert attributes["price"][0] in (f"{article['price']:g}", f"{article['price']:.2f}")
        assert attributes.keys() <= {"brand", "category_code", "price", "price_band"}
    assert "10 items were not in the catalogue and were created from the events" in said(result)
    assert "with their category_code, brand and price" in said(result)
    assert {event.session for event in shop.events} == {f"s{n}" for n in range(400 // 3 + 1)}


def test_what_says_nothing_of_taste_is_left_out_and_counted(shop: Shop) -> None:
    result = shop.add("events", shop_log())
    assert result.added == 320
    assert "left out: 80 (event_type is remove_from_cart)" in said(result)
    weighed = shop.add("events", shop_log(), "again.csv", event_weights={"remove_from_cart": -0.2})
    assert weighed.added == 80, "who gives it a weight has it"


def test_an_item_of_the_catalogue_stays_as_it_is(shop: Shop) -> None:
    first, second, *_ = ARTICLES
    shop.add("items", f"id,title,brand\n{first['id']},Lamp,Own\n")
    result = shop.add("events", shop_log())
    assert shop.items.keys() == {first["id"]}, "beside a catalogue others may be mistyped"
    assert shop.items[first["id"]].attributes["brand"] == ("Own",)
    assert any(f"unknown item '{second['id']}'" in reject.problem for reject in result.rejects)


def test_without_a_catalogue_what_a_later_event_names_is_new(shop: Shop) -> None:
    """Also where a log has told more of the items before it than their ids."""
    shop.add("events", shop_log())
    assert shop.add("events", "user,item,at\nann,new-1,2026-02-01\n", "plain.csv").added == 1
    assert shop.send({"user": "ann", "item": "new-2", "event_type": "view"}).accepted == 1
    assert {"new-1", "new-2"} <= shop.items.keys()
    shop.add("items", "id,title\nnew-1,Lamp\n")
    result = shop.add("events", "user,item,at\nann,new-3,2026-02-02\n", "later.csv")
    assert result.rejected == 1, "a catalogue was given"
    sent = shop.send({"user": "ann", "item": "new-4", "event_type": "view"})
    assert sent.accepted == 0


def test_an_item_sent_alone_is_a_catalogue_too(shop: Shop) -> None:
    shop.add("events", shop_log())
    shop.send_items({"id": "own", "title": "Own"})
    assert shop.send({"user": "ann", "item": "new", "event_type": "view"}).accepted == 0


def test_the_title_of_a_review_is_not_the_items(shop: Shop) -> None:
    words = ("Great", "Broke soon", "As told", "Love it", "So so")
    rows = [
        {
            "rating": chance.choice((1.0, 4.0, 5.0)),
            "title": chance.choice(words),
            "text": "It stands on the desk",
            "asin": article["id"],
            "user_id": user,
            "timestamp": 1_767_225_600_000 + row * 60_000,
        }
        for row, user, article, chance in drawn()
    ]
    result = shop.add("events", "\n".join(map(json.dumps, rows)), "reviews.jsonl")
    assert {item.title for item in shop.items.values()} == {""}
    assert "with an id and nothing to read" in said(result)
    few = shop.add("events", "\n".join(map(json.dumps, rows[:3])), "few.jsonl")
    assert "title" not in few.warnings[0] or "left alone" in few.warnings[0]


@pytest.mark.skipif(not REVIEWS.exists(), reason=f"{REVIEWS.parent} is not here")
def test_what_describes_the_item_in_real_reviews() -> None:
    reviews = pd.read_parquet(REVIEWS).head(HEAD_ROWS)
    head, item = reviews.to_dict("records"), "Clothing ID"
    others = [column for column in reviews.columns if column != item]
    assert item_columns(head, item, (), others) == ("Department Name", "Class Name")
    assert describes_item("Title", head, item, ()) is False


def test_titles_that_all_rows_agree_on_are_the_items(shop: Shop) -> None:
    rows = [(user, article["id"], article["name"], day(row)) for row, user, article, _ in drawn()]
    shop.add("events", text(("user", "item", "title", "at"), rows))
    assert {item.id: item.title for item in shop.items.values()} == {
        article["id"]: article["name"] for article in ARTICLES
    }


def test_objects_in_cells_are_read(shop: Shop) -> None:
    rows = [
        (
            f"018{row:05d}",
            ("$pageview", "product_viewed", "purchase", "$autocapture")[row % 4],
            json.dumps({"product_id": article["id"], "product_name": article["name"]})
            if row % 4
            else json.dumps({"$current_url": "https://shop.example/"}),
            f"{day(row)}T{clock(row)}",
            user,
        )
        for row, user, article, _ in drawn()
    ]
    header = ("uuid", "event", "properties", "timestamp", "distinct_id")
    result = shop.add("events", text(header, rows))
    assert not result.rejects
    assert result.added == 200
    assert {event.item for event in shop.events} == {article["id"] for article in ARTICLES}
    assert {item.title for item in shop.items.values()} == {a["name"] for a in ARTICLES}
    assert "100 ($pageview" not in said(result)
    assert "100 (event is $pageview, without an item)" in said(result)
    assert "100 (event is $autocapture)" in said(result)


def test_what_is_different_in_every_row_is_no_item(shop: Shop) -> None:
    rows = [(f"{row:032x}", user, day(row)) for row, user, _, _ in drawn(100)]
    with pytest.raises(InputError, match="no column 'item'"):
        shop.add("events", text(("uuid", "user", "at"), rows))


@pytest.mark.parametrize(
    ("date_name", "time_name", "written"),
    [
        ("Date", "Time", "07:05 PM"),
        ("Datum", "Uhrzeit", "19:05"),
        ("Order Date", "Order Time", "19:05:00"),
    ],
)
def test_day_and_time_of_day_are_one_moment(
    shop: Shop, date_name: str, time_name: str, written: str
) -> None:
    rows = [("ann", "lamp-1", "2026-01-03", written), ("ben", "lamp-2", "2026-01-04", "")]
    header = ("user", "item", date_name, time_name)
    result = shop.add("events", text(header, rows), timezone="UTC")
    assert [event.at for event in shop.events] == [1_767_467_100.0, 1_767_484_800.0]
    assert f"the time of an event is '{date_name}' with '{time_name}'" in said(result)


def test_a_till_that_knows_articles_by_their_names(shop: Shop) -> None:
    names = [
        "Latte",
        "Mocha",
        "Tea",
        "Flat white",
        "Muffin",
        "Bagel",
        "Scone",
        "Water",
        "Juice",
        "Cookie",
    ]
    rows = [
        (day(row), clock(row), names[row % 10], "Payment", f"T{row // 2}", user, "Drinks")
        for row, user, _, _ in drawn(200)
    ]
    header = ("Date", "Time", "Item", "Event Type", "Transaction ID", "Customer ID", "Location")
    shop.add("events", text(header, rows))
    assert {item.title for item in shop.items.values()} == set(names)
    assert {event.kind for event in shop.events} == {"purchase"}
    assert all(not item.attributes for item in shop.items.values())


def test_lines_of_a_known_shop_have_their_titles(shop: Shop) -> None:
    rows = [
        (row, user, day(row), "Completed", article["id"], article["name"], article["price"])
        for row, user, article, _ in drawn(60)
    ]
    header = "Order ID,Customer ID,Order Date,Order Status,Product ID,Product Name,Product Price"
    result = shop.add("events", text(header.split(","), rows))
    assert "WooCommerce" in said(result)
    assert {item.title for item in shop.items.values()} == {a["name"] for a in ARTICLES}
