"""Online learning: events past a point of the log in, a product that has learnt from them out.

Every reader of the log learns in the same way from the same numbers, so an event recorded by the
command line, by the service or by another process changes the next list of each of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from foretaste.domain.data import Behaviour, Event, Longs

Person = tuple[str | None, str | None]
"""(user, None), or (None, the session of somebody unknown)"""
Past = tuple[Longs, Behaviour]
"""Numbers in the log of what a person did, in order of time, and a row for each."""


class Learner(Protocol):
    """What learns: the product."""

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None: ...


class Lesson(NamedTuple):
    """One event to learn from."""

    number: int
    person: Person
    before: Behaviour
    """What the person had done, as it was known when the event was accepted."""
    item: int
    weight: float
    at: float


def lessons(
    tail: Sequence[tuple[int, Event]],
    *,
    pasts: Callable[[Sequence[Person]], Mapping[Person, Past]],
    index: Mapping[str, int],
    weights: Mapping[str, float],
) -> Iterator[Lesson]:
    """What each event of the tail teaches, given what its person did before it; by person.

    A late event is learnt at its place in time: after those before it, not after the newest. What
    its person did before is what had been accepted by then; so all readers learn the same, whether
    they met the events one by one or many at once.

    tail: events with their numbers in the log. pasts: of these people all that says something, the
    tail's events too.
    """
    people: dict[Person, list[tuple[int, Event]]] = {}
    for number, event in tail:
        known = event.item is not None and event.item in index
        if known and weights.get(event.kind, 0.0) > 0:
            person = (event.user, None if event.user else event.session)
            people.setdefault(person, []).append((number, event))
    found = pasts(list(people)) if people else {}
    for person, events in people.items():
        numbers, whole = found[person]
        place = {number: row for row, number in enumerate(numbers.tolist())}
        in_order = bool((numbers[1:] > numbers[:-1]).all())
        for number, event in events:
            row, item = place[number], index[event.item or ""]
            before = whole.part(slice(0, row))
            if not in_order:
                before = before.part(numbers[:row] < number)
            yield Lesson(number, person, before, item, weights[event.kind], event.at)


def learn(learner: Learner, taught: Iterable[Lesson]) -> int:
    """Teach them. → how many."""
    count = 0
    for count, one in enumerate(taught, 1):  # noqa: B007
        learner.learn(one.before, one.item, one.weight, one.at)
    return count
