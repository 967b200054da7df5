"""Fitting: behaviour in, the product out. First every expert alone, then the exponents together."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from foretaste.domain.data import Behaviour, Cases, Catalogue, Histories
from foretaste.domain.ports import Expert, TextEncoder
from foretaste.errors import ModelError, did_you_mean
from foretaste.model.cold_items import Arrivals, fit_offsets
from foretaste.model.experts import EXPERTS
from foretaste.model.product import Product
from foretaste.model.training import Training, showable

if TYPE_CHECKING:  # with PyTorch, which only a training needs
    from foretaste.model.guard import FitReport

MIN_ASKED = 500
"""Validation events that a query is made up for, where there are so many; else a quarter."""


@dataclass(frozen=True)
class Fitted:
    """What a fit comes to."""

    product: Product
    """Counted on the training part alone: what is measured against its own experts."""
    served: Product
    """The same, counted up to the newest event: what answers."""
    report: "FitReport"
    """How the exponents came about."""


def fit_to_serve(
    training: Training,
    histories: Histories,
    arrivals: Arrivals,
    encoder: TextEncoder | None = None,
) -> Fitted:
    """The one procedure by which a product is made, to be evaluated and to answer alike.

    histories: what a service has counted when it answers. arrivals: the newest takings of these.
    encoder: reads the made-up queries, if there is one.
    """
    product, report = fit_with_report(training, encoder)
    served = product.recounted(replace(training, histories=histories))
    if training.settings.weights == "fitted":
        served = fit_offsets(served, arrivals, training)
    return Fitted(
        replace(product, offsets=served.offsets, cold_share=served.cold_share), served, report
    )


def fit(training: Training, encoder: TextEncoder | None = None) -> Product:
    """The experts and their exponents."""
    return fit_with_report(training, encoder)[0]


def fit_with_report(
    training: Training, encoder: TextEncoder | None = None
) -> "tuple[Product, FitReport]":
    """The experts, then their exponents. `encoder` reads the made-up queries, if there is one."""
    from foretaste.model.exponents import usual
    from foretaste.model.guard import FitReport

    experts = fit_experts(training)
    product = Product(experts, usual(experts))
    if training.settings.weights == "one":
        return product.literal(), FitReport("one", 0)
    return fit_weights(product, training, encoder)


def fit_experts(training: Training) -> tuple[Expert, ...]:
    """Every expert that the settings name and the data have something for."""
    wanted = training.settings.experts
    names = [kind.name for kind in EXPERTS]
    for name in wanted or ():
        if name not in names:
            raise ModelError(f"model.experts: unknown expert '{name}'; {did_you_mean(name, names)}")
    experts: list[Expert] = []
    for place, kind in enumerate(EXPERTS):
        training.progress("fitting the experts", place, len(EXPERTS), kind.name)
        if wanted is None or kind.name in wanted:
            experts += kind.fit(training)
    training.progress("fitting the experts", len(EXPERTS), len(EXPERTS))
    if not experts:
        raise ModelError("no expert has anything to learn from: there are no events of known items")
    return tuple(experts)


def fit_weights(
    product: Product, training: Training, encoder: TextEncoder | None
) -> "tuple[Product, FitReport]":
    """With the exponents that rank the validation events best, or simpler ones that rank better."""
    from foretaste.model.exponents import calibrated, maximise, maximise_fact, tabulate
    from foretaste.model.guard import FitReport, guarded

    rng = np.random.default_rng(training.settings.seed)
    cases = showable(training.valid, training.hide_seen)
    cases = cases.sample(training.settings.weight_cases, rng)
    if not len(cases):
        return product, FitReport("usual", 0, cause="there is no event to choose weights by")
    table = tabulate(product, cases.behaviours(0, len(cases)), cases.targets, training, rng)
    fitted, report = guarded(table, lambda rows: maximise(rows, product), product)
    # none of these events had a query, and a repeat is among them where lists show repeats alone
    unfitted = {"query", "repeat"} if training.hide_seen else {"query"}
    fitted = calibrated(table, fitted, unfitted)
    asked = cases.sample(max(-(-len(cases) // 4), MIN_ASKED), rng)
    behaviours = asked.behaviours(0, len(asked))
    strangers = [without_history(behaviour) for behaviour in behaviours]
    tables = [tabulate(fitted, strangers, asked.targets, training, rng)]
    if encoder is not None and "query" in product.names:
        behaviours = with_queries(asked, training.catalogue, encoder, rng)
        searching = replace(training, hide_seen=False)  # who searches may want it again
        table = tabulate(fitted, behaviours, asked.targets, searching, rng)
        fitted = maximise_fact([table], fitted, "query")
        strangers = [without_history(behaviour) for behaviour in behaviours]
        tables.append(tabulate(fitted, strangers, asked.targets, training, rng))
    return maximise_fact(tables, fitted, "nothing taken"), report


def without_history(behaviour: Behaviour) -> Behaviour:
    """The same question from somebody of whom nothing is known."""
    return behaviour.part(np.zeros(len(behaviour), bool))


def with_queries(
    cases: Cases, catalogue: Catalogue, encoder: TextEncoder, rng: np.random.Generator
) -> list[Behaviour]:
    """The cases with a query made of one to three words of the target's text."""
    queries = []
    for target in cases.targets:
        words = catalogue.readings[target].split()
        start = int(rng.integers(max(len(words) - 1, 1)))
        queries.append(" ".join(words[start : start + int(rng.integers(1, 4))]))
    vectors = encoder.encode(queries)
    return [
        replace(one, query=query, query_vector=vector)
        for one, query, vector in zip(
            cases.behaviours(0, len(cases)), queries, vectors, strict=True
        )
    ]
