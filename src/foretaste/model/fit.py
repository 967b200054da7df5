"""Fitting: behaviour in, the product out. First every expert alone, then the exponents together."""

from dataclasses import replace

import numpy as np

from foretaste.domain import Behaviour, Cases, Catalogue
from foretaste.errors import ModelError, did_you_mean
from foretaste.model.experts import EXPERTS
from foretaste.model.exponents import calibrated, maximise, maximise_fact, tabulate, usual
from foretaste.model.newcomers import cut, raised, simulated
from foretaste.model.product import Product
from foretaste.model.training import Training
from foretaste.ports import Expert, TextEncoder


def fit(training: Training, encoder: TextEncoder | None = None) -> Product:
    """The experts, then their exponents. `encoder` reads the made-up queries, if there is one."""
    experts = fit_experts(training)
    product = Product(experts, usual(experts))
    if training.settings.weights == "one":
        return product.literal()
    if not len(training.valid):
        return product
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


def fit_weights(product: Product, training: Training, encoder: TextEncoder | None) -> Product:
    """With the exponents under which the validation events are likeliest."""
    rng = np.random.default_rng(training.settings.seed)
    cases = training.valid.sample(training.settings.weight_cases, rng)
    table = tabulate(product, cases.behaviours(0, len(cases)), cases.targets, training, rng)
    made_up = simulated(product, training, rng)
    fitted = maximise([table] if made_up is None else [table, made_up], product)
    if made_up is None:
        fitted = replace(fitted, new=None)
    else:
        fitted = raised(fitted, [table, made_up], training.settings.new_items)
    fitted = calibrated(table, fitted)
    asked = cases.sample(-(-len(cases) // 4), rng)
    behaviours = asked.behaviours(0, len(asked))
    strangers = [told_nothing(one) for one in behaviours]
    nobody = [tabulate(fitted, strangers, asked.targets, training, rng)]
    if encoder is not None and "query" in product.names:
        behaviours = with_queries(asked, training.catalogue, encoder, rng)
        table = tabulate(fitted, behaviours, asked.targets, training, rng)
        fitted = maximise_fact([table], fitted, "query")
        strangers = [told_nothing(one) for one in behaviours]
        nobody.append(tabulate(fitted, strangers, asked.targets, training, rng))
    return maximise_fact(nobody, fitted, "nothing taken")


def told_nothing(one: Behaviour) -> Behaviour:
    """The same question from somebody of whom nothing is known."""
    return cut(one, np.zeros(len(one), bool))


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
