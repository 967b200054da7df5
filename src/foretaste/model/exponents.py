"""Exponents: what every expert says of validation events in, the exponents that suit them out.

They maximise Σ log(P + FAR) over events that no expert has seen: the likelihood of the product
mixed with a background. An event that nobody could have told costs the same whatever the exponents
are, so they suit the events that the top of a list can hold; by the plain likelihood the hopeless
ones, whose log P is far below, decide, and where most events are hopeless they push every exponent
to zero. The usual exponents hold them as so many events of evidence would, so the fewer the
validation events, the nearer the exponents stay to these. A common scale, within bounds, then makes
the probabilities of the top of a list what happens; it changes no order.

For each event the sum over the catalogue that normalises the product is taken over the items any
expert ranks high, exactly, and over a uniform draw of the rest, weighted by how many it stands for.
Of a large catalogue these items are those that the experts name in a request.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from foretaste.domain.arrays import at_once
from foretaste.domain.data import Behaviour, Floats, Ints, Longs
from foretaste.domain.ports import Expert
from foretaste.errors import ModelError
from foretaste.model.index.base import is_exhaustive
from foretaste.model.product import FACTS, Product
from foretaste.model.scoring import opinion_of
from foretaste.model.training import Training

TOP = 60
"""Items of each expert's own top that the normalising sum takes exactly."""
DRAWN = 600
"""Items drawn for the rest."""
FAR = 0.01
"""A probability under which an event counts as out of reach: about that of a tenth place."""
USUAL = {
    "sequence": 0.4,
    "transition": 0.1,
    "neighbour": 0.2,
    "content": 0.3,
    "lexical": 0.5,
    "attribute": 0.3,
    "popularity": 0.2,
    "refusal": 1.0,
    "repeat": 1.0,
    "query": 2.0,
}
"""Exponents before any event has been seen: about what public data sets gave."""
LIST, ENOUGH = 10, 30
"""The top of a list whose probabilities are made to be what happens, and events seen there without
which they are left."""
SCALES = 0.4, 4.0
"""Between which that is looked for."""
HELD_BY = 4.0
"""Validation events that the usual exponents weigh as much as; so a handful moves them little."""


def usual(experts: tuple[Expert, ...]) -> Floats:
    """[facts, experts], the exponents where nothing is known better."""
    weights = np.zeros((len(FACTS), len(experts)), np.float32)
    weights[0] = [USUAL.get(expert.name.split(":", 1)[0], 0.1) for expert in experts]
    return weights


@dataclass(frozen=True)
class Table:
    """What the exponents are fitted on, a row an event."""

    log_probs: Tensor
    """[cases, experts, candidates]; the target is candidate 0."""
    stands_for: Tensor
    """[cases, candidates], log of how many items each stands for; -inf for none."""
    facts: Tensor
    """[cases, facts]"""

    def __len__(self) -> int:
        return len(self.facts)

    def likelihood(self, weights: Tensor, far: float = 0.0) -> Tensor:
        """Mean log(P + far) of the targets under [facts, experts]."""
        scores = self.scores(weights)
        log_probs = scores[:, 0] - torch.logsumexp(scores + self.stands_for, dim=1)
        if far:
            log_probs = torch.logaddexp(log_probs, torch.tensor(far).log())
        return log_probs.mean()

    def scores(self, weights: Tensor) -> Tensor:
        """[cases, candidates], as `Product.score` without offsets."""
        exponents = torch.relu(self.facts @ weights)  # [cases, experts]
        return (exponents[:, None] @ self.log_probs)[:, 0]

    def rows(self, rows: Tensor) -> "Table":
        """Some of the cases."""
        return Table(self.log_probs[rows], self.stands_for[rows], self.facts[rows])

    def ndcg(self, scores: Tensor, k: int = LIST) -> Tensor:
        """[cases], NDCG@k of each target, as far as the candidates tell; ties count half."""
        counted = torch.isfinite(self.stands_for)
        weight = torch.where(counted, self.stands_for.exp(), 0)
        weight[:, 0] = 0  # the target is not before itself
        before = (scores > scores[:, :1]) + (scores == scores[:, :1]) / 2
        rank = (before * weight).sum(dim=1)
        return torch.where(rank < k, 1 / torch.log2(rank + 2), 0)


def tabulate(
    product: Product,
    behaviours: list[Behaviour],
    targets: Ints,
    training: Training,
    rng: np.random.Generator,
) -> Table:
    """Every expert's opinion of every case's candidates, without what lists leave out."""
    parts, stands = [], []
    size = len(training.catalogue)
    each = at_once(128, len(product.experts) * size) if is_exhaustive(size) else 128
    for start in range(0, len(behaviours), each):
        some, wanted = behaviours[start : start + each], targets[start : start + each]
        said = _of_all if is_exhaustive(size) else _of_named
        part, chosen, weight = said(product, some, wanted, size, rng)
        parts.append(part)
        candidate = np.ones(chosen.shape, bool)
        if training.hide_seen:
            for row, behaviour in enumerate(some):
                candidate[row] &= ~np.isin(chosen[row], behaviour.taken)
        stands.append(np.where(candidate | (chosen == wanted[:, None]), weight, -np.inf))
        training.progress("weighing the experts", start + len(some), len(behaviours))
    width = max(part.shape[2] for part in parts)
    return Table(
        torch.from_numpy(np.concatenate([_wide(part, width, 0.0) for part in parts])),
        torch.from_numpy(np.concatenate([_wide(weight, width, -np.inf) for weight in stands])),
        torch.from_numpy(product.facts(behaviours)),
    )


_Said = tuple[Floats, Longs, Floats]
"""(log P [cases, experts, candidates], items [cases, candidates], what each stands for)"""


def _of_all(
    product: Product, some: list[Behaviour], targets: Ints, size: int, rng: np.random.Generator
) -> _Said:
    """Of the whole catalogue, and of that the candidates."""
    full = np.zeros((len(some), len(product.experts), size), np.float32)
    for place, expert in enumerate(product.experts):
        active = [case for case, one in enumerate(some) if expert.active(one)]
        if active:
            full[active, place] = expert.log_prob([some[case] for case in active])
    chosen, weight = candidates(full, targets, rng)
    return np.take_along_axis(full, chosen[:, None, :], axis=2), chosen, weight


def _of_named(
    product: Product, some: list[Behaviour], targets: Ints, size: int, rng: np.random.Generator
) -> _Said:
    """Of what the experts name, as in a request to a large catalogue, and of a draw of the rest."""
    drawn = rng.choice(size, DRAWN, replace=False).astype(np.int32)
    width = 1 + len(product.experts) * TOP + DRAWN
    log_probs = np.zeros((len(some), len(product.experts), width), np.float32)
    chosen = np.repeat(targets[:, None].astype(np.int64), width, axis=1)
    weight = np.full(chosen.shape, -np.inf, np.float32)
    for case, (one, target) in enumerate(zip(some, targets.tolist(), strict=True)):
        asked = {
            place: opinion_of(expert, one)
            for place, expert in enumerate(product.experts)
            if expert.active(one)
        }
        named = [opinion.candidates(TOP)[:TOP] for opinion in asked.values()]
        exact = np.unique(np.concatenate([np.array([target], np.int32), *named]))
        exact = np.concatenate([[target], exact[exact != target]])
        rest = np.setdiff1d(drawn, exact, assume_unique=True)
        items = np.concatenate([exact, rest]).astype(np.int32)
        chosen[case, : len(items)] = items
        weight[case, : len(exact)] = 0
        each = np.log((size - len(exact)) / max(len(rest), 1))
        weight[case, len(exact) : len(items)] = each
        for place, opinion in asked.items():
            log_probs[case, place, : len(items)] = opinion.log_prob(items)
    return log_probs, chosen, weight


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


def maximise(table: Table, product: Product) -> Product:
    """With the exponents that suit the table best, held by the usual ones."""
    start = torch.from_numpy(usual(product.experts))
    weights = start.clone().requires_grad_()
    hold = HELD_BY / len(table)
    _minimise(
        lambda: hold * ((weights - start) ** 2).sum() - table.likelihood(weights, FAR), [weights]
    )
    fitted = _with(product, np.asarray(weights.detach().numpy(), np.float32))
    return replace(fitted, fact_bounds=_bounds(table.facts.numpy()))


def _bounds(facts: Floats) -> Floats:
    """[2, facts], within which the exponents follow the facts.

    What asks for something, or has taken nothing, is fitted apart from the others, by these facts.
    """
    bounds = np.stack([facts.min(axis=0), facts.max(axis=0)])
    for fact in ("query", "nothing taken"):
        bounds[:, FACTS.index(fact)] = 0, 1
    return bounds


def calibrated(table: Table, product: Product, unfitted: Container[str] = ()) -> Product:
    """The same times one number, so that the ten likeliest items are taken as often as they say.

    The likelihood is decided by events far down the list, and raising new items takes from the
    rest; a list and its relevance floor are about the top. It changes no order. Left as it is where
    the top ten hold too few of the events to tell.
    unfitted: names of experts whose exponents the table says nothing of: they stay.
    """
    scores = table.scores(torch.from_numpy(product.weights))
    exact = torch.where(table.stands_for == 0, scores, -torch.inf)
    best, places = exact.topk(min(LIST, exact.shape[1]), dim=1)
    observed = float((places == 0).any(dim=1).float().mean())
    if observed * len(scores) < ENOUGH:
        return product
    low, high = SCALES
    for _ in range(30):
        size = (low * high) ** 0.5
        total = torch.logsumexp(size * scores + table.stands_for, dim=1, keepdim=True)
        sure = float((size * best - total).exp().sum(dim=1).mean())
        low, high = (low, size) if sure > observed else (size, high)
    size = np.float32((low * high) ** 0.5)
    weights = product.weights * size
    for place, expert in enumerate(product.experts):
        if expert.name in unfitted:
            weights[:, place] = product.weights[:, place]
    return replace(product, weights=weights)


def maximise_fact(tables: Sequence[Table], product: Product, fact: str) -> Product:
    """With what one fact adds to the exponents, under which these cases are likeliest.

    All else stays: cases with this fact, e.g. a query, say nothing of those without.
    """
    place = FACTS.index(fact)
    others = torch.from_numpy(product.weights).clone()
    others[place] = 0
    usually = torch.from_numpy(usual(product.experts)[0])
    without = torch.cat([table.facts @ others for table in tables]).mean(dim=0)
    start = torch.where(without > 0, 0, usually - without)  # at 0 an exponent would stay there
    row = start.clone().requires_grad_()
    only = torch.zeros_like(others)
    only[place] = 1
    hold = HELD_BY / sum(len(table) for table in tables)

    def loss() -> Tensor:
        weights = others + only * row
        held = hold * ((row - start) ** 2).sum()
        return held - sum(table.likelihood(weights) for table in tables)

    _minimise(loss, [row])
    fitted = (others + only * row).detach().numpy()
    return _with(product, np.asarray(fitted, np.float32))


def _with(product: Product, weights: Floats) -> Product:
    if not np.isfinite(weights).all():
        raise ModelError(f"the weights of the product did not converge: {weights.tolist()}")
    return replace(product, weights=weights)


def _minimise(loss: Callable[[], Tensor], parameters: list[Tensor]) -> None:
    optimizer = torch.optim.LBFGS(parameters, max_iter=60, line_search_fn="strong_wolfe")

    def step() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(step)
