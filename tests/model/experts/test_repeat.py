"""Repeat: how likely the next item is one of those already taken."""

import numpy as np
import pytest

from foretaste.model.experts.repeat import SMOOTHING_EVENTS, RepeatExpert

from ..world import ITEMS, World


def made(here: World, repeats: float, events: float) -> RepeatExpert:
    return RepeatExpert(repeats, events, here.catalogue)


def share(expert: RepeatExpert, here: World, *past: int) -> float:
    row = np.exp(expert.log_prob([here.took(*past)])[0].astype(np.float64))
    return float(row[list(set(past))].sum())


def test_the_share_is_everyones_where_the_own_is_unknown(here: World) -> None:
    assert share(made(here, 300, 1000), here, 5) == pytest.approx(0.3, abs=1e-3)


def test_the_own_share_moves_it(here: World) -> None:
    expert = made(here, 300, 1000)
    everyone = 300.5 / 1001

    assert share(expert, here, *[5] * 11) == pytest.approx(
        (10 + SMOOTHING_EVENTS * everyone) / 20, abs=1e-4
    )
    assert share(expert, here, *range(11)) == pytest.approx(
        SMOOTHING_EVENTS * everyone / 20, abs=1e-4
    )


def test_recent_ones_come_first_and_new_ones_are_even(here: World) -> None:
    row = made(here, 500, 1000).log_prob([here.took(1, 2, 3)])[0]

    assert row[3] > row[2] > row[1]
    assert np.exp(row[3] - row[2]) == pytest.approx(1 / 0.9, rel=1e-4)
    assert len(set(row[4:].tolist())) == 1


def test_fitting_counts_repeats_after_the_first(here: World) -> None:
    expert = RepeatExpert.fit(here.training(interactions=here.histories))[0]
    repeats = events = 0
    for person in range(len(here.histories)):
        past = here.histories.user_context(
            person, int(here.histories.offsets[person + 1])
        ).consumed_items
        events += max(len(past) - 1, 0)
        repeats += len(past) - len(set(past.tolist()))

    assert expert.state()[1] == {"repeats": repeats, "events": events}
    assert repeats > 0


def test_where_nothing_ever_repeats_seen_items_sink_and_where_all_does_new_ones(
    here: World,
) -> None:
    never, always = made(here, 0, 5000), made(here, 5000, 5000)

    assert never.log_prob([here.took(1)])[0].argmin() == 1
    assert always.log_prob([here.took(1)])[0].argmax() == 1
    for expert in (never, always):
        assert np.isfinite(expert.log_prob([here.took(1), here.took(*range(ITEMS))])).all()


def test_what_was_taken_long_ago_is_never_impossible(here: World) -> None:
    row = made(here, 500, 1000).log_prob([here.took(50, *([1] * 9000))])[0]

    assert np.isfinite(row[50])
    assert row[50] > -40
