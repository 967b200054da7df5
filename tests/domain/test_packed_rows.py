"""Packed rows are what was put into them, and what is changed later is beside them."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain import packed_rows
from foretaste.domain.data import Item
from foretaste.domain.packed_rows import (
    PackedRows,
    TextPacker,
    differing_rows,
    pack_item,
    replaced_rows,
    unpack_item,
)

WORDS = st.text(max_size=8)
TEXTS = st.dictionaries(WORDS, WORDS, max_size=3)
TIMES = st.none() | st.floats(allow_nan=False)
ITEMS = st.builds(
    Item,
    id=WORDS,
    title=WORDS,
    texts=TEXTS,
    attributes=st.dictionaries(WORDS, st.lists(WORDS, max_size=3).map(tuple), max_size=3),
    image=st.none() | WORDS,
    audio=st.none() | WORDS,
    available_from=TIMES,
    available_until=TIMES,
    hidden=st.booleans(),
    more_images=st.lists(WORDS, max_size=2).map(tuple),
    vectors=st.dictionaries(WORDS, st.binary(max_size=8), max_size=2),
)


@pytest.fixture(autouse=True)
def few_are_packed() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_rows, "MAX_UNPACKED_ROWS", 2)
        yield


def texts(*rows: str) -> Sequence[str]:
    packer = TextPacker(len(rows))
    for row in rows:
        packer.add(row)
    return packer.texts()


@settings(max_examples=150)
@given(ITEMS)
def test_an_item_comes_back_as_it_was(item: Item) -> None:
    unpacked = unpack_item(pack_item(item))
    assert unpacked == item
    assert list(unpacked.attributes) == list(item.attributes)  # in their order
    assert unpacked.hidden is item.hidden


def test_an_item_on_offer_since_the_beginning_of_time_stays_so() -> None:
    item = Item("a", available_from=0.0)
    assert unpack_item(pack_item(item)).available_from == 0.0
    assert pack_item(Item("a", "b")) == b'["a","b"]'


def test_rows_are_read_as_those_of_a_tuple() -> None:
    rows, expected = texts("a", "", "über\ud800", "d"), ("a", "", "über\ud800", "d")
    assert isinstance(rows, PackedRows)
    assert texts("a", "b") == ("a", "b")  # few stay as they are
    assert tuple(rows) == expected
    assert (len(rows), rows[1], rows[-1]) == (4, "", "d")
    assert rows[1:3] == ["", "über\ud800"]
    assert list(reversed(rows)) == list(reversed(expected))
    with pytest.raises(IndexError):
        rows[4]


@pytest.mark.parametrize("is_packed", [True, False], ids=["packed", "tuple"])
def test_what_is_replaced_is_in_the_new_rows_alone(*, is_packed: bool) -> None:
    rows = texts("a", "b", "c") if is_packed else ("a", "b", "c")
    first = replaced_rows(rows, {1: "B"}, ["d"])
    second = replaced_rows(first, {0: "A", 3: "D"}, ["e"])
    assert tuple(rows) == ("a", "b", "c")
    assert tuple(first) == ("a", "B", "c", "d")
    assert tuple(second) == ("A", "B", "c", "D", "e")
    assert differing_rows(second, first) == [0, 3]
    assert differing_rows(first, second) == [0, 3]
    assert differing_rows(rows, second) == [0, 1]
    assert differing_rows(rows, replaced_rows(rows, {1: "b"})) == []


def test_rows_that_were_packed_apart_are_compared_one_by_one() -> None:
    assert differing_rows(texts("a", "b", "c"), texts("a", "x", "c")) == [1]


def test_all_rows_are_gone_through_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_rows, "ROWS_AT_A_TIME", 2)
    rows = texts("a", "", "über", "d", "e")
    changed = replaced_rows(rows, {1: "B", 4: "E"}, ["f"])
    assert tuple(rows) == ("a", "", "über", "d", "e")
    assert tuple(changed) == ("a", "B", "über", "d", "E", "f")
    assert tuple(texts()) == ()
