"""Listings of a marketplace, of which each is there once: which are on offer, and since when."""

from datetime import UTC, datetime

import pytest

from foretaste.behaviour.attributes import load_column_decisions
from foretaste.behaviour.forms import service_item_form
from foretaste.behaviour.patch import item_change
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import Item

from .conftest import NOW, Shop

HEADER = "listing_id;title;brand;price;status;created_at;expires_at;sold_at\n"
LISTINGS = HEADER + (
    "7041;Down jacket navy M;Patagonia;80,00 €;active;01.02.2026 07:03;;\n"
    "7042;Mom jeans, 38;Levi's;25 € VB;sold;02.02.2026 17:28;01.06.2026 00:00;14.02.2026 22:14\n"
    "7043;Rain coat XL;Arket;63 €;reserved;03.02.2026 11:36;;\n"
    "7044;Loafers 38;Zara;12,50 €;For_Sale;04.02.2026 10:00;20.02.2026 09:00;\n"
)


def on_offer(shop: Shop, now: float = NOW) -> set[str]:
    return {item_id for item_id, item in listings(shop).items() if item.available(now)}


def listings(shop: Shop) -> dict[str, Item]:
    return {item.id: item for item in shop.store.items_page("", 10)}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_what_is_sold_reserved_or_expired_is_not_on_offer(shop: Shop) -> None:
    result = shop.add("items", LISTINGS)
    assert result.rejected == 0
    assert on_offer(shop) == {"7041"}
    assert on_offer(shop, moment("2026-02-10")) == {"7041", "7044"}, "expired on the 20th"
    assert not {"status", "sold_at"} & listings(shop)["7042"].attributes.keys()
    assert any("'status' says which items are hidden: 2 of" in line for line in result.warnings)
    assert any("'expires_at' says until when items are" in line for line in result.warnings)


def test_the_first_of_the_times_ends_the_offer(shop: Shop) -> None:
    """Without a status: a listing may be sold long before it would have expired."""
    rows = (line.split(";") for line in LISTINGS.splitlines())
    shop.add("items", "\n".join(";".join(cells[:4] + cells[5:]) for cells in rows))
    ends = {item_id: item.available_until for item_id, item in listings(shop).items()}
    assert ends["7042"] == moment("2026-02-14 22:14")
    assert ends["7044"] == moment("2026-02-20 09:00")
    assert ends["7041"] is None


def test_when_a_listing_came(shop: Shop) -> None:
    shop.add("items", LISTINGS)
    assert listings(shop)["7041"].available_from == moment("2026-02-01 07:03")


def test_the_time_of_a_row_is_none_of_an_item_elsewhere(shop: Shop) -> None:
    """A catalogue that was moved to another program has the day of the move in it."""
    shop.add("items", "sku,title,created_at\nA1,Spade,2026-02-27 10:00\nA2,Hoe,2026-02-27 10:00\n")
    assert listings(shop)["A1"].available_from is None


def test_the_file_of_the_next_day(shop: Shop) -> None:
    shop.add("items", LISTINGS)
    shop.add(
        "items",
        HEADER + "7041;Down jacket navy M;Patagonia;80 €;sold;01.02.2026 07:03;;28.02.2026 20:00\n"
        "7043;Rain coat XL;Arket;60 €;active;03.02.2026 11:36;;\n"
        "7051;Fleece S;Patagonia;30 €;active;28.02.2026 08:00;;\n",
        name="today.csv",
    )
    assert on_offer(shop) == {"7043", "7051"}


def test_a_listing_that_is_sent_alone(shop: Shop) -> None:
    shop.add("items", LISTINGS)
    summary = shop.send_items(
        {"id": "7052", "title": "Parka L", "status": "sold", "brand": "COS"},
        {"id": "7053", "title": "Parka M", "status": "active", "brand": "COS"},
    )
    assert not summary.rejected
    assert on_offer(shop) == {"7041", "7053"}


@pytest.mark.parametrize("column", ["status", "ad_status", "listingStatus"])
def test_words_of_marketplaces(shop: Shop, column: str) -> None:
    words = ["verkauft", "Reserviert", "vendu", "Réservé", "on_hold", "withdrawn", "For sale"]
    rows = [f"L{number},Coat {number},{word}" for number, word in enumerate(words)]
    shop.add("items", "\n".join([f"id,title,{column}", *rows]))
    assert on_offer(shop) == {"L6"}


def test_a_state_that_says_nothing_of_an_offer_is_an_attribute(shop: Shop) -> None:
    shop.add("items", "id,title,status\n1,Borgen,Ended\n2,Dark,Returning Series\n")
    assert on_offer(shop) == {"1", "2"}
    assert listings(shop)["2"].attributes["status"] == ("Returning Series",)


def test_who_writes_to_the_seller_likes_the_listing(shop: Shop) -> None:
    shop.add("items", LISTINGS)
    header = "account_id,listing_id,event,occurred_at\n"
    kinds = ["message", "contact_seller", "make_offer", "phone_click", "favourite"]
    rows = [f"u{n},7041,{kind},2026-02-1{n}T10:00:00Z\n" for n, kind in enumerate(kinds)]
    result = shop.add("events", header + "".join(rows))
    assert result.rejected == 0
    assert {event.kind for event in shop.events} == {"like"}
    assert any("'message' for like" in line for line in result.warnings)


def test_a_patch_in_the_words_of_the_file(shop: Shop) -> None:
    shop.add("items", LISTINGS)
    form = service_item_form(BehaviourSettings(), load_column_decisions(shop.store, "items"))
    jacket, coat = listings(shop)["7041"], listings(shop)["7043"]
    assert item_change("7041", {"status": "sold"}, form)(jacket).hidden
    assert not item_change("7043", {"status": "active"}, form)(coat).hidden
    assert item_change("7043", {"price": "50"}, form)(coat).hidden, "nothing is said of it"
    sold = item_change("7041", {"sold_at": "2026-02-27T10:00:00Z"}, form)(jacket)
    assert not sold.available(NOW)
    assert sold.attributes == jacket.attributes


def test_a_word_that_is_not_understood_is_named(shop: Shop) -> None:
    result = shop.add("items", "id,title,status\n1,Coat,active\n2,Hat,sold\n3,Cap,queried\n")
    assert any(
        "hides no item, also not with 'sold': status 'queried'" in x for x in result.warnings
    )
    assert on_offer(shop) == {"1", "2", "3"}


def test_a_word_that_comes_later_hides_no_fewer(shop: Shop) -> None:
    """A row with a word that nobody knows is refused; what is sold stays hidden."""
    shop.add("items", LISTINGS)
    result = shop.add(
        "items",
        HEADER + "7042;Mom jeans, 38;Levi's;25 €;sold;02.02.2026 17:28;;14.02.2026 22:14\n"
        "7043;Rain coat XL;Arket;63 €;queried;03.02.2026 11:36;;\n",
        name="today.csv",
    )
    assert (result.rejected, on_offer(shop)) == (1, {"7041"})
