"""The product of experts: behaviours in, one score an item out.

    P(R|U) = 1/Z(U) · ∏ P(r_i|U)^{w_i(U)}        score = Σ w_i(U) · log P(r_i|U)

(Hinton 2002, equation 1, with exponents.) The exponents are linear in a few facts of the request.
With every exponent 1 this is the literal likelihood the project was asked for.

Of an item that few have taken the counting experts know little, so what can be read of it weighs
otherwise: each exponent is w_i(U) + v_i · newness(item), and the item has b · newness(item) of its
own, with newness = 3 / (3 + times taken).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.content import log_softmax
from foretaste.model.experts.popularity import DAY, Popularity
from foretaste.model.scorer import NEWNESS, Scorer
from foretaste.model.training import Training
from foretaste.ports import Arrays, Expert, Facts, OpenReader

FACTS = (
    "always",
    "history length",
    "rarity of the last item",
    "query",
    "nothing taken",
    "age of the last event",
)
"""What the exponents depend on."""
READING = ("content", "lexical", "attribute", "sequence", "language")
"""Experts that know an item nobody has taken."""
HOUR = 3600.0
FEW = 3.0
"""Times taken at which an item is half new."""


@runtime_checkable
class Choosing(Expert, Protocol):
    """An expert that chooses something on validation events before it counts."""

    def recounted(self, training: Training) -> Expert:
        """The same choice, counted on other behaviour."""


def facts_of(behaviours: Sequence[Behaviour], log_popularity: Floats) -> Floats:
    """[behaviours, facts], each about between -1 and 1 so that one step size serves all."""
    rows = []
    for one in behaviours:
        taken = one.taken
        rarity = (
            float(-log_popularity[taken[-1]] - np.log(len(log_popularity))) if len(taken) else 0
        )
        query = float(bool(one.query and one.query.strip()))
        nothing = float(not len(taken))
        age = float(max(one.now - one.at[-1], 0.0)) if len(one) and one.now else 0.0
        age = np.log1p(age // HOUR * HOUR / DAY) / 3  # whole hours: asked twice, the same answer
        rows.append((1.0, np.log1p(len(taken)) / 2 - 1, rarity / 2, query, nothing, age))
    return np.array(rows, np.float32)


def newness_of(popularity: Popularity, items: Ints | None = None) -> Floats:
    """[items], of these or of all"""
    taken = popularity.taken if items is None else popularity.taken[items]
    return np.asarray(FEW / (FEW + taken), np.float32)


@dataclass(frozen=True)
class Product:
    """Experts and the exponents they are raised to."""

    experts: tuple[Expert, ...]
    weights: Floats
    """[facts, experts]"""
    new: Floats | None = None
    """[experts + 1], v and b: what newness adds to each exponent, and to the score."""

    @property
    def names(self) -> tuple[str, ...]:
        """The experts', in the order of the weights."""
        return tuple(expert.name for expert in self.experts)

    def only(self, keep: Callable[[Expert], bool]) -> "Product":
        """Some of the experts, with their exponents."""
        places = [place for place, expert in enumerate(self.experts) if keep(expert)]
        return replace(
            self,
            experts=tuple(self.experts[place] for place in places),
            weights=self.weights[:, places],
            new=None if self.new is None else self.new[[*places, -1]],
        )

    def recounted(self, training: Training) -> "Product":
        """The same exponents and networks, with the counting experts counted on other behaviour.

        Choosing is over, so they may count what chose; and nothing is chosen again by what is
        counted: an expert that chooses has a method `recounted(training)` that keeps the choice.
        """
        experts: list[Expert] = []
        for expert in self.experts:
            if isinstance(expert, Choosing):
                experts.append(expert.recounted(training))
            elif expert.counting:
                experts += _kind(expert.name).fit(training)
            else:
                experts.append(expert)
        return replace(self, experts=tuple(experts))

    def quick(self) -> "Product":
        """Those that answer in a moment: they count, or look up the words of a query."""
        return self.only(lambda expert: expert.counting or expert.name == "query")

    def literal(self) -> "Product":
        """The same experts with every exponent 1: score = Σ log P."""
        weights = np.zeros_like(self.weights)
        weights[0] = 1
        return replace(self, weights=weights, new=None)

    def exponents(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, experts], w_i(U); never below 0, and 0 for an expert with nothing to say.

        Where that leaves nobody, as for a stranger when what is next is seldom popular, popularity
        says what it knows: a list in the order of the catalogue would be no answer.
        """
        active = [[expert.active(one) for expert in self.experts] for one in behaviours]
        found = np.maximum(self.facts(behaviours) @ self.weights, 0)
        found = np.asarray(found * np.array(active, np.float32), np.float32)
        if self._popularity is not None:
            silent = ~(found > 0).any(axis=1)
            found[silent, self.experts.index(self._popularity)] = 1
        return found

    def facts(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, facts]"""
        if self._popularity is None:
            facts = np.zeros((len(behaviours), len(FACTS)), np.float32)
            facts[:, 0] = 1
            return facts
        return facts_of(behaviours, self._popularity.row())

    @property
    def _popularity(self) -> Popularity | None:
        return next((e for e in self.experts if isinstance(e, Popularity)), None)

    def newness(self, items: Ints | None = None) -> Floats | None:
        """[items], 1 for one that nobody has taken, 0 for one that everybody has."""
        return None if self._popularity is None else newness_of(self._popularity, items)

    @property
    def size(self) -> int:
        """The items of the catalogue; 0 where no expert counts how popular each is."""
        return 0 if self._popularity is None else len(self._popularity.taken)

    def scorer(self, behaviour: Behaviour) -> Scorer:
        """To ask about one person at one moment: the history is read once."""
        return Scorer(self, behaviour)

    def lifts(self, exponents: Floats) -> Floats:
        """[behaviours, experts], what newness adds to each exponent; no sum is below 0."""
        if self.new is None:
            return np.zeros_like(exponents)
        return np.where(exponents > 0, np.maximum(self.new[:-1], -exponents), np.float32(0))

    def told(self) -> dict[str, dict[str, float]]:
        """The exponents, by expert and fact."""
        told = {
            expert.name: {
                fact: round(float(weight), 4)
                for fact, weight in zip(FACTS, self.weights[:, place], strict=True)
            }
            for place, expert in enumerate(self.experts)
        }
        if self.new is not None:
            for name, worth in zip(self.names, self.new, strict=False):
                told[name]["newness of the item"] = round(float(worth), 4)
            told[NEWNESS] = {"newness of the item": round(float(self.new[-1]), 4)}
        return told

    def score(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items], Σ w_i · log P_i."""
        exponents = self.exponents(behaviours)
        spoken = [place for place in range(len(self.experts)) if exponents[:, place].any()]
        if not spoken:  # nobody has anything to say: everything is as likely
            return np.zeros_like(self.experts[0].log_prob(behaviours))
        log_probs = [self.experts[place].log_prob(behaviours) for place in spoken]
        return self._sum(log_probs, exponents, spoken)

    def combine(self, log_probs: Sequence[Floats], behaviours: Sequence[Behaviour]) -> Floats:
        """The same from what each expert has already said; [behaviours, items] each."""
        return self._sum(log_probs, self.exponents(behaviours), range(len(self.experts)))

    def _sum(self, log_probs: Sequence[Floats], exponents: Floats, spoken: Sequence[int]) -> Floats:
        """[behaviours, items] from what the experts at the places `spoken` say."""
        total = np.zeros_like(log_probs[0])
        for log_prob, place in zip(log_probs, spoken, strict=True):
            total += log_prob * exponents[:, place, None]
        newness = self.newness()
        if self.new is None or newness is None:
            return total
        lifts = self.lifts(exponents)
        added = np.zeros_like(total)
        added[exponents.any(axis=1)] = self.new[-1]
        for log_prob, place in zip(log_probs, spoken, strict=True):
            if lifts[:, place].any():
                added += log_prob * lifts[:, place, None]
        added *= newness
        total += added
        return total

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items], log P(R|U): the score less log Z."""
        return log_softmax(self.score(behaviours))

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """For each item the terms of its score, by expert, event and feature; they sum to it."""
        return self.scorer(behaviour).terms(items, deep=deep)

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """One event, to every expert."""
        for expert in self.experts:
            expert.learn(before, item, weight, at)

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New and changed items, to every expert; as `Expert.grow`."""
        for expert in self.experts:
            expert.grow(catalogue, changed)

    def state(self) -> tuple[dict[str, tuple[Arrays, Facts]], Facts]:
        """({expert: its state}, own facts)."""
        states = {expert.name: expert.state() for expert in self.experts}
        facts = {"weights": self.weights.tolist(), "facts": FACTS}
        return states, facts if self.new is None else {**facts, "new": self.new.tolist()}

    @classmethod
    def restored(
        cls,
        states: dict[str, tuple[Arrays, Facts]],
        facts: Facts,
        catalogue: Catalogue,
        readers: OpenReader | None = None,
    ) -> "Product":
        """The inverse of `state`; `readers` is for an expert that tunes a language model."""
        experts = []
        for name, (arrays, own) in states.items():
            kind = _kind(name)
            given = (readers,) if getattr(kind, "reads", False) else ()
            experts.append(kind.restored(arrays, own, catalogue, *given))
        new = np.array(facts["new"], np.float32) if "new" in facts else None
        rows = dict(zip(facts["facts"], facts["weights"], strict=True))
        nothing = [0.0] * len(experts)  # a model older than a fact does not depend on it
        weights = [rows.get(fact, nothing) for fact in FACTS]
        return cls(tuple(experts), np.array(weights, np.float32), new)


def _kind(name: str) -> Any:
    """The class of the expert of this name."""
    return next(kind for kind in EXPERTS if kind.name == name.split(":", 1)[0])
