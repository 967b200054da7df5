"""In: what a product is fitted on, and a budget. Out: the same, by which every expert is private.

Nothing is chosen by looking at people but what the budget pays for: exponents, half-lives, how far
neighbours reach, smoothing, temperatures and the end of the training are what public data sets gave
(`default_expert_weights` and the defaults of the settings), since a number fitted on people tells
of them too.
"""

from dataclasses import replace

import numpy as np

from foretaste.model.experts import EXPERTS
from foretaste.model.privacy_budget import plan_budget
from foretaste.model.private_counts import PrivateRelease, newest_events
from foretaste.model.training import Training

PAIR_EXPERTS = ("transition", "neighbour")
COUNTING_EXPERTS = ("popularity", "attribute", *PAIR_EXPERTS)
MIN_PAIR_PEOPLE = 100_000
"""People below which pairs of items are not counted unless the settings name their experts: hardly
one would pass the threshold, and it would cost a part of the budget."""


def with_release(training: Training) -> Training:
    """With the noise that the budget takes, and nothing to choose by.

    Raises ModelError where the budget cannot be met, MissingExtra without Opacus.
    """
    settings, people = training.settings, len(training.interactions)
    names = settings.experts or tuple(
        kind.name for kind in EXPERTS if kind.name not in PAIR_EXPERTS or people >= MIN_PAIR_PEOPLE
    )
    pair_tables = sum(name in names for name in PAIR_EXPERTS)
    item_tables = int(any(name in names for name in COUNTING_EXPERTS))
    budget = plan_budget(
        training.privacy,
        people,
        item_tables + pair_tables,
        pair_tables,
        has_network="sequence" in names,
    )
    no_cases = training.validation_cases.select(np.empty(0, np.int64))
    return replace(
        training,
        interactions=newest_events(training.interactions, training.privacy.max_events),
        validation_cases=no_cases,
        settings=settings.model_copy(update={"experts": names}),
        release=PrivateRelease(training.privacy, budget, np.random.default_rng()),
    )
