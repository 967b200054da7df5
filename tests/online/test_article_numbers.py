"""Who types the number of an article finds it first: by its id, by an attribute such as the EAN,
and by the number of a variant.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.variant_ids import VariantIds
from foretaste.domain.data import Item
from foretaste.domain.no_taste import column_words, is_number_name
from foretaste.loop import Foretaste

REASON = "Has the number you searched for"
EAN = "4006381333931"


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    items = [
        Item(f"AB-10{n:02}", title=f"Lampion {n}", attributes={"EAN": (str(int(EAN) + n),)})
        for n in range(6)
    ]
    workspace.store.put_items(items)
    yield workspace
    workspace.close()


def found(shop: Foretaste, query: str, **fields: Any) -> list[str]:
    """The items that are found, without those that fill up the list."""
    answer = shop.recommend(query=query, n=8, **fields)
    return [item.id for item in answer if item.source != "unmatched"]


@pytest.mark.parametrize("typed", ["AB-1003", "ab-1003", " AB 1003 ", "ab1003", str(int(EAN) + 3)])
def test_the_item_with_the_number_comes_first(shop: Foretaste, typed: str) -> None:
    answer = shop.recommend("u1", query=typed, n=5).items
    assert answer[0].id == "AB-1003"
    assert answer[0].reason[0] == REASON
    assert answer[0].source == "model"
    assert REASON not in str([item.reason for item in answer[1:]])
    assert shop.recommend("u1", query=typed, n=1, language="de").items[0].reason == (
        "Hat die gesuchte Nummer",
    )


def test_an_id_without_digits_is_one_too(shop: Foretaste) -> None:
    shop.store.put_items([Item("lampion", title="Of paper")])
    assert found(shop, "lampion")[0] == "lampion"


def test_what_is_not_on_offer_or_filtered_out_is_not_found(shop: Foretaste) -> None:
    shop.store.put_items([Item("AB-1003", title="Lampion 3", hidden=True)])
    assert "AB-1003" not in found(shop, "AB-1003")
    assert "AB-1004" not in found(shop, "AB-1004", filter={"genre": "space"})


def test_the_beginning_of_a_number_finds_all_that_begin_so(shop: Foretaste) -> None:
    assert set(found(shop, "AB-10")) == {f"AB-10{n:02}" for n in range(6)}
    answer = shop.recommend(query="AB-10", n=10)
    assert "number begins" in str([answer.headline, *(item.reason for item in answer)])
    assert found(shop, EAN[:8])[:1] != []
    assert "AB-1000" not in found(shop, "4006")[:1]  # may be a year, or anything


def test_a_variant_finds_its_product(shop: Foretaste) -> None:
    VariantIds(shop.store).add({"AB-1002": ["AB-1002-RED"]})
    assert found(shop, "AB-1002-RED")[0] == "AB-1002"


def test_words_are_searched_for_as_before(shop: Foretaste) -> None:
    answer = shop.recommend(query="bread", n=5)
    assert all(REASON not in item.reason for item in answer)
    assert all(term.expert != "article_number" for item in answer for term in item.terms)


def test_suggestions_begin_with_it(shop: Foretaste) -> None:
    for typed in ("AB-1003", "ab 1003", str(int(EAN) + 3)):
        assert [own.item for own in shop.suggest(typed).suggestions][:1] == ["AB-1003"]
    begun = [own.item for own in shop.suggest("AB-10", n=4).suggestions]
    assert begun == ["AB-1000", "AB-1001", "AB-1002", "AB-1003"]
    shop.store.put_items([Item("AB-1003", title="Lampion 3", hidden=True)])
    assert "AB-1003" not in [own.item for own in shop.suggest("AB-1003").suggestions]


@pytest.mark.parametrize(
    ("column", "is_number"),
    [
        ("EAN", True),
        ("Artikel-Nr.", True),
        ("variantSku", True),
        ("gtin13", True),
        ("price", False),
        ("year", False),
        ("house number", False),
    ],
)
def test_which_columns_have_numbers(column: str, is_number: bool) -> None:
    assert is_number_name(column_words(column)) == is_number
