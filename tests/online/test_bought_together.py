"""What people take together, live: with reasons that name the evidence, and honest stand-ins."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.domain.data import Event, Item
from foretaste.loop import Foretaste


@pytest.fixture(scope="module")
def shop(_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretaste]:
    folder = Path(shutil.copytree(_trained, tmp_path_factory.mktemp("together") / "shop"))
    loop = Foretaste.open(folder)
    yield loop
    loop.close()


def order(shop: Foretaste, name: str, *items: str) -> None:
    at = shop.clock() - 100
    shop.record(
        [
            Event(f"{name}-{item}", "purchase", at, user=name, session=f"order-{name}", item=item)
            for item in items
        ]
    )


def test_orders_count_at_once_and_the_reason_says_by_how_many(shop: Foretaste) -> None:
    for buyer in range(4):
        order(shop, f"buyer-{buyer}", "space-1", "kitchen-7")
    order(shop, "buyer-9", "space-1", "kitchen-2")
    listed = shop.bought_together("space-1", n=5)
    first = listed.items[0]
    assert first.id == "kitchen-7"
    assert first.source == "model"
    assert first.reason[0] == "Bought together with The star [space] by 4 people"
    assert "space-1" not in [item.id for item in listed]
    others = {item.id: item for item in listed.items[1:]}
    assert all(item.source == "fallback" for item in others.values()), "one buyer is no evidence"
    german = shop.bought_together("space-1", n=1, language="de").items[0]
    assert german.reason[0] == "Von 4 Personen zusammen mit The star [space] gekauft"


def test_what_fewer_people_took_than_may_be_told_of_is_no_evidence(shop: Foretaste) -> None:
    for buyer in range(4):
        order(shop, f"pair-{buyer}", "space-2", "kitchen-6")
    assert shop.bought_together("space-2", n=1).items[0].source == "model"
    slates = shop.slates
    slates.hide_few(10)
    try:
        assert {item.source for item in shop.bought_together("space-2", n=5)} == {"fallback"}
    finally:
        slates._basket_counts.min_people = 2


def test_purchases_count_before_clicks_and_clicks_where_nobody_buys(shop: Foretaste) -> None:
    clicked = shop.bought_together("space-5", n=3)
    assert clicked.items[0].source == "model", "thirty people clicked on one after another"
    assert "together with The planet [space]" in clicked.items[0].reason[0]


def test_a_new_item_borrows_from_what_reads_like_it_and_says_so(shop: Foretaste) -> None:
    shop.store.put_items(
        [Item("new-star", title="The star [space]", attributes={"genre": ("space",)})]
    )
    listed = shop.bought_together("new-star", n=5)
    assert listed.items
    assert {item.source for item in listed} == {"fallback"}
    assert any("with items like The star" in text for item in listed for text in item.reason)
    assert not any("by 4 people" in text for item in listed for text in item.reason)


def test_variants_of_one_product_are_no_complement(shop: Foretaste) -> None:
    group = {"variant_group": ("lamp",)}
    shop.store.put_items(
        [
            Item("lamp-red", title="Lamp red", attributes=group),
            Item("lamp-blue", title="Lamp blue", attributes=group),
            Item("bulb", title="Light bulb"),
        ]
    )
    for buyer in range(3):
        order(shop, f"lamp-buyer-{buyer}", "lamp-red", "lamp-blue", "bulb")
    listed = shop.bought_together("lamp-red", n=4)
    assert listed.items[0].id == "bulb"
    assert not {item.id for item in listed} & {"lamp-red", "lamp-blue"}
    assert shop.bought_together("lamp-blue", n=1).items[0].id == "bulb", "its sister's orders count"


def test_what_a_person_may_not_see_is_not_there(shop: Foretaste) -> None:
    shop.steer("tidy", changes=[{"filter": {"genre": "kitchen"}, "mute": True}])
    listed = shop.bought_together("space-1", "tidy", n=10)
    assert not [item.id for item in listed if item.id.startswith("kitchen")]


def test_it_is_filled_up_with_what_is_popular_where_that_is_asked_for(shop: Foretaste) -> None:
    short = shop.bought_together("space-1", n=10, filter={"genre": "kitchen"})
    filled = shop.bought_together("space-1", n=10, filter={"genre": "kitchen"}, fill_up=["popular"])
    assert len(filled.items) >= len(short.items)


def test_it_is_a_shelf_and_is_kept_with_its_kind(shop: Foretaste) -> None:
    page = shop.page("u1", shelves=[{"kind": "bought_together", "item": "space-1"}], n=2)
    shelf = page.shelves[0]
    assert shelf.title == "Often bought together with The star [space]"
    assert shelf.recommendation.items[0].id == "kitchen-7"
    more = shop.recommend(next_page_of=shelf.recommendation.recommendation_id)
    assert not {item.id for item in more} & {item.id for item in shelf.recommendation}


def test_who_is_erased_counts_no_more(shop: Foretaste) -> None:
    for buyer in range(2):
        order(shop, f"erased-{buyer}", "space-9", "kitchen-9")
    assert shop.bought_together("space-9", n=1).items[0].id == "kitchen-9"
    shop.store.erase("erased-0")
    first = shop.bought_together("space-9", n=1).items[0]
    assert first.id != "kitchen-9" or first.source == "fallback"
