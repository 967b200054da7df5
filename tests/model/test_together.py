"""How far above chance people take two items together, with few people and with many."""

import numpy as np
import pytest

from foretaste.domain.data import Catalogue
from foretaste.domain.shop_store import BasketRow
from foretaste.model.together import (
    TogetherEvidence,
    TogetherScorer,
    evidence_by_item,
    nearest_by_text,
)

IDS = ("tent", "lamp", "rope", "bag", "pan")


@pytest.fixture
def catalogue() -> Catalogue:
    vectors = np.eye(5, dtype=np.float32)
    vectors[2] = (0.9, 0.0, np.sqrt(1 - 0.81), 0.0, 0.0)  # a rope reads like a tent
    return Catalogue(IDS, IDS, IDS, vectors, (), {name: row for row, name in enumerate(IDS)})


def rows(**people: int) -> list[BasketRow]:
    return [
        BasketRow("tent", item, f"{item}-{n}" if item != "bag" else f"p{n}")
        for item, count in people.items()
        for n in range(count)
    ]


def popularity(**shares: float) -> np.ndarray:
    row = np.array([shares.get(name, 0.01) for name in IDS])
    return np.log(row / row.sum()).astype(np.float32)


def order(evidence: dict[int, TogetherEvidence], row: np.ndarray) -> list[str]:
    scores = TogetherScorer(5, evidence, {}, row).score_row(None, 3)
    return [IDS[item] for item in np.argsort(-scores) if np.isfinite(scores[item])]


def test_one_person_is_no_evidence(catalogue: Catalogue) -> None:
    evidence = evidence_by_item(rows(lamp=2, rope=1), catalogue)
    assert list(evidence) == [IDS.index("lamp")]
    assert evidence[1].people == 2
    assert evidence[1].seed == "tent"


def test_many_people_stand_above_few(catalogue: Catalogue) -> None:
    evidence = evidence_by_item(rows(lamp=20, rope=3), catalogue)
    assert order(evidence, popularity()) == ["lamp", "rope"]


def test_of_as_many_people_what_is_rarer_elsewhere_stands_first(catalogue: Catalogue) -> None:
    evidence = evidence_by_item(rows(lamp=6, bag=6), catalogue)
    assert order(evidence, popularity(bag=0.9)) == ["lamp", "bag"]
    assert order(evidence, popularity(lamp=0.9)) == ["bag", "lamp"]


def test_of_a_cart_people_count_once_and_the_reason_names_the_closest(
    catalogue: Catalogue,
) -> None:
    cart = [
        BasketRow("tent", "lamp", "ann"),
        BasketRow("pan", "lamp", "ann"),
        BasketRow("tent", "lamp", "ben"),
    ]
    own = evidence_by_item(cart, catalogue)[1]
    assert (own.people, own.seed, own.seed_people) == (2, "tent", 2)


def test_terms_sum_to_the_score_and_what_stands_in_is_below(catalogue: Catalogue) -> None:
    direct = evidence_by_item(rows(lamp=4), catalogue)
    like = evidence_by_item(rows(bag=40), catalogue)
    _, text_row = nearest_by_text(catalogue, [0], 2)
    scorer = TogetherScorer(5, direct, like, popularity(), text_row, "tent")
    scores = scorer.score_row(None, 3)
    assert [IDS[item] for item in np.argsort(-scores)[:3]] == ["lamp", "bag", "rope"]
    items = np.flatnonzero(np.isfinite(scores)).astype(np.int32)
    for item, terms in zip(items.tolist(), scorer.terms(items), strict=True):
        assert sum(term.nats for term in terms) == pytest.approx(scores[item], abs=1e-4)
    assert scorer.is_evident(1)
    assert not scorer.is_evident(3)
