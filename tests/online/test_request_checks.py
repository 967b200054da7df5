"""Questions within their limits, and the conditions on items in them."""

from typing import Any

import pytest

from foretaste.domain.data import Request
from foretaste.domain.text_limits import MAX_TEXT_LENGTH
from foretaste.errors import InputError
from foretaste.online.request_checks import bounded_request, request_conditions

LONG = "rocket " * MAX_TEXT_LENGTH


def test_a_question_within_its_limits_stays_the_same() -> None:
    request = Request(user="u1", query="crêpe", context={"text": "ünder the moon", "device": "tv"})
    assert bounded_request(request) is request
    empty = Request()
    assert bounded_request(empty) is empty


def test_of_long_words_the_beginning_is_read() -> None:
    request = bounded_request(Request(query=LONG, context={"text": "soup " + LONG, "device": "tv"}))
    assert request.query == LONG[:MAX_TEXT_LENGTH]
    assert request.context == {"text": ("soup " + LONG)[:MAX_TEXT_LENGTH], "device": "tv"}
    assert bounded_request(Request(query="moon", context={"text": LONG})).query == "moon"


def test_half_a_character_becomes_a_mark() -> None:
    request = bounded_request(Request(query="moon \ud83d", context={"text": "\udfff soup"}))
    assert request.query == "moon ?"
    assert request.context["text"] == "? soup"


@pytest.mark.parametrize("field", ["user", "session", "next_page_of"])
def test_an_id_that_no_store_should_hold_is_refused_by_its_name(field: str) -> None:
    fields: dict[str, Any] = {field: "x" * 100_000}
    with pytest.raises(InputError, match=f"^{field} of 100,000 characters"):
        bounded_request(Request(**fields))


def test_a_filter_that_asks_for_too_much_is_refused() -> None:
    with pytest.raises(InputError, match="500"):
        bounded_request(Request(filter={"or": [{"genre": str(n)} for n in range(1000)]}))


def test_the_conditions_are_those_of_the_filter_and_of_all_rules() -> None:
    assert request_conditions(Request()) == []
    rules = ({"boost": {"genre": "space"}, "by": 2}, {"promote": {"genre": "new"}, "percent": 30})
    only_rules = request_conditions(Request(rules=rules))
    assert len(only_rules) == 2
    both = request_conditions(Request(filter={"genre": "kitchen"}, rules=rules))
    assert both[1:] == only_rules
    (only_filter,) = request_conditions(Request(filter={"genre": "kitchen"}))
    assert both[0] == only_filter
    with pytest.raises(InputError):
        request_conditions(Request(filter={"genre": {"no_such_test": 1}}))
