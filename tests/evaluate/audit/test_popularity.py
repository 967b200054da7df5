"""Lists of what is popular are told from lists of what people take."""

import numpy as np
import pytest

from evaluate.audit.samples import sample
from foretaste.evaluate.audit.popularity import (
    _gini_slopes,
    popularity_section,
    tail_mask,
)
from foretaste.evaluate.list_variety import gini

PEOPLE = 60


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_lists_of_the_best_known_item_are_flagged() -> None:
    histories = [[0, person + 1] for person in range(PEOPLE)]  # one item for all, one of their own
    section = popularity_section(sample([[0]] * PEOPLE, histories, PEOPLE + 1), rng())
    names = {figure.name: figure for figure in section.figures}
    lift = names["lift: times as popular as what people take"]
    # what a person alone took counts 0 without them: (59 + 0) / 2 on average beside 60
    assert lift.value.mean == pytest.approx(60 / 29.5)
    assert lift.is_flagged
    assert "popularity_lift" in section.remedy


def test_lists_of_what_people_take_are_not_flagged() -> None:
    generator = rng()
    histories = [generator.choice(20, 6, replace=False).tolist() for _ in range(PEOPLE)]
    lists = [generator.choice(20, 6, replace=False).tolist() for _ in range(PEOPLE)]
    section = popularity_section(sample(lists, histories, 20), rng())
    assert not section.flagged
    assert section.remedy == ""
    lift = section.figures[1].value
    assert lift.mean == pytest.approx(1, abs=0.05)


def test_every_figure_has_an_interval_around_it() -> None:
    generator = rng()
    histories = [generator.choice(30, 6, replace=False).tolist() for _ in range(PEOPLE)]
    lists = [generator.choice(15, 6, replace=False).tolist() for _ in range(PEOPLE)]
    section = popularity_section(sample(lists, histories, 30), rng())
    for figure in section.figures:
        assert figure.value.low <= figure.value.mean <= figure.value.high, figure.name
        assert figure.usual is not None


def test_the_tail_is_a_fifth_of_what_is_taken() -> None:
    counts = np.array([40.0, 40.0, 10.0, 9.0, 1.0, 0.0])
    assert tail_mask(counts).tolist() == [False, False, True, True, True, True]


def test_gini_slopes_are_the_change_of_one_more_place() -> None:
    """Against many places, so that one more is small."""
    counts = np.array([0, 100, 200, 300, 400, 500])
    slopes = _gini_slopes(counts, 6)
    for item in range(len(counts)):
        more = counts.copy()
        more[item] += 1
        change = gini(more[more > 0], 6) - gini(counts[counts > 0], 6)
        assert slopes[item] == pytest.approx(change, abs=2e-6)
