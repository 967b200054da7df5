"""Settings: kinds as people spell them, and columns that are no field."""

import pytest
from pydantic import ValidationError

from foretaste.behaviour.settings import BehaviourSettings, ColumnSettings, normalise_event_type
from foretaste.domain.data import EVENT_TYPE_WEIGHTS


@pytest.mark.parametrize(
    "kind", ["add_to_cart", "Add to cart", "add-to-cart", "addToCart", "ADD_TO_CART", "addtocart"]
)
def test_one_spelling(kind: str) -> None:
    assert normalise_event_type(kind) == "add_to_cart"


def test_own_kinds_are_merged_over_the_built_in_ones() -> None:
    weights = BehaviourSettings(
        event_weights={"Wish List": 0.5, "purchase": 3.0}
    ).all_event_weights()
    assert weights == {**EVENT_TYPE_WEIGHTS, "wish_list": 0.5, "purchase": 3.0}


def test_a_field_that_is_none() -> None:
    with pytest.raises(ValidationError, match=r"columns.events. has no key 'usr'; did you mean 'u"):
        ColumnSettings(events={"usr": "customer"})
    with pytest.raises(ValidationError, match=r"columns.items. has no key 'name'; expected one of"):
        ColumnSettings(items={"name": "label"})
    with pytest.raises(ValidationError, match=r"columns.users. has no key 'age'"):
        ColumnSettings(users={"age": "years"})
