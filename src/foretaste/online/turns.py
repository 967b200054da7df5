"""Whose events are learnt next: the tail of the log in; what of it is learnt now, what waits, out.

Events are learnt in the order in which they were accepted, until somebody has done so much that
others would have to wait for it. Then everybody has a turn: so many events of each are learnt, and
what the busy did besides is put off and learnt later, when nobody waits. What an event teaches does
not depend on when it is learnt, so all come to the same in the end.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from foretaste.domain.data import Event
from foretaste.domain.store import UserKey
from foretaste.feedback.online_learning import person_of

NumberedEvents = Sequence[tuple[int, Event]]
"""(number, event)"""
BUSY_SHARE = 4
"""Somebody is busy who did one in so many of the events that are next."""


@dataclass(frozen=True)
class DeferredEvents:
    """The numbers of the events that were put off, by who did them. Never changed."""

    numbers_by_person: Mapping[UserKey, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    """Parts, oldest first; whoever is first has the next turn."""

    def __bool__(self) -> bool:
        return bool(self.numbers_by_person)

    def __contains__(self, person: UserKey) -> bool:
        return person in self.numbers_by_person

    def with_more(self, numbers_by_person: Mapping[UserKey, Sequence[int]]) -> "DeferredEvents":
        """With more of each."""
        both = dict(self.numbers_by_person)
        for person, numbers in numbers_by_person.items():
            both[person] = (*both.get(person, ()), tuple(numbers))
        return DeferredEvents(both)

    def next_turn(self, n: int) -> tuple[tuple[int, ...], "DeferredEvents"]:
        """(numbers of at most n events of one person, what waits then; that person is last)."""
        numbers = dict(self.numbers_by_person)
        person = next(iter(numbers))
        first, *parts = numbers.pop(person)
        turn, later_numbers = first[:n], first[n:]
        remaining = (later_numbers, *parts) if later_numbers else tuple(parts)
        if remaining:
            numbers[person] = remaining
        return turn, DeferredEvents(numbers)


NOTHING_DEFERRED = DeferredEvents()


class TailTurns(NamedTuple):
    """What becomes of the next events of the log."""

    now: NumberedEvents
    """To be learnt."""
    until: int
    """The number up to which nothing is to be looked at again."""
    deferred: DeferredEvents
    """What waits, with what waited before."""


def has_busy_person(tail: NumberedEvents, deferred: DeferredEvents) -> bool:
    """Whether others may be waiting behind what one person did."""
    counts = Counter(person_of(event) for _, event in tail)
    return any(
        person in deferred or count * BUSY_SHARE >= len(tail) for person, count in counts.items()
    )


def take_turns(
    tail: NumberedEvents,
    deferred: DeferredEvents,
    n: int,
    *,
    teaches: Callable[[Event], bool],
    is_whole: bool = True,
) -> TailTurns:
    """Of the next events at most n that teach something, of each person not more than their turn.

    What is past somebody's turn is put off where others come behind it, or may: where the tail is
    not all there is. Else it stays in the log. tail: not empty.
    """
    people = [person_of(event) if teaches(event) else None for _, event in tail]
    counts = Counter(person for person in people if person is not None and person not in deferred)
    total = sum(counts.values())
    turn = total if total <= n else max(ceil(n / max(len(counts), 1)), n // 10)
    now: list[tuple[int, Event]] = []
    put_off: dict[UserKey, list[int]] = {}
    taken: Counter[UserKey] = Counter()
    end = 0  # rows of the tail that are dealt with
    for row, (number, event) in enumerate(tail):
        person = people[row]
        if person is None:
            end = row + 1 if end == row else end
        elif person in deferred or taken[person] >= turn:
            put_off.setdefault(person, []).append(number)
            end = row + 1 if person in deferred else end
        elif len(now) == n:
            break
        else:
            taken[person] += 1
            now.append((number, event))
            end = row + 1
    else:
        end = end if is_whole else len(tail)
    until = tail[end - 1][0]
    dealt_with = {
        person: waiting
        for person, numbers in put_off.items()
        if (waiting := [number for number in numbers if number <= until])
    }
    return TailTurns(now, until, deferred.with_more(dealt_with) if dealt_with else deferred)
