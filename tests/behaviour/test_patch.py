from typing import Any

import pytest

from foretaste.behaviour.column_roles import ColumnDecision
from foretaste.behaviour.forms import service_item_form
from foretaste.behaviour.patch import item_change, user_change
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import Item, User
from foretaste.errors import InputError

FORM = service_item_form(BehaviourSettings(), {"plot": ColumnDecision("text", 1)})
ITEM = Item(
    "i",
    "Title",
    {"plot": "A plot."},
    {"genre": ("Drama",), "price": ("8",), "price_band": ("0-10",)},
    image="i.png",
    available_from=5e8,
    hidden=True,
)


def changed(patch: dict[str, Any]) -> Item:
    return item_change("i", patch, FORM)(ITEM)


def test_nothing_named_nothing_changed() -> None:
    assert changed({}) == changed({"id": "i"}) == ITEM


def test_each_kind_of_field_is_replaced_alone() -> None:
    assert changed({"title": "New"}) == Item(
        "i", "New", ITEM.texts, ITEM.attributes, "i.png", None, 5e8, None, True
    )
    assert changed({"plot": "Other."}).texts == {"plot": "Other."}
    assert changed({"genre": ["War", "Epic"]}).attributes == {
        "genre": ("War", "Epic"),
        "price": ("8",),
        "price_band": ("0-10",),
    }
    dearer = changed({"price": 30}).attributes
    assert (dearer["price"], dearer["price_band"]) == (("30",), ("25-50",))
    assert changed({"hidden": False, "available_from": 9e8}).available_from == 9e8


def test_null_removes() -> None:
    bare = changed(dict.fromkeys(("title", "plot", "genre", "price", "image", "hidden")))
    assert bare == Item("i", available_from=5e8)


def test_columns_keep_their_places_in_what_is_read() -> None:
    assert list(changed({"genre": "War"}).attributes) == ["genre", "price", "price_band"]
    assert list(changed({"age": "6"}).attributes) == ["genre", "price", "price_band", "age"]


def test_what_cannot_be() -> None:
    with pytest.raises(InputError, match="cannot be changed"):
        changed({"id": "j"})
    with pytest.raises(InputError, match="is not after"):
        changed({"available_until": 4e8})
    with pytest.raises(InputError, match="hidden"):
        changed({"hidden": "perhaps"})


def test_a_users_attributes() -> None:
    user = User("u", {"genre": ("Drama",), "country": ("NZ",)})
    change = user_change("u", {"genre": None, "age": 30}, FORM)
    assert change(user) == User("u", {"country": ("NZ",), "age": ("30",)})
