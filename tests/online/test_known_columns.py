"""A filter by an attribute that no item has now, or that the snapshot has not met yet: the same
answer in every process, and after every restart.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.domain.data import Item, Recommendation
from foretaste.errors import InputError
from foretaste.loop import Foretaste

USES: dict[str, dict[str, Any]] = {
    "value": {"filter": {"colour": "red"}},
    "several": {"filter": {"colour": ["red", "blue"]}},
    "exists": {"filter": {"colour": {"exists": True}}},
    "range": {"filter": {"weight": {"gte": 2}}},
    "not": {"filter": {"not": {"colour": "red"}}},
    "missing": {"filter": {"colour": {"exists": False}}},
    "boost": {"rules": [{"boost": {"colour": "red"}, "by": 2}]},
    "quota": {"rules": [{"quota": "colour", "max_items": 1}]},
    "quota of a filter": {"rules": [{"quota": {"weight": {"lt": 2}}, "max_items": 1}]},
    "promote": {"rules": [{"promote": {"colour": "red"}, "percent": 50}]},
    "properties": {"properties": ["colour", "blurb"]},
}
NONE_MEET = {"value", "several", "exists", "range"}
PAINTED = Item(
    "space-new",
    "The nebula",
    texts={"blurb": "All red."},
    attributes={"colour": ("red",), "weight": ("3",), "genre": ("space",)},
)


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


def without_attributes(item: Item) -> Item:
    return Item(item.id, item.title)


Removal = Callable[[Foretaste], object]
REMOVALS: dict[str, Removal] = {
    "deleted": lambda shop: shop.store.delete_items([PAINTED.id]),
    "replaced": lambda shop: shop.store.put_items([without_attributes(PAINTED)]),
    "changed": lambda shop: shop.store.change_item(PAINTED.id, without_attributes),
}


@pytest.mark.parametrize("removal", REMOVALS)
def test_an_attribute_that_no_item_has_any_more(
    shop: Foretaste, trained: Path, removal: str
) -> None:
    shop.store.put_items([PAINTED])
    assert [item.id for item in shop.recommend("u1", filter={"colour": "red"})] == [PAINTED.id]
    REMOVALS[removal](shop)
    with Opened(trained) as other:
        for name, use in USES.items():
            lists = [ids(workspace.recommend("u1", n=9, **use)) for workspace in (shop, other)]
            assert lists[0] == lists[1], name
            assert (lists[0] == []) == (name in NONE_MEET), name
        for workspace in (shop, other):
            with pytest.raises(InputError, match="'color'; did you mean 'colour'"):
                workspace.recommend("u1", filter={"color": "red"})


def test_an_attribute_whose_items_are_still_to_be_read(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question comes before anybody has read them; the filter is right all the same."""
    shop.recommend("u1")
    monkeypatch.setattr(shop.manager, "waits_for_items", False)
    monkeypatch.setattr(shop.manager, "_begin", lambda *_: None)
    shop.store.put_items([PAINTED])
    for name, use in USES.items():
        answer = shop.recommend("u1", timeout_ms=60_000, **use)
        assert (ids(answer) == []) == (name in NONE_MEET), name
    with pytest.raises(InputError, match="unknown attribute 'colours'"):
        shop.recommend("u1", timeout_ms=60_000, filter={"colours": "red"})


def test_a_range_over_words_is_the_same_mistake_after_a_restart(
    shop: Foretaste, trained: Path
) -> None:
    shop.store.put_items([PAINTED])
    shop.recommend("u1", filter={"weight": {"gte": 2}})
    shop.store.put_items([Item(PAINTED.id, attributes={"weight": ("heavy",)})])
    with Opened(trained) as other:
        for workspace in (shop, other):
            with pytest.raises(InputError, match="'weight' has no numbers"):
                workspace.recommend("u1", filter={"weight": {"gte": 2}})


def test_what_only_a_brand_shows_that_is_gone(shop: Foretaste, trained: Path) -> None:
    """Who wants to see one brand only is not shown the others because it is gone."""
    shop.store.put_items([PAINTED])
    shop.steer("u1", changes=[{"filter": {"colour": "red"}, "only": True}])
    assert ids(shop.recommend("u1")) == [PAINTED.id]
    shop.store.delete_items([PAINTED.id])
    with Opened(trained) as other:
        assert ids(shop.recommend("u1")) == ids(other.recommend("u1")) == []


class Opened:
    """A workspace as another process opens it."""

    def __init__(self, folder: Path) -> None:
        self._workspace = Foretaste.open(folder)

    def __enter__(self) -> Foretaste:
        return self._workspace

    def __exit__(self, *_: object) -> None:
        self._workspace.close()


def ids(recommendation: Recommendation) -> list[str]:
    return [item.id for item in recommendation.items]
