"""Variants that are items of their own, grouped by a column."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import foretaste
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import Event, Item
from foretaste.domain.words import GROUP_COLUMN
from foretaste.loop import Foretaste

from .conftest import NOW, Shop

SETTINGS = """
[behaviour.columns.items]
group = "parent"
[language]
threads = 1
device = "cpu"
[model]
max_weight_cases = 100
experts = ["popularity", "neighbour", "content", "attribute"]
"""
PRODUCTS = ("tent", "mat", "stove", "lamp", "pan", "knife", "pack", "rope")
COLOURS = ("red", "blue")


def catalogue() -> str:
    rows = [
        f"{product}-{colour},{product.title()} in {colour},{product},{colour},{10 + place}"
        for place, product in enumerate(PRODUCTS)
        for colour in COLOURS
    ]
    return "\n".join(["id,title,parent,colour,price", *rows, "book,A book about camps,,,9"]) + "\n"


def behaviour() -> str:
    """People take neighbouring products, each in any colour."""
    rows = ["user,item,event_type,at"]
    for person in range(24):
        for step in range(3):
            product = PRODUCTS[(person + step) % len(PRODUCTS)]
            colour = COLOURS[person // 8 % 2]
            rows.append(
                f"u{person},{product}-{colour},purchase,{1_770_000_000 + 60 * step + person}"
            )
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a model of them; not to be changed."""
    folder = tmp_path_factory.mktemp("variants")
    (folder / "shop").mkdir()
    (folder / "shop" / "foretaste.toml").write_text(SETTINGS)
    (folder / "items.csv").write_text(catalogue())
    (folder / "events.csv").write_text(behaviour())
    loop = foretaste.open(folder / "shop")
    loop.add(folder / "items.csv", folder / "events.csv")
    loop.train()
    loop.close()
    return folder / "shop"


@pytest.fixture
def grouped(trained: Path, tmp_path: Path) -> Iterator[Foretaste]:
    loop = foretaste.open(shutil.copytree(trained, tmp_path / "shop"))
    yield loop
    loop.close()


def products_of(ids: list[str]) -> list[str]:
    return [name.partition("-")[0] for name in ids]


def test_events_of_variants_count_for_the_group(grouped: Foretaste) -> None:
    events = [event for _, event in grouped.store.events()]
    assert {event.item for event in events} == {f"{product}-red" for product in PRODUCTS}
    variants = {event.context["variant"] for event in events if event.context}
    assert variants == {f"{product}-blue" for product in PRODUCTS}
    item = grouped.store.item("tent-blue")
    assert item is not None
    assert item.attributes[GROUP_COLUMN] == ("tent",)
    assert "parent" not in item.attributes
    assert "tent" not in item.reading().replace("Tent", "")


def test_every_list_has_one_of_each_group(grouped: Foretaste) -> None:
    size = len(PRODUCTS) + 1
    lists = {
        "stranger": grouped.recommend("nobody", n=20),
        "similar": grouped.similar("mat-blue", n=20),
        "search": grouped.recommend(query="tent in blue", n=20),
        "trending": grouped.recommend(window=10 * 365 * 86_400.0, n=20),
    }
    for name, answer in lists.items():
        products = products_of([item.id for item in answer.items])
        assert len(products) == len(set(products)), name
    assert len(lists["stranger"].items) == size
    assert "mat" not in products_of([item.id for item in lists["similar"].items])


def test_a_variant_that_was_taken_hides_its_group(grouped: Foretaste) -> None:
    shown = products_of([item.id for item in grouped.recommend("u0", n=20).items])
    assert {"tent", "mat", "stove"}.isdisjoint(shown)
    grouped.record([Event("e1", "purchase", 1_770_000_900.0, user="u0", item="pan-blue")])
    assert "pan" not in products_of([item.id for item in grouped.recommend("u0", n=20).items])


def test_a_filter_picks_the_variant_and_the_score_is_the_groups(grouped: Foretaste) -> None:
    plain = grouped.recommend("u0", n=20, explain=True)
    blue = grouped.recommend("u0", n=20, filter={"colour": "blue"}, explain=True)
    assert {item.id.partition("-")[2] for item in blue.items} == {"blue"}
    scores = {product: item.score for item in plain.items for product in products_of([item.id])}
    for item in blue.items:
        assert item.score == pytest.approx(scores[products_of([item.id])[0]], abs=1e-5)
        assert sum(term.nats for term in item.terms) == pytest.approx(item.score, abs=1e-3)
    assert products_of([item.id for item in blue.items]) == [
        product for product in products_of([item.id for item in plain.items]) if product != "book"
    ]


def test_a_sold_out_representative_leaves_its_place_to_another_variant(grouped: Foretaste) -> None:
    first = grouped.recommend("u0", n=20)
    gone = first.items[0].id
    item = grouped.store.item(gone)
    assert item is not None
    grouped.store.put_items([Item(item.id, item.title, attributes=item.attributes, hidden=True)])
    second = grouped.recommend("u0", n=20)
    assert second.items[0].id != gone
    assert products_of([second.items[0].id]) == products_of([gone])
    assert "hidden" in grouped.why_not(gone, "u0").sentence


def test_what_was_done_with_a_variant_is_taken_back_alone(grouped: Foretaste) -> None:
    for name in ("rope-red", "rope-blue"):
        grouped.record([Event(name, "view", 1_770_001_000.0, user="new", item=name)])
    assert grouped.take_back("new", "rope-blue") == 1
    left = grouped.store.history("new", None)
    assert [(event.event_id, event.item) for event in left] == [("rope-red", "rope-red")]
    assert grouped.take_back("new", "rope-red") == 1


def test_why_a_variant_is_not_in_the_list(grouped: Foretaste) -> None:
    shown = grouped.recommend("u0", n=20).items[0].id
    product, _, colour = shown.partition("-")
    other = f"{product}-{'red' if colour == 'blue' else 'blue'}"
    assert (
        f"another variant of it is in the list, '{shown}'" in grouped.why_not(other, "u0").sentence
    )


def test_candidates_of_the_caller_are_all_put_in_order(grouped: Foretaste) -> None:
    answer = grouped.recommend("u0", n=10, candidates=["rope-red", "rope-blue", "pan-red"])
    assert {item.id for item in answer.items} == {"rope-red", "rope-blue", "pan-red"}


def test_reasons_and_features_do_not_name_the_group(grouped: Foretaste) -> None:
    answer = grouped.recommend("u0", n=20, explain=True)
    texts = [text for item in answer.items for text in item.reason]
    texts += [str(term.feature) for item in answer.items for term in item.terms]
    assert not any(GROUP_COLUMN in text or "parent" in text for text in texts)


def test_items_sent_later_join_their_group(shop: Shop) -> None:
    settings: dict[str, Any] = {"columns": {"items": {"group": "parent"}}}
    shop.add("items", "id,title,parent\ntent-red,Red tent,tent\n", **settings)
    shop.send_items({"id": "tent-blue", "title": "Blue tent", "parent": "tent"}, **settings)
    summary = shop.send({"user": "u", "item": "tent-blue", "event_type": "view"}, **settings)
    assert summary.accepted == 1
    assert [event.item for event in shop.events] == ["tent-red"]
    # the product itself represents its group, whenever it comes
    shop.send_items({"id": "tent", "title": "Tent", "parent": "tent"}, **settings)
    shop.send({"user": "u", "item": "tent-red", "event_type": "click"}, **settings)
    assert [event.item for event in shop.events] == ["tent-red", "tent"]


def test_newest_items_are_one_of_each_group(shop: Shop) -> None:
    rows = "".join(
        f"{name},{name},{parent},2026-01-{day:02}\n"
        for name, parent, day in [("a1", "a", 9), ("a2", "a", 8), ("b1", "b", 7), ("c", "", 6)]
    )
    columns = {"items": {"group": "parent"}}
    shop.add("items", "id,title,parent,available_from\n" + rows, columns=columns)
    assert [item.id for item in shop.store.newest_items(NOW, 3)] == ["a1", "b1", "c"]


def test_shopify_rows_are_items_of_a_group_where_the_settings_say_so(shop: Shop) -> None:
    from .test_format_shops import SHOPIFY_PRODUCTS

    columns = {"items": {"id": "Variant SKU", "group": "Handle"}}
    shop.add("items", SHOPIFY_PRODUCTS, name="products_export.csv", columns=columns)
    assert set(shop.items) == {"TT-R-M", "TT-R-L", "TT-B-M", "CM-1", "OH-1"}
    blue = shop.items["TT-B-M"]
    assert blue.title == "Trail Tee"
    assert blue.attributes["Colour"] == ("Blue",)
    assert "Line names" not in blue.attributes
    assert blue.attributes["Vendor"] == ("Nordfell",)
    assert blue.attributes[GROUP_COLUMN] == ("trail-tee",)


def test_an_unknown_key_of_items_names_group() -> None:
    with pytest.raises(ValueError, match="did you mean 'group'"):
        BehaviourSettings.model_validate({"columns": {"items": {"grup": "parent"}}})


def test_the_group_of_a_feed_is_found(shop: Shop) -> None:
    feed = "id,title,item_group_id,color\nA1,Tee,A,red\nA2,Tee,A,blue\nB1,Mug,,red\n"
    result = shop.add("items", feed)
    assert shop.items["A2"].attributes[GROUP_COLUMN] == ("A",)
    assert GROUP_COLUMN not in shop.items["B1"].attributes
    assert any("'item_group_id' groups variants" in warning for warning in result.warnings)
    shop.add("events", "user,item,event_type,at\nu,A2,view,1767430800\n")
    assert [event.item for event in shop.events] == ["A1"]
    shop.send_items({"id": "A3", "title": "Tee", "item_group_id": "A"})
    shop.send({"user": "u", "item": "A3", "event_type": "click"})
    assert [event.item for event in shop.events] == ["A1", "A1"]


def test_the_settings_have_no_groups(shop: Shop) -> None:
    columns = {"items": {"group": ""}}
    shop.add("items", "id,title,item_group_id\nA1,Tee,A\nA2,Tee,A\n", columns=columns)
    assert GROUP_COLUMN not in shop.items["A2"].attributes


def test_a_shopify_export_with_columns_taken_out(shop: Shop) -> None:
    table = (
        "Handle,Title,Vendor,Variant SKU,Variant Price\n"
        "tee,Trail Tee,Nordfell,T-1,29.90\ntee,,,T-2,31.90\nmug,Camp Mug,Kettle,M-1,14.50\n"
    )
    shop.add("items", table)
    assert {item.id: item.title for item in shop.items.values()} == {
        "tee": "Trail Tee",
        "mug": "Camp Mug",
    }
    assert shop.items["tee"].attributes["Variant Price"] == ("29.9", "31.9")
    shop.send({"user": "u", "item": "T-2", "event_type": "view"})
    assert [(event.item, event.context) for event in shop.events] == [("tee", {"variant": "T-2"})]


def test_a_short_list_counts_the_other_variants_by_themselves(grouped: Foretaste) -> None:
    shortfall = grouped.recommend("nobody", n=20).shortfall
    assert shortfall is not None
    assert (shortfall.shown, shortfall.catalogue) == (9, 17)
    assert [(count.code, count.items) for count in shortfall.counts] == [("variant", 8)]


def test_a_list_that_is_filled_up_has_one_of_each_group(grouped: Foretaste) -> None:
    answer = grouped.recommend("u0", n=20, fill_up=("taken",))
    assert len(products_of([item.id for item in answer.items])) == len(answer) == 9
    assert sum(item.source == "taken" for item in answer.items) == 3


def test_an_import_that_is_undone_leaves_no_variants(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from foretaste.behaviour.variant_ids import VariantIds
    from foretaste.cli.main import app

    from .test_format_shops import SHOPIFY_PRODUCTS

    (tmp_path / "products_export.csv").write_text(SHOPIFY_PRODUCTS)
    folder = str(tmp_path / "shop")
    imported = CliRunner().invoke(
        app, ["import", str(tmp_path / "products_export.csv"), "-w", folder]
    )
    assert imported.exit_code == 0, imported.stderr
    loop = foretaste.open(folder)
    variant_ids = VariantIds(loop.store)
    assert variant_ids.refresh()
    loop.close()
    undone = CliRunner().invoke(app, ["imports", "undo", "1", "--yes", "-w", folder])
    assert undone.exit_code == 0, undone.stderr
    loop = foretaste.open(folder)
    assert not VariantIds(loop.store).refresh()
    assert not loop.store.item_ids()
    loop.close()
