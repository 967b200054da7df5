"""What was done with an item that is refused later says what the refusal says."""

import numpy as np

from foretaste.domain.event_value import MIN_WEIGHT
from foretaste.domain.refusals import worths_after_refusals
from foretaste.prepare.interactions import build_interactions, build_user_context


def worths(
    items: list[int], weights: list[float], own: list[float] | None = None
) -> list[float] | None:
    changed = worths_after_refusals(
        np.array(items, np.int32),
        np.array(weights, np.float32),
        None if own is None else np.array(own, np.float32),
    )
    return None if changed is None else changed.tolist()


def test_a_play_before_a_dislike_is_worth_as_little_as_the_dislike() -> None:
    assert worths([0, 1, 0, 0], [1, 1, 1, -1]) == [-1, 1, -1, 1]
    assert worths([0, 1], [1, -0.5]) is None


def test_a_bad_rating_says_what_the_purchase_before_it_was_worth() -> None:
    assert worths([0, 1, 0], [1, 1, 1], [1, 0.5, -0.75]) == [-0.75, 0.5, -0.75]


def test_what_was_taken_again_since_counts_as_before() -> None:
    assert worths([0, 0, 0], [1, -1, 1]) is None
    assert worths([0, 0, 0], [1, 1, 1], [1, -1, 0.5]) == [1, -1, 0.5]


def test_searches_are_of_no_item() -> None:
    assert worths([-1, -1], [1, -1]) is None
    assert worths([-1, 2, 2], [1, 1, -1]) == [1, -1, 1]


def test_lists_are_made_from_it_and_moments_before_the_refusal_know_nothing_of_it() -> None:
    index, weights = {"a": 0, "b": 1}, {"view": 1.0, "dislike": -1.0}
    told = [("a", "view"), ("b", "view"), ("a", "dislike")]
    rows = [
        ("ann", None, item, kind, None, float(at), None, None)
        for at, (item, kind) in enumerate(told)
    ]
    history, _ = build_interactions(rows, index, weights)
    assert history.user_context(0, 2).consumed_weights is None
    whole = history.user_context(0, 3)
    assert whole.consumed_weights is not None
    assert whole.consumed_weights.tolist() == [MIN_WEIGHT, 1]
    assert whole.select_events(slice(0, 2)).consumed_weights is None
    assert len(build_user_context([], index, weights, (), now=1)) == 0
