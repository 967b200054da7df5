import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from foretaste.domain.data import Request
from foretaste.errors import InputError
from foretaste.rank import conditions
from foretaste.rank.conditions import parse_condition
from foretaste.rank.filter_size import FilterSize, check_request_size

MANY = 200_000


class Keys(Mapping[str, Any]):
    """Very many conditions, which counts how many of them anybody looks at."""

    def __init__(self) -> None:
        self.looked_at = 0

    def __len__(self) -> int:
        return MANY

    def __iter__(self) -> Iterator[str]:
        for number in range(MANY):
            self.looked_at += 1
            yield f"k{number}"

    def __getitem__(self, key: str) -> Any:
        return "x"


def test_what_is_too_large_is_refused_by_its_first_conditions() -> None:
    for wrap in (
        lambda keys: keys,
        lambda keys: {"not": keys},
        lambda keys: {"and": [{"a": "b"}, keys]},
        lambda keys: {"or": [keys] * 5},
    ):
        keys = Keys()
        with pytest.raises(InputError, match="filter: more than 200 conditions; ask for fewer"):
            parse_condition(wrap(keys))
        assert keys.looked_at <= 1000
    with pytest.raises(InputError, match="more than 200 conditions"):
        parse_condition({"or": [{"genre": "Drama"}] * MANY})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"rules": [{"boost": {"a": "x", "b": "y"}}] * 251}, "more than 500 conditions"),
        ({"rules": [{"bury": {"or": [{"a": "x"}] * 99}}] * 6}, "more than 500 conditions"),
        ({"filter": {"and": [{"a": ["x"] * 999}] * 11}}, "more than 10,000 values"),
        (
            {"filter": {"a": {"not_in": ["x"] * 900}}, "rules": [{"boost": {"a": [1] * 950}}] * 10},
            "more than 10,000 values",
        ),
        ({"filter": {"about": ["space"] * 21}}, "more than 20 topics of 'about'"),
        ({"rules": [{"promote": {"about": "space"}, "percent": 1}] * 21}, "more than 20 topics"),
        ({"rules": [{"quota": {"not": {"about": "x"}}, "most": 1}] * 21}, "more than 20 topics"),
    ],
)
def test_a_request_has_limits_over_all_that_it_asks_for(
    asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=f"filter and rules: {message}.* in one request; ask for"):
        check_request_size(Request(**asked))


def test_what_may_be_asked_for_may_be_asked_for_whole() -> None:
    check_request_size(
        Request(
            filter={"and": [{"id": ["1"] * 1000}] * 9 + [{"about": ["x"] * 10}]},
            rules=({"pin": "31", "at": 1}, *[{"boost": {"a": {"in": ["b"]}}, "by": 2.0}] * 49),
        )
    )


def test_it_counts_no_more_than_is_read() -> None:
    """Else a filter would be refused that has no more conditions than it may."""
    for asked in (
        {"genre": "Drama"},
        {"genre": {"in": ["a"], "not_in": ["b"]}, "year": {"gte": 1, "lt": 2}},
        {"or": [{}, {"a": 1}, {"not": {"b": {"all": ["x", "y"]}}}]},
        {"id": ["1", "2"], "about": ["a", "b"], "available_until": {"gte": "2026-02-01"}},
    ):
        size = FilterSize()
        size.add([asked])
        assert size.conditions <= len(list(conditions.nested_conditions(parse_condition(asked))))


def test_what_is_no_filter_is_left_to_those_who_read_it() -> None:
    size = FilterSize()
    size.add([None, "x", 7, [], {"and": "x"}, {"or": {"a": "b"}}, {"not": None}])
    assert (size.values, size.topics) == (0, 0)
    deep: Any = {"a": "b"}
    for _ in range(sys.getrecursionlimit() * 2):
        deep = {"not": deep}
    with pytest.raises(InputError, match="more than 200 conditions"):
        parse_condition(deep)
