"""Cold items: as many in lists as people take, and none where nothing tells them apart."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, Floats, Interactions, UserContext
from foretaste.model.cold_items import (
    MAX_SHARE_RATIO,
    MIN_GROUP_LISTS,
    MIN_NEWEST_INTERACTIONS,
    NewestInteractions,
    fit_offsets,
)
from foretaste.model.expert_weights import default_expert_weights
from foretaste.model.fit import fit_experts
from foretaste.model.product import HIDING_OFFSET, TIER_STARTS, ProductOfExperts, item_tiers
from foretaste.model.product_scorer import REQUEST_GROUPS, request_group
from foretaste.model.training import Training
from foretaste.prepare.arrivals import newest_positive_cases

from .world import SETTINGS, World, item, shelf

EXPERTS = ("popularity", "transition", "content", "attribute")


@pytest.fixture(scope="module")
def wide(here: World) -> Catalogue:
    """The world with as many items again that nobody has taken, each reading like a cluster."""
    return shelf([*here.items, *(item(number, number % 4) for number in range(60, 120))])


def counted(
    here: World, catalogue: Catalogue, histories: Interactions
) -> tuple[ProductOfExperts, Training]:
    """The usual product of that catalogue, and what it was counted on."""
    settings = SETTINGS.model_copy(update={"experts": EXPERTS})
    training = Training(catalogue, histories, here.none(), settings)
    experts = fit_experts(training)
    return ProductOfExperts(experts, default_expert_weights(experts)), training


def arrivals(here: World, cold: int, known: int) -> NewestInteractions:
    """The newest takings, so many of items that had no event and so many that had many."""
    cases, _ = newest_positive_cases(here.histories, repeats=True)
    count = cold + known
    rows = np.linspace(0, len(cases) - 1, count).astype(np.int64)  # of all sorts of people
    return NewestInteractions(
        cases.select(rows), np.where(np.arange(count) < cold, 0, 50).astype(np.int64)
    )


def shares(product: ProductOfExperts, requests: Sequence[UserContext]) -> Floats:
    """[tiers], of the places in the first ten of these lists."""
    scores = product.score(requests)
    for row, behaviour in enumerate(requests):
        scores[row, behaviour.consumed_items] = -np.inf
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    popularity = product.popularity
    assert popularity is not None
    return np.asarray(
        np.bincount(item_tiers(popularity.events[best]).ravel(), minlength=4) / best.size,
        np.float32,
    )


def everybody(here: World) -> list[UserContext]:
    """All people, who go on after their last event."""
    return [
        here.histories.user_context(user, int(here.histories.offsets[user + 1]))
        for user in range(len(here.histories))
    ]


@pytest.mark.parametrize("cold", [20, 150])
def test_lists_hold_as_many_cold_items_as_people_take(
    here: World, wide: Catalogue, cold: int
) -> None:
    product, training = counted(here, wide, here.histories)
    placed = fit_offsets(product, arrivals(here, cold, 200 - cold), training)
    shown = shares(placed, everybody(here))[0]

    assert not cold / 200 / 1.5 <= shares(product, everybody(here))[0] <= cold / 200 * 1.5
    assert cold / 200 / 1.5 <= shown <= cold / 200 * 1.5
    assert MAX_SHARE_RATIO < 1.5


def group_lists(
    here: World, wide: Catalogue, cold_in_ten: Sequence[int]
) -> tuple[Floats, list[float]]:
    """([groups] the share of cold items in the newest takings, and in lists of each group)."""
    product, training = counted(here, wide, here.histories)
    cases, _ = newest_positive_cases(here.histories, repeats=True)
    groups = np.array([request_group(context) for context in cases.user_contexts(0, len(cases))])
    is_cold = np.arange(len(cases)) % 10 < np.array(cold_in_ten)[groups]
    newest = NewestInteractions(cases, np.where(is_cold, 0, 50).astype(np.int64))
    placed = fit_offsets(product, newest, training)

    latest = float(here.histories.at.max())
    requests = everybody(here) + [replace(end, now=latest) for end in everybody(here)]
    by_group = [
        [request for request in requests if request_group(request) == group]
        for group in range(len(REQUEST_GROUPS))
    ]
    assert min(map(len, by_group)) >= MIN_GROUP_LISTS
    return newest.tier_shares_by_group()[:, 0], [
        float(shares(placed, group)[0]) for group in by_group
    ]


def test_users_with_short_and_with_long_histories_get_the_share_that_each_takes(
    here: World, wide: Catalogue
) -> None:
    taken, shown = group_lists(here, wide, [1, 6, 1, 6])

    assert taken[1] > 2 * taken[0]
    for group in (0, 1):
        assert taken[group] / 1.5 <= shown[group] <= taken[group] * 1.5


def test_who_comes_back_is_shown_no_more_cold_items_than_such_users_take(
    here: World, wide: Catalogue
) -> None:
    taken, shown = group_lists(here, wide, [6, 6, 1, 1])
    assert (np.array(shown)[2:] <= taken[2:] * 1.5).all()
    assert (np.array(shown)[:2] >= taken[:2] / 1.5).all()

    taken, shown = group_lists(here, wide, [1, 1, 6, 6])
    assert shown[2] < taken[2] / 1.5  # of those who go on few are cold: no reason to raise them


def test_few_takings_lower_cold_items_but_never_raise_them(here: World, wide: Catalogue) -> None:
    product, training = counted(here, wide, here.histories)
    few = MIN_NEWEST_INTERACTIONS // 2
    offsets = fit_offsets(product, arrivals(here, few, 0), training).offsets

    assert offsets is not None
    assert (offsets <= 0).all()


def test_cold_items_that_nothing_tells_apart_are_not_shown(here: World, wide: Catalogue) -> None:
    blank = replace(
        wide,
        titles=("",) * len(wide),
        full_texts=("",) * len(wide),
        vectors=np.zeros_like(wide.vectors),
        features=(),
    )
    product, training = counted(here, blank, here.histories)
    placed = fit_offsets(product, arrivals(here, 100, 100), training)

    assert placed.offsets is not None
    assert (placed.offsets[:, 0] == HIDING_OFFSET).all()
    assert shares(placed, everybody(here))[0] == 0


def test_without_takings_nothing_is_placed(here: World, wide: Catalogue) -> None:
    product, training = counted(here, wide, here.histories)
    nothing = NewestInteractions(here.none(), np.empty(0, np.int64))

    assert fit_offsets(product, nothing, training).offsets is None


def test_an_item_leaves_its_tier_by_the_events_it_has(here: World, wide: Catalogue) -> None:
    product, _ = counted(here, wide, here.histories)
    product = replace(product, offsets=np.array([[4, 2, 1, 0]] * 4, np.float32))
    asked, cold = here.took(1, 2), np.array([70], np.int32)
    offsets = []
    for _ in range(7):
        offset = product.item_offsets(asked, cold)
        assert offset is not None
        offsets.append(float(offset[0]))
        product.learn(asked, 70, 3.0, 0.0)  # a purchase weighs three and is one event

    assert offsets == [4, 2, 2, 1, 1, 1, 0]
    product.learn(asked, 70, -3.0, 0.0)
    assert float(product.item_offsets(asked, cold)[0]) == 0  # type: ignore[index]  # six events are left


def test_tiers_begin_where_they_say() -> None:
    assert item_tiers(np.array([0, 1, 2, 3, 5, 6, 1000])).tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert len(TIER_STARTS) == 4


def test_words_and_strangers_know_no_offset(here: World, wide: Catalogue) -> None:
    product, _ = counted(here, wide, here.histories)
    lifted = replace(product, offsets=np.array([[8, 0, 0, 0]] * 4, np.float32))
    asked = [here.took(1, 2), here.took(1, 2, query="jazz"), here.took()]
    difference = lifted.score(asked) - product.score(asked)

    assert difference[0, 70] == pytest.approx(8, abs=1e-4)
    assert not difference[1:].any()
    for behaviour, row in zip(asked, lifted.score(asked), strict=True):
        np.testing.assert_allclose(lifted.scorer(behaviour).scores(), row, atol=1e-4)
