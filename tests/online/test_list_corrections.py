"""Lists are as popular as is wanted, and keep to a person's mix; both only where it is asked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Event, Request
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.online.list_corrections import (
    CORRECTION_TERM,
    WEIGHTS,
    popularity_shift,
    popularity_weight,
)
from foretaste.online.list_health import compose_list, measure_lifts
from foretaste.rank.settings import RankSettings

START = 1_700_500_000.0
CURVE = [[0.0, 2.0], [0.5, 1.5], [1.0, 1.0]]
SETTINGS = RankSettings()


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    """Twenty items, and thirty people who keep to a theme."""
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def record_cook(loop: Foretaste) -> None:
    items = ("space-8", "space-9", "kitchen-0", "kitchen-1", "kitchen-2")
    loop.record(
        [
            Event(f"c{number}", "click", START + number, "cook", item=item)
            for number, item in enumerate(items)
        ]
    )


@pytest.mark.parametrize(
    ("target", "weight"), [(3.0, 0.0), (2.0, 0.0), (1.75, 0.25), (1.0, 1.0), (0.5, 1.0)]
)
def test_the_weight_is_read_from_the_curve(target: float, weight: float) -> None:
    request = Request(popularity_lift=target)
    assert popularity_weight(request, SETTINGS, CURVE) == pytest.approx(weight)
    settings = RankSettings(popularity_lift=target)
    assert popularity_weight(Request(), settings, CURVE) == pytest.approx(weight)


def test_a_curve_that_rises_by_chance_is_taken_as_level() -> None:
    curve = [[0.0, 2.0], [0.5, 1.4], [0.8, 1.5], [1.0, 1.0]]
    weights = [
        popularity_weight(Request(popularity_lift=target), SETTINGS, curve)
        for target in (2.0, 1.6, 1.45, 1.2, 1.0)
    ]
    assert weights == sorted(weights)


def test_by_the_settings_searches_stay_as_they_are() -> None:
    settings = RankSettings(popularity_lift=1.0)
    for request in (Request(query="moon"), Request(candidates=("a",)), Request(window=60.0)):
        assert popularity_weight(request, settings, CURVE) == 0.0
    assert popularity_weight(Request(query="moon", popularity_lift=1.0), SETTINGS, CURVE) == 1.0


def test_a_model_that_was_not_measured_says_so() -> None:
    with pytest.raises(InputError, match="foretaste train"):
        popularity_weight(Request(popularity_lift=1.0), SETTINGS, ())
    assert popularity_weight(Request(), RankSettings(popularity_lift=1.0), ()) == 0.0


def test_a_training_measures_the_curve(shop: Foretaste) -> None:
    snapshot = shop.catch_up()
    assert [weight for weight, _ in snapshot.lift_curve] == list(WEIGHTS)
    assert measure_lifts(shop, snapshot) == [list(pair) for pair in snapshot.lift_curve]


def test_the_terms_sum_to_the_corrected_score(shop: Foretaste) -> None:
    """And the list is that of the scores less what popularity gives."""
    snapshot = replace(shop.catch_up(), lift_curve=((0.0, 9.0), (2.0, 0.1)))
    plain = compose_list(shop, snapshot, Request(user="u1", n=10))
    lists = shop.slates
    corrected = compose_list(shop, snapshot, Request(user="u1", popularity_lift=0.1, n=10))
    assert [item.id for item in corrected] != [item.id for item in plain]
    question = lists.question(
        lists.page_request(Request(user="u1"), None, {}),
        lists.user_context(Request(user="u1"), snapshot),
        snapshot,
    )
    assert question.popularity is not None
    shift = popularity_shift(question.popularity(), 2.0)
    assert shift.max() == 0.0
    for item in corrected:
        terms = {term.expert: term.nats for term in item.terms}
        assert terms[CORRECTION_TERM] == pytest.approx(shift[snapshot.catalogue.index[item.id]])
        assert sum(term.nats for term in item.terms) == pytest.approx(item.score, abs=1e-3)


def test_a_list_keeps_to_the_own_mix(shop: Foretaste) -> None:
    """Whoever took three of one theme and two of the other is shown as many of each."""
    record_cook(shop)

    def kitchens(**fields: object) -> int:
        listed = shop.recommend("cook", n=5, **fields)
        return sum(item.id.startswith("kitchen") for item in listed)

    assert kitchens(own_mix=1.0) == 3
    assert kitchens(own_mix=1.0, own_mix_column="genre") == 3
    assert kitchens(own_mix=0.0) == kitchens()
    with pytest.raises(InputError, match="own_mix_column: there is no column 'brand'"):
        shop.recommend("cook", own_mix=1.0, own_mix_column="brand")


def test_a_setting_holds_for_lists_and_not_for_searches(trained: Path) -> None:
    plain = Foretaste.open(trained)
    mixed = Foretaste.open(trained, settings={"rank.own_mix": 1.0})
    record_cook(plain)
    for query in (None, "moon"):
        lists = [
            [item.id for item in loop.recommend("cook", n=5, query=query)]
            for loop in (plain, mixed)
        ]
        assert (lists[0] == lists[1]) == (query is not None)
    assert np.isfinite([item.score for item in mixed.recommend("u1")]).all()
    plain.close()
    mixed.close()


def test_a_column_of_the_settings_that_is_not_there_stops_no_list(
    trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loop = Foretaste.open(trained, settings={"rank.own_mix": 1.0, "rank.own_mix_column": "brand"})
    assert len(loop.recommend("u1", n=5)) == 5
    assert "no column 'brand'" in caplog.text
    loop.close()
