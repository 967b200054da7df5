"""Exponents: those that suit what is within reach, and a fair draw of the rest."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from foretaste.domain import arrays
from foretaste.domain.data import EVENT_TYPE_WEIGHTS, EvaluationCases, Floats
from foretaste.model.expert_weights import (
    BACKGROUND_PROBABILITY,
    DEFAULT_WEIGHT_EVENTS,
    EXACT_ITEMS_PER_EXPERT,
    SAMPLED_ITEMS,
    CandidateTable,
    calibrate,
    choose_candidates,
    default_expert_weights,
    tabulate_candidates,
)
from foretaste.model.fit import fit_product
from foretaste.model.index import base
from foretaste.model.index.softmax import log_softmax
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training, showable_cases
from foretaste.prepare.interactions import build_interactions
from foretaste.prepare.splits import split_leave_one_out

from .world import SETTINGS, World, item, rows, shelf

NO_SEQUENCE = ("popularity", "transition", "neighbour", "content", "attribute", "repeat")


def likelihood(product: ProductOfExperts, cases: EvaluationCases) -> float:
    """Mean log P of what was taken."""
    log_prob = product.log_prob(cases.user_contexts(0, len(cases)))
    return float(log_prob[np.arange(len(cases)), cases.targets].mean())


@pytest.fixture(scope="module")
def weighed(here: World) -> ProductOfExperts:
    """Without an encoder, so that nothing but the validation events is maximised."""
    settings = SETTINGS.model_copy(update={"experts": NO_SEQUENCE})
    return fit_product(here.training(settings))


def suits(table: CandidateTable, weights: Floats, start: Floats) -> float:
    """What the exponents maximise, at the scale that suits it best."""
    return max(
        float(table.likelihood(torch.from_numpy(weights * scale), BACKGROUND_PROBABILITY))
        - DEFAULT_WEIGHT_EVENTS / len(table.facts) * float(((weights * scale - start) ** 2).sum())
        for scale in np.arange(0.5, 4, 0.02, dtype=np.float32)
    )


def test_a_large_catalogue_is_weighed_a_few_cases_at_a_time(
    weighed: ProductOfExperts, here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, training = here.split.valid, here.training()
    asked = cases.user_contexts(0, len(cases))
    whole = tabulate_candidates(weighed, asked, cases.targets, training, np.random.default_rng(0))
    seen: list[int] = []
    monkeypatch.setattr(arrays, "MAX_NUMBERS_IN_MEMORY", 3 * len(weighed.experts) * len(here.items))
    counted = replace(training, progress=lambda what, done, total, note="": seen.append(done))
    parts = tabulate_candidates(weighed, asked, cases.targets, counted, np.random.default_rng(0))

    assert seen[:2] == [3, 6]
    torch.testing.assert_close(parts.log_probs, whole.log_probs, atol=1e-5, rtol=1e-5)
    assert torch.equal(parts.log_multiplicity, whole.log_multiplicity)


def test_nothing_near_the_fitted_weights_suits_better(
    weighed: ProductOfExperts, here: World
) -> None:
    cases, rng = here.split.valid, np.random.default_rng(0)
    asked = cases.user_contexts(0, len(cases))
    table = tabulate_candidates(weighed, asked, cases.targets, here.training(), rng)
    start = default_expert_weights(weighed.experts)
    best = suits(table, weighed.weights, start)
    for _ in range(5):
        moved = weighed.weights + rng.normal(size=weighed.weights.shape).astype(np.float32) * 0.1
        assert suits(table, moved, start) < best + 1e-4


def test_the_ten_likeliest_are_taken_as_often_as_they_say(
    weighed: ProductOfExperts, here: World
) -> None:
    cases = showable_cases(here.split.valid, hide_seen=True)
    asked = cases.user_contexts(0, len(cases))
    scores = weighed.score(asked)
    for row, behaviour in enumerate(asked):
        scores[row, behaviour.consumed_items] = -np.inf
    chances = np.exp(log_softmax(scores))
    best = np.argsort(-chances, axis=1)[:, :10]
    said = np.take_along_axis(chances, best, axis=1).sum(axis=1).mean()
    seen = (best == cases.targets[:, None]).any(axis=1).mean()

    assert said == pytest.approx(seen, abs=0.005)


def test_calibration_changes_no_order_and_too_few_events_change_nothing(
    weighed: ProductOfExperts, here: World
) -> None:
    cases, training = here.split.valid, here.training()
    asked = cases.user_contexts(0, len(cases))
    flat = replace(weighed, weights=weighed.weights * np.float32(0.5))
    table = tabulate_candidates(flat, asked, cases.targets, training, np.random.default_rng(0))
    sure = calibrate(table, flat)
    repeat = flat.names.index("repeat")
    unscaled = calibrate(table, flat, {"repeat"})
    np.testing.assert_array_equal(unscaled.weights[:, repeat], flat.weights[:, repeat])
    few = tabulate_candidates(
        flat, asked[:20], cases.targets[:20], training, np.random.default_rng(0)
    )

    size = sure.weights / np.where(flat.weights == 0, 1, flat.weights)
    assert np.ptp(size[flat.weights != 0]) < 1e-5
    assert size.max() > 1.5
    assert calibrate(few, flat) is flat


def test_events_out_of_reach_do_not_decide() -> None:
    """One expert tells half of the events well, and is badly wrong in the others."""
    rng = np.random.default_rng(0)
    told = np.arange(400) % 2 == 0
    opinions = np.zeros((400, 1, 50), np.float32)
    opinions[told, 0, 0] = 6
    opinions[~told, 0, 1:] = rng.normal(0, 3, (200, 49)) + 3
    table = CandidateTable(
        torch.from_numpy(opinions),
        torch.zeros(400, 50),
        torch.tensor([[1.0, 0, 0, 0, 0]]).expand(400, -1),
    )
    sizes = [torch.tensor([[w], [0.0], [0], [0], [0]]) for w in (0.05, 0.2, 0.8)]
    plain = [float(table.likelihood(w)) for w in sizes]
    robust = [float(table.likelihood(w, BACKGROUND_PROBABILITY)) for w in sizes]

    assert np.argmax(plain) < np.argmax(robust) == 2


# The draw -------------------------------------------------------------------------------------

MANY = 3000


def large(rng: np.random.Generator, cases: int = 40) -> tuple[Floats, Any]:
    """Opinions [cases, 2, items] of two experts, and targets."""
    full = log_softmax(rng.normal(size=(cases, 2, MANY)).astype(np.float32))
    return full, rng.integers(MANY, size=cases).astype(np.int32)


def test_no_candidate_stands_for_something_twice() -> None:
    rng = np.random.default_rng(0)
    full, targets = large(rng)
    chosen, weight = choose_candidates(full, targets, rng)

    np.testing.assert_array_equal(chosen[:, 0], targets)
    for case in range(len(targets)):
        counted = chosen[case][np.isfinite(weight[case])]
        assert len(set(counted.tolist())) == len(counted) > SAMPLED_ITEMS
        assert np.exp(weight[case]).sum() == pytest.approx(MANY, rel=1e-3)
        for expert in range(2):
            best = np.argsort(-full[case, expert])[:EXACT_ITEMS_PER_EXPERT]
            assert np.isin(best, chosen[case][weight[case] == 0]).all()  # taken exactly


@pytest.mark.parametrize("items", [30, EXACT_ITEMS_PER_EXPERT + SAMPLED_ITEMS])
def test_a_small_catalogue_is_taken_whole(items: int) -> None:
    rng = np.random.default_rng(0)
    full = log_softmax(rng.normal(size=(4, 2, items)).astype(np.float32))
    chosen, weight = choose_candidates(full, np.array([0, 5, items - 1, 5], np.int32), rng)

    for case in range(4):
        counted = chosen[case][np.isfinite(weight[case])]
        assert sorted(counted.tolist()) == list(range(items))
        assert set(weight[case].tolist()) == {0.0, -np.inf}


def test_the_drawn_sum_is_about_the_whole_sum() -> None:
    rng = np.random.default_rng(1)
    full, targets = large(rng)
    chosen, weight = choose_candidates(full, targets, rng)
    for exponents in ((0.5, 0.2), (1.0, 1.0), (0.1, 0.0)):
        scores = np.einsum("e,cei->ci", exponents, full)
        exact = np.logaddexp.reduce(scores, axis=1)
        drawn = np.logaddexp.reduce(np.take_along_axis(scores, chosen, axis=1) + weight, axis=1)

        np.testing.assert_allclose(drawn, exact, atol=0.1)
        assert abs((drawn - exact).mean()) < 0.03


@pytest.fixture(scope="module")
def crowded() -> Any:
    """The people of the world in a catalogue of 3,000 items, mostly ones that nobody took."""
    catalogue = shelf([*(item(n) for n in range(60)), *(item(n, n % 4) for n in range(60, MANY))])
    found, _ = build_interactions(rows(60), catalogue.index, EVENT_TYPE_WEIGHTS)
    split = split_leave_one_out(found)
    settings = SETTINGS.model_copy(
        update={"experts": ("popularity", "transition", "content", "lexical", "attribute")}
    )
    return Training(catalogue, split.train, split.valid, settings, hide_seen=False)


@pytest.mark.parametrize("exhaustive", [50_000, 1_000])
def test_the_table_of_a_large_catalogue_gives_the_likelihood_of_the_whole(
    crowded: Any, monkeypatch: pytest.MonkeyPatch, exhaustive: int
) -> None:
    """Also where only what the experts name is looked at, as in a catalogue larger still."""
    monkeypatch.setattr(base, "EXHAUSTIVE_LIMIT", exhaustive)
    product = fit_product(crowded)
    cases = crowded.validation_cases
    asked = cases.user_contexts(0, len(cases))
    table = tabulate_candidates(product, asked, cases.targets, crowded, np.random.default_rng(0))
    drawn = float(table.likelihood(torch.from_numpy(product.weights)))

    assert table.log_probs.shape[2] > EXACT_ITEMS_PER_EXPERT + SAMPLED_ITEMS
    assert drawn == pytest.approx(likelihood(product, cases), abs=0.03)
    assert drawn > likelihood(product.literal(), cases)


def test_cases_that_count_more_draw_the_exponents_to_what_tells_them() -> None:
    """Of two experts each is right about one half of the people and badly wrong about the other."""
    halves = np.arange(400) % 2 == 0
    opinions = np.zeros((400, 2, 50), np.float32)
    opinions[halves, 0, 0], opinions[~halves, 0, 1] = 3, 3
    opinions[~halves, 1, 0], opinions[halves, 1, 1] = 3, 3
    table = CandidateTable(
        torch.from_numpy(opinions),
        torch.zeros(400, 50),
        torch.tensor([[1.0, 0, 0, 0, 0]]).expand(400, -1),
    )
    first = torch.tensor([[1.0, 0.0]] + [[0.0, 0.0]] * 4)
    second = first.flip(1)
    heavy = table.weighted(np.where(halves, 3.0, 1.0).astype(np.float32))

    assert float(table.likelihood(first)) == pytest.approx(float(table.likelihood(second)))
    assert float(heavy.likelihood(first)) > float(heavy.likelihood(second)) + 0.5
    assert heavy.rows(torch.arange(4)).case_weights is not None
