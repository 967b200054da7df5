"""Diversity: the order of the scores at 0, and lists less alike the more of it is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.rank.diversity import rerank_for_diversity


def world(items: int = 60, topics: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """(scores, vectors): the first topic has the best scores."""
    rng = np.random.default_rng(3)
    topic = np.arange(items) * topics // items
    vectors = np.eye(topics, 16)[topic] + rng.normal(0, 0.15, (items, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.linspace(0, -6, items).astype(np.float32), vectors.astype(np.float32)


def alike(chosen: list[int], vectors: np.ndarray) -> float:
    some = vectors[chosen]
    cosines = some @ some.T
    return float(cosines[~np.eye(len(chosen), dtype=bool)].mean())


def test_lists_are_less_alike_the_more_is_asked_for() -> None:
    scores, vectors = world()
    likeness = [
        alike(rerank_for_diversity(range(60), scores, vectors, strength=one, n=10)[:10], vectors)
        for one in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    steps = np.diff(likeness)
    assert (steps < 0.01).all()  # past .75 there is nothing left to gain
    assert likeness[0] > 0.7
    assert likeness[-1] < 0.2


def test_none_is_the_order_of_the_scores_and_a_little_changes_little() -> None:
    scores, vectors = world()
    assert rerank_for_diversity(range(60), scores, vectors, strength=0.0, n=10) == list(range(60))
    little = rerank_for_diversity(range(60), scores, vectors, strength=0.01, n=10)
    assert set(little[:10]) == set(range(10))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 40),
    st.floats(0, 1),
    st.integers(1, 50),
    st.sampled_from(["zero", "same", "any"]),
)
def test_nothing_is_lost_or_doubled(items: int, strength: float, n: int, kind: str) -> None:
    rng = np.random.default_rng(items)
    vectors = rng.normal(size=(50, 4)).astype(np.float32)
    scores = np.sort(rng.normal(size=50))[::-1].astype(np.float32)
    if kind != "any":
        vectors[:] = 0 if kind == "zero" else 0.5
        scores[:] = 1
    found = rerank_for_diversity(range(items), scores, vectors, strength=strength, n=n)
    assert sorted(found) == list(range(items))
    if items:
        assert found[0] == 0


def test_the_best_stays_first() -> None:
    scores, vectors = world()
    assert rerank_for_diversity(range(60), scores, vectors, strength=1.0, n=10)[0] == 0
    assert rerank_for_diversity([], scores, vectors, strength=1.0, n=10) == []
    assert scores[0] == pytest.approx(0)
