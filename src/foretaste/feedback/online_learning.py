"""Online learning: events past a point of the log in, a product that has learnt from them out.

Every reader of the log learns in the same way from the same numbers, so an event recorded by the
command line, by the service or by another process changes the next list of each of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from foretaste.domain.data import Event, Longs, UserContext

UserKey = tuple[str | None, str | None]
"""(user, None), or (None, the session of somebody unknown)"""
NumberedContext = tuple[Longs, UserContext]
"""Numbers in the log of what a person did, in order of time, and a row for each."""


class Learner(Protocol):
    """What learns: the product."""

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None: ...


class TrainingExample(NamedTuple):
    """One event to learn from."""

    number: int
    user_key: UserKey
    user_context: UserContext
    """What the person had done, as it was known when the event was accepted."""
    item: int
    weight: float
    at: float


def training_examples(
    numbered_events: Sequence[tuple[int, Event]],
    *,
    load_contexts: Callable[[Sequence[UserKey]], Mapping[UserKey, NumberedContext]],
    index_by_id: Mapping[str, int],
    weights: Mapping[str, float],
) -> Iterator[TrainingExample]:
    """What each event of the tail teaches, given what its person did before it; by person.

    A late event is learnt at its place in time: after those before it, not after the newest. What
    its person did before is what had been accepted by then; so all readers learn the same, whether
    they met the events one by one or many at once.

    numbered_events: the tail, each event with its number in the log. load_contexts: of these people
    all that says something, the tail's events too. index_by_id: external → internal id. weights:
    event type → weight.
    """
    events_by_user: dict[UserKey, list[tuple[int, Event]]] = {}
    for number, event in numbered_events:
        in_catalogue = event.item is not None and event.item in index_by_id
        if in_catalogue and weights.get(event.kind, 0.0) > 0:
            user_key = (event.user, None if event.user else event.session)
            events_by_user.setdefault(user_key, []).append((number, event))
    context_by_user = load_contexts(list(events_by_user)) if events_by_user else {}
    for user_key, events in events_by_user.items():
        numbers, full_context = context_by_user[user_key]
        row_by_number = {number: row for row, number in enumerate(numbers.tolist())}
        in_order = bool((numbers[1:] > numbers[:-1]).all())
        for number, event in events:
            row, item = row_by_number[number], index_by_id[event.item or ""]
            earlier_context = full_context.select_events(slice(0, row))
            if not in_order:
                earlier_context = earlier_context.select_events(numbers[:row] < number)
            yield TrainingExample(
                number, user_key, earlier_context, item, weights[event.kind], event.at
            )


def learn_examples(learner: Learner, examples: Iterable[TrainingExample]) -> int:
    """Teach them. → how many."""
    count = 0
    for count, example in enumerate(examples, 1):  # noqa: B007
        learner.learn(example.user_context, example.item, example.weight, example.at)
    return count
