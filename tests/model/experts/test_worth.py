"""What was worth more says more of the taste."""

from dataclasses import replace

import numpy as np
import pytest

from foretaste.domain.data import UserContext
from foretaste.model.product import ProductOfExperts

from ..world import EACH, World, did

TAKEN = (2, EACH + 2, 4, EACH + 4)
"""In turn of the first and of the second cluster."""
READS_TASTE = ("neighbour", "attribute:genre", "content", "lexical", "repeat")


def rated(here: World, first: float, second: float) -> UserContext:
    """U of somebody who took items of two clusters, each worth so much."""
    worth = np.array([first, second] * 2, np.float32)
    return replace(here.took(*TAKEN), worth=worth)


def lead(product: ProductOfExperts, name: str, context: UserContext) -> float:
    """How far the first cluster is ahead of the second by one expert."""
    expert = next(expert for expert in product.experts if expert.name == name)
    log_probs = expert.log_prob([context])[0]
    if name == "repeat":
        return float(log_probs[TAKEN[0]] - log_probs[TAKEN[1]])
    return float(log_probs[:EACH].mean() - log_probs[EACH : 2 * EACH].mean())


@pytest.mark.parametrize("name", READS_TASTE)
def test_what_was_worth_more_leads(product: ProductOfExperts, here: World, name: str) -> None:
    first, second = (lead(product, name, rated(here, *pair)) for pair in ((1, 0.2), (0.2, 1)))
    assert first > lead(product, name, rated(here, 1, 1)) > second


@pytest.mark.parametrize("name", READS_TASTE)
def test_what_was_all_worth_one_is_as_without_values(
    product: ProductOfExperts, here: World, name: str
) -> None:
    assert lead(product, name, rated(here, 1, 1)) == lead(product, name, here.took(*TAKEN))


def test_what_was_disliked_is_still_taken_and_hidden_as_seen(here: World) -> None:
    context = rated(here, 1, -1)
    assert context.consumed_items.tolist() == list(TAKEN)
    part = context.select_events(slice(1, 3))
    assert part.consumed_weights is not None
    assert part.consumed_weights.tolist() == [0.125, 1]


@pytest.mark.parametrize("name", READS_TASTE[:-1])
def test_what_was_disliked_afterwards_says_little_of_the_taste(
    product: ProductOfExperts, here: World, name: str
) -> None:
    views = [did(item, at, "view") for at, item in enumerate(TAKEN)]
    dislikes = [did(item, 9, "dislike") for item in TAKEN[1::2]]
    before, after = here.behaviour(*views), here.behaviour(*views, *dislikes)
    assert lead(product, name, after) > lead(product, name, before)
