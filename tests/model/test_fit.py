"""Fitting: the likeliest exponents, a fair draw, the same for the same seed, and no leaks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import EvaluationCases, Floats, Interactions, UserContext
from foretaste.errors import ModelError
from foretaste.model.cold_items import NewestInteractions
from foretaste.model.expert_weights import (
    default_expert_weights,
)
from foretaste.model.experts.popularity import PopularityExpert
from foretaste.model.experts.sequence import SequenceExpert
from foretaste.model.experts.transition import TransitionExpert
from foretaste.model.fit import (
    FitResult,
    contexts_with_queries,
    fit_experts,
    fit_product,
    fit_to_serve,
)
from foretaste.model.product import ProductOfExperts
from foretaste.model.request_facts import REQUEST_FACTS
from foretaste.model.settings import ModelSettings, PopularitySettings
from foretaste.model.training import showable_cases
from foretaste.prepare.arrivals import newest_positive_cases
from foretaste.prepare.splits import split_leave_one_out

from .world import READER, SETTINGS, START, World

QUICK = SETTINGS.model_copy(
    update={"sequence": SETTINGS.sequence.model_copy(update={"epochs": 2, "check_every": 1})}
)
NO_SEQUENCE = ("popularity", "transition", "neighbour", "content", "attribute", "repeat")


def likelihood(product: ProductOfExperts, cases: EvaluationCases) -> float:
    """Mean log P of what was taken."""
    log_prob = product.log_prob(cases.user_contexts(0, len(cases)))
    return float(log_prob[np.arange(len(cases)), cases.targets].mean())


def gain(score: Callable[[list[UserContext]], Floats], cases: EvaluationCases) -> float:
    """NDCG@10 of what a list can hold."""
    cases = showable_cases(cases, hide_seen=True)
    behaviours = cases.user_contexts(0, len(cases))
    scores = score(behaviours)
    own = scores[np.arange(len(cases)), cases.targets]
    for row, behaviour in enumerate(behaviours):
        scores[row, behaviour.consumed_items] = -np.inf
    ties = (scores == own[:, None]).sum(axis=1) - 1
    rank = (scores > own[:, None]).sum(axis=1) + ties / 2
    return float(np.where(rank < 10, 1 / np.log2(rank + 2), 0).mean())


@pytest.fixture(scope="module")
def weighed(here: World) -> ProductOfExperts:
    """Without an encoder, so that nothing but the validation events is maximised."""
    settings = SETTINGS.model_copy(update={"experts": NO_SEQUENCE})
    return fit_product(here.training(settings))


def test_fitted_weights_are_likelier_than_one(weighed: ProductOfExperts, here: World) -> None:
    fitted, literal = (likelihood(p, here.split.valid) for p in (weighed, weighed.literal()))

    assert fitted > literal + 0.1


def test_the_product_ranks_no_worse_than_each_expert_alone(
    product: ProductOfExperts, here: World
) -> None:
    for cases in (here.split.valid, here.split.test):
        whole = gain(product.score, cases)
        for expert in product.experts:
            assert whole >= gain(expert.log_prob, cases) - 0.02  # a tie is within chance


def test_weights_one_are_left_at_one(here: World) -> None:
    settings = QUICK.model_copy(update={"weights": "one", "experts": ("popularity", "content")})
    product = fit_product(here.training(settings))

    assert product.weights[0].tolist() == [1, 1]
    assert not product.weights[1:].any()


def test_without_validation_events_weights_are_the_usual_ones(here: World) -> None:
    settings = QUICK.model_copy(update={"experts": ("popularity", "transition")})
    product = fit_product(here.training(settings, validation_cases=here.none()), READER)

    np.testing.assert_array_equal(product.weights, default_expert_weights(product.experts))
    assert (product.weights[0] > 0).all()


@pytest.mark.parametrize("cases", [1, 2, 3])
def test_a_handful_of_validation_events_is_enough(here: World, cases: int) -> None:
    valid = EvaluationCases(
        here.histories, here.split.valid.user_indices[:cases], here.split.valid.target_rows[:cases]
    )
    settings = QUICK.model_copy(update={"experts": ("popularity", "content", "query")})
    product = fit_product(here.training(settings, validation_cases=valid), READER)

    assert np.isfinite(product.weights).all()


def test_the_query_expert_weighs_where_there_is_a_query(
    product: ProductOfExperts, here: World
) -> None:
    place = product.names.index("query")
    without, asked = product.expert_weights([here.took(1, 2), here.took(1, 2, query="jazz")])

    assert without[place] == 0
    assert asked[place] > 0.1


def test_made_up_queries_are_asked_and_read(here: World) -> None:
    cases = here.split.valid.sample(50, np.random.default_rng(3))
    asked = contexts_with_queries(cases, here.catalogue, READER, np.random.default_rng(0))

    for one in asked:
        assert one.query
        assert one.query_vector is not None
        np.testing.assert_allclose(one.query_vector, READER.encode([one.query])[0])


# Chance ---------------------------------------------------------------------------------------


def parameters(product: ProductOfExperts) -> dict[str, Floats]:
    expert = next(e for e in product.experts if isinstance(e, SequenceExpert))
    return {"weights": product.weights, **expert.state()[0]}


def test_the_same_seed_gives_the_same_to_the_bit_and_another_seed_another(here: World) -> None:
    settings = QUICK.model_copy(update={"experts": ("popularity", "content", "query", "sequence")})
    one, same = (parameters(fit_product(here.training(settings), READER)) for _ in range(2))
    other = parameters(fit_product(here.training(settings.model_copy(update={"seed": 1})), READER))

    assert one.keys() == same.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], same[name], err_msg=name)
    assert not np.array_equal(one["identity.weight"], other["identity.weight"])
    assert not np.array_equal(one["weights"], other["weights"])


# What there is to fit -------------------------------------------------------------------------


def test_an_expert_is_left_out_where_the_data_have_nothing_for_it(here: World) -> None:
    bare = replace(
        here.catalogue,
        titles=("",) * 60,
        full_texts=("",) * 60,
        vectors=np.zeros_like(here.catalogue.vectors),
        features=(),
        media=(),
    )
    experts = fit_experts(replace(here.training(QUICK), catalogue=bare))

    assert [e.name for e in experts] == [
        "popularity",
        "transition",
        "neighbour",
        "impression",
        "repeat",
        "sequence",
    ]


def test_without_any_events_what_reads_is_left(here: World) -> None:
    nothing = here.histories.filter_rows(np.zeros(here.histories.event_count, bool))
    product = fit_product(
        here.training(QUICK, interactions=nothing, validation_cases=here.none()), READER
    )

    assert "content" in product.names
    assert "sequence" not in product.names
    log_prob = product.log_prob([here.took(), here.took(1, 2)])
    assert np.isfinite(log_prob).all()
    assert log_prob[1].argmax() < 15  # a river stone


def test_people_with_one_event_each(here: World) -> None:
    first = np.zeros(here.histories.event_count, bool)
    first[here.histories.offsets[:-1]] = True
    product = fit_product(
        here.training(
            QUICK, interactions=here.histories.filter_rows(first), validation_cases=here.none()
        )
    )

    assert np.isfinite(product.score([here.took(), here.took(3)])).all()


def test_an_unknown_expert_is_named(here: World) -> None:
    settings = ModelSettings(experts=("populrity",))

    with pytest.raises(ModelError, match=r"model\.experts.*'populrity'; did you mean 'popularity'"):
        fit_product(here.training(settings))


def test_progress_ends_at_the_total(here: World) -> None:
    told: dict[str, list[tuple[int, int]]] = {}

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        told.setdefault(task, []).append((done, total))

    fit_product(here.training(QUICK, progress=progress), READER)

    assert {"fitting the experts", "weighing the experts"} < set(told)
    for what, steps in told.items():
        assert steps[-1][0] == steps[-1][1], what


# Leaks ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted(here: World) -> tuple[Interactions, int, int]:
    """Item 59 occurs as a test target alone, of many people; item 58 never occurs."""
    found = here.histories
    takes = found.positive_mask()
    kept = found.filter_rows((found.item < 58) | ~takes & (found.item < 58))
    test = split_leave_one_out(kept).test
    changed = kept.item.copy()
    changed[test.target_rows] = 59
    return replace(kept, item=changed), 59, 58


def test_fitting_never_sees_what_is_held_out(
    here: World, planted: tuple[Interactions, int, int]
) -> None:
    found, leaked, untaken = planted
    split = split_leave_one_out(found)
    assert (split.test.targets == leaked).all()
    product = fit_product(
        here.training(QUICK, interactions=split.train, validation_cases=split.valid), READER
    )
    experts = {expert.name: expert for expert in product.experts}
    sequence = experts["sequence"].state()[0]["identity.weight"]

    asked = split.test.user_contexts(0, 20)
    for name in ("popularity", "transition", "neighbour", "repeat"):
        log_prob = experts[name].log_prob(asked)
        np.testing.assert_array_equal(log_prob[:, leaked], log_prob[:, untaken], err_msg=name)
    assert not sequence[leaked + 1].any()
    assert not sequence[untaken + 1].any()
    assert sequence[1:58].any()


def test_the_validation_target_is_not_learnt_from_either(here: World) -> None:
    training = here.training(SETTINGS)
    rows = here.split.valid.target_rows
    owners = here.histories.row_users()

    trained = {
        (int(p), float(at))
        for p, at in zip(training.interactions.row_users(), training.interactions.at, strict=True)
    }
    assert not trained & {(int(owners[row]), float(here.histories.at[row])) for row in rows}


# Counting anew --------------------------------------------------------------------------------


def test_recounting_counts_what_chose_and_keeps_the_rest(
    product: ProductOfExperts, here: World
) -> None:
    served = product.recount(here.training(interactions=here.histories))
    whole = TransitionExpert.fit(here.training(interactions=here.histories))[0]
    before = {expert.name: expert for expert in product.experts}
    after = {expert.name: expert for expert in served.experts}

    assert served.names == product.names
    np.testing.assert_array_equal(served.weights, product.weights)
    assert after["sequence"] is before["sequence"]
    asked = [here.took(3)]
    np.testing.assert_array_equal(after["transition"].log_prob(asked), whole.log_prob(asked))
    assert not np.array_equal(
        before["transition"].log_prob(asked), after["transition"].log_prob(asked)
    )


def test_recounting_does_not_choose_again_by_what_it_counts(here: World) -> None:
    """The last takings are the newest events: by themselves they would choose the shortest life."""
    at = START + np.arange(here.histories.event_count) * 3600.0 * 12
    found = replace(here.histories, at=np.asarray(at, np.float64))
    split = split_leave_one_out(found)
    free = SETTINGS.model_copy(
        update={"popularity": PopularitySettings(), "experts": ("popularity", "transition")}
    )
    training = here.training(free, interactions=split.train, validation_cases=split.valid)
    product = fit_product(training)
    served = product.recount(replace(training, interactions=found))
    naive = PopularityExpert.fit(replace(training, interactions=found))[0]

    def life(some: ProductOfExperts) -> float:
        return next(e for e in some.experts if isinstance(e, PopularityExpert)).half_life_days

    assert life(served) == life(product)
    assert life(product) != naive.half_life_days  # else this would show nothing


def test_facts_and_weights_agree_in_shape(product: ProductOfExperts) -> None:
    assert product.weights.shape == (len(REQUEST_FACTS), len(product.experts))


REFITTED = SETTINGS.model_copy(update={"experts": ("popularity", "transition", "sequence")})


def service_fit(here: World, **changed: Any) -> FitResult:
    """As what is to answer is made: the validation events are in it at the end."""
    served = here.split.service_interactions
    training = here.training(REFITTED, **changed)
    return fit_to_serve(
        training, served, NewestInteractions(*newest_positive_cases(served, repeats=False))
    )


def network_state(product: ProductOfExperts) -> dict[str, Any]:
    """What the network has learnt, by name."""
    return product.state()[0]["sequence"][0]


def test_what_answers_was_taught_the_events_that_chose_it(here: World) -> None:
    fitted = service_fit(here)
    valid = here.split.valid
    log_prob_before, log_prob_after = (
        product.experts[2]
        .log_prob(valid.user_contexts(0, len(valid)))[np.arange(len(valid)), valid.targets]
        .mean()
        for product in (fitted.product, fitted.serving_product)
    )

    assert log_prob_after > log_prob_before + 0.1
    np.testing.assert_array_equal(fitted.product.weights, fitted.serving_product.weights)


def test_what_is_measured_never_saw_them(here: World) -> None:
    """The product that is compared with its experts is that of the training part alone."""
    measured = network_state(service_fit(here).product)
    alone = network_state(fit_product(here.training(REFITTED)))

    for name, array in alone.items():
        np.testing.assert_array_equal(measured[name], array)


def test_nothing_new_teaches_nothing(here: World) -> None:
    fitted = service_fit(here, interactions=here.split.service_interactions)

    for name, array in network_state(fitted.product).items():
        np.testing.assert_array_equal(network_state(fitted.serving_product)[name], array)
