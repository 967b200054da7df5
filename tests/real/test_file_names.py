"""Columns and types of events as common exports call them, found by name and by value."""

from pathlib import Path
from typing import Any

import pytest

from foretaste.errors import InputError

from .file_reader import events_of, import_bytes, items_of


@pytest.mark.parametrize(
    ("name", "header", "row", "event"),
    [
        (
            "events.csv",
            "timestamp,visitorid,event,itemid,transactionid",
            "1433221332117,257597,addtocart,355908,",
            "257597 355908 add_to_cart",
        ),
        (
            "events.csv",
            "timestamp,visitorid,event,itemid,transactionid",
            "1433221332117,257597,transaction,355908,4000",
            "257597 355908 purchase",
        ),
        ("rating.csv", "user_id,anime_id,rating", "1,20,8", "1 20 rating"),
        (
            "retail.csv",
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
            "536365,85123A,HOLDER,6,2010-12-01 08:26,2.55,17850,UK",
            "17850 85123A purchase",
        ),
        (
            "retail.csv",
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
            "536365,85123A,HOLDER,6,2010-12-01 08:26,2.55,,UK",
            "536365 85123A purchase",
        ),
        (
            "train-purchases.csv",
            "sessionId;userId;timeframe;eventdate;ordernumber;itemId",
            "150;18278;17100868;2016-05-06;16421;25911",
            "18278 25911 purchase",
        ),
        (
            "cosmetics.csv",
            "event_time,event_type,product_id,category_id,brand,price,user_id,user_session",
            "2019-10-01 00:00:00 UTC,cart,5773203,14875,runail,2.62,463240011,26dd6e6e",
            "463240011 5773203 add_to_cart",
        ),
        (
            "hm.csv",
            "t_dat,customer_id,article_id,price,sales_channel_id",
            "2018-09-20,000058a1,0663713001,0.05,2",
            "000058a1 0663713001 purchase",
        ),
        (
            "taobao.csv",
            "user_id,item_id,category_id,behavior_type,timestamp",
            "1,2268318,2520377,pv,1511544070",
            "1 2268318 view",
        ),
        (
            "bx.csv",
            '"User-ID";"ISBN";"Book-Rating"',
            '"276725";"034545104X";"5"',
            "276725 034545104X rating",
        ),
        ("jester.csv", "userId,jokeId,rating", "1,5,0.219", "1 5 rating"),
        (
            "recipes.csv",
            "user_id,recipe_id,date,rating,review",
            "38094,40893,2003-02-17,4,Great",
            "38094 40893 rating",
        ),
        (
            "clicks.csv",
            "session_id;click_article_id;click_timestamp",
            "1;68866;1506826817000",
            "1 68866 click",
        ),
        (
            "personalize.csv",
            "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP",
            "u1,i1,Purchase,1511544070",
            "u1 i1 purchase",
        ),
    ],
)
def test_common_exports(tmp_path: Path, name: str, header: str, row: str, event: str) -> None:
    imported, store = import_bytes(tmp_path, name, f"{header}\n{row}\n")
    assert events_of(store) == [tuple(event.split())]
    assert imported.rejected == 0


def test_times_are_found_by_their_values(tmp_path: Path) -> None:
    imported, store = import_bytes(
        tmp_path, "log.csv", "user,item,moment\nann,tent,2025-03-01 10:00\n"
    )
    assert next(store.events())[1].at == 1740823200
    assert "took column 'moment' for the time" in imported.warnings


def test_a_type_column_of_something_else_is_left_alone(tmp_path: Path) -> None:
    content = "user,item,type\nann,tent,mobile\nbob,mat,tv\n"
    imported, store = import_bytes(tmp_path, "log.csv", content)
    assert events_of(store) == [("ann", "tent", "view"), ("bob", "mat", "view")]
    assert any(
        "column 'type' has no type of event that is known (mobile, tv)" in note
        for note in imported.warnings
    )


def test_types_are_found_by_their_values(tmp_path: Path) -> None:
    content = "user,item,what\nann,tent,viewed\nbob,mat,bought\n"
    _, store = import_bytes(tmp_path, "log.csv", content)
    assert events_of(store) == [("ann", "tent", "view"), ("bob", "mat", "purchase")]


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        ("clicks", "click"), ("carts", "add_to_cart"), ("orders", "purchase"),
        ("transaction", "purchase"), ("added to cart", "add_to_cart"),
        ("purchase_complete", "purchase"),
        ("Page View", "view"), ("pv", "view"), ("Order Completed", "purchase"),
        ("favourite", "like"), ("thumbs-down", "dislike"), ("view_item_list", "impression"),
    ],
)  # fmt: skip
def test_types_by_other_names(tmp_path: Path, name: str, event_type: str) -> None:
    content = f"user,item,event_type,at\nann,tent,{name},2025-03-01\n"
    imported, store = import_bytes(tmp_path, "log.csv", content)
    assert events_of(store) == [("ann", "tent", event_type)]
    assert f"took '{name}' for {event_type}" in imported.warnings


def test_names_of_the_settings(tmp_path: Path) -> None:
    rows = ["user,item,event_type", "ann,tent,Bestellt", "ann,mat,clicks", "ann,pan,wishlist"]
    content = "\n".join(rows)
    settings: dict[str, Any] = {
        "event_type_names": {"bestellt": "purchase", "clicks": "view"},
        "kinds": {"wishlist": 0.5},
    }
    _, store = import_bytes(tmp_path, "log.csv", content, settings=settings)
    assert [event[2] for event in events_of(store)] == ["purchase", "view", "wishlist"]
    with pytest.raises(ValueError, match="'x' cannot be 'buy_it'; expected one of view, click"):
        import_bytes(tmp_path, "log.csv", content, settings={"event_type_names": {"x": "buy it"}})


def test_an_unknown_type_is_told_with_both_remedies(tmp_path: Path) -> None:
    imported, _ = import_bytes(tmp_path, "log.csv", "user,item,event_type\nann,tent,verschenkt\n")
    assert (
        "under [behaviour.event_weights], another name of a known one under "
        "[behaviour.event_type_names]" in imported.rejects[0].remedy
    )


@pytest.mark.parametrize(
    ("columns", "item"),
    [
        ("anime_id,name,genre\n20,Naruto,\"Action, Comedy\"\n", ("20", "Naruto")),
        ("Handle,Title,Vendor\ntent,Two-person tent,Acme\n", ("tent", "Two-person tent")),
        ("StockCode,Description\n85123A,WHITE HOLDER\n", ("85123A", "WHITE HOLDER")),
        ("article_id,prod_name\n0108775015,Strap top\n", ("0108775015", "Strap top")),
        ("tconst,primaryTitle\ntt0000001,Carmencita\n", ("tt0000001", "Carmencita")),
        ("ISBN;Book-Title\n0195153448;Mythology\n", ("0195153448", "Mythology")),
        ("ID,SKU,Name\n7,abc,Tent\n", ("7", "Tent")),
        ("wine_id,label\nw7,Barolo\n", ("w7", "Barolo")),
    ],
)  # fmt: skip
def test_common_catalogues(tmp_path: Path, columns: str, item: tuple[str, str]) -> None:
    _, store = import_bytes(tmp_path, "items.csv", columns, "items")
    assert [(item.id, item.title) for item in items_of(store).values()] == [item]


def test_the_nearest_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"did you mean 'Kunden-User'\? name yours under"):
        import_bytes(tmp_path, "log.csv", "Kunden-User,item\nann,tent\n")


HIDDEN = [
    ("hidden", "1.0", True), ("hidden", "0.0", False), ("hidden", "on", True),
    ("hidden", "off", False),
    ("hidden", "active", False), ("hidden", "hidden", True), ("visibility", "hidden", True),
    ("visibility", "visible", False), ("Visibility in catalog", "catalog", False),
    ("Published", "TRUE", False), ("Published", "0", True), ("Published", "-1", True),
    ("status", "active", False), ("status", "draft", True), ("status", "archived", True),
    ("is_active", "0", True), ("is_active", "1", False), ("enabled", "no", True),
    ("archived", "yes", True), ("discontinued", "false", False),
    ("visibility", "Catalog, Search", False),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value", "hidden"), HIDDEN)
def test_hidden_by_any_word(tmp_path: Path, column: str, value: str, hidden: bool) -> None:
    content = f'id,title,{column}\n7,Tent,"{value}"\n8,Mat,\n'
    imported, store = import_bytes(tmp_path, "items.csv", content, "items")
    items = items_of(store)
    assert (items["7"].hidden, items["8"].hidden) == (hidden, False)
    assert column not in items["7"].attributes
    if column != "hidden":
        assert any(
            f"column '{column}' says which items are hidden" in note for note in imported.warnings
        )


def test_a_status_that_says_something_else_is_an_attribute(tmp_path: Path) -> None:
    content = "id,title,status\n7,Tent,new\n8,Mat,used\n"
    _, store = import_bytes(tmp_path, "items.csv", content, "items")
    assert items_of(store)["7"].attributes == {"status": ("new",)}
