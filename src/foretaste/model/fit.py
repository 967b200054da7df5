"""Fitting: behaviour in, the product out. First every expert alone, then the exponents together.

The exponents maximise the likelihood of the validation events, which no expert has seen: a convex
problem in (facts × experts) numbers. For each event the sum over the catalogue that normalises the
product is taken over the items any expert ranks high, exactly, and over a uniform draw of the rest,
weighted by how many it stands for.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from foretaste.domain import Behaviour, Cases, Catalogue, Floats, Ints
from foretaste.errors import ModelError, did_you_mean
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.popularity import Popularity
from foretaste.model.product import FACTS, Product, facts_of
from foretaste.model.settings import ModelSettings
from foretaste.model.training import Training
from foretaste.ports import Expert, TextEncoder

TOP = 60
"""Items of each expert's own top that the normalising sum takes exactly."""
DRAWN = 600
"""Items drawn for the rest."""
USUAL = {
    "sequence": 0.4,
    "transition": 0.1,
    "neighbour": 0.2,
    "content": 0.3,
    "lexical": 0.5,
    "attribute": 0.3,
    "popularity": 0.2,
    "repeat": 1.0,
    "query": 1.0,
}
"""Exponents before any event has been seen: about what public data sets gave."""
HELD_BY = 4.0
"""Validation events that the usual exponents weigh as much as; so a handful moves them little."""


def fit(training: Training, encoder: TextEncoder | None = None) -> Product:
    """The experts, then their exponents. `encoder` reads the made-up queries, if there is one."""
    experts = fit_experts(training)
    product = Product(experts, usual(experts))
    if training.settings.weights == "one":
        return product.literal()
    if not len(training.valid):
        return product
    return replace(product, weights=fit_weights(product, training, encoder))


def usual(experts: tuple[Expert, ...]) -> Floats:
    """[facts, experts], the exponents where nothing is known better."""
    weights = np.zeros((len(FACTS), len(experts)), np.float32)
    weights[0] = [USUAL.get(expert.name.split(":", 1)[0], 0.1) for expert in experts]
    return weights


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


def recount(product: Product, training: Training) -> Product:
    """The same exponents and trained network, with the counting experts counted on `training`.

    Choosing is over, so they may count what chose; and nothing is chosen again by what is counted.
    """
    training = replace(training, settings=_chosen(product, training.settings))
    fresh: dict[str, Expert] = {}
    for kind in EXPERTS:
        if kind.counting:
            fresh |= {expert.name: expert for expert in kind.fit(training)}
    return replace(
        product, experts=tuple(fresh.get(expert.name, expert) for expert in product.experts)
    )


def _chosen(product: Product, settings: ModelSettings) -> ModelSettings:
    """The settings with what fitting chose."""
    for expert in product.experts:
        if isinstance(expert, Popularity):
            popularity = {"half_life_days": expert.half_life_days}
            settings = settings.model_copy(
                update={"popularity": settings.popularity.model_copy(update=popularity)}
            )
    return settings


@dataclass(frozen=True)
class Table:
    """What the exponents are fitted on, a row a validation event."""

    log_probs: Tensor
    """[cases, experts, candidates]; the target is candidate 0."""
    stands_for: Tensor
    """[cases, candidates], log of how many items each stands for; -inf for none."""
    facts: Tensor
    """[cases, facts]"""


def fit_weights(product: Product, training: Training, encoder: TextEncoder | None) -> Floats:
    """[facts, experts], the exponents under which the validation events are likeliest."""
    rng = np.random.default_rng(training.settings.seed)
    cases = training.valid.sample(training.settings.weight_cases, rng)
    table = tabulate(product, cases.behaviours(0, len(cases)), cases.targets, training, rng)
    tables = [table]
    if encoder is not None and "query" in product.names:
        asked = cases.sample(-(-len(cases) // 4), rng)
        behaviours = with_queries(asked, training.catalogue, encoder, rng)
        tables.append(tabulate(product, behaviours, asked.targets, training, rng))
    return maximise(tables, product)


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


def tabulate(
    product: Product,
    behaviours: list[Behaviour],
    targets: Ints,
    training: Training,
    rng: np.random.Generator,
) -> Table:
    """Every expert's opinion of every case's candidates."""
    items = len(training.catalogue)
    popularity = next((e for e in product.experts if e.name == "popularity"), None)
    log_popularity = np.zeros(items, np.float32)
    if popularity is not None:
        log_popularity = popularity.log_prob(behaviours[:1])[0]
    parts, stands = [], []
    for start in range(0, len(behaviours), 128):
        some, wanted = behaviours[start : start + 128], targets[start : start + 128]
        active = np.array([[e.active(one) for e in product.experts] for one in some], np.float32)
        full = np.stack([expert.log_prob(some) for expert in product.experts], axis=1)
        full *= active[:, :, None]
        chosen, weight = candidates(full, wanted, rng)
        parts.append(np.take_along_axis(full, chosen[:, None, :], axis=2))
        stands.append(weight)
        training.progress("weighing the experts", start + len(some), len(behaviours))
    width = max(part.shape[2] for part in parts)
    return Table(
        torch.from_numpy(np.concatenate([_wide(part, width, 0.0) for part in parts])),
        torch.from_numpy(np.concatenate([_wide(weight, width, -np.inf) for weight in stands])),
        torch.from_numpy(facts_of(behaviours, log_popularity)),
    )


def _wide(array: Floats, width: int, value: float) -> Floats:
    pad = [(0, 0)] * (array.ndim - 1) + [(0, width - array.shape[-1])]
    return np.pad(array, pad, constant_values=value)


def candidates(full: Floats, targets: Ints, rng: np.random.Generator) -> tuple[np.ndarray, Floats]:
    """(items, the target first; log of how many items each stands for), [cases, candidates] each.

    `full` is [cases, experts, items]. A candidate named twice stands for something once.
    """
    cases, _, items = full.shape
    if items <= TOP + DRAWN:
        order = np.broadcast_to(np.arange(items), (cases, items))
        chosen = np.concatenate([targets[:, None], order], axis=1).astype(np.int64)
        weight = np.where(chosen == targets[:, None], -np.inf, 0).astype(np.float32)
        weight[:, 0] = 0
        return chosen, weight
    top = np.argpartition(-full, TOP, axis=2)[:, :, :TOP].reshape(cases, -1)
    drawn = np.broadcast_to(rng.choice(items, DRAWN, replace=False), (cases, DRAWN))
    chosen = np.concatenate([targets[:, None].astype(np.int64), top, drawn], axis=1)
    weight = np.empty(chosen.shape, np.float32)
    for case in range(cases):
        _, first = np.unique(chosen[case], return_index=True)
        new = np.zeros(chosen.shape[1], bool)
        new[first] = True
        exact = new[: 1 + top.shape[1]]
        rest = new[1 + top.shape[1] :]
        each = np.log((items - exact.sum()) / max(rest.sum(), 1))
        weight[case] = np.concatenate([np.where(exact, 0, -np.inf), np.where(rest, each, -np.inf)])
    return chosen, weight


def maximise(tables: list[Table], product: Product) -> Floats:
    """Likelihood over all tables, held a little by the usual exponents, by L-BFGS."""
    start = torch.from_numpy(usual(product.experts))
    weights = start.clone().requires_grad_()
    hold = HELD_BY / sum(len(table.facts) for table in tables)
    optimizer = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        total = hold * ((weights - start) ** 2).sum()
        for table in tables:
            total = total + _negative_log_likelihood(table, weights)
        total.backward()
        return total

    optimizer.step(loss)
    fitted = weights.detach().numpy()
    if not np.isfinite(fitted).all():
        raise ModelError(f"the weights of the product did not converge: {fitted.tolist()}")
    return np.asarray(fitted, np.float32)


def _negative_log_likelihood(table: Table, weights: Tensor) -> Tensor:
    exponents = torch.relu(table.facts @ weights)  # [cases, experts]
    scores = torch.bmm(exponents[:, None], table.log_probs)[:, 0]  # [cases, candidates]
    return -(scores[:, 0] - torch.logsumexp(scores + table.stands_for, dim=1)).mean()
