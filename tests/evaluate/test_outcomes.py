from typing import Any

import numpy as np
import pytest

from foretaste.evaluate.exposure import measure_exposure
from foretaste.evaluate.outcomes import (
    ListEvent,
    OutcomeCounter,
    ServedList,
    ShownItem,
    mean_interval,
    rate_interval,
)

WEIGHTS = {"click": 1.0, "purchase": 1.0, "hide": -1.0}


def served(name: str, person: str = "ann", **fields: Any) -> ServedList:
    items = fields.pop("items", (ShownItem("a", "model"), ShownItem("b", "model")))
    values: dict[str, Any] = {"at": 0.0, "version": "v1", "placement": "", "is_popular": False}
    return ServedList(id=name, person=person, items=items, **{**values, **fields})


def event(name: str, kind: str, item: str | None = None, value: float | None = None) -> ListEvent:
    return ListEvent(name, kind, item, value)


def test_places_are_counted_as_shown_where_an_event_says_so() -> None:
    lists = [served("1"), served("2"), served("3")]
    events = [event("1", "impression"), event("2", "impression", "b")]
    figures = OutcomeCounter(lists, events, weights=WEIGHTS).figures()
    assert (figures.impressions, figures.impressions_reported) == (3, True)


def test_a_front_end_that_never_says_so_shows_what_it_asks_for() -> None:
    figures = OutcomeCounter([served("1"), served("2")], [], weights=WEIGHTS).figures()
    assert (figures.impressions, figures.impressions_reported) == (4, False)


def test_what_was_taken_was_shown_and_counts_once_a_list() -> None:
    events = [
        event("1", "impression", "a"),
        event("1", "click", "b"),
        event("1", "click", "b"),
        event("1", "purchase", "b", 9.5),
        event("1", "hide", "a"),
        event("1", "click", "another item"),
        event("unknown", "click", "a"),
    ]
    figures = OutcomeCounter([served("1")], events, weights=WEIGHTS).figures()
    assert (figures.impressions, figures.clicks, figures.conversions) == (2, 1, 1)
    assert figures.value == 9.5


def test_conversions_are_of_the_types_that_are_named() -> None:
    counter = OutcomeCounter(
        [served("1")], [event("1", "click", "a", 3.0)], weights=WEIGHTS, conversion_types=["click"]
    )
    assert counter.figures().value == 3.0


def test_groups_keep_versions_placements_and_days_apart() -> None:
    lists = [
        served("1", at=10.0),
        served("2", at=90_000.0),
        served("3", at=10.0, version="v2"),
        served("4", at=10.0, version="v2", placement="cart"),
    ]
    counter = OutcomeCounter(lists, [event("2", "click", "a")], weights=WEIGHTS)
    groups = counter.groups(lambda one: (one.placement, one.version), lambda at: at // 86_400)
    assert {(group.placement, group.version): group.figures.lists for group in groups} == {
        ("", "v1"): 2,
        ("", "v2"): 1,
        ("cart", "v2"): 1,
    }
    first = groups[0]
    assert [(day, figures.lists) for day, figures in first.days] == [(0, 1), (1, 1)]


def test_the_interval_of_a_share_is_wilson_s_where_people_are_independent() -> None:
    """Brown, Cai and DasGupta 2001: 10 of 100 is .0552 to .1744."""
    interval = rate_interval(np.array([1.0] * 10 + [0.0] * 90), np.ones(100))
    assert interval is not None
    assert interval.mean == pytest.approx(0.1)
    assert interval.low == pytest.approx(0.0552, abs=1e-3)
    assert interval.high == pytest.approx(0.1744, abs=2e-3)


def test_places_of_one_person_are_no_independent_evidence() -> None:
    alone = rate_interval(np.array([1.0] * 10 + [0.0] * 90), np.ones(100))
    together = rate_interval(np.array([10.0] + [0.0] * 9), np.full(10, 10.0))
    assert alone is not None
    assert together is not None
    assert together.high - together.low > 2 * (alone.high - alone.low)
    nobody = rate_interval(np.zeros(2), np.full(2, 1000.0))
    assert nobody is not None
    assert nobody.high > 0.3, "two people who took nothing say little"


def test_nothing_shown_has_no_rate() -> None:
    assert rate_interval(np.zeros(0), np.zeros(0)) is None
    assert mean_interval(np.zeros(0), np.zeros(0)) is None


def test_the_interval_of_a_mean_holds_the_mean_in_19_of_20_cases() -> None:
    rng, hits = np.random.default_rng(0), 0
    for _ in range(300):
        interval = mean_interval(rng.exponential(2.0, 40), np.ones(40))
        assert interval is not None
        hits += interval.low <= 2.0 <= interval.high
    assert 0.88 < hits / 300 < 0.99


def test_the_same_people_are_compared_on_popular_and_explored_places() -> None:
    lists, events = [], []
    for person in range(40):
        mixed = (ShownItem("a", "model"), ShownItem("b", "explored"))
        lists += [
            served(f"own-{person}", f"p{person}", items=mixed),
            served(f"top-{person}", f"p{person}", is_popular=True),
        ]
        if person % 2:
            events.append(event(f"own-{person}", "click", "a"))
        if person % 10 == 0:
            events.append(event(f"top-{person}", "click", "a"))
    lists.append(served("elsewhere", "who was shown one kind alone"))
    comparisons = OutcomeCounter(lists, events, weights=WEIGHTS).comparisons()
    assert [(pair.kind, pair.people) for pair in comparisons] == [("popular", 40), ("explored", 40)]
    popular, explored = comparisons
    assert popular.model.mean == pytest.approx(0.5)
    assert popular.alternative.mean == pytest.approx(4 / 80)
    assert popular.difference.low > 0.2
    assert explored.alternative.mean == 0
    assert explored.difference.mean == pytest.approx(0.5)


def test_a_handful_of_people_is_not_compared() -> None:
    lists = [
        served(f"{kind}-{person}", f"p{person}", is_popular=kind == "top")
        for person in range(9)
        for kind in ("own", "top")
    ]
    assert OutcomeCounter(lists, [], weights=WEIGHTS).comparisons() == []


def test_exposure_tells_wide_lists_from_narrow_ones() -> None:
    index = {name: place for place, name in enumerate("abcdefghij")}
    counts = np.array([100.0] + [1.0] * 9)
    vectors = np.eye(10, dtype=np.float32)

    def exposure(lists: list[str], taken: str = "") -> Any:
        return measure_exposure(
            lists, taken, index=index, available=10, event_counts=counts, vectors=vectors
        )

    narrow, wide = exposure(["aa", "aa"]), exposure(["ab", "cd", "ef", "gh", "ij"], "ab")
    assert (narrow.coverage, wide.coverage) == (0.1, 1.0)
    assert narrow.gini == pytest.approx(0.9)
    assert wide.gini == pytest.approx(0.0)
    assert (narrow.popular_share, wide.popular_share) == (1.0, 0.1)
    assert (narrow.taken_popular_share, wide.taken_popular_share) == (None, 0.5)
    assert wide.novelty > narrow.novelty
    assert narrow.diversity == pytest.approx(0.0)
    assert wide.diversity == pytest.approx(1.0)
    assert exposure(["??"]).shown_places == 0
