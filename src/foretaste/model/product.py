"""The product of experts: behaviours in, one score an item out.

    P(R|U) = 1/Z(U) · ∏ P(r_i|U)^{w_i(U)}        score = Σ w_i(U) · log P(r_i|U)

(Hinton 2002, equation 1, with exponents.) The exponents are linear in a few facts of the request.
With every exponent 1 this is the literal likelihood the project was asked for.

How many items that few people have taken a list holds is set by an offset for each tier of events,
see `cold_items`. Somebody of whom nothing is known is told what is popular, and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Behaviour, Catalogue, Doubles, Floats, Ints, Longs, Term
from foretaste.domain.ports import Arrays, Expert, Facts, OpenReader
from foretaste.domain.sharing import forked, frozen
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.content import log_softmax
from foretaste.model.experts.popularity import DAY, Popularity
from foretaste.model.scorer import COLDNESS, PopularityScorer, Scorer, has_offsets, is_unknown
from foretaste.model.training import Training

FACTS = (
    "always",
    "history length",
    "rarity of the last item",
    "query",
    "nothing taken",
    "age of the last event",
)
"""What the exponents depend on."""
HOUR = 3600.0
TIER_STARTS = (0, 1, 3, 6)
"""Events from which an item is of the first, second, … tier; the last tier has no offset."""
TIER_NAMES = ("no events", "1 or 2 events", "3 to 5 events", "6 events or more")
NEVER_OFFSET = -30.0
"""What keeps items out of every list that others can fill."""
QUIET_SECONDS = 7 * DAY
"""A silence of everybody's counts for so long at most: a file of last year ended just now."""


@runtime_checkable
class Choosing(Expert, Protocol):
    """An expert that chooses something on validation events before it counts."""

    def recounted(self, training: Training) -> Expert:
        """The same choice, counted on other behaviour."""


def facts_of(
    behaviours: Sequence[Behaviour], log_popularity: Floats, latest: float = np.inf
) -> Floats:
    """[behaviours, facts], each about between -1 and 1 so that one step size serves all.

    latest: the time of the newest event that anybody did; of a silence since then only
    `QUIET_SECONDS` count.
    """
    rows = []
    for one in behaviours:
        taken = one.taken
        rarity = (
            float(-log_popularity[taken[-1]] - np.log(len(log_popularity))) if len(taken) else 0
        )
        query = float(bool(one.query and one.query.strip()))
        nothing = float(not len(taken))
        now = min(one.now, latest + QUIET_SECONDS)
        age = float(max(now - one.at[-1], 0.0)) if len(one) and one.now else 0.0
        age = np.log1p(age // HOUR * HOUR / DAY) / 3  # whole hours: asked twice, the same answer
        rows.append((1.0, np.log1p(len(taken)) / 2 - 1, rarity / 2, query, nothing, age))
    return np.array(rows, np.float32)


def tiers_of(events: npt.NDArray[Any]) -> Longs:
    """[items], the tier of items with so many events; see `TIER_STARTS`."""
    return np.asarray(np.searchsorted(TIER_STARTS, events, side="right") - 1, np.int64)


@dataclass(frozen=True)
class Product:
    """Experts and the exponents they are raised to."""

    experts: tuple[Expert, ...]
    weights: Floats
    """[facts, experts]"""
    offsets: Floats | None = None
    """[tiers], what is added to the score of items with so many events."""
    cold_share: float | None = None
    """Of the newest takings, those of an item without events; None where that was not counted."""
    fact_bounds: Floats | None = None
    """[2, facts], lowest and highest of each fact that the exponents were fitted on: beyond them
    an exponent stays as it is there, as nothing is known of it further out."""

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
        return replace(self, weights=weights, offsets=None)

    def exponents(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, experts], w_i(U); never below 0, and 0 for an expert with nothing to say.

        Where that leaves nobody, popularity says what it knows: a list in the order of the
        catalogue would be no answer. It alone answers somebody of whom nothing is known.
        """
        active = [[expert.active(one) for expert in self.experts] for one in behaviours]
        exponents = np.maximum(self.facts(behaviours) @ self.weights, 0)
        exponents = np.asarray(exponents * np.array(active, np.float32), np.float32)
        popularity = self.popularity
        if popularity is not None:
            exponents[[is_unknown(behaviour) for behaviour in behaviours]] = 0
            silent = ~(exponents > 0).any(axis=1)
            exponents[silent, self.experts.index(popularity)] = 1
        return exponents

    def facts(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, facts]"""
        popularity = self.popularity
        if popularity is None:
            facts = np.zeros((len(behaviours), len(FACTS)), np.float32)
            facts[:, 0] = 1
            return facts
        facts = facts_of(behaviours, popularity.row(), popularity.latest)
        return facts if self.fact_bounds is None else np.clip(facts, *self.fact_bounds)

    @property
    def popularity(self) -> Popularity | None:
        """The expert that counts how often each item was taken; None where there is none."""
        return next((e for e in self.experts if isinstance(e, Popularity)), None)

    def events(self, items: Ints | None = None) -> Doubles | None:
        """[items], how many events each has had; None where nobody counts."""
        popularity = self.popularity
        if popularity is None:
            return None
        return popularity.events if items is None else popularity.events[items]

    @property
    def hides_cold(self) -> bool:
        """Whether nothing tells items without events apart, so that lists have none of them."""
        return self.offsets is not None and float(self.offsets[0]) <= NEVER_OFFSET

    def offset(self, items: Ints | None = None) -> Floats | None:
        """[items], what is added to their scores for how many events they have had."""
        events = self.events(items)
        if events is None or self.offsets is None:
            return None
        return np.asarray(self.offsets[tiers_of(events)], np.float32)

    @property
    def size(self) -> int:
        """The items of the catalogue; 0 where no expert counts how popular each is."""
        return 0 if self.popularity is None else len(self.popularity.taken)

    def scorer(self, behaviour: Behaviour) -> Scorer:
        """To ask about one person at one moment: the history is read once."""
        return Scorer(self, behaviour)

    def told(self) -> dict[str, dict[str, float]]:
        """The exponents, by expert and fact."""
        told = {
            expert.name: {
                fact: round(float(weight), 4)
                for fact, weight in zip(FACTS, self.weights[:, place], strict=True)
            }
            for place, expert in enumerate(self.experts)
        }
        if self.offsets is not None:
            told[COLDNESS] = {
                tier: round(float(offset), 4)
                for tier, offset in zip(TIER_NAMES, self.offsets, strict=True)
            }
        return told

    def score(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items], Σ w_i · log P_i."""
        exponents = self.exponents(behaviours)
        spoken = [place for place in range(len(self.experts)) if exponents[:, place].any()]
        if not spoken:  # nobody has anything to say: everything is as likely
            return np.zeros_like(self.experts[0].log_prob(behaviours))
        log_probs = [self.experts[place].log_prob(behaviours) for place in spoken]
        return self._sum(log_probs, exponents, spoken, behaviours)

    def combine(self, log_probs: Sequence[Floats], behaviours: Sequence[Behaviour]) -> Floats:
        """The same from what each expert has already said; [behaviours, items] each."""
        experts = range(len(self.experts))
        return self._sum(log_probs, self.exponents(behaviours), experts, behaviours)

    def _sum(
        self,
        log_probs: Sequence[Floats],
        exponents: Floats,
        spoken: Sequence[int],
        behaviours: Sequence[Behaviour],
    ) -> Floats:
        """[behaviours, items] from what the experts at the places `spoken` say."""
        total = np.zeros_like(log_probs[0])
        for log_prob, place in zip(log_probs, spoken, strict=True):
            total += log_prob * exponents[:, place, None]
        offset = self.offset()
        if offset is not None:
            total[[has_offsets(behaviour) for behaviour in behaviours]] += offset
        return total

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items], log P(R|U): the score less log Z."""
        return log_softmax(self.score(behaviours))

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """For each item the terms of its score, by expert, event and feature; they sum to it."""
        return self.scorer(behaviour).terms(items, deep=deep)

    def fork(self) -> "Product":
        """The same, to learn and to grow; what it came from stays as it is."""
        return replace(self, experts=tuple(forked(expert) for expert in self.experts))

    def freeze(self) -> None:
        """From now on it is read by many, and whoever learns does so to a fork."""
        for expert in self.experts:
            frozen(expert)

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """One event, to every expert."""
        for expert in self.experts:
            expert.learn(before, item, weight, at)

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New and changed items, to every expert; as `Expert.grow`."""
        for expert in self.experts:
            expert.grow(catalogue, changed)

    def popularity_scorer(self, items: int) -> PopularityScorer:
        """What popularity alone says of so many items; all alike where there is no such expert."""
        popularity = self.popularity
        return PopularityScorer(
            np.zeros(items, np.float32) if popularity is None else popularity.row()
        )

    def rehearse(self, behaviour: Behaviour, n: int, items: int) -> None:
        """Make what is made at the first question, of a catalogue of so many items."""
        scorer = self.scorer(behaviour)
        scorer.row(np.ones(items, bool), n)
        scorer.terms(np.arange(min(items, n), dtype=np.int32))

    def state(self) -> tuple[dict[str, tuple[Arrays, Facts]], Facts]:
        """({expert: its state}, own facts)."""
        states = {expert.name: expert.state() for expert in self.experts}
        facts: dict[str, Any] = {"weights": self.weights.tolist(), "facts": FACTS}
        for name in ("offsets", "fact_bounds"):
            array = getattr(self, name)
            if array is not None:
                facts[name] = array.tolist()
        if self.cold_share is not None:
            facts["cold_share"] = self.cold_share
        return states, facts

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
        rows = dict(zip(facts["facts"], facts["weights"], strict=True))
        nothing = [0.0] * len(experts)  # a model older than a fact does not depend on it
        weights = [rows.get(fact, nothing) for fact in FACTS]
        return cls(
            tuple(experts),
            np.array(weights, np.float32),
            **_cold(facts),
            cold_share=facts.get("cold_share"),
        )


def _cold(facts: Facts) -> dict[str, Floats | None]:
    """What a version says of cold items and of the bounds of facts, by the name of the field."""
    arrays: dict[str, Floats | None] = {
        name: np.array(facts[name], np.float32) if name in facts else None
        for name in ("offsets", "fact_bounds")
    }
    if "new" in facts:  # saved before there were tiers: an offset times 3 / (3 + events)
        middle = np.array([0, 1.5, 4, np.inf])  # events of an item of each tier, about
        arrays["offsets"] = np.asarray(facts["new"][-1] * 3 / (3 + middle), np.float32)
    return arrays


def _kind(name: str) -> Any:
    """The class of the expert of this name."""
    return next(kind for kind in EXPERTS if kind.name == name.split(":", 1)[0])
