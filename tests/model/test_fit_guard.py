"""The guard: fitted exponents that rank worse than a part of the product are not used."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from foretaste.domain.data import Floats
from foretaste.domain.media import AUDIO_MATCH
from foretaste.model.expert_weights import LIST_LENGTH, CandidateTable, maximise_likelihood
from foretaste.model.fit_guard import (
    MIN_CASES,
    OPPOSING_EXPERTS,
    TIE_BREAKER_WEIGHT,
    choose,
    guard_fit,
    min_standard_errors,
    single_expert,
)
from foretaste.model.product import ProductOfExperts
from foretaste.model.request_facts import REQUEST_FACTS

CANDIDATES = 60


def table_of(opinions: Floats) -> CandidateTable:
    """[cases, experts, candidates], the target first, of people alike."""
    facts = torch.zeros(len(opinions), len(REQUEST_FACTS))
    facts[:, 0] = 1
    nothing_stands_for_more = torch.zeros(len(opinions), opinions.shape[2])
    return CandidateTable(torch.from_numpy(opinions), nothing_stands_for_more, facts)


def opinions(product: ProductOfExperts, good: str, cases: int = 300) -> Floats:
    """One expert ranks the targets first, all others are noise, but for the one that is only asked
    with a clip and says nothing here.
    """
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (cases, len(product.experts), CANDIDATES)).astype(np.float32)
    noise[:, product.names.index(AUDIO_MATCH)] = 0
    noise[:, product.names.index(good), 0] = 20
    return noise


def ruined(product: ProductOfExperts) -> ProductOfExperts:
    """A fit that came to nothing."""
    return replace(
        product,
        weights=np.zeros_like(product.weights),
        fact_bounds=np.zeros((2, len(REQUEST_FACTS)), np.float32),
    )


def test_a_good_fit_is_taken(product: ProductOfExperts) -> None:
    table = table_of(opinions(product, "transition"))
    chosen, report = guard_fit(table, lambda rows: maximise_likelihood(rows, product), product)

    assert report.chosen == "fitted"
    assert report.cause is None
    assert report.cases == 300
    assert report.ndcg["fitted"] > 0.9
    assert chosen.fact_bounds is not None


def test_a_fit_that_came_to_nothing_gives_way_to_the_usual_exponents(
    product: ProductOfExperts,
) -> None:
    table = table_of(opinions(product, "neighbour"))
    chosen, report = guard_fit(table, lambda rows: ruined(product), product)

    assert report.chosen in ("usual", "neighbour")
    assert report.cause is not None
    assert "validation events better than the fitted weights" in report.cause
    assert chosen.weights.any()


def test_the_best_expert_answers_alone_where_all_weights_are_worse(
    product: ProductOfExperts,
) -> None:
    bad = replace(product, weights=np.where(product.weights > 0, np.float32(1), np.float32(0)))
    bad.weights[:, product.names.index("popularity")] = 0
    table = table_of(opinions(product, "popularity"))
    silent = replace(bad, weights=bad.weights * (np.arange(len(REQUEST_FACTS)) == 0)[:, None])
    chosen, report = guard_fit(table, lambda rows: ruined(silent), silent)

    assert report.chosen == "popularity"
    assert "“What is popular” alone ranked" in (report.cause or "")
    weights = chosen.weights[0]
    assert weights[product.names.index("popularity")] == 1
    assert {product.names[row] for row in np.flatnonzero(weights)} == {
        "popularity",
        *OPPOSING_EXPERTS,
    }


def test_the_best_of_several_is_not_taken_for_what_chance_gives_it() -> None:
    """Experts that are all as good: the best of them is above the others by chance."""
    rng = np.random.default_rng(0)
    choices = []
    for _ in range(300):
        names = ["fitted", "usual", *(f"expert {number}" for number in range(8))]
        gains = {name: (rng.random(400) < 0.03).astype(np.float32) for name in names}
        choices.append(choose(gains))
    share_alone = np.mean([choice.startswith("expert") for choice in choices])
    assert share_alone < 0.16  # as often as of one expert; it was .41
    # One that is clearly better is taken
    gains["expert 3"] = (rng.random(400) < 0.12).astype(np.float32)
    assert choose(gains) == "expert 3"
    assert [round(min_standard_errors(count), 2) for count in (1, 2, 8)] == [1.0, 1.39, 2.03]


def test_alone_has_popularity_for_what_it_ties(product: ProductOfExperts) -> None:
    weights = single_expert(product, product.names.index("transition")).weights

    assert weights[0, product.names.index("popularity")] == pytest.approx(TIE_BREAKER_WEIGHT)
    assert weights[0, product.names.index("transition")] == 1
    assert np.count_nonzero(weights) == 4


def test_who_refused_something_is_heard_beside_an_expert_alone(product: ProductOfExperts) -> None:
    weights = single_expert(product, product.names.index("transition")).weights

    for name in ("refusal", "impression"):
        row = product.names.index(name)
        assert weights[0, row] == product.weights[0, row] > 0


def test_a_handful_of_events_decides_nothing(product: ProductOfExperts) -> None:
    table = table_of(opinions(product, "transition", cases=MIN_CASES - 1))
    chosen, report = guard_fit(table, lambda rows: pytest.fail("nothing is fitted"), product)

    assert chosen is product
    assert report.chosen == "usual"
    assert f"fewer than {MIN_CASES}" in (report.cause or "")


def test_few_events_are_judged_by_what_the_other_half_gave(product: ProductOfExperts) -> None:
    """An exponent learnt by heart looks good on its own events alone."""
    fitted_on: list[int] = []

    def fit(rows: CandidateTable) -> ProductOfExperts:
        fitted_on.append(len(rows))
        return product

    guard_fit(table_of(opinions(product, "transition", cases=101)), fit, product)

    assert sorted(fitted_on) == [50, 51, 101]


def test_ndcg_of_a_table_counts_what_candidates_stand_for() -> None:
    scores = torch.tensor([[1.0, 2.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 9.0, 9.0]])
    stands_for = torch.tensor(
        [[0.0, 0.0, 0.0]] * 3 + [[0.0, float(np.log(LIST_LENGTH)), -torch.inf]]
    )
    table = CandidateTable(torch.zeros(4, 1, 3), stands_for, torch.zeros(4, 1))

    ranks = [1, 0, 0.5, LIST_LENGTH]
    expected = [1 / np.log2(rank + 2) if rank < LIST_LENGTH else 0 for rank in ranks]
    np.testing.assert_allclose(table.ndcg(scores).numpy(), expected, rtol=1e-5)


def test_what_was_decided_can_be_written_down(product: ProductOfExperts) -> None:
    table = table_of(opinions(product, "transition", cases=200))
    _, report = guard_fit(table, lambda rows: maximise_likelihood(rows, product), product)
    figures = report.figures()

    assert figures["chosen"] == "fitted"
    assert {"fitted", "usual", "popularity", "transition"} <= set(figures["ndcg@10"])
    assert "query" not in figures["ndcg@10"]
