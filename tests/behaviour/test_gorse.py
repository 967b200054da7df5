from typing import Any

import pytest

from foretaste.behaviour import gorse
from foretaste.behaviour.forms import service_event_form, service_item_form
from foretaste.behaviour.parse import parse_event, parse_item, parse_user
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import Event, Item, User

SETTINGS = BehaviourSettings(event_weights={"star": 1.0})
FORM = service_item_form(SETTINGS, {})
FEEDBACK = {"FeedbackType": "star", "UserId": "u", "ItemId": "i", "Timestamp": "2024-01-01"}


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        (None, {}),
        (["a", "b"], {"labels": ["a", "b"]}),
        ({"genre": "Drama", "year": 1997}, {"genre": "Drama", "year": 1997}),
        ({"outer": {"inner": ["x"]}, "none": None}, {"outer.inner": ["x"]}),
        ({"vector": [0.1, 0.2], "empty": []}, {}),
    ],
)
def test_labels_become_columns(labels: Any, columns: dict[str, Any]) -> None:
    assert gorse.item_from_gorse({"ItemId": "i", "Labels": labels}) == {"id": "i", **columns}


def test_what_is_not_named_is_not_there() -> None:
    """A patch of Gorse's changes what it names and leaves what is null."""
    assert gorse.item_from_gorse({"Comment": "New", "Labels": None, "IsHidden": None}) == {
        "title": "New"
    }
    assert gorse.item_from_gorse({"Timestamp": gorse.NO_TIMESTAMP}) == {}
    assert gorse.item_from_gorse({"Timestamp": "0001-01-01T00:00:00+00:00"}) == {}
    assert gorse.item_from_gorse({"Timestamp": "yesterday"}) == {"available_from": "yesterday"}


def test_an_item_and_a_user_come_back() -> None:
    item = Item("i", "T", attributes={"categories": ("a",), "labels": ("x",)}, available_from=5.0)
    told = gorse.item_to_gorse(item)
    assert told["Labels"] == ["x"]
    assert parse_item(gorse.item_from_gorse(told), FORM, file="f", line=1) == item
    user = User("u", {"genre": ("Drama",), "subscribe": ("s",), "comment": ("c",)})
    assert (
        parse_user(gorse.user_from_gorse(gorse.user_to_gorse(user)), FORM, file="f", line=1) == user
    )


def test_one_of_a_type_user_and_item_is_one_event() -> None:
    form = service_event_form(SETTINGS)
    first = gorse.event_from_gorse(FEEDBACK)
    later = {**FEEDBACK, "Timestamp": "2025-01-01"}
    assert gorse.event_from_gorse(later)["event_id"] == first["event_id"]
    again = gorse.event_from_gorse(later, keep_repeats=True)["event_id"]
    assert again != gorse.event_from_gorse(FEEDBACK, keep_repeats=True)["event_id"]
    event = parse_event(first, form, file="f", line=1, now=2e9)
    assert isinstance(event, Event)
    assert (event.kind, event.at) == ("star", 1_704_067_200.0)
    assert gorse.event_to_gorse(event)["Timestamp"] == "2024-01-01T00:00:00Z"


def test_a_time_that_no_calendar_has_is_told_as_none() -> None:
    """Stores from before there was a limit may have one; every page of items would fail."""
    for seconds in (1e30, -1e30, 1e308):
        told = gorse.item_to_gorse(Item("a", available_from=seconds))
        assert told["Timestamp"] == gorse.NO_TIMESTAMP
