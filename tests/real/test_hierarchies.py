"""Categories with levels: what is read of them, and filters, reasons and quotas at each level."""

from pathlib import Path

import pytest

import foretaste
from foretaste.behaviour.reading.hierarchies import find_level_mark
from foretaste.domain.data import Item

from .conftest import Shop

TREE = ("Home > Kitchen > Mugs", "Home > Kitchen", "Home > Garden", "Toys > Games")


def category(shop: Shop, item: str, column: str = "category") -> tuple[str, ...]:
    return shop.items[item].attributes[column]


def table(column: str, *cells: str) -> str:
    rows = [f'i{place},Thing {place},"{cell}"' for place, cell in enumerate(cells)]
    return "\n".join([f"id,title,{column}", *rows]) + "\n"


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        pytest.param(TREE, ("Home", "Home > Kitchen", "Home > Kitchen > Mugs"), id="with blanks"),
        pytest.param(
            [cell.replace(" > ", ">") for cell in TREE],
            ("Home", "Home>Kitchen", "Home>Kitchen>Mugs"),
            id="without blanks",
        ),
        pytest.param(
            [cell.replace(">", "&gt;") for cell in TREE],
            ("Home", "Home > Kitchen", "Home > Kitchen > Mugs"),
            id="as an entity of HTML",
        ),
        pytest.param(
            [cell.replace(" > ", "/") for cell in TREE],
            ("Home", "Home/Kitchen", "Home/Kitchen/Mugs"),
            id="slashes",
        ),
        pytest.param(
            ["Men/Shoes/Boots", "Men/Shoes/Sandals", "Women/Shoes", "Women/Hats"],
            ("Men", "Men/Shoes", "Men/Shoes/Boots"),
            id="a name in two branches",
        ),
        pytest.param(
            [cell.replace(">", "›") for cell in TREE],
            ("Home", "Home › Kitchen", "Home › Kitchen › Mugs"),
            id="another mark",
        ),
        pytest.param(
            [cell.replace(" > ", "|") for cell in TREE],
            ("Home", "Kitchen", "Mugs"),
            id="a list and no path",
        ),
        pytest.param(
            ["Crime/Drama", "Drama/Crime", "Drama", "War/Crime"],
            ("Crime", "Drama"),
            id="a list with slashes",
        ),
        pytest.param(
            ["Home > Kitchen|Sale > Mugs", "Sale > Mugs", "Home"],
            ("Home", "Home > Kitchen", "Sale", "Sale > Mugs"),
            id="several paths",
        ),
        pytest.param(
            ["Food, Drinks > Tea", "Food, Drinks > Coffee", "Food, Drinks > Milk"],
            ("Food, Drinks", "Food, Drinks > Tea"),
            id="a comma in a name",
        ),
    ],
)
def test_the_column_tells(shop: Shop, cells: list[str], first: tuple[str, ...]) -> None:
    result = shop.add("items", table("category", *cells))
    assert category(shop, "i0") == first
    assert result.rejected == 0


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("size", ["S/M", "L/XL", "S/M"]),
        ("colour", ["black/white", "black/red", "blue"]),
        ("resolution", ["5 > 3", "7 > 2", "1 > 9"]),
        ("category", ["> 100", "> 200", "> 300"]),
    ],
)
def test_what_is_no_path_stays_as_it_is(column: str, cells: list[str]) -> None:
    assert find_level_mark(column, cells, "|") == ""


def test_the_settings_say_otherwise(shop: Shop) -> None:
    shop.add("items", table("place", "Italy/Rome", "Italy/Milan"), levels={"place": "/"})
    assert category(shop, "i0", "place") == ("Italy", "Italy/Rome")
    flat = table("category", *TREE)
    shop.add("items", flat, levels={"category": ""})
    assert category(shop, "i0") == ("Home > Kitchen > Mugs",)


def test_items_sent_alone_are_read_as_the_file_was(shop: Shop) -> None:
    shop.add("items", table("category", *(cell.replace(" > ", "/") for cell in TREE)))
    shop.send_items(
        {"id": "a", "title": "A", "category": "Home/Attic"},
        {"id": "b", "title": "B", "shelf": "Home > Attic"},
        {"id": "c", "title": "C", "shelf": ["Home", "Home > Attic"]},
    )
    assert category(shop, "a") == ("Home", "Home/Attic")
    assert category(shop, "b", "shelf") == category(shop, "c", "shelf") == ("Home", "Home > Attic")


def test_a_language_model_reads_the_whole_path_once() -> None:
    item = Item("i", "Mug", attributes={"category": ("Home", "Home > Kitchen"), "a": ("x", "y")})
    assert item.reading() == "Mug. category: Home > Kitchen. a: x, y"


def test_filters_quotas_and_features_at_each_level(tmp_path: Path) -> None:
    leaves = ("Home > Kitchen > Mugs", "Home > Kitchen > Pans", "Home > Garden", "Toys > Games")
    cells = [leaves[place % 4] for place in range(24)]
    (tmp_path / "items.csv").write_text(table("category", *cells))
    rows = [
        f"u{person},i{(4 * step + person % 4) % 24},purchase,{1_770_000_000 + step * 60 + person}"
        for person in range(24)
        for step in range(4)
    ]
    (tmp_path / "events.csv").write_text("\n".join(["user,item,event_type,at", *rows]) + "\n")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "foretaste.toml").write_text(
        '[language]\nthreads = 1\ndevice = "cpu"\n[model]\nmax_weight_cases = 100\n'
        'experts = ["popularity", "attribute", "neighbour"]\n'
    )
    shop = foretaste.open(tmp_path / "shop")
    shop.add(tmp_path / "items.csv", tmp_path / "events.csv")
    shop.train()

    def leaves_of(**fields: object) -> set[str]:
        answer = shop.recommend("u0", n=24, **fields)
        return {cells[int(item.id[1:])] for item in answer.items}

    assert leaves_of(filter={"category": "Home"}) == set(leaves[:3])
    assert leaves_of(filter={"category": "Home > Kitchen"}) == set(leaves[:2])
    assert leaves_of(filter={"category": "Home>Kitchen"}) == set(leaves[:2])
    assert leaves_of(filter={"category": "Home > Kitchen > Mugs"}) == {leaves[0]}
    assert leaves_of(filter={"category": {"not_in": ["Home"]}}) == {leaves[3]}
    answer = shop.recommend("u0", n=24, rules=[{"quota": "category", "max_items": 2}])
    assert len(answer.items) == 8, "a quota counts the deepest level"
    features = {
        str(term.feature)
        for item in shop.recommend("u0", n=24, explain=True).items
        for term in item.terms
        if term.feature
    }
    assert {"category: Home", "category: Home > Kitchen"} <= features
    shop.close()
