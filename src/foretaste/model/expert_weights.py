"""Expert weights: what every expert says of validation events in, the exponents that suit them out.

They maximise Σ log(P + BACKGROUND_PROBABILITY) over events that no expert has seen: the likelihood
of the product mixed with a background. An event that nobody could have predicted costs the same
whatever the exponents are, so they suit the events that the top of a list can hold; by the plain
likelihood the hopeless ones, whose log P is far below, decide, and where most events are hopeless
they push every exponent to zero. The usual exponents hold them as so many events of evidence would,
so the fewer the validation events, the nearer the exponents stay to these. A common scale, within
bounds, then makes the probabilities of the top of a list what happens; it changes no order.

For each event the sum over the catalogue that normalises the product is taken over the items any
expert ranks high, exactly, and over a uniform draw of the rest, weighted by how many it stands for.
Of a large catalogue these items are those that the experts name in a request.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from foretaste.domain.arrays import rows_that_fit
from foretaste.domain.data import Floats, Ints, Longs, UserContext
from foretaste.domain.ports import Expert
from foretaste.errors import ModelError
from foretaste.model.expert_scorer import scorer_of
from foretaste.model.index.base import is_exhaustive
from foretaste.model.product import ProductOfExperts
from foretaste.model.request_facts import REQUEST_FACTS
from foretaste.model.training import Training

EXACT_ITEMS_PER_EXPERT = 60
"""Items of each expert's own top that the normalising sum takes exactly."""
SAMPLED_ITEMS = 600
"""Items drawn for the rest."""
BACKGROUND_PROBABILITY = 0.01
"""A probability under which an event counts as out of reach: about that of a tenth place."""
DEFAULT_EXPERT_WEIGHTS = {
    "sequence": 0.4,
    "transition": 0.1,
    "neighbour": 0.2,
    "content": 0.3,
    "media": 0.1,
    "audio_match": 1.0,
    "lexical": 0.5,
    "attribute": 0.3,
    "popularity": 0.2,
    "refusal": 1.0,
    "impression": 1.0,
    "repeat": 1.0,
    "query": 2.0,
}
"""Exponents before any event has been seen: about what public data sets gave."""
LIST_LENGTH, MIN_OBSERVED_EVENTS = 10, 30
"""The top of a list whose probabilities are made to be what happens, and events seen there without
which they are left."""
SCALE_BOUNDS = 0.4, 4.0
"""Between which that is looked for."""
DEFAULT_WEIGHT_EVENTS = 4.0
"""Validation events that the usual exponents weigh as much as; so a handful moves them little."""


def default_expert_weights(experts: tuple[Expert, ...]) -> Floats:
    """[facts, experts], the exponents where nothing is known better."""
    weights = np.zeros((len(REQUEST_FACTS), len(experts)), np.float32)
    weights[0] = [
        DEFAULT_EXPERT_WEIGHTS.get(expert.name.split(":", 1)[0], 0.1) for expert in experts
    ]
    return weights


@dataclass(frozen=True)
class CandidateTable:
    """What the exponents are fitted on, a row an event."""

    log_probs: Tensor
    """[cases, experts, candidates]; the target is candidate 0."""
    log_multiplicity: Tensor
    """[cases, candidates], log of how many items each stands for; -inf for none."""
    facts: Tensor
    """[cases, facts]"""
    case_weights: Tensor | None = None
    """[cases], how much each counts in the likelihood; None where all count alike."""

    def __len__(self) -> int:
        return len(self.facts)

    def likelihood(self, weights: Tensor, background: float = 0.0) -> Tensor:
        """Mean log(P + background) of the targets under [facts, experts]."""
        scores = self.scores(weights)
        log_probs = scores[:, 0] - torch.logsumexp(scores + self.log_multiplicity, dim=1)
        if background:
            log_probs = torch.logaddexp(log_probs, torch.tensor(background).log())
        if self.case_weights is None:
            return log_probs.mean()
        return (log_probs * self.case_weights).sum() / self.case_weights.sum()

    def scores(self, weights: Tensor) -> Tensor:
        """[cases, candidates], as `ProductOfExperts.score` without offsets."""
        expert_weights = torch.relu(self.facts @ weights)  # [cases, experts]
        return (expert_weights[:, None] @ self.log_probs)[:, 0]

    def weighted(self, case_weights: Floats) -> "CandidateTable":
        """The same with cases that count differently. case_weights: [cases]."""
        return replace(self, case_weights=torch.from_numpy(case_weights))

    def rows(self, case_indices: Tensor) -> "CandidateTable":
        """Some of the cases."""
        return CandidateTable(
            self.log_probs[case_indices],
            self.log_multiplicity[case_indices],
            self.facts[case_indices],
            None if self.case_weights is None else self.case_weights[case_indices],
        )

    def ndcg(self, scores: Tensor, k: int = LIST_LENGTH) -> Tensor:
        """[cases], NDCG@k of each target, as far as the candidates tell; ties count half."""
        is_candidate = torch.isfinite(self.log_multiplicity)
        multiplicity = torch.where(is_candidate, self.log_multiplicity.exp(), 0)
        multiplicity[:, 0] = 0  # the target is not before itself
        outranking_share = (scores > scores[:, :1]) + (scores == scores[:, :1]) / 2
        rank = (outranking_share * multiplicity).sum(dim=1)
        return torch.where(rank < k, 1 / torch.log2(rank + 2), 0)


def tabulate_candidates(
    product: ProductOfExperts,
    user_contexts: list[UserContext],
    targets: Ints,
    training: Training,
    rng: np.random.Generator,
) -> CandidateTable:
    """Every expert's log P of every case's candidates, without what lists leave out."""
    log_prob_parts, multiplicity_parts = [], []
    size = len(training.catalogue)
    batch_size = rows_that_fit(128, len(product.experts) * size) if is_exhaustive(size) else 128
    for start in range(0, len(user_contexts), batch_size):
        batch_contexts, batch_targets = (
            user_contexts[start : start + batch_size],
            targets[start : start + batch_size],
        )
        score_candidates = _score_catalogue if is_exhaustive(size) else _score_named_items
        part, candidate_items, log_multiplicity = score_candidates(
            product, batch_contexts, batch_targets, size, rng
        )
        log_prob_parts.append(part)
        is_listable = np.ones(candidate_items.shape, bool)
        if training.hide_seen:
            for row, user_context in enumerate(batch_contexts):
                is_listable[row] &= ~np.isin(candidate_items[row], user_context.consumed_items)
        multiplicity_parts.append(
            np.where(
                is_listable | (candidate_items == batch_targets[:, None]), log_multiplicity, -np.inf
            )
        )
        training.progress("weighing the experts", start + len(batch_contexts), len(user_contexts))
    width = max(part.shape[2] for part in log_prob_parts)
    return CandidateTable(
        torch.from_numpy(np.concatenate([_padded(part, width, 0.0) for part in log_prob_parts])),
        torch.from_numpy(
            np.concatenate([_padded(weight, width, -np.inf) for weight in multiplicity_parts])
        ),
        torch.from_numpy(product.facts(user_contexts)),
    )


_CandidateScores = tuple[Floats, Longs, Floats]
"""(log P [cases, experts, candidates], items [cases, candidates], what each stands for)"""


def _score_catalogue(
    product: ProductOfExperts,
    user_contexts: list[UserContext],
    targets: Ints,
    size: int,
    rng: np.random.Generator,
) -> _CandidateScores:
    """Of the whole catalogue, and of that the candidates."""
    log_probs = np.zeros((len(user_contexts), len(product.experts), size), np.float32)
    for expert_index, expert in enumerate(product.experts):
        active_cases = [
            case
            for case, user_context in enumerate(user_contexts)
            if expert.is_active(user_context)
        ]
        if active_cases:
            log_probs[active_cases, expert_index] = expert.log_prob(
                [user_contexts[case] for case in active_cases]
            )
    candidate_items, log_multiplicity = choose_candidates(log_probs, targets, rng)
    return (
        np.take_along_axis(log_probs, candidate_items[:, None, :], axis=2),
        candidate_items,
        log_multiplicity,
    )


def _score_named_items(
    product: ProductOfExperts,
    user_contexts: list[UserContext],
    targets: Ints,
    size: int,
    rng: np.random.Generator,
) -> _CandidateScores:
    """Of what the experts name, as in a request to a large catalogue, and of a draw of the rest."""
    sample = rng.choice(size, SAMPLED_ITEMS, replace=False).astype(np.int32)
    width = 1 + len(product.experts) * EXACT_ITEMS_PER_EXPERT + SAMPLED_ITEMS
    log_probs = np.zeros((len(user_contexts), len(product.experts), width), np.float32)
    candidate_items = np.repeat(targets[:, None].astype(np.int64), width, axis=1)
    log_multiplicity = np.full(candidate_items.shape, -np.inf, np.float32)
    for case, (user_context, target) in enumerate(
        zip(user_contexts, targets.tolist(), strict=True)
    ):
        scorers = {
            expert_index: scorer_of(expert, user_context)
            for expert_index, expert in enumerate(product.experts)
            if expert.is_active(user_context)
        }
        named_items = [
            scorer.candidates(EXACT_ITEMS_PER_EXPERT)[:EXACT_ITEMS_PER_EXPERT]
            for scorer in scorers.values()
        ]
        exact_items = np.unique(np.concatenate([np.array([target], np.int32), *named_items]))
        exact_items = np.concatenate([[target], exact_items[exact_items != target]])
        sampled_items = np.setdiff1d(sample, exact_items, assume_unique=True)
        items = np.concatenate([exact_items, sampled_items]).astype(np.int32)
        candidate_items[case, : len(items)] = items
        log_multiplicity[case, : len(exact_items)] = 0
        sample_multiplicity = np.log((size - len(exact_items)) / max(len(sampled_items), 1))
        log_multiplicity[case, len(exact_items) : len(items)] = sample_multiplicity
        for expert_index, opinion in scorers.items():
            log_probs[case, expert_index, : len(items)] = opinion.log_prob(items)
    return log_probs, candidate_items, log_multiplicity


def _padded(array: Floats, width: int, fill_value: float) -> Floats:
    pad = [(0, 0)] * (array.ndim - 1) + [(0, width - array.shape[-1])]
    return np.pad(array, pad, constant_values=fill_value)


def choose_candidates(
    log_probs: Floats, targets: Ints, rng: np.random.Generator
) -> tuple[np.ndarray, Floats]:
    """(items, the target first; log of how many items each stands for), [cases, candidates] each.

    log_probs: [cases, experts, items]. A candidate named twice stands for something once.
    """
    cases, _, items = log_probs.shape
    if items <= EXACT_ITEMS_PER_EXPERT + SAMPLED_ITEMS:
        order = np.broadcast_to(np.arange(items), (cases, items))
        candidate_items = np.concatenate([targets[:, None], order], axis=1).astype(np.int64)
        log_multiplicity = np.where(candidate_items == targets[:, None], -np.inf, 0).astype(
            np.float32
        )
        log_multiplicity[:, 0] = 0
        return candidate_items, log_multiplicity
    top_items = np.argpartition(-log_probs, EXACT_ITEMS_PER_EXPERT, axis=2)[
        :, :, :EXACT_ITEMS_PER_EXPERT
    ].reshape(cases, -1)
    sampled_items = np.broadcast_to(
        rng.choice(items, SAMPLED_ITEMS, replace=False), (cases, SAMPLED_ITEMS)
    )
    candidate_items = np.concatenate(
        [targets[:, None].astype(np.int64), top_items, sampled_items], axis=1
    )
    log_multiplicity = np.empty(candidate_items.shape, np.float32)
    for case in range(cases):
        _, first_positions = np.unique(candidate_items[case], return_index=True)
        is_first = np.zeros(candidate_items.shape[1], bool)
        is_first[first_positions] = True
        is_exact = is_first[: 1 + top_items.shape[1]]
        is_sampled = is_first[1 + top_items.shape[1] :]
        sample_multiplicity = np.log((items - is_exact.sum()) / max(is_sampled.sum(), 1))
        log_multiplicity[case] = np.concatenate(
            [np.where(is_exact, 0, -np.inf), np.where(is_sampled, sample_multiplicity, -np.inf)]
        )
    return candidate_items, log_multiplicity


def maximise_likelihood(table: CandidateTable, product: ProductOfExperts) -> ProductOfExperts:
    """With the exponents that suit the table best, held by the usual ones."""
    default_weights = torch.from_numpy(default_expert_weights(product.experts))
    weights = default_weights.clone().requires_grad_()
    penalty_strength = DEFAULT_WEIGHT_EVENTS / len(table)
    _minimise(
        lambda: (
            penalty_strength * ((weights - default_weights) ** 2).sum()
            - table.likelihood(weights, BACKGROUND_PROBABILITY)
        ),
        [weights],
    )
    fitted = _with_weights(product, np.asarray(weights.detach().numpy(), np.float32))
    return replace(fitted, fact_bounds=_fact_bounds(table.facts.numpy()))


def _fact_bounds(facts: Floats) -> Floats:
    """[2, facts], within which the exponents follow the facts.

    What asks for something, or has taken nothing, is fitted apart from the others, by these facts.
    """
    bounds = np.stack([facts.min(axis=0), facts.max(axis=0)])
    for fact in ("query", "nothing taken"):
        bounds[:, REQUEST_FACTS.index(fact)] = 0, 1
    return bounds


def calibrate(
    table: CandidateTable, product: ProductOfExperts, unfitted_names: Container[str] = ()
) -> ProductOfExperts:
    """The same times one number, so that the ten likeliest items are taken as often as they say.

    The likelihood is decided by events far down the list, and raising new items takes from the
    rest; a list and its relevance floor are about the top. It changes no order. Left as it is where
    the top ten hold too few of the events to tell.
    unfitted_names: experts whose exponents the table says nothing of: they stay.
    """
    scores = table.scores(torch.from_numpy(product.weights))
    exact_scores = torch.where(table.log_multiplicity == 0, scores, -torch.inf)
    best_scores, best_positions = exact_scores.topk(min(LIST_LENGTH, exact_scores.shape[1]), dim=1)
    observed = float((best_positions == 0).any(dim=1).float().mean())
    if observed * len(scores) < MIN_OBSERVED_EVENTS:
        return product
    low, high = SCALE_BOUNDS
    for _ in range(30):
        scale = (low * high) ** 0.5
        log_total = torch.logsumexp(scale * scores + table.log_multiplicity, dim=1, keepdim=True)
        expected = float((scale * best_scores - log_total).exp().sum(dim=1).mean())
        low, high = (low, scale) if expected > observed else (scale, high)
    scale = np.float32((low * high) ** 0.5)
    weights = product.weights * scale
    for expert_index, expert in enumerate(product.experts):
        if expert.name in unfitted_names:
            weights[:, expert_index] = product.weights[:, expert_index]
    return replace(product, weights=weights)


def maximise_fact_likelihood(
    tables: Sequence[CandidateTable], product: ProductOfExperts, fact: str
) -> ProductOfExperts:
    """With what one fact adds to the exponents, under which these cases are likeliest.

    All else stays: cases with this fact, e.g. a query, say nothing of those without.
    """
    fact_index = REQUEST_FACTS.index(fact)
    other_weights = torch.from_numpy(product.weights).clone()
    other_weights[fact_index] = 0
    default_weights = torch.from_numpy(default_expert_weights(product.experts)[0])
    weights_without_fact = torch.cat([table.facts @ other_weights for table in tables]).mean(dim=0)
    start = torch.where(
        weights_without_fact > 0, 0, default_weights - weights_without_fact
    )  # at 0 an exponent would stay there
    fact_weights = start.clone().requires_grad_()
    fact_row_mask = torch.zeros_like(other_weights)
    fact_row_mask[fact_index] = 1
    penalty_strength = DEFAULT_WEIGHT_EVENTS / sum(len(table) for table in tables)

    def loss() -> Tensor:
        weights = other_weights + fact_row_mask * fact_weights
        penalty = penalty_strength * ((fact_weights - start) ** 2).sum()
        return penalty - sum(table.likelihood(weights) for table in tables)

    _minimise(loss, [fact_weights])
    fitted = (other_weights + fact_row_mask * fact_weights).detach().numpy()
    return _with_weights(product, np.asarray(fitted, np.float32))


def _with_weights(product: ProductOfExperts, weights: Floats) -> ProductOfExperts:
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
