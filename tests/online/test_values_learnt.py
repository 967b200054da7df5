"""What is learnt online is weighed by what it was worth, as the training of the model weighed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foretaste.domain.data import EvaluationCases, Event
from foretaste.loop import Foretaste
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training
from foretaste.online.snapshot import Snapshot

SETTINGS = {
    "model.experts": ["popularity", "transition", "neighbour", "attribute", "repeat"],
    "behaviour.value": {"rating": {"counts": True}, "click": {"counts": True}},
}


@pytest.fixture
def loop(tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame) -> Foretaste:
    """A workspace with a model, of people who rate what they take."""
    opened = Foretaste.open(tmp_path, settings=SETTINGS)
    stars = [1 + (number * 7) % 5 for number in range(len(events))]
    opened.add(items=items, events=events.assign(kind="rating", value=stars))
    opened.train()
    return opened


def recounted(loop: Foretaste, snapshot: Snapshot) -> ProductOfExperts:
    """The same, counted anew on all that is in the store."""
    items = {item.id: item for _, item in loop.store.items()}
    interactions, _, _ = loop.interactions(items, None, snapshot.value_curves)
    none = np.empty(0, np.int64)
    cases = EvaluationCases(interactions, none, none)
    return snapshot.product.recount(
        Training(snapshot.catalogue, interactions, cases, loop.config.model)
    )


def same_counts(product: ProductOfExperts, other: ProductOfExperts) -> bool:
    """Close to: sums of 32 bits depend on their order. The faded mass has its own time."""
    pairs = zip(product.experts, other.experts, strict=True)
    states = [(expert.state()[0], twin.state()[0]) for expert, twin in pairs]
    return all(
        np.allclose(arrays[name], twin_arrays[name], rtol=1e-5, atol=1e-6)
        for arrays, twin_arrays in states
        for name in arrays
        if name != "mass"
    )


def test_learning_is_counting_anew(loop: Foretaste) -> None:
    """By the curves of the model: the ratings since are all low, and would make others."""
    curves = loop.catch_up().value_curves
    assert curves["rating"].values[0] == 1
    loop.record(
        [
            Event(
                f"n{n}", "rating", 1.75e9 + n, user=f"u{n % 3}", item=f"space-{n % 10}", value=n % 3
            )
            for n in range(60)
        ]
    )
    live = loop.catch_up()
    assert live.value_curves == curves
    assert same_counts(live.product, recounted(loop, live))
    loop.close()


def test_a_low_rating_counts_less_than_a_high_rating(loop: Foretaste) -> None:
    before = loop.catch_up().product.popularity
    assert before is not None
    loop.record([Event("low", "rating", 1.75e9, user="u1", item="space-0", value=1)])
    low = loop.catch_up().product.popularity
    loop.record([Event("high", "rating", 1.75e9 + 1, user="u1", item="space-1", value=5)])
    high = loop.catch_up().product.popularity
    assert low is not None
    assert high is not None
    assert low.taken.sum() - before.taken.sum() == 0.125
    assert high.taken.sum() - low.taken.sum() == 1
    loop.close()


def test_an_erasure_leaves_the_curves_as_they_are(loop: Foretaste) -> None:
    curves = loop.catch_up().value_curves
    receipt = loop.erase("u1")
    live = loop.catch_up()
    assert live.version in receipt.recounted_versions
    assert live.value_curves == curves
    assert same_counts(live.product, recounted(loop, live))
    loop.close()


def test_values_that_say_nothing_change_no_list(
    tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame
) -> None:
    """Seconds of a click, beside the same events without values."""
    lists = []
    for name, table in (("seconds", events.assign(value=30)), ("none", events)):
        loop = Foretaste.open(tmp_path / name, settings=SETTINGS)
        loop.add(items=items, events=table)
        loop.train()
        assert loop.catch_up().value_curves == {}
        lists.append(
            [[(item.id, item.score) for item in loop.recommend(f"u{n}")] for n in range(5)]
        )
        loop.close()
    assert lists[0] == lists[1]
