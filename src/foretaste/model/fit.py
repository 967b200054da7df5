"""Fitting: interactions in, the product out. First every expert alone, then the exponents."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from foretaste.domain.data import Catalogue, EvaluationCases, Interactions, UserContext
from foretaste.domain.ports import Expert, TextEncoder
from foretaste.errors import ModelError, did_you_mean
from foretaste.model.cold_items import NewestInteractions, fit_offsets
from foretaste.model.experts import EXPERTS
from foretaste.model.made_up_queries import made_up_queries
from foretaste.model.private_fit import with_release
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training, showable_cases

if TYPE_CHECKING:  # with PyTorch, which only a training needs
    from foretaste.model.fit_guard import FitReport

MIN_QUERY_CASES = 500
"""Validation events that a query is made up for, where there are so many; else a quarter."""


@dataclass(frozen=True)
class FitResult:
    """What a fit comes to."""

    product: ProductOfExperts
    """Fitted on the training part alone: what is measured against its own experts."""
    serving_product: ProductOfExperts
    """The same, counted and taught up to the newest event: what answers."""
    report: "FitReport"
    """How the exponents came about."""
    privacy: Mapping[str, Any] | None = None
    """What the training spent of its budget; None where it has none."""


@runtime_checkable
class RefittableExpert(Expert, Protocol):
    """An expert trained by gradient that can be taught events it has not seen yet."""

    def refit(self, training: Training) -> Expert:
        """The same, taught all interactions; it stays as it is itself."""


def fit_to_serve(
    training: Training,
    interactions: Interactions,
    newest: NewestInteractions,
    encoder: TextEncoder | None = None,
) -> FitResult:
    """The one procedure by which a product is made, to be evaluated and to answer alike.

    interactions: what a service has counted when it answers. newest: the newest positive ones of
    these. encoder: reads the made-up queries, if there is one.
    """
    if training.privacy.is_private:
        return fit_privately(training)
    product, report = fit_with_report(training, encoder)
    serving_training = replace(training, interactions=interactions)
    serving_product = product.recount(serving_training)
    if interactions.event_count > training.interactions.event_count:
        serving_product = refit_experts(serving_product, serving_training)
    if training.settings.weights == "fitted":
        serving_product = fit_offsets(serving_product, newest, training)
    return FitResult(
        replace(product, offsets=serving_product.offsets, cold_share=serving_product.cold_share),
        serving_product,
        report,
    )


def fit_privately(training: Training) -> FitResult:
    """Within the budget of the settings. What is measured answers: a second product would be a
    second release.
    """
    from foretaste.model.expert_weights import default_expert_weights
    from foretaste.model.fit_guard import FitReport

    training = with_release(training)
    assert training.release is not None
    experts = fit_experts(training)
    product = ProductOfExperts(experts, default_expert_weights(experts))
    if training.settings.weights == "one":
        product = product.literal()
    report = FitReport("usual", 0, cause="exponents fitted on people would tell of them")
    figures = training.release.budget.figures(training.privacy)
    return FitResult(product, product, report, figures)


def refit_experts(product: ProductOfExperts, training: Training) -> ProductOfExperts:
    """The same exponents, with the networks taught the events that chose these, too.

    They are newer than all others, and where people took few items they are many: on Amazon Beauty
    every seventh event (docs/decisions/0042).
    """
    experts = tuple(
        expert.refit(training) if isinstance(expert, RefittableExpert) else expert
        for expert in product.experts
    )
    return replace(product, experts=experts)


def fit_product(training: Training, encoder: TextEncoder | None = None) -> ProductOfExperts:
    """The experts and their exponents."""
    return fit_with_report(training, encoder)[0]


def fit_with_report(
    training: Training, encoder: TextEncoder | None = None
) -> "tuple[ProductOfExperts, FitReport]":
    """The experts, then their exponents. `encoder` reads the made-up queries, if there is one."""
    from foretaste.model.expert_weights import default_expert_weights
    from foretaste.model.fit_guard import FitReport

    experts = fit_experts(training)
    product = ProductOfExperts(experts, default_expert_weights(experts))
    if training.settings.weights == "one":
        return product.literal(), FitReport("one", 0)
    return fit_expert_weights(product, training, encoder)


def fit_experts(training: Training) -> tuple[Expert, ...]:
    """Every expert that the settings name and the data have something for."""
    selected_names = training.settings.experts
    names = [expert_class.name for expert_class in EXPERTS]
    for name in selected_names or ():
        if name not in names:
            raise ModelError(f"model.experts: unknown expert '{name}'; {did_you_mean(name, names)}")
    experts: list[Expert] = []
    for expert_index, kind in enumerate(EXPERTS):
        training.progress("fitting the experts", expert_index, len(EXPERTS), kind.name)
        if selected_names is None or kind.name in selected_names:
            experts += kind.fit(training)
    training.progress("fitting the experts", len(EXPERTS), len(EXPERTS))
    if not experts:
        raise ModelError("no expert has anything to learn from: there are no events of known items")
    return tuple(experts)


def fit_expert_weights(
    product: ProductOfExperts, training: Training, encoder: TextEncoder | None
) -> "tuple[ProductOfExperts, FitReport]":
    """With the exponents that rank the validation events best, or simpler ones that rank better."""
    from foretaste.model.expert_weights import (
        calibrate,
        maximise_fact_likelihood,
        maximise_likelihood,
        tabulate_candidates,
    )
    from foretaste.model.fit_guard import FitReport, guard_fit

    rng = np.random.default_rng(training.settings.seed)
    cases = showable_cases(training.validation_cases, training.hide_seen)
    cases = cases.sample(training.settings.max_weight_cases, rng)
    if not len(cases):
        return product, FitReport("usual", 0, cause="there is no event to choose weights by")
    table = tabulate_candidates(
        product, cases.user_contexts(0, len(cases)), cases.targets, training, rng
    )
    user_weights = training.weights_of(cases.interactions)
    if user_weights is not None:
        table = table.weighted(user_weights[cases.user_indices])
    fitted, report = guard_fit(table, lambda rows: maximise_likelihood(rows, product), product)
    # none of these events had a query, and a repeat is among them where lists show repeats alone
    unfitted_names = {"query", "repeat"} if training.hide_seen else {"query"}
    fitted = calibrate(table, fitted, unfitted_names)
    query_cases = cases.sample(max(-(-len(cases) // 4), MIN_QUERY_CASES), rng)
    user_contexts = query_cases.user_contexts(0, len(query_cases))
    unknown_users = [context_without_history(user_context) for user_context in user_contexts]
    tables = [tabulate_candidates(fitted, unknown_users, query_cases.targets, training, rng)]
    if encoder is not None and "query" in product.names:
        user_contexts = contexts_with_queries(query_cases, training.catalogue, encoder, rng)
        query_training = replace(training, hide_seen=False)  # who searches may want it again
        table = tabulate_candidates(fitted, user_contexts, query_cases.targets, query_training, rng)
        fitted = maximise_fact_likelihood([table], fitted, "query")
        unknown_users = [context_without_history(behaviour) for behaviour in user_contexts]
        tables.append(
            tabulate_candidates(fitted, unknown_users, query_cases.targets, training, rng)
        )
    return maximise_fact_likelihood(tables, fitted, "nothing taken"), report


def context_without_history(user_context: UserContext) -> UserContext:
    """The same question from somebody of whom nothing is known."""
    return user_context.select_events(np.zeros(len(user_context), bool))


def contexts_with_queries(
    cases: EvaluationCases, catalogue: Catalogue, encoder: TextEncoder, rng: np.random.Generator
) -> list[UserContext]:
    """The cases with a query made up for each target."""
    queries = made_up_queries(cases.targets, catalogue, encoder, rng)
    vectors = encoder.encode(queries)
    return [
        replace(user_context, query=query, query_vector=vector)
        for user_context, query, vector in zip(
            cases.user_contexts(0, len(cases)), queries, vectors, strict=True
        )
    ]
