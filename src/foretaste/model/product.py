"""The product of experts: behaviours in, one score an item out.

    P(R|U) = 1/Z(U) · ∏ P(r_i|U)^{w_i(U)}        score = Σ w_i(U) · log P(r_i|U)

(Hinton 2002, equation 1, with exponents.) The exponents are linear in a few facts of the request.
With every exponent 1 this is the literal likelihood the project was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.content import log_softmax
from foretaste.ports import Arrays, Expert, Facts, OpenReader

FACTS = ("always", "history length", "rarity of the last item", "query")
"""What the exponents depend on."""


def facts_of(behaviours: Sequence[Behaviour], log_popularity: Floats) -> Floats:
    """[behaviours, facts], each about between -1 and 1 so that one step size serves all."""
    rows = []
    for one in behaviours:
        taken = one.taken
        rarity = (
            float(-log_popularity[taken[-1]] - np.log(len(log_popularity))) if len(taken) else 0
        )
        query = float(bool(one.query and one.query.strip()))
        rows.append((1.0, np.log1p(len(taken)) / 2 - 1, rarity / 2, query))
    return np.array(rows, np.float32)


@dataclass(frozen=True)
class Product:
    """Experts and the exponents they are raised to."""

    experts: tuple[Expert, ...]
    weights: Floats
    """[facts, experts]"""

    @property
    def names(self) -> tuple[str, ...]:
        """The experts', in the order of the weights."""
        return tuple(expert.name for expert in self.experts)

    def literal(self) -> "Product":
        """The same experts with every exponent 1: score = Σ log P."""
        weights = np.zeros_like(self.weights)
        weights[0] = 1
        return replace(self, weights=weights)

    def exponents(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, experts], w_i(U); never below 0, and 0 for an expert with nothing to say."""
        popularity = next((e for e in self.experts if e.name == "popularity"), None)
        if popularity is None:
            facts = np.zeros((len(behaviours), len(FACTS)), np.float32)
            facts[:, 0] = 1
        else:
            facts = facts_of(behaviours, popularity.log_prob(behaviours[:1])[0])
        active = [[expert.active(one) for expert in self.experts] for one in behaviours]
        return np.maximum(facts @ self.weights, 0) * np.array(active, np.float32)

    def told(self) -> dict[str, dict[str, float]]:
        """The exponents, by expert and fact."""
        return {
            expert.name: {
                fact: round(float(weight), 4)
                for fact, weight in zip(FACTS, self.weights[:, place], strict=True)
            }
            for place, expert in enumerate(self.experts)
        }

    def score(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items], Σ w_i · log P_i."""
        exponents = self.exponents(behaviours)
        spoken = [place for place in range(len(self.experts)) if exponents[:, place].any()]
        if not spoken:  # nobody has anything to say: everything is as likely
            return np.zeros_like(self.experts[0].log_prob(behaviours))
        log_probs = [self.experts[place].log_prob(behaviours) for place in spoken]
        return _sum(log_probs, exponents[:, spoken])

    def combine(self, log_probs: Sequence[Floats], behaviours: Sequence[Behaviour]) -> Floats:
        """The same from what each expert has already said; [behaviours, items] each."""
        return _sum(log_probs, self.exponents(behaviours))

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items], log P(R|U): the score less log Z."""
        return log_softmax(self.score(behaviours))

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """For each item the terms of its score, by expert, event and feature; they sum to it."""
        exponents = self.exponents([behaviour])[0]
        answer: list[list[Term]] = [[] for _ in items]
        for expert, exponent in zip(self.experts, exponents, strict=True):
            if exponent == 0:
                continue
            for place, terms in enumerate(expert.terms(behaviour, items, deep=deep)):
                answer[place] += [replace(term, nats=term.nats * float(exponent)) for term in terms]
        return answer

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """One event, to every expert."""
        for expert in self.experts:
            expert.learn(before, item, weight, at)

    def grow(self, catalogue: Catalogue) -> None:
        """New items, to every expert."""
        for expert in self.experts:
            expert.grow(catalogue)

    def state(self) -> tuple[dict[str, tuple[Arrays, Facts]], Facts]:
        """({expert: its state}, own facts)."""
        states = {expert.name: expert.state() for expert in self.experts}
        return states, {"weights": self.weights.tolist(), "facts": FACTS}

    @classmethod
    def restored(
        cls,
        states: dict[str, tuple[Arrays, Facts]],
        facts: Facts,
        catalogue: Catalogue,
        readers: OpenReader | None = None,
    ) -> "Product":
        """The inverse of `state`; `readers` is for an expert that tunes a language model."""
        kinds = {kind.name: kind for kind in EXPERTS}
        experts = []
        for name, (arrays, own) in states.items():
            kind = kinds[name.split(":", 1)[0]]
            given = (readers,) if getattr(kind, "reads", False) else ()
            experts.append(kind.restored(arrays, own, catalogue, *given))
        return cls(tuple(experts), np.array(facts["weights"], np.float32))


def _sum(log_probs: Sequence[Floats], exponents: Floats) -> Floats:
    total = np.zeros_like(log_probs[0])
    for place, log_prob in enumerate(log_probs):
        total += log_prob * exponents[:, place, None]
    return total
