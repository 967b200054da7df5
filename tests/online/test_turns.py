"""Turns: nobody waits behind what one person did, and each event is learnt once."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import Event
from foretaste.feedback.online_learning import person_of
from foretaste.online.turns import NOTHING_DEFERRED, has_busy_person, take_turns


def log(people: str) -> list[tuple[int, Event]]:
    """An event a letter, by whom; a capital teaches nothing."""
    return [
        (number, Event(str(number), "click", float(number), user=person.lower(), item=person))
        for number, person in enumerate(people, 1)
    ]


def teaches(event: Event) -> bool:
    return bool(event.item and event.item.islower())


def learnt(events: Sequence[tuple[int, Event]]) -> str:
    return "".join(event.item or "" for _, event in events)


def test_while_there_are_few_all_are_learnt_in_their_order() -> None:
    turns = take_turns(log("aaabA"), NOTHING_DEFERRED, 10, teaches=teaches)
    assert learnt(turns.now) == "aaab"
    assert (turns.until, bool(turns.deferred)) == (5, False)


def test_what_is_past_a_turn_is_put_off_where_others_come_behind_it() -> None:
    turns = take_turns(log("a" * 30 + "b" + "a" * 20), NOTHING_DEFERRED, 10, teaches=teaches)
    assert learnt(turns.now) == "aaaaab"
    assert turns.until == 31, "what the busy person did after that is still in the log"
    assert turns.deferred.numbers_by_person == {("a", None): (tuple(range(6, 31)),)}


def test_who_is_alone_is_learnt_in_order() -> None:
    turns = take_turns(log("a" * 30), NOTHING_DEFERRED, 10, teaches=teaches)
    assert learnt(turns.now) == "a" * 10
    assert (turns.until, bool(turns.deferred)) == (10, False)


def test_where_the_log_goes_on_others_may_come_behind() -> None:
    turns = take_turns(log("a" * 30), NOTHING_DEFERRED, 10, teaches=teaches, is_whole=False)
    assert learnt(turns.now) == "a" * 10
    assert turns.until == 30
    assert turns.deferred.numbers_by_person == {("a", None): (tuple(range(11, 31)),)}
    many = take_turns(log("abcdef" * 9), NOTHING_DEFERRED, 10, teaches=teaches, is_whole=False)
    assert len(many.now) == 10
    assert len(many.now) + sum(map(len, many.deferred.numbers_by_person.values())) == many.until


def test_of_whom_something_waits_the_rest_waits_too() -> None:
    waiting = NOTHING_DEFERRED.with_more({("a", None): [1, 2]})
    turns = take_turns(log("aaBb"), waiting, 10, teaches=teaches)
    assert learnt(turns.now) == "b"
    assert turns.deferred.numbers_by_person == {("a", None): ((1, 2), (1, 2))}


def test_as_many_as_there_is_room_for_need_no_turns() -> None:
    turns = take_turns(log("a" * 9 + "b"), NOTHING_DEFERRED, 10, teaches=teaches)
    assert (learnt(turns.now), turns.until) == ("a" * 9 + "b", 10)
    assert not turns.deferred


@pytest.mark.parametrize(("n", "turn"), [(20, 2), (29, 2), (30, 3)])
def test_among_very_many_a_turn_is_a_tenth_of_all(n: int, turn: int) -> None:
    """Else each of them would have one event, and what somebody does in a row would be torn."""
    people = [chr(0x4E00 + number) for number in range(2 * n)]
    tail = [
        (number, Event(str(number), "click", float(number), user=user, item="x"))
        for number, user in enumerate(["a"] * 9 + people, 1)
    ]
    turns = take_turns(tail, NOTHING_DEFERRED, n, teaches=lambda _: True)
    assert sum(event.user == "a" for _, event in turns.now) == turn


def test_what_follows_of_whom_something_waits_is_dealt_with() -> None:
    waiting = NOTHING_DEFERRED.with_more({("a", None): [0]})
    turns = take_turns(log("baA"), waiting, 10, teaches=teaches)
    assert (learnt(turns.now), turns.until) == ("b", 3)
    assert turns.deferred.numbers_by_person == {("a", None): ((0,), (2,))}


def test_those_who_wait_take_turns() -> None:
    waiting = NOTHING_DEFERRED.with_more({("a", None): [1, 2, 3], ("b", None): [4]})
    waiting = waiting.with_more({("a", None): [5]})
    order = []
    while waiting:
        numbers, waiting = waiting.next_turn(2)
        order.append(numbers)
    assert order == [(1, 2), (4,), (3,), (5,)]


@pytest.mark.parametrize(
    ("people", "is_busy"), [("abcdefgh", False), ("aabcdefg", True), ("a", True), ("", False)]
)
def test_who_is_busy(people: str, is_busy: bool) -> None:
    assert has_busy_person(log(people), NOTHING_DEFERRED) is is_busy


@settings(deadline=None)
@given(st.text("abcABC", min_size=1, max_size=60), st.integers(1, 12), st.booleans())
def test_each_is_learnt_once_and_those_of_a_person_in_their_order(
    people: str, n: int, is_whole: bool
) -> None:
    events = log(people)
    by_number = dict(events)
    deferred, at, order = NOTHING_DEFERRED, 0, list[int]()
    while at < len(events) or deferred:
        if at < len(events):
            tail = events[at : at + 4 * n]
            turns = take_turns(tail, deferred, n, teaches=teaches, is_whole=is_whole)
            assert turns.until > at
            assert len(turns.now) <= n
            at, deferred = turns.until, turns.deferred
            order += [number for number, _ in turns.now]
        else:
            numbers, deferred = deferred.next_turn(n)
            order += numbers
    assert sorted(order) == [number for number, event in events if teaches(event)]
    for person in {person_of(event) for _, event in events}:
        own = [number for number in order if person_of(by_number[number]) == person]
        assert own == sorted(own)
