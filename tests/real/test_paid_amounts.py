"""What exports of orders say was paid, where nobody names a column as the value."""

from pathlib import Path
from typing import Any

import pytest

from foretaste.loop import Foretaste

from .conftest import Shop

HEADER = "Bestellnummer;Bestelldatum;Kundennummer;Artikelnummer;Menge;Einzelpreis"
ROWS = (
    "B-1;04.01.2023;K1;kleid;1;49,90",
    "B-1;04.01.2023;K1;schal;3;9,90 €",
    "B-2;05.01.2023;K2;hut;2;1.020,50",
    "B-3;06.01.2023;K2;karte;1;",
    "R-1;11.01.2023;K1;kleid;-1;49,90",
)


def table(header: str, *rows: str) -> str:
    return "\n".join((header, *rows)) + "\n"


def values(shop: Shop) -> dict[str | None, float | None]:
    return {event.item: event.value for event in shop.events if event.kind == "purchase"}


def test_the_price_times_the_pieces_is_what_a_purchase_was_worth(shop: Shop) -> None:
    result = shop.add("events", table(HEADER, *ROWS), "orders.csv")
    assert values(shop) == {"kleid": 49.9, "schal": 29.7, "hut": 2041.0, "karte": None}
    assert [event.value for event in shop.events if event.kind == "return"] == [None]
    notes = " ".join(result.warnings)
    assert "what was paid for the items, Einzelpreis × Menge, is the value" in notes
    assert "left alone" not in notes
    sums = {item: (total, n) for item, total, n in shop.store.event_value_sums(["purchase"])}
    assert sums == {"schal": (29.7, 1), "hut": (2041.0, 1)}  # the dress came back


def test_a_file_of_before_is_known_and_keeps_its_ids(shop: Shop) -> None:
    """A store of before, without amounts, has each event once whatever is imported again."""
    without_price = [row.rpartition(";")[0] for row in ROWS]
    shop.add("events", table(HEADER.rpartition(";")[0], *without_price), "orders.csv")
    ids = [event.event_id for event in shop.events]
    again = shop.add("events", table(HEADER, *ROWS), "orders.csv")
    assert (again.added, again.known, again.rejected) == (0, 5, 0)
    assert [event.event_id for event in shop.events] == ids
    assert not any("used before" in note for note in again.warnings)


def test_replacing_the_file_brings_the_amounts(tmp_path: Path) -> None:
    workspace = Foretaste.open(tmp_path / "shop")
    path = tmp_path / "orders.csv"
    path.write_text(table(HEADER.rpartition(";")[0], "B-1;04.01.2023;K1;schal;3"))
    workspace.add(events=path)
    path.write_text(table(HEADER, ROWS[1]))
    workspace.add(events=path, replace=True)
    assert [event.value for _, event in workspace.store.events()] == [29.7]
    workspace.add(events=path)
    workspace.undo_import(workspace.imports()[-2].number)  # what the newest repeats stays its own
    assert [event.value for _, event in workspace.store.events()] == [29.7]
    workspace.close()


@pytest.mark.parametrize(
    ("header", "row", "value"),
    [
        ("order_id,customer_id,sku,qty,unit_price,line_total", "o,u,a,2,5.00,9.00", 9.0),
        ("order_id,customer_id,sku,qty,price", "o,u,a,2,5.00", 10.0),
        ("order_id,customer_id,sku,price", "o,u,a,5.00", 5.0),
        ("order_id,customer_id,sku,qty,price,total", "o,u,a,2,5.00,99.00", 10.0),
        ("order_id,customer_id,sku,qty,total", "o,u,a,2,99.00", None),  # of the whole order?
        ("order_id,customer_id,sku,qty,price", "o,u,a,2,gratis", None),
        ("order_id,customer_id,sku,qty,price", "o,u,a,2,-5.00", None),  # a voucher
        ("user,item,at,price", "u,a,2023-01-04,5.00", None),  # of no order
    ],
)
def test_which_columns_say_what_was_paid(
    shop: Shop, header: str, row: str, value: float | None
) -> None:
    shop.add("events", table(header, row))
    assert [event.value for event in shop.events] == [value]


def test_what_the_settings_say_of_values_holds(shop: Shop) -> None:
    """Who counts purchases by a value, such as the pieces, gets no amounts into it."""
    settings: dict[str, Any] = {"value": {"purchase": {"curve": [[1, 0.5], [10, 1]]}}}
    shop.add("events", table(HEADER, ROWS[1]), **settings)
    assert values(shop) == {"schal": None}
    shop.add("events", table(HEADER, ROWS[1]), columns={"events": {"value": "Menge"}})
    assert [event.value for event in shop.events] == [None, 3.0]


def test_inspect_says_what_the_pieces_and_the_price_are_for(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(table(HEADER, *ROWS))
    workspace = Foretaste.open(tmp_path / "shop")
    (inspected,) = workspace.inspect(path).files
    uses = {use.column: (use.use, use.reason) for use in inspected.columns}
    paid = "what was paid for the item is Einzelpreis × Menge"
    assert uses["Menge"] == ("quantity", f"{paid}; a row below 0 is a return")
    assert uses["Einzelpreis"] == ("value", paid)
    workspace.close()


def test_pieces_alone_are_for_returns(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,customer_id,sku,quantity,date\no1,u1,a,1,2023-01-04\n")
    workspace = Foretaste.open(tmp_path / "shop")
    (inspected,) = workspace.inspect(path).files
    (use,) = [use for use in inspected.columns if use.column == "quantity"]
    assert (use.use, use.reason) == ("quantity", "a row below 0 is a return")
    result = workspace.add(events=path)
    assert "left alone" not in " ".join(result[0].warnings)
    workspace.close()


def test_lists_can_go_by_it(trained: Path) -> None:
    """`event_value` had nothing in a shop that names no value."""
    workspace = Foretaste.open(trained)
    rows = [
        {"order_id": f"o{n}", "customer_id": f"c{n}", "sku": "space-1", "quantity": 2, "price": 99}
        for n in range(9)
    ]
    cheap = [
        {"order_id": f"p{n}", "customer_id": f"c{n}", "sku": f"space-{item}", "quantity": 1,
         "price": 1}
        for n, item in enumerate(range(2, 9))
    ]  # fmt: skip
    workspace.add(events=[*rows, *cheap])
    plain = [item.id for item in workspace.recommend("new", n=8)]
    paid = [item.id for item in workspace.recommend("new", n=8, goal="event_value", goal_weight=1)]
    assert paid[0] == "space-1"
    assert paid != plain
    workspace.close()
