"""Online learning: each event of the tail, at its place in time, for whoever did it."""

from collections.abc import Mapping, Sequence

import numpy as np

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Event, UserContext
from foretaste.domain.store import EventColumns, Past, UserKey
from foretaste.feedback.online_learning import (
    LoadedPast,
    learn_examples,
    training_examples,
)
from foretaste.prepare.interactions import build_user_histories, user_key

INDEX = {"a": 0, "b": 1, "c": 2}
KIND_CODES = tuple(kind for kind, weight in EVENT_TYPE_WEIGHTS.items() if weight)
Taught = tuple[list[int], int, float, float]


class Notebook:
    """Writes down what it is taught: the items before, the item, its weight and time."""

    def __init__(self) -> None:
        self.taught: list[Taught] = []

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        self.taught.append((user_context.item.tolist(), item, weight, at))


def event(
    number: int, item: str | None, at: float, kind: str = "view", user: str | None = "u"
) -> Event:
    session = None if user else "visit"
    query = "rose" if kind == "search" else None
    return Event(str(number), kind, at, user=user, session=session, item=item, query=query)


def columns(one: Event, user: str | None, session: str | None) -> EventColumns:
    return user, session, one.item, one.kind, one.value, one.at, one.text, one.query


def taught(
    log: Sequence[Event],
    tail: Sequence[Event],
    weights: dict[str, float] | None = None,
    *,
    past_events: int = 100,
    reads: list[int] | None = None,
) -> list[Taught]:
    """What is learnt of `tail` when the store holds all of `log`.

    reads: gets the number of rows of each past that is read.
    """
    reads = [] if reads is None else reads
    known = weights or dict(EVENT_TYPE_WEIGHTS)

    def found(pasts: Mapping[UserKey, Past]) -> dict[UserKey, LoadedPast]:
        loaded = {}
        for (user, session), past in pasts.items():
            rows = [
                (number, columns(one, user, session))
                for number, one in enumerate(log)
                if (one.at, number) <= (past.at, past.number)
                and (one.session == session if user is None else one.user == user)
            ]
            newest = sorted(rows, key=lambda row: (row[1][5], row[0]))[-past.n :]
            by_key = build_user_histories(newest, INDEX, known, KIND_CODES)
            is_whole = len(newest) < past.n
            loaded[user, session] = LoadedPast(*by_key[user_key(user, session)], is_whole)
            reads.append(len(newest))
        return loaded

    notebook = Notebook()
    numbered = [(log.index(one), one) for one in tail]
    count = learn_examples(
        notebook,
        training_examples(
            numbered, load_pasts=found, index_by_id=INDEX, weights=known, past_events=past_events
        ),
    )
    assert count == len(notebook.taught)
    return notebook.taught


def test_each_is_learnt_given_those_before_it() -> None:
    log = [event(1, "a", 1), event(2, "b", 2), event(3, "c", 3)]

    assert taught(log, log[1:]) == [([0], 1, 1.0, 2), ([0, 1], 2, 1.0, 3)]


def test_a_late_event_is_learnt_at_its_place_in_time() -> None:
    log = [event(1, "a", 10), event(2, "c", 30), event(3, "b", 20)]

    assert taught(log, log[2:]) == [([0], 1, 1.0, 20)]


def test_a_late_event_in_one_numberedwith_newer_ones() -> None:
    log = [event(1, "a", 10), event(2, "c", 30), event(3, "b", 20)]

    assert taught(log, log) == [([], 0, 1.0, 10), ([0], 2, 1.0, 30), ([0], 1, 1.0, 20)]


def test_events_of_one_moment_are_in_the_order_of_the_store() -> None:
    log = [event(1, "a", 5), event(2, "b", 5), event(3, "c", 5)]

    assert [(before, item) for before, item, _, _ in taught(log, log)] == [
        ([], 0),
        ([0], 1),
        ([0, 1], 2),
    ]


def test_unknown_items_weightless_kinds_refusals_and_searches_are_not_taught() -> None:
    log = [
        event(1, "zzz", 1),
        event(2, "a", 2, "impression"),
        event(3, "a", 3, "hide"),
        event(4, None, 4, "search"),
        event(5, "a", 5, "kind of its own"),
        event(6, "b", 6),
    ]

    (only,) = taught(log, log)
    assert only[1:] == (1, 1.0, 6)
    assert only[0] == [0, -1]  # the refusal and the search came before it


def test_a_kind_weighs_what_the_settings_say() -> None:
    log = [event(1, "a", 1, "purchase"), event(2, "b", 2, "wishlist")]
    weights = {**EVENT_TYPE_WEIGHTS, "purchase": 3.0, "wishlist": 0.5}

    assert [weight for _, _, weight, _ in taught(log, log, weights)] == [3.0, 0.5]


def test_people_do_not_mix() -> None:
    log = [
        event(1, "a", 1),
        event(2, "b", 2, user="other"),
        event(3, "c", 3, user=None),
        event(4, "b", 4, user=None),
        event(5, "c", 5),
    ]

    found = {(item, at): before for before, item, _, at in taught(log, log)}
    assert found == {(0, 1): [], (1, 2): [], (2, 3): [], (1, 4): [2], (2, 5): [0]}


def test_no_numberedteaches_nothing() -> None:
    assert taught([event(1, "a", 1)], []) == []


def test_what_was_learnt_does_not_depend_on_how_the_numberedwas_cut() -> None:
    rng = np.random.default_rng(0)
    times = rng.permutation(30)  # in any order: many are late
    log = [
        event(n, "abc"[rng.integers(3)], float(at), user=f"u{rng.integers(3)}")
        for n, at in enumerate(times)
    ]
    whole = taught(log, log)
    for size in (1, 7):
        parts = [taught(log[: n + size], log[n : n + size]) for n in range(0, 30, size)]
        cut = [one for part in parts for one in part]
        assert sorted(map(repr, cut)) == sorted(map(repr, whole))


def test_one_more_event_costs_the_same_after_a_long_history() -> None:
    """Rows read, and rows handed to the experts, of an event after 50 others and after 5,000."""
    costs = []
    for length in (50, 5_000):
        log = [event(n, "abc"[n % 3], float(n)) for n in range(length)]
        reads: list[int] = []
        lessons = [
            lesson
            for tail in (log[-1:], log[-20:])
            for lesson in taught(log, tail, past_events=10, reads=reads)
        ]
        costs.append((reads, [len(before) for before, _, _, _ in lessons]))
    assert costs[0] == costs[1] == ([11, 30], [10] * 21)


def test_of_a_long_history_the_newest_before_a_late_event_are_learnt_from() -> None:
    log = [event(n, "abc"[n % 3], float(n)) for n in range(40)]
    late = event(40, "a", 5.5)

    (lesson,) = taught([*log, late], [late], past_events=3)
    assert lesson == ([0, 1, 2], 0, 1.0, 5.5)
    both = taught([*log, late], [log[-1], late], past_events=3)
    assert [before for before, _, _, _ in both] == [[0, 1, 2], [0, 1, 2]]
