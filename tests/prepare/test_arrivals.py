"""The newest takings, and how well known their items were."""

import numpy as np

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Interactions
from foretaste.domain.store import EventColumns
from foretaste.prepare.arrivals import newest_positive_cases
from foretaste.prepare.interactions import build_interactions

INDEX = {"a": 0, "b": 1, "c": 2}


def made(*rows: tuple[str, str, str, float]) -> Interactions:
    """Of (user, item, kind, at)."""
    full: list[EventColumns] = [
        (user, None, item, kind, None, at, None, None) for user, item, kind, at in rows
    ]
    return build_interactions(full, INDEX, EVENT_TYPE_WEIGHTS)[0]


def test_the_newest_fifth_by_time_with_what_came_before() -> None:
    takings = [("u", "a", "view", float(at)) for at in range(9)]
    cases, prior = newest_positive_cases(made(("v", "b", "view", 50.0), *takings), repeats=True)

    assert cases.interactions.at[cases.target_rows].tolist() == [
        50.0,
        8.0,
    ]  # rows, person by person
    assert prior.tolist() == [0, 8]


def test_what_was_taken_before_counts_only_where_lists_show_it() -> None:
    found = made(
        ("u", "a", "view", 1.0),
        ("u", "b", "view", 2.0),
        ("v", "a", "view", 3.0),
        ("u", "a", "view", 4.0),
        ("v", "a", "view", 5.0),
    )
    with_repeats, _ = newest_positive_cases(found, repeats=True)
    without, prior = newest_positive_cases(found, repeats=False)

    assert found.at[with_repeats.target_rows].tolist() == [5.0]
    assert found.at[without.target_rows].tolist() == [3.0]
    assert prior.tolist() == [1]


def test_refusals_and_nothing_at_all() -> None:
    refusals = made(("u", "a", "hide", 1.0), ("u", "b", "hide", 2.0))
    for found in (refusals, made()):
        cases, prior = newest_positive_cases(found, repeats=False)
        assert len(cases) == len(prior) == 0
    assert prior.dtype == np.int64
