"""Online learning: events past a point of the log in, a product that has learnt from them out.

Every reader of the log learns in the same way from the same numbers, so an event recorded by the
command line, by the service or by another process changes the next list of each of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from foretaste.domain import Behaviour, Event


class Learner(Protocol):
    """What learns: the product."""

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None: ...


def learn(
    learner: Learner,
    tail: Sequence[Event],
    *,
    history: Callable[[str | None, str | None], Sequence[Event]],
    behaviour: Callable[[Sequence[Event]], Behaviour],
    index: Mapping[str, int],
    weights: Mapping[str, float],
) -> int:
    """Teach each event of the tail, given what its person did before it. → how many taught.

    A late event is learnt at its place in time: after those before it, not after the newest. What
    its person did before is what had been accepted by then; so all readers learn the same, whether
    they met the events one by one or many at once.
    """
    number = {event.event_id: row for row, event in enumerate(tail)}
    people: dict[tuple[str | None, str | None], list[Event]] = {}
    for event in tail:
        person = (event.user, None if event.user else event.session)
        people.setdefault(person, []).append(event)
    taught = 0
    for person, events in people.items():
        past = list(history(*person))
        place = {event.event_id: row for row, event in enumerate(past)}
        for event in events:
            weight = weights.get(event.kind, 0.0)
            if event.item is None or event.item not in index or weight <= 0:
                continue
            earlier = past[: place[event.event_id]]
            accepted = number[event.event_id]
            before = [one for one in earlier if number.get(one.event_id, -1) < accepted]
            learner.learn(behaviour(before), index[event.item], weight, event.at)
            taught += 1
    return taught
