"""What meets a condition: the same as looking at every item, and looked up only once."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import Item
from foretaste.errors import InputError
from foretaste.rank.conditions import parse_condition, parse_number
from foretaste.rank.index import FilterIndex, ItemAvailability

from .shop import film, index_of

FILMS = [
    film("a", "drama|war", "1990"),
    film("b", "comedy", "1999", available_until=50.0),
    film("c", "drama", "2000", available_from=10.0),
    film("d"),
    film("e", "odd", "unknown"),
]


def met(asked: Any, index: FilterIndex | None = None) -> str:
    index = index or index_of(FILMS)
    return "".join(FILMS[place].id for place in np.flatnonzero(index.mask(parse_condition(asked))))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "abcde"),
        ({"genre": "drama"}, "ac"),
        ({"genre": ["comedy", "war"]}, "ab"),
        ({"genre": {"all": ["drama", "war"]}}, "a"),
        ({"genre": {"not_in": ["drama"]}}, "bde"),
        ({"genre": {"exists": True}}, "abce"),
        ({"year": {"gte": 1990, "lt": 2000}}, "ab"),
        ({"year": {"gt": 1990, "lte": 2000}}, "bc"),
        ({"year": 1999}, "b"),
        ({"id": ["a", "e", "gone"]}, "ae"),
        ({"available_until": {"gte": 60}}, "acde"),
        ({"available_from": {"gt": 0}}, "c"),
        ({"or": [{"id": "d"}, {"genre": "odd"}], "not": {"id": "e"}}, "d"),
        ({"genre": "no such value"}, ""),
    ],
)
def test_what_meets_a_filter(asked: Any, found: str) -> None:
    assert met(asked) == found


def test_numbers_with_units_are_in_a_range() -> None:
    weights = ("0.8 kg", "12 kg", "2.75 kg", "0.5 kg")
    items = [
        Item(name, attributes={"weight": (w,)}) for name, w in zip("abcd", weights, strict=True)
    ]
    index = index_of(items)
    mask = index.mask(parse_condition({"weight": {"gte": 0.8, "lt": 12}}))
    assert np.flatnonzero(mask).tolist() == [0, 2]


SHOP = [
    Item("a", attributes={"price": ("9.99",), "stars": ("4.50",), "new": ("True",)}),
    Item("b", attributes={"price": ("10",), "stars": ("4.5",), "new": ("no",)}),
    Item("c", attributes={"price": ("24.995", "40"), "out": ("2026-02-01",), "new": ("true",)}),
    Item("d", attributes={"price": ("25",), "out": ("2026-03-01T12:30:00Z",)}),
    Item("e", attributes={"price": ("-3",), "out": ("later",), "tags": ("x", "1e3")}),
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"price": {"gte": 10, "lt": 25}}, "bc"),
        ({"price": {"gt": 10, "lte": 25}}, "cd"),
        ({"price": {"gte": 30, "lt": 50}}, "c"),
        ({"price": {"lt": 0}}, "e"),
        ({"price": 10.0}, "b"),
        ({"price": 9.99}, "a"),
        ({"price": {"not_in": [10, 25]}}, "ace"),
        ({"stars": 4.5}, "ab"),
        ({"stars": "4.5"}, "b"),
        ({"stars": {"gte": "4.5"}}, "ab"),
        ({"new": True}, "ac"),
        ({"new": False}, "b"),
        ({"out": {"gte": "2026-02-15"}}, "d"),
        ({"out": "2026-02-01"}, "c"),
        ({"out": {"lt": "2026-03-01T13:30:00+01:00"}}, "c"),
        ({"tags": {"all": ["x", 1000]}}, "e"),
        ({"not": {"price": {"gte": 10, "lt": 25}}}, "ade"),
    ],
)
def test_numbers_dates_and_truth_however_they_are_written(asked: Any, found: str) -> None:
    assert met(asked, index_of(SHOP)) == found


CODES = ["007", "7", "7.0", "1.10", "1.1", "1e3", "1000", "1750000000000000001"]
CODES += ["1750000000000000002", "1_000", "2026-02-01"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        *((code, [code]) for code in CODES),
        ("1750000000000000003", []),
        (" 007 ", ["007"]),
        (7, ["007", "7", "7.0"]),
        (1.1, ["1.10", "1.1"]),
        (1000, ["1e3", "1000"]),
        (1750000000000000001, ["1750000000000000001"]),
        (1750000000000000000, []),
        ([7, "1e3"], ["007", "7", "7.0", "1e3"]),
        ({"in": ["007", "1.1"]}, ["007", "1.1"]),
        ({"not_in": ["007", "1750000000000000001"]}, [*CODES[1:7], *CODES[8:]]),
        ({"not_in": [7, 1750000000000000002]}, [*CODES[3:8], *CODES[9:]]),
        ({"gt": 1750000000000000001}, ["1750000000000000002"]),
        ({"gte": "1750000000000000002"}, ["1750000000000000002"]),
        ({"gte": 1000, "lte": 1750000000000000001}, ["1e3", "1000", *CODES[7:8], *CODES[9:]]),
        ({"lt": 7.5, "gte": "007"}, ["007", "7", "7.0"]),
    ],
)
def test_ids_that_are_equal_as_numbers_are_not_the_same(wanted: Any, found: list[str]) -> None:
    index = index_of([Item(code, attributes={"sku": (code,)}) for code in CODES])
    mask = index.mask(parse_condition({"sku": wanted}))
    assert [CODES[place] for place in np.flatnonzero(mask)] == found
    others = index.mask(parse_condition({"not": {"sku": wanted}}))
    assert [CODES[place] for place in np.flatnonzero(~others)] == found


def test_a_number_and_a_flag_are_not_one_mask() -> None:
    index = index_of([Item(word, attributes={"new": (word,)}) for word in ("1", "yes", "1.0")])
    for wanted, found in ((1, [0, 2]), (True, [0, 1]), ("1", [0]), (1, [0, 2])):
        assert np.flatnonzero(index.mask(parse_condition({"new": wanted}))).tolist() == found


def test_what_tables_call_true() -> None:
    index = index_of(
        [Item("a", attributes={"new": ("Yes",)}), Item("b", attributes={"new": ("1",)})]
    )
    assert met({"new": True}, index) == "ab"
    assert met({"new": False}, index) == ""


def test_an_unknown_attribute_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="filter: unknown attribute 'gerne'; did you mean 'genre'"):
        met({"gerne": "drama"})
    with pytest.raises(InputError, match="no item has an attribute"):
        index_of([Item("a")]).mask(parse_condition({"x": "1"}))


def test_a_range_over_words_is_a_mistake() -> None:
    with pytest.raises(InputError, match="'genre' has no numbers to be in a range"):
        met({"genre": {"gte": 3}})


def test_a_mask_is_made_once_and_cannot_be_changed() -> None:
    index = index_of(FILMS)
    first = index.mask(parse_condition({"genre": "drama"}))
    assert index.mask(parse_condition({"genre": ["drama"]})) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = False


def test_few_masks_are_kept_of_a_large_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretaste.rank.index.MASK_CACHE_BYTES", 1)
    index = index_of(FILMS)
    masks = [index.mask(parse_condition({"id": str(n)})) for n in range(20)]
    assert index.mask(parse_condition({"id": "19"})) is masks[19]
    assert index.mask(parse_condition({"id": "0"})) is not masks[0]


VALUES = ("1", "2", "3", "x")
leaf = st.one_of(
    st.fixed_dictionaries(
        {"a": st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)},
    ),
    st.fixed_dictionaries({"b": st.fixed_dictionaries({"gte": st.integers(0, 4)})}),
    st.fixed_dictionaries({"b": st.fixed_dictionaries({"lt": st.integers(0, 4)})}),
    st.fixed_dictionaries({"a": st.fixed_dictionaries({"exists": st.booleans()})}),
    st.fixed_dictionaries({"id": st.lists(st.sampled_from("0123"), min_size=1)}),
)
filters = st.recursive(
    leaf,
    lambda part: st.one_of(
        st.fixed_dictionaries({"and": st.lists(part, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(part, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": part}),
    ),
    max_leaves=6,
)
values = st.lists(st.sampled_from(VALUES), unique=True, max_size=2).map(tuple)


def holds(item: Item, asked: dict[str, Any]) -> bool:
    """The meaning again, item by item, from the JSON."""
    for key, wanted in asked.items():
        if key in ("and", "or"):
            found = [holds(item, one) for one in wanted]
            true = all(found) if key == "and" else any(found)
        elif key == "not":
            true = not holds(item, wanted)
        elif key == "id":
            true = item.id in wanted
        else:
            mine = item.attributes.get(key, ())
            numbers = [one for value in mine if (one := parse_number(value)) is not None]
            if isinstance(wanted, list):
                true = bool(set(mine) & set(wanted))
            elif "exists" in wanted:
                true = bool(mine) is wanted["exists"]
            elif "gte" in wanted:
                true = any(one >= wanted["gte"] for one in numbers)
            else:
                true = any(one < wanted["lt"] for one in numbers)
        if not true:
            return False
    return True


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(values, values), min_size=1, max_size=6), filters)
def test_the_same_as_looking_at_every_item(rows: list[Any], asked: dict[str, Any]) -> None:
    items = [
        Item("first", attributes={"a": ("1",), "b": ("2",)}),
        *(Item(str(n), attributes={"a": a, "b": b}) for n, (a, b) in enumerate(rows)),
    ]
    mask = index_of(items).mask(parse_condition(asked))
    assert mask.tolist() == [holds(item, asked) for item in items]


EXACT, NEXT = 1_750_000_000_000_000_001, 1_750_000_000_000_000_002  # one and the same as floats


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"id": EXACT}, [True, False]),
        ({"id": {"in": [EXACT, 7]}}, [True, False]),
        ({"id": {"not_in": [EXACT]}}, [False, True]),
        ({"id": {"not_in": [str(EXACT)]}}, [False, True]),
        ({"not": {"id": EXACT}}, [False, True]),
        ({"id": np.int64(EXACT)}, [True, False]),
        ({"sku": EXACT}, [True, False]),
        ({"sku": {"not_in": [EXACT, 7]}}, [False, True]),
        ({"sku": {"all": [EXACT]}}, [True, False]),
        ({"sku": {"gt": EXACT}}, [False, True]),
        ({"sku": {"gte": EXACT, "lt": str(NEXT)}}, [True, False]),
        ({"not": {"sku": {"lte": EXACT}}}, [False, True]),
    ],
)
def test_numbers_that_are_no_floats_are_exact(asked: Any, expected: list[bool]) -> None:
    items = [Item(str(n), attributes={"sku": (str(n),)}) for n in (EXACT, NEXT)]
    assert index_of(items).mask(parse_condition(asked)).tolist() == expected


@pytest.mark.parametrize("column", ["id", "sku"])
@pytest.mark.parametrize("test", ["in", "not_in", "all"])
@pytest.mark.parametrize("lost", [float(EXACT), -float(EXACT), np.float64(EXACT), 1e300])
def test_a_number_that_lost_its_digits_is_refused(column: str, test: str, lost: Any) -> None:
    with pytest.raises(InputError, match=rf"filter.{column}.{test}: .*has lost its last digits"):
        parse_condition({column: {test: ["a", lost]}})
    assert parse_condition({column: {test: [float(2**53 - 1), 4.5]}})


def test_a_number_of_very_many_digits_is_refused() -> None:
    with pytest.raises(InputError, match="too many digits"):
        parse_condition({"sku": 10**5_000})


def test_a_change_of_what_is_on_offer_keeps_what_is_known_of_attributes() -> None:
    index = index_of(FILMS)
    drama, until = {"genre": "drama"}, {"available_until": {"lt": 100}}
    assert (met(drama, index), met({"or": [drama, until]}, index)) == ("ac", "abc")
    ends_later = [replace(item, available_until=None) for item in FILMS]
    changed = index.with_availability(ItemAvailability.of(ends_later))
    assert changed.knows(parse_condition(drama))
    assert not changed.knows(parse_condition(until))
    assert (met(until, changed), met({"or": [drama, until]}, changed)) == ("", "ac")
    assert met(until, index) == "b"
    assert index.with_availability(index.availability) is index
