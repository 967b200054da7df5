"""The product of experts: user contexts in, one score per item out.

    P(R|U) = 1/Z(U) · ∏ P(r_i|U)^{w_i(U)}        score = Σ w_i(U) · log P(r_i|U)

(Hinton 2002, equation 1, with exponents.) The exponents are linear in a few facts of the request.
With every exponent 1 this is the literal likelihood the project was asked for.

How many items that few people have taken a list holds is set by an offset for each tier of events
and each group of requests, see `cold_items`. Somebody of whom nothing is known gets what is
popular, and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Catalogue, Doubles, Floats, Ints, Longs, UserContext
from foretaste.domain.ports import BackboneOpener, Expert, StateArrays, StateMetadata
from foretaste.domain.sharing import forked, frozen
from foretaste.domain.switching import give_way
from foretaste.domain.term_table import TermTable
from foretaste.model.experts import EXPERTS
from foretaste.model.experts.media import weigh_media_queries
from foretaste.model.experts.popularity import PopularityExpert
from foretaste.model.index.softmax import log_softmax
from foretaste.model.product_scorer import (
    COLDNESS_TERM,
    REQUEST_GROUPS,
    ProductScorer,
    SharedScorer,
    has_offsets,
    is_unknown_user,
    request_group,
)
from foretaste.model.request_facts import REQUEST_FACTS, measure_facts
from foretaste.model.training import Training

TIER_STARTS = (0, 1, 3, 6)
"""Events from which an item is of the first, second, … tier; the last tier has no offset."""
TIER_NAMES = ("no events", "1 or 2 events", "3 to 5 events", "6 events or more")
HIDING_OFFSET = -30.0
"""What keeps items out of every list that others can fill."""


@runtime_checkable
class RecountableExpert(Expert, Protocol):
    """An expert that chooses something on validation events before it counts."""

    def recount(self, training: Training) -> Expert:
        """The same choice, counted on other interactions."""


def item_tiers(event_counts: npt.NDArray[Any]) -> Longs:
    """[items], the tier of items with so many events; see `TIER_STARTS`."""
    return np.asarray(np.searchsorted(TIER_STARTS, event_counts, side="right") - 1, np.int64)


@dataclass(frozen=True)
class ProductOfExperts:
    """Experts and the exponents they are raised to."""

    experts: tuple[Expert, ...]
    weights: Floats
    """[facts, experts]"""
    offsets: Floats | None = None
    """[`REQUEST_GROUPS`, tiers], what is added to the score of items with so many events."""
    cold_share: float | None = None
    """Share of the newest positives whose item had no events; None where that was not counted."""
    fact_bounds: Floats | None = None
    """[2, facts], lowest and highest of each fact that the exponents were fitted on: beyond them
    an exponent stays as it is there, as nothing is known of it further out."""

    @property
    def names(self) -> tuple[str, ...]:
        """The experts', in the order of the weights."""
        return tuple(expert.name for expert in self.experts)

    def filter_experts(self, is_included: Callable[[Expert], bool]) -> "ProductOfExperts":
        """Some of the experts, with their exponents."""
        expert_indices = [index for index, expert in enumerate(self.experts) if is_included(expert)]
        return replace(
            self,
            experts=tuple(self.experts[index] for index in expert_indices),
            weights=self.weights[:, expert_indices],
        )

    def recount(self, training: Training) -> "ProductOfExperts":
        """The same exponents and networks, with the counting experts counted on other interactions.

        Choosing is over, so they may count the events that chose. Nothing is chosen again by what
        is counted; an expert that chooses has a method `recount(training)` that keeps the choice.
        """
        experts: list[Expert] = []
        for expert in self.experts:
            give_way()
            if isinstance(expert, RecountableExpert):
                experts.append(expert.recount(training))
            elif expert.is_counting:
                experts += _expert_class(expert.name).fit(training)
            else:
                experts.append(expert)
        return replace(self, experts=tuple(experts))

    def fast_product(self) -> "ProductOfExperts":
        """Those that answer in a moment: they count, or look up a query."""
        names = ("query", "media:", "audio_match")
        return self.filter_experts(lambda own: own.is_counting or own.name.startswith(names))

    def literal(self) -> "ProductOfExperts":
        """The same experts with every exponent 1: score = Σ log P."""
        weights = np.zeros_like(self.weights)
        weights[0] = 1
        return replace(self, weights=weights, offsets=None)

    def expert_weights(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, experts], w_i(U); never below 0, and 0 for an expert with nothing to say.

        Where that leaves nobody, popularity says what it knows: a list in the order of the
        catalogue would be no answer. It alone answers somebody of whom nothing is known.
        """
        is_active = [
            [expert.is_active(user_context) for expert in self.experts]
            for user_context in user_contexts
        ]
        weights = np.maximum(self.facts(user_contexts) @ self.weights, 0)
        expert_weights = np.asarray(weights * np.array(is_active, np.float32), np.float32)
        weigh_media_queries(expert_weights, self.experts, user_contexts)
        popularity = self.popularity
        if popularity is not None:
            expert_weights[[is_unknown_user(user_context) for user_context in user_contexts]] = 0
            has_no_weight = ~(expert_weights > 0).any(axis=1)
            expert_weights[has_no_weight, self.experts.index(popularity)] = 1
        return expert_weights

    def facts(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, facts]"""
        popularity = self.popularity
        if popularity is None:
            facts = np.zeros((len(user_contexts), len(REQUEST_FACTS)), np.float32)
            facts[:, 0] = 1
            return facts
        facts = measure_facts(user_contexts, popularity.log_prob_row(), popularity.latest_time)
        return facts if self.fact_bounds is None else np.clip(facts, *self.fact_bounds)

    @property
    def popularity(self) -> PopularityExpert | None:
        """The expert that counts how often each item was taken; None where there is none."""
        return next(
            (expert for expert in self.experts if isinstance(expert, PopularityExpert)), None
        )

    def event_counts(self, items: Ints | None = None) -> Doubles | None:
        """[items], how many events each has had; None where nobody counts."""
        popularity = self.popularity
        if popularity is None:
            return None
        return popularity.events if items is None else popularity.events[items]

    @property
    def trained_items(self) -> int:
        """How many items the catalogue had at the training; those after them came since."""
        return 0 if self.popularity is None else self.popularity.trained_items

    @property
    def hides_cold_items(self) -> bool:
        """Whether nothing tells items without events apart, so that lists have none of them."""
        return self.offsets is not None and float(self.offsets[:, 0].max()) <= HIDING_OFFSET

    def item_offsets(self, user_context: UserContext, items: Ints | None = None) -> Floats | None:
        """[items], what is added to their scores for how many events they have had.

        None where cold items have no share of their own.
        """
        if self.offsets is None or not has_offsets(user_context):
            return None
        popularity = self.popularity
        if popularity is None:
            return None
        tiers = popularity.of_events(item_tiers)
        return self._tier_offsets(user_context)[tiers if items is None else tiers[items]]

    def _tier_offsets(self, user_context: UserContext) -> Floats:
        """[tiers] for this person."""
        assert self.offsets is not None
        return np.asarray(self.offsets[request_group(user_context)], np.float32)

    @property
    def size(self) -> int:
        """The items of the catalogue; 0 where no expert counts how popular each is."""
        return 0 if self.popularity is None else len(self.popularity.taken)

    def scorer(self, user_context: UserContext, *, deep: bool = False) -> ProductScorer:
        """To ask about one person at one moment: the history is read once. deep: its terms too."""
        return ProductScorer(self, user_context, deep=deep)

    def weights_by_expert(self) -> dict[str, dict[str, float]]:
        """The exponents, by expert and fact."""
        weights_by_expert = {
            expert.name: {
                fact: round(float(weight), 4)
                for fact, weight in zip(REQUEST_FACTS, self.weights[:, expert_index], strict=True)
            }
            for expert_index, expert in enumerate(self.experts)
        }
        if self.offsets is not None:
            weights_by_expert[COLDNESS_TERM] = {
                f"{tier}, {group}": round(float(offset), 4)
                for group, row in zip(REQUEST_GROUPS, self.offsets, strict=True)
                for tier, offset in zip(TIER_NAMES, row, strict=True)
            }
        return weights_by_expert

    def score(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items], Σ w_i · log P_i."""
        expert_weights = self.expert_weights(user_contexts)
        weighted_indices = [
            expert_index
            for expert_index in range(len(self.experts))
            if expert_weights[:, expert_index].any()
        ]
        if not weighted_indices:  # no expert speaks: all are equally likely
            return np.zeros_like(self.experts[0].log_prob(user_contexts))
        log_probs = [
            self.experts[expert_index].log_prob(user_contexts) for expert_index in weighted_indices
        ]
        return self._weighted_sum(log_probs, expert_weights, weighted_indices, user_contexts)

    def combine(self, log_probs: Sequence[Floats], user_contexts: Sequence[UserContext]) -> Floats:
        """The same from what each expert has already said; [user_contexts, items] each."""
        expert_indices = range(len(self.experts))
        return self._weighted_sum(
            log_probs, self.expert_weights(user_contexts), expert_indices, user_contexts
        )

    def _weighted_sum(
        self,
        log_probs: Sequence[Floats],
        expert_weights: Floats,
        expert_indices: Sequence[int],
        user_contexts: Sequence[UserContext],
    ) -> Floats:
        """[user_contexts, items] from what the experts at `expert_indices` say."""
        scores = np.zeros_like(log_probs[0])
        for log_prob, expert_index in zip(log_probs, expert_indices, strict=True):
            scores += log_prob * expert_weights[:, expert_index, None]
        event_counts = self.event_counts() if self.offsets is not None else None
        if event_counts is not None:
            tiers = item_tiers(event_counts)
            for row, user_context in enumerate(user_contexts):
                if has_offsets(user_context):
                    scores[row] += self._tier_offsets(user_context)[tiers]
        return scores

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items], log P(R|U): the score less log Z."""
        return log_softmax(self.score(user_contexts))

    def terms(self, user_context: UserContext, items: Ints, *, deep: bool = True) -> TermTable:
        """For each item the terms of its score, by expert, event and feature; they sum to it."""
        return self.scorer(user_context, deep=deep).terms(items, deep=deep)

    def fork(self) -> "ProductOfExperts":
        """The same, to learn and to grow; what it came from stays as it is."""
        return replace(self, experts=tuple(forked(expert) for expert in self.experts))

    def freeze(self) -> None:
        """From now on it is read by many, and whoever learns does so to a fork."""
        for expert in self.experts:
            frozen(expert)

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """One event, to every expert."""
        for expert in self.experts:
            expert.learn(user_context, item, weight, at)

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New and changed items, to every expert; as `Expert.grow`."""
        for expert in self.experts:
            expert.grow(catalogue, changed)

    def popularity_scorer(self, items: int) -> SharedScorer:
        """What popularity alone says of so many items; all alike where there is no such expert."""
        popularity = self.popularity
        return SharedScorer(
            np.zeros(items, np.float32) if popularity is None else popularity.log_prob_row()
        )

    def rehearse(self, behaviour: UserContext, n: int, items: int) -> None:
        """Build ahead what the first request would build, in a catalogue of so many items."""
        scorer = self.scorer(behaviour)
        scorer.score_row(np.ones(items, bool), n)
        scorer.terms(np.arange(min(items, n), dtype=np.int32))

    def state(self) -> tuple[dict[str, tuple[StateArrays, StateMetadata]], StateMetadata]:
        """({expert: its state}, own facts)."""
        states = {expert.name: expert.state() for expert in self.experts}
        metadata: dict[str, Any] = {"weights": self.weights.tolist(), "facts": REQUEST_FACTS}
        for name in ("offsets", "fact_bounds"):
            array = getattr(self, name)
            if array is not None:
                metadata[name] = array.tolist()
        if self.cold_share is not None:
            metadata["cold_share"] = self.cold_share
        return states, metadata

    @classmethod
    def from_state(
        cls,
        states: dict[str, tuple[StateArrays, StateMetadata]],
        metadata: StateMetadata,
        catalogue: Catalogue,
        open_reader: BackboneOpener | None = None,
    ) -> "ProductOfExperts":
        """The inverse of `state`; `open_reader` is for an expert that tunes a language model."""
        experts = []
        for name, (arrays, expert_metadata) in states.items():
            expert_class = _expert_class(name)
            reader_arguments = (
                (open_reader,) if getattr(expert_class, "needs_reader", False) else ()
            )
            experts.append(
                expert_class.from_state(arrays, expert_metadata, catalogue, *reader_arguments)
            )
        rows = dict(zip(metadata["facts"], metadata["weights"], strict=True))
        zero_weights = [0.0] * len(experts)  # a model older than a fact does not depend on it
        weights = [rows.get(fact, zero_weights) for fact in REQUEST_FACTS]
        return cls(
            tuple(experts),
            np.array(weights, np.float32),
            **_offset_arrays(metadata),
            cold_share=metadata.get("cold_share"),
        )


def _offset_arrays(metadata: StateMetadata) -> dict[str, Floats | None]:
    """What a version says of cold items and of the bounds of facts, by the name of the field."""
    arrays: dict[str, Floats | None] = {
        name: np.array(metadata[name], np.float32) if name in metadata else None
        for name in ("offsets", "fact_bounds")
    }
    if "new" in metadata:  # saved before there were tiers: an offset times 3 / (3 + events)
        typical_event_counts = np.array(
            [0, 1.5, 4, np.inf]
        )  # events of an item of each tier, about
        arrays["offsets"] = np.asarray(
            metadata["new"][-1] * 3 / (3 + typical_event_counts), np.float32
        )
    offsets = arrays["offsets"]
    if offsets is not None and offsets.ndim == 1:  # saved when all requests had the same
        arrays["offsets"] = np.tile(offsets, (len(REQUEST_GROUPS), 1))
    return arrays


def _expert_class(name: str) -> Any:
    """The class of the expert of this name."""
    return next(
        expert_class for expert_class in EXPERTS if expert_class.name == name.split(":", 1)[0]
    )
