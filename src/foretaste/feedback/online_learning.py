"""Online learning: events past a point of the log in, a product that has learnt from them out.

Every reader of the log learns in the same way from the same numbers, so an event recorded by the
command line, by the service or by another process changes the next list of each of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from foretaste.domain.data import Event, Longs, UserContext
from foretaste.domain.store import Past, UserKey
from foretaste.domain.switching import give_way


class LoadedPast(NamedTuple):
    """What a person did, as far as it was asked for."""

    numbers: Longs
    """In the log, in order of time."""
    user_context: UserContext
    """A row for each number."""
    is_whole: bool
    """Whether there is nothing before it."""


LoadPasts = Callable[[Mapping[UserKey, Past]], Mapping[UserKey, LoadedPast]]


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


def person_of(event: Event) -> UserKey:
    """Whose past an event belongs to."""
    return (event.user, None if event.user else event.session)


def teaches(event: Event, index_by_id: Mapping[str, int], weights: Mapping[str, float]) -> bool:
    """Whether anything is learnt of an event: it takes an item of the catalogue."""
    in_catalogue = event.item is not None and event.item in index_by_id
    return in_catalogue and weights.get(event.kind, 0.0) > 0


def training_examples(
    numbered_events: Sequence[tuple[int, Event]],
    *,
    load_pasts: LoadPasts,
    index_by_id: Mapping[str, int],
    weights: Mapping[str, float],
    past_events: int,
) -> Iterator[TrainingExample]:
    """What each event of the tail teaches, given what its person did before it; by person.

    A late event is learnt at its place in time: after those before it, not after the newest. What
    its person did before is what had been accepted by then; so all readers learn the same, whether
    they met the events one by one or many at once. (Of somebody with more than `past_events` whose
    events came late by more than that, a reader that comes later may find fewer of them.)

    numbered_events: the tail, each event with its number in the log. load_pasts: what these people
    did of what says something, the tail's events too, each with what it weighs. index_by_id:
    external → internal id. weights: event type → weight. past_events: of what a person did before
    an event the newest so many are looked at, so that one more event costs the same after ten and
    after a million.
    """
    events_by_user: dict[UserKey, list[tuple[int, Event]]] = {}
    for number, event in numbered_events:
        if teaches(event, index_by_id, weights):
            events_by_user.setdefault(person_of(event), []).append((number, event))
    pasts = {
        user_key: _past(events, past_events + len(events))
        for user_key, events in events_by_user.items()
    }
    loaded = load_pasts(pasts) if pasts else {}
    for user_key, events in events_by_user.items():
        rows_by_number = _rows_by_number(loaded.get(user_key))
        for number, event in events:
            past, row = loaded.get(user_key), rows_by_number.get(number)
            if past is None or row is None or (row < past_events and not past.is_whole):
                # it is late: what was before it is not there
                own_past = {user_key: _past([(number, event)], past_events + 1)}
                past = load_pasts(own_past).get(user_key)
                row = _rows_by_number(past).get(number)
            if past is None or row is None:  # erased meanwhile
                continue
            yield TrainingExample(
                number,
                user_key,
                _context_before(past, row, number, past_events),
                index_by_id[event.item or ""],
                float(past.user_context.weight[row]),
                event.at,
            )


def _past(events: Sequence[tuple[int, Event]], n: int) -> Past:
    """What leads up to the newest of these events."""
    at, number = max((event.at, number) for number, event in events)
    return Past(at, number, n)


def _rows_by_number(past: LoadedPast | None) -> dict[int, int]:
    return {} if past is None else {number: row for row, number in enumerate(past.numbers.tolist())}


def _context_before(past: LoadedPast, row: int, number: int, n: int) -> UserContext:
    """The newest n rows before a row, of what had been accepted before a number."""
    earlier_rows = np.flatnonzero(past.numbers[:row] < number)[-n:]
    if len(earlier_rows) and earlier_rows[0] + len(earlier_rows) == row:  # no gap, as is usual
        return past.user_context.select_events(slice(int(earlier_rows[0]), row))
    row_mask = np.zeros(len(past.numbers), np.bool_)
    row_mask[earlier_rows] = True
    return past.user_context.select_events(row_mask)


def learn_examples(learner: Learner, examples: Iterable[TrainingExample]) -> int:
    """Teach them. → how many."""
    count = 0
    for count, example in enumerate(examples, 1):  # noqa: B007
        learner.learn(example.user_context, example.item, example.weight, example.at)
        give_way()
    return count
