"""What was disliked pulls down what is like it, the worse it was the more."""

from dataclasses import replace

import numpy as np
import pytest

from foretaste.domain.data import UserContext
from foretaste.model.experts.negative_feedback import NegativeFeedbackExpert
from foretaste.model.product import ProductOfExperts

from ..world import EACH, World, did
from .test_worth import TAKEN, rated


def penalty(product: ProductOfExperts, context: UserContext) -> float:
    """What the items of the second cluster lose against the first."""
    (expert,) = (one for one in product.experts if isinstance(one, NegativeFeedbackExpert))
    if not expert.is_active(context):
        return 0.0
    log_probs = expert.log_prob([context])[0]
    return float(log_probs[:EACH].mean() - log_probs[EACH : 2 * EACH].mean())


def test_the_worse_it_was_the_more_it_pulls_down(product: ProductOfExperts, here: World) -> None:
    none, mild, bad = (penalty(product, rated(here, 1, worth)) for worth in (0.1, -0.3, -1))
    assert none == 0 < mild < bad
    hidden = here.behaviour(did(TAKEN[1], 1, "hide"), did(TAKEN[3], 3, "hide"))
    assert bad == pytest.approx(penalty(product, hidden))


def test_liked_when_taken_again_it_pulls_down_no_more(
    product: ProductOfExperts, here: World
) -> None:
    again = replace(here.took(2, 2), worth=np.array([-1, 1], np.float32))
    assert penalty(product, again) == 0
