"""Cold items: as many in lists as people take, and none where nothing tells them apart."""

from dataclasses import replace

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, Floats, Interactions, Longs
from foretaste.model.cold_items import (
    MAX_SHARE_RATIO,
    MIN_NEWEST_INTERACTIONS,
    NewestInteractions,
    fit_offsets,
)
from foretaste.model.expert_weights import default_expert_weights
from foretaste.model.fit import fit_experts
from foretaste.model.product import HIDING_OFFSET, TIER_STARTS, ProductOfExperts, item_tiers
from foretaste.model.product_scorer import history_groups
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


def shares(
    product: ProductOfExperts, here: World, training: Training, users: Longs | None = None
) -> Floats:
    """[tiers], of the places in the first ten of these users, or of everybody."""
    ends = [
        here.histories.user_context(int(user), int(here.histories.offsets[user + 1]))
        for user in (range(len(here.histories)) if users is None else users)
    ]
    scores = product.score(ends)
    for row, behaviour in enumerate(ends):
        scores[row, behaviour.consumed_items] = -np.inf
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    popularity = product.popularity
    assert popularity is not None
    return np.asarray(
        np.bincount(item_tiers(popularity.events[best]).ravel(), minlength=4) / best.size,
        np.float32,
    )


@pytest.mark.parametrize("cold", [20, 150])
def test_lists_hold_as_many_cold_items_as_people_take(
    here: World, wide: Catalogue, cold: int
) -> None:
    product, training = counted(here, wide, here.histories)
    placed = fit_offsets(product, arrivals(here, cold, 200 - cold), training)
    shown = shares(placed, here, training)[0]

    assert not cold / 200 / 1.5 <= shares(product, here, training)[0] <= cold / 200 * 1.5
    assert cold / 200 / 1.5 <= shown <= cold / 200 * 1.5
    assert MAX_SHARE_RATIO < 1.5


def test_users_with_short_and_with_long_histories_get_the_share_that_each_takes(
    here: World, wide: Catalogue
) -> None:
    product, training = counted(here, wide, here.histories)
    cases, _ = newest_positive_cases(here.histories, repeats=True)
    lengths = [len(context.consumed_items) for context in cases.user_contexts(0, len(cases))]
    is_long = history_groups(lengths) == 2
    is_cold = np.arange(len(cases)) % 10 < np.where(is_long, 6, 1)
    newest = NewestInteractions(cases, np.where(is_cold, 0, 50).astype(np.int64))
    placed = fit_offsets(product, newest, training)

    lengths = np.diff(
        np.append(0, np.cumsum(here.histories.positive_mask()))[here.histories.offsets]
    )
    groups = history_groups(lengths)
    for group in (1, 2):
        shown = shares(placed, here, training, np.flatnonzero(groups == group))[0]
        taken = newest.tier_shares_by_group()[group, 0]
        assert taken / 1.5 <= shown <= taken * 1.5
    assert newest.tier_shares_by_group()[2, 0] > 2 * newest.tier_shares_by_group()[1, 0]


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
    assert shares(placed, here, training)[0] == 0


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
