from foretaste.behaviour.export import event_to_json, item_to_json, user_data_to_json, user_to_json
from foretaste.behaviour.forms import service_item_form
from foretaste.behaviour.parse import parse_item, parse_user
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import IDENTIFY_EVENT, Event, Item, LoggedRecommendation, User
from foretaste.domain.preference import Conversation, Preference

FORM = service_item_form(BehaviourSettings(), {})


def test_an_item_is_read_back_as_it_was() -> None:
    item = Item(
        "i",
        "A title",
        {"plot": "Once upon a time there was a lighthouse keeper who read every book he was sent."},
        {"genre": ("Drama", "War"), "year": ("1997",)},
        image="i.png",
        available_from=5e8,
        hidden=True,
    )
    assert parse_item(item_to_json(item), FORM, file="f", line=1) == item
    assert item_to_json(Item("j")) == {"id": "j", "title": ""}


def test_a_user_is_read_back_as_they_were() -> None:
    user = User("u", {"genre": ("Drama", "War")})
    assert parse_user(user_to_json(user), FORM, file="f", line=1) == user


def test_a_person_is_told_everything() -> None:
    events = [
        Event("e", "click", 1.0, user="u", item="i", context={"page": "home"}),
        Event("f", IDENTIFY_EVENT, 2.0, user="u", session="s"),
    ]
    answer = LoggedRecommendation(
        "r", 3.0, "u", None, "m", {"user": "u"}, [("i", 1, 1.0, "model", 0.5)]
    )
    change = Preference("genre: Drama", {"genre": "Drama"}, "mute")
    talk = Conversation("c", "u", None, 4.0, {"query": "é"})
    told = user_data_to_json(User("u"), events, [change], [answer], [talk])
    assert told["conversations"] == [{"conversation_id": "c", "at": 4.0, "state": {"query": "é"}}]
    assert told["user"] == {"id": "u"}
    assert told["sessions"] == ["s"]
    assert (
        told["events"][0]
        == event_to_json(events[0])
        == {
            "event_id": "e",
            "event_type": "click",
            "kind": "click",
            "at": 1.0,
            "user": "u",
            "item": "i",
            "context": {"page": "home"},
        }
    )
    assert told["changes"][0]["what"] == {"genre": "Drama"}
    assert told["recommendations"] == [
        {
            "recommendation_id": "r",
            "at": 3.0,
            "request": {"user": "u"},
            "items": [["i", 1, 1.0, "model", 0.5]],
        }
    ]
