"""What conditions mean is looked up within the time of the question, or the question is refused."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Floats, Request
from foretaste.domain.preference import Preference
from foretaste.errors import InputError, Overdue
from foretaste.loop import Foretaste
from foretaste.online import condition_lookup
from foretaste.online.condition_lookup import ConditionLookup
from foretaste.online.fallback import Budget
from foretaste.prepare.interactions import build_user_context
from foretaste.rank.conditions import About
from foretaste.rank.filters import FilterContext
from foretaste.rank.index import FilterIndex
from rank.shop import film, index_of

PLENTY, SCARCE = 60_000.0, 30.0
"""Milliseconds."""


class Reader:
    """Reads a topic when it is let."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.words: list[str] = []

    def __call__(self, words: str) -> Floats:
        self.words.append(words)
        self.gate.wait(60)
        return np.ones(4, np.float32)


@pytest.fixture
def reader() -> Iterator[Reader]:
    one = Reader()
    yield one
    one.gate.set()


@pytest.fixture
def lookup() -> Iterator[ConditionLookup]:
    one = ConditionLookup()
    yield one
    one.close()


def index(reader: Reader) -> FilterIndex:
    plain = index_of([film("a", "drama", "1990"), film("b", "war", "2000")])
    return FilterIndex(plain.catalogue, plain.availability, reader)


def question(index: FilterIndex, *preferences: Preference, **fields: Any) -> FilterContext:
    nobody = build_user_context([], {}, {}, (), now=0.0)
    return FilterContext(Request(**fields), nobody, index, False, 0.0, (), preferences)


TOPIC = {"about": "space"}


@pytest.mark.parametrize(
    ("fields", "preferences"),
    [
        ({"filter": TOPIC}, ()),
        ({"filter": {"not": {"or": [{"genre": "war"}, TOPIC]}}}, ()),
        ({"rules": ({"boost": TOPIC}, {"pin": "a", "at": 1})}, ()),
        ({"rules": ({"quota": TOPIC, "most": 1},)}, ()),
        ({}, (Preference("about: space", TOPIC, "mute"),)),
    ],
)
def test_a_topic_that_takes_too_long_is_looked_up_for_the_next_time(
    lookup: ConditionLookup, reader: Reader, fields: Any, preferences: Any
) -> None:
    asked = question(index(reader), *preferences, **fields)
    with pytest.raises(Overdue, match=r"1 topics, could not be looked up in"):
        lookup.look_up(asked, Budget(SCARCE))
    reader.gate.set()
    lookup.look_up(asked, Budget(PLENTY))
    assert asked.index.knows(About("space"))
    lookup.look_up(asked, Budget(0.0))  # known now
    assert reader.words == ["space"]


def test_attributes_need_no_thread(lookup: ConditionLookup, reader: Reader) -> None:
    lookup.look_up(question(index(reader), filter={"genre": "war", "year": {"gt": 3}}), Budget(0.0))
    assert lookup._thread is None


def test_a_few_conditions_need_no_thread_and_many_do(
    lookup: ConditionLookup, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(condition_lookup, "MAX_QUICK_CONDITIONS", 3)
    shop = index(reader)
    # the whole filter counts as one, and each of its parts
    lookup.look_up(question(shop, filter={"genre": "war", "year": 1990}), Budget(0.0))
    assert lookup._thread is None
    lookup.close()
    many = question(shop, filter={"genre": "drama", "year": 2000, "id": "a"})
    with pytest.raises(Overdue, match="4 conditions, of them 0 topics, could"):
        lookup.look_up(many, Budget(0.0))


def test_how_long_it_was_looked_up_is_told(lookup: ConditionLookup, reader: Reader) -> None:
    lookup.close()
    still = Budget(PLENTY, clock=lambda: 0.0)
    milliseconds = PLENTY * condition_lookup.LOOKUP_SHARE
    with pytest.raises(Overdue, match=f" could not be looked up in {milliseconds:.0f} ms; "):
        lookup.look_up(question(index(reader), filter=TOPIC), still)


def test_a_preference_that_cannot_be_read_hides_no_other(
    lookup: ConditionLookup, reader: Reader
) -> None:
    broken = Preference("of before", {"genre": {"no such test": 1}}, "mute")
    asked = question(index(reader), broken, Preference("about: space", TOPIC, "mute"))
    reader.gate.set()
    lookup.look_up(asked, Budget(PLENTY))
    assert reader.words == ["space"]


def test_without_a_limit_nothing_is_looked_up(lookup: ConditionLookup, reader: Reader) -> None:
    lookup.look_up(question(index(reader), filter=TOPIC), Budget(None))
    assert reader.words == []


def test_a_fault_is_told_where_it_is_used(lookup: ConditionLookup, reader: Reader) -> None:
    reader.gate.set()
    asked = question(index(reader), filter={"and": [{"gnere": "war"}, TOPIC]})
    lookup.look_up(asked, Budget(PLENTY))
    assert asked.index.knows(About("space")), "the others are looked up all the same"
    with pytest.raises(InputError, match="did you mean 'genre'"):
        asked.index.column("gnere")


def test_not_more_than_some_wait(
    lookup: ConditionLookup, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(condition_lookup, "MAX_WAITING_QUESTIONS", 2)
    slow = index(reader)
    for word in ("space", "bread", "war"):
        with pytest.raises(Overdue):
            lookup.look_up(question(slow, filter={"about": word}), Budget(0.0))
    reader.gate.set()
    lookup.close()
    assert reader.words == ["space", "bread"]


def test_no_list_is_later_than_its_time(trained: Path, reader: Reader) -> None:
    """Not even by the last resort, which must filter too."""
    shop = Foretaste.open(trained)
    try:
        shop.slates._read = reader
        for fields in ({"filter": TOPIC}, {"rules": ({"bury": TOPIC, "by": 3},)}):
            with pytest.raises(Overdue):
                shop.recommend(Request(timeout_ms=SCARCE, **fields))
        assert len(shop.recommend(Request(timeout_ms=PLENTY, n=3))) == 3
    finally:
        reader.gate.set()
        shop.close()
