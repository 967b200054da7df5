"""One row or body: what it becomes, or which reject it is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.behaviour.column_roles import ColumnDecision
from foretaste.behaviour.forms import ItemForm, event_form, service_event_form, service_item_form
from foretaste.behaviour.parse import parse_event, parse_item, parse_user, unknown_item_reject
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Event, Item, RejectedRow, User

NOW = 1_770_000_000.0
SETTINGS = BehaviourSettings()
COLUMNS = ("user", "item", "kind", "at", "value", "text", "query", "session", "context", "position")
GOOD = {"user": "ann", "item": "i1", "kind": "click", "at": "1700000000"}


def event(row: dict[str, Any], behaviour: BehaviourSettings = SETTINGS) -> Event:
    form = event_form(COLUMNS, behaviour)
    found = parse_event(row, form, file="e.csv", line=7, now=NOW)
    assert isinstance(found, Event), str(found)
    return found


def reject(row: dict[str, Any], behaviour: BehaviourSettings = SETTINGS) -> RejectedRow:
    form = event_form(COLUMNS, behaviour)
    found = parse_event(row, form, file="e.csv", line=7, now=NOW)
    assert isinstance(found, RejectedRow), str(found)
    assert (found.file, found.line, found.row) == ("e.csv", 7, row)
    return found


def test_a_whole_event() -> None:
    row = {
        "user": "ann",
        "session": "s",
        "item": 31.0,
        "kind": "Add to cart",
        "at": "2024-01-31T18:30:00Z",
        "value": "4.5",
        "text": " good ",
        "query": "red",
        "context": '{"page": "home"}',
        "position": "2",
    }
    found = event(row)
    assert found == Event(
        event_id=found.event_id,
        kind="add_to_cart",
        at=1_706_725_800.0,
        user="ann",
        session="s",
        item="31",
        value=4.5,
        text="good",
        query="red",
        context={"page": "home"},
        position=2,
    )


@pytest.mark.parametrize(
    ("change", "column", "value", "problem", "remedy"),
    [
        ({"kind": "clik"}, "kind", "clik", "unknown event type 'clik'", "did you mean 'click'?"),
        ({"kind": "x"}, "kind", "x", "unknown event type 'x'", "expected one of view, click"),
        ({"user": ""}, "user", "", "no user and no session", "say whose event it is"),
        ({"item": None}, "item", "", "a click without an item", "only a search has none"),
        ({"value": "five"}, "value", "five", "value 'five' is not a number", "leave the cell"),
        ({"value": "inf"}, "value", "inf", "value 'inf' is not finite", "write a number"),
        ({"at": ""}, "at", "", "no time", "fill in the time"),
        ({"at": "soon"}, "at", "soon", "time 'soon' cannot be read", "write ISO 8601"),
        ({"at": -1}, "at", "-1", "time out of range: '-1' is 1969-12-31", "between 1970-01-01 and"),
        ({"at": "2031-01-01"}, "at", "2031-01-01", "time out of range", "and 2026-02-03 02:40:00"),
        ({"at": 1e300}, "at", "1e+300", "is past the year 9999", "write ISO 8601"),
        ({"kind": "search"}, "query", "", "a search without words", "fill in the query"),
        ({"kind": "rating"}, "value", "", "a rating without a value", "fill in the value"),
        ({"context": "home"}, "context", "home", "is not a JSON object", "write it like"),
        ({"position": "0"}, "position", "0", "not a whole number from 1", "place of a list is 1"),
        ({"user": ["a"]}, "user", "['a']", "user is a list", "give a word or a number"),
        ({"text": "a\0"}, "text", "a\\x00", "text has a NUL character", "take it out"),
    ],
)
def test_what_is_wrong_is_named(
    change: dict[str, Any], column: str, value: str, problem: str, remedy: str
) -> None:
    found = reject({**GOOD, **change})
    assert (found.column, found.value) == (column, value)
    assert problem in found.problem
    assert remedy in found.remedy
    assert str(found) == f"e.csv:7: {found.problem}; {found.remedy}"


def test_the_column_is_called_as_in_the_file() -> None:
    form = event_form(["userId", "movieId", "stars", "timestamp"], SETTINGS)
    row = {"userId": 1, "movieId": 2, "stars": "x", "timestamp": 3}
    found = parse_event(row, form, file="e.csv", line=2, now=NOW)
    assert isinstance(found, RejectedRow)
    assert found.column == "stars"


def test_a_day_from_now_is_the_last_time_taken() -> None:
    assert event({**GOOD, "at": NOW + 86_400}).at == NOW + 86_400
    reject({**GOOD, "at": NOW + 86_401})


def test_numbers_that_only_count_are_no_times() -> None:
    for number in (1, "1", 2.0, 2026):
        assert "would be a second of 1970" in reject({**GOOD, "at": number}).problem


@pytest.mark.parametrize(
    ("columns", "row", "kind"),
    [
        (["user", "item"], {}, "view"),
        (["user", "item", "value"], {"value": 3}, "rating"),
        (["user", "item", "kind", "value"], {"value": 3}, "view"),
        (["user", "item", "query"], {"item": None, "query": "red"}, "search"),
    ],
)
def test_an_event_that_names_no_kind(columns: list[str], row: dict[str, Any], kind: str) -> None:
    form = event_form(columns, SETTINGS)
    found = parse_event({"user": "u", "item": "i", **row}, form, file="f", line=2, now=NOW)
    assert isinstance(found, Event)
    assert found.kind == kind


def test_without_a_time_column_the_row_is_the_time() -> None:
    form = event_form(["user", "item"], SETTINGS)
    found = parse_event({"user": "u", "item": "i"}, form, file="f", line=12, now=NOW)
    assert isinstance(found, Event)
    assert found.at == 12.0


def test_a_search_may_have_its_words_in_the_text() -> None:
    found = event({"user": "ann", "kind": "search", "at": NOW, "text": "red shoes"})
    assert (found.query, found.text, found.item) == ("red shoes", None, None)


def test_own_kinds_and_the_range_of_ratings() -> None:
    behaviour = BehaviourSettings(event_weights={"Wish list": 0.5}, rating_range=(0.5, 5))
    assert event({**GOOD, "kind": "wish list"}, behaviour).kind == "wish_list"
    assert event({**GOOD, "kind": "rating", "value": 5}, behaviour).value == 5
    found = reject({**GOOD, "kind": "rating", "value": 5.5}, behaviour)
    assert found.problem == "rating 5.5 is out of range"
    assert found.remedy == "expected 0.5 to 5, as behaviour.rating_range says"
    assert event({**GOOD, "kind": "purchase", "value": 99}, behaviour).value == 99


def test_the_same_content_is_the_same_event_however_it_is_written() -> None:
    first = event({**GOOD, "value": "4", "at": "2024-01-31"})
    assert first.event_id == event({**GOOD, "value": 4.0, "at": 1_706_659_200}).event_id
    assert first.event_id == event({**GOOD, "value": 4, "at": "2024-01-31T00:00:00Z"}).event_id
    for change in ({"value": 5}, {"user": "bob"}, {"session": "ann"}, {"context": {"a": 1}}):
        assert (
            event({**GOOD, "value": "4", "at": "2024-01-31", **change}).event_id != first.event_id
        )


def test_the_id_of_an_event_never_changes() -> None:
    """It is in every store there is: a change here makes every import add everything again."""
    assert event({**GOOD, "text": "é"}).event_id == "642f3fcd0e58cb3fe51e4455cba88a07"


def test_a_given_id_is_kept() -> None:
    form = event_form([*COLUMNS, "event_id"], SETTINGS)
    found = parse_event({**GOOD, "event_id": 17}, form, file="f", line=2, now=NOW)
    assert isinstance(found, Event)
    assert found.event_id == "17"


def test_a_body_of_the_service() -> None:
    form = service_event_form(SETTINGS)
    body = {
        "user": "ann",
        "item": "i",
        "kind": "click",
        "device": "phone",
        "recommendation_id": "r",
    }
    found = parse_event(body, form, file="request", line=1, now=NOW)
    assert isinstance(found, Event)
    assert (found.at, found.device, found.recommendation_id) == (NOW, "phone", "r")
    again = parse_event(body, form, file="request", line=1, now=NOW + 1)
    assert isinstance(again, Event)
    assert again.event_id != found.event_id
    wrong = parse_event({**body, "itm": 1}, form, file="request", line=1, now=NOW)
    assert isinstance(wrong, RejectedRow)
    assert (wrong.problem, wrong.remedy) == ("unknown field 'itm'", "did you mean 'item'?")


def test_an_unknown_item() -> None:
    known = {"i1", "31"}
    assert unknown_item_reject(event(GOOD), known, file="f", line=2) is None
    found = unknown_item_reject(event({**GOOD, "item": "i2"}), known, file="f", line=2)
    assert found is not None
    assert found.problem == "unknown item 'i2'"
    assert found.remedy.startswith(
        "import the item first (--items), or set behaviour.unknown_items"
    )
    found = unknown_item_reject(event({**GOOD, "item": "31.0"}), known, file="f", line=2)
    assert found is not None
    assert found.remedy.startswith("is it '31', which is there?")


_anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS), _anything))
def test_whatever_is_in_a_row_it_is_an_event_or_a_reject(row: dict[str, Any]) -> None:
    found = parse_event(row, service_event_form(SETTINGS), file="f", line=1, now=NOW)
    if isinstance(found, Event):
        assert found.kind in EVENT_TYPE_WEIGHTS
        assert 0 <= found.at <= NOW + 86_400
        assert found.user or found.session
        for text in (found.user, found.session, found.item, found.text, found.query):
            assert text is None or (text and "\0" not in text and text.encode())
    else:
        assert found.problem
        assert found.remedy


def item(row: dict[str, Any], form: ItemForm | None = None) -> Item:
    found = parse_item(row, form or service_item_form(SETTINGS, {}), file="f", line=3)
    assert isinstance(found, Item), str(found)
    return found


def test_a_whole_item() -> None:
    found = item(
        {
            "id": 31.0,
            "title": " Solaris ",
            "plot": "On a station.",
            "genres": "Drama|Sci-Fi",
            "year": 1972.0,
            "cast": ["Banionis", "Bondarchuk"],
            "price": "12.99",
            "nothing": None,
            "image": "a.jpg",
            "available_from": "1972-03-20",
            "available_until": 4e9,
            "hidden": "no",
        }
    )
    assert found == Item(
        id="31",
        title="Solaris",
        texts={"plot": "On a station."},
        attributes={
            "genres": ("Drama", "Sci-Fi"),
            "year": ("1972",),
            "cast": ("Banionis", "Bondarchuk"),
            "price": ("12.99",),
            "price_band": ("10-25",),
        },
        image="a.jpg",
        available_from=69_897_600.0,
        available_until=4e9,
    )


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ({"title": "x"}, "id", "an item without an id"),
        ({"id": "x", "hidden": "perhaps"}, "hidden", "hidden 'perhaps' is not yes or no"),
        ({"id": "x", "available_from": "soon"}, "available_from", "time 'soon' cannot be read"),
        (
            {"id": "x", "available_from": 2e8, "available_until": 1e8},
            "available_until",
            "available until 1973-03-03 09:46:40, which is not after 1976-05-03 19:33:20",
        ),
        ({"id": "x", "mood": {"a": 1}}, "mood", "mood is an object"),
        ({"id": "x", "title": "a\ud800"}, "title", "title holds half a character"),
        ({"id": "x", "tags": ["a\0"]}, "tags", "tags has a NUL character"),
    ],
)
def test_what_is_wrong_with_an_item(row: dict[str, Any], column: str, problem: str) -> None:
    found = parse_item(row, service_item_form(SETTINGS, {}), file="f", line=3)
    assert isinstance(found, RejectedRow)
    assert (found.column, found.line, found.row) == (column, 3, row)
    assert found.problem.startswith(problem)


def test_a_single_item_is_read_as_the_file_was() -> None:
    form = service_item_form(
        SETTINGS, {"blurb": ColumnDecision("text", 9), "genre": ColumnDecision("attribute", 9, ",")}
    )
    found = item({"id": "x", "blurb": "short", "genre": "Drama, War"}, form)
    assert found.texts == {"blurb": "short"}
    assert found.attributes == {"genre": ("Drama", "War")}
    named = BehaviourSettings(attribute_columns=("blurb",))
    form = service_item_form(named, {"blurb": ColumnDecision("text", 9)})
    assert item({"id": "x", "blurb": "short"}, form).attributes == {"blurb": ("short",)}


def test_a_user() -> None:
    form = ItemForm({"id": "user_id"}, roles={"bio": "text", "mail": "skip"})
    row = {"user_id": 7, "genre": "Drama|War", "age": 31.0, "bio": "long", "mail": "a@b"}
    found = parse_user(row, form, file="f", line=2)
    assert found == User("7", {"genre": ("Drama", "War"), "age": ("31",)})
    wrong = parse_user({"age": 3}, form, file="f", line=2)
    assert isinstance(wrong, RejectedRow)
    assert (wrong.column, wrong.problem) == ("user_id", "a user without an id")
