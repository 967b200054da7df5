"""What shops write of what came back, and what people have afterwards."""

import pytest

from foretaste.domain.data import EVENT_TYPE_WEIGHTS
from foretaste.prepare.interactions import build_interactions

from .conftest import Shop

HEADER = "Bestellnummer;Bestelldatum;Kundennummer;Artikelnummer;Menge;Einzelpreis"
BOUGHT_AND_RETURNED = (
    "B-1;04.01.2023;K1;kleid;1;49,90",
    "B-1;04.01.2023;K1;schal;3;9,90",
    "B-2;05.01.2023;K2;kleid;1;49,90",
    "B-3;06.01.2023;K2;kleid;1;49,90",
    "R-1;11.01.2023;K1;kleid;-1;49,90",
    "R-1;11.01.2023;K1;schal;-1;9,90",
    "R-2;12.01.2023;K2;kleid;-1;49,90",
)
KEPT = {("K1", "schal"), ("K2", "kleid")}


def table(*rows: str) -> str:
    return "\n".join((HEADER, *rows)) + "\n"


def kept_purchases(shop: Shop) -> list[tuple[str, str]]:
    """(user, item) of what histories are made from."""
    items = sorted({event.item for event in shop.events if event.item})
    index = {item: position for position, item in enumerate(items)}
    found, _ = build_interactions(shop.store.event_columns(), index, EVENT_TYPE_WEIGHTS)
    users = [found.users[user] for user in found.row_users().tolist()]
    return sorted(zip(users, (items[item] for item in found.item), strict=True))


@pytest.mark.parametrize("rows", [BOUGHT_AND_RETURNED, BOUGHT_AND_RETURNED[::-1]])
def test_what_came_back_whole_is_no_purchase(shop: Shop, rows: tuple[str, ...]) -> None:
    first = shop.add("events", table(*rows), "orders.csv")
    assert kept_purchases(shop) == sorted(KEPT)
    assert (first.read, first.added, first.rejected) == (6, 6, 0)
    notes = " ".join(first.warnings)
    assert "2 rows with Menge below 0 are returns" in notes
    assert "rows with Menge below 0 were left out: 1 (a part of what was bought)" in notes
    assert "what was paid for the items, Einzelpreis × Menge" in notes
    again = shop.add("events", table(*rows), "orders.csv")
    assert (again.added, again.known) == (0, 6)
    assert kept_purchases(shop) == sorted(KEPT)


def test_a_return_comes_in_a_later_file_and_what_is_bought_anew_stays(shop: Shop) -> None:
    shop.add("events", table(*BOUGHT_AND_RETURNED[:2]), "2023-01.csv")
    shop.add("events", table("R-1;11.02.2023;K1;kleid;-1;49,90"), "2023-02.csv")
    assert kept_purchases(shop) == [("K1", "schal")]
    shop.add("events", table("B-9;11.03.2023;K1;kleid;1;49,90"), "2023-03.csv")
    assert kept_purchases(shop) == [("K1", "kleid"), ("K1", "schal")]


def test_bought_and_returned_on_one_day_are_two_events(shop: Shop) -> None:
    shop.add("events", table("B-1;04.01.2023;K1;kleid;1;49,90", "B-1;04.01.2023;K1;kleid;-1;49,90"))
    assert [event.kind for event in shop.events] == ["purchase", "return"]
    assert kept_purchases(shop) == []


def test_a_return_below_nothing_is_no_mistake_where_the_total_is_the_value(shop: Shop) -> None:
    rows = ("order_id,customer_id,sku,quantity,total", "o1,u1,a,2,20.00", "o2,u1,a,-2,-20.00")
    columns = {"events": {"value": "total"}}
    result = shop.add("events", "\n".join(rows) + "\n", columns=columns)
    assert (result.added, result.rejected) == (2, 0)
    assert [(event.kind, event.value) for event in shop.events] == [
        ("purchase", 20),
        ("return", None),
    ]


def test_a_return_of_nobody_is_counted(shop: Shop) -> None:
    rows = ("Bestellnummer;Artikelnummer;Menge;Bestelldatum", "B-1;a;1;04.01.2023")
    result = shop.add("events", "\n".join((*rows, "B-2;a;-1;05.01.2023")) + "\n")
    assert (result.added, result.rejected) == (1, 0)
    assert "1 (of nobody who is known)" in " ".join(result.warnings)


def test_logs_that_name_returns(shop: Shop) -> None:
    log = "user,item,event,at\nu1,a,purchase,2024-01-01\nu1,b,purchase,2024-01-02\n"
    result = shop.add("events", f"{log}u1,a,returned,2024-01-09\nu1,,returned,2024-01-10\n")
    assert [event.kind for event in shop.events] == ["purchase", "purchase", "return"]
    assert kept_purchases(shop) == [("u1", "b")]
    assert result.rejected == 0
    assert "1 (event is returned, without an item)" in " ".join(result.warnings)
