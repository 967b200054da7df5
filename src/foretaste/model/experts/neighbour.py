"""Neighbour: what is taken close to the last few items. P(item | last few) from weighted counts.

Sequence-weighted item neighbours (SKNN family, Ludewig and Jannach 2018, section 2.2): two items
count as neighbours when one person takes them within a window, the less the further apart. How far
the window reaches is chosen on validation events: where the order of events says much, a few steps
are best, where little, as in baskets and long lists of films, many are.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from foretaste.domain.data import (
    Catalogue,
    Doubles,
    EvaluationCases,
    Floats,
    Ints,
    UserContext,
)
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.sharing import Chunked
from foretaste.domain.term_table import TermTable
from foretaste.model.count_matrix import (
    CountMatrix,
    PopularityPrior,
    item_pair_owners,
    item_pairs,
)
from foretaste.model.expert_scorer import NO_ITEMS, SparseScorer, matching_positions
from foretaste.model.experts.by_scorer import ExpertByScorer
from foretaste.model.index.base import is_exhaustive
from foretaste.model.settings import NeighbourSettings
from foretaste.model.terms import event_columns, terms_against_average
from foretaste.model.training import Training, showable_cases
from foretaste.model.training_counts import count_items, count_pairs


@dataclass(frozen=True)
class NeighbourReach:
    """How far apart two items may be, and what distance costs."""

    window: int
    max_recent_items: int
    decay: float
    popularity_damping: float


REACHES = (
    NeighbourReach(3, 3, 0.6, 0.3),
    NeighbourReach(10, 10, 0.6, 0.3),
    NeighbourReach(20, 20, 0.9, 0.5),
)
"""What is chosen from; the first where nothing speaks for another."""
LIST_LENGTH = 10
MIN_CASES, MAX_CASES = 50, 1000
"""Validation events that choose."""
MAX_EVENTS = 2_000_000
"""Events past which the first is taken: pairs grow with the window, and so do memory and time."""


class NeighbourExpert(ExpertByScorer):
    """Neighbours of the last few items, added up."""

    name = "neighbour"
    is_counting = True

    def __init__(
        self,
        neighbour_counts: CountMatrix,
        popularity_counts: Floats,
        settings: NeighbourSettings,
        catalogue: Catalogue,
    ) -> None:
        self.neighbour_counts = neighbour_counts
        self._prior = PopularityPrior(popularity_counts)
        self._settings = settings
        self._reach = _reach_of(settings)
        self._column_sums = Chunked(neighbour_counts.column_sums())
        self._item_ids = catalogue.ids

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Count the pairs within the window, both ways; with the reach that ranks best."""
        settings = training.settings.neighbour
        set_values = {name: getattr(settings, name) for name in NeighbourReach.__dataclass_fields__}
        reaches = (
            REACHES[:1] if any(value is not None for value in set_values.values()) else REACHES
        )
        if (
            not is_exhaustive(len(training.catalogue))
            or training.interactions.event_count > MAX_EVENTS
        ):
            reaches = reaches[:1]
        cases = showable_cases(training.validation_cases, training.hide_seen)
        cases = cases.sample(MAX_CASES, np.random.default_rng(training.settings.seed))
        if len(cases) < MIN_CASES:
            reaches = reaches[:1]
        counted = [cls._count(training, _filled_settings(settings, reach)) for reach in reaches]
        experts = [expert for expert in counted if expert is not None]
        if len(experts) <= 1:
            return experts
        gains = [_ndcg_gains(expert, cases, training.hide_seen) for expert in experts]
        best_index = max(
            range(len(experts)), key=lambda expert_index: float(gains[expert_index].mean())
        )
        lead = gains[best_index] - gains[0]
        is_significant = lead.mean() > lead.std() / len(lead) ** 0.5
        return [experts[best_index if is_significant else 0]]

    def recount(self, training: Training) -> Self:
        """The same reach, counted on other interactions."""
        counted = self._count(training, self._settings)
        assert counted is not None  # only what is counted with a budget may come to nothing
        return counted

    @classmethod
    def _count(cls, training: Training, settings: NeighbourSettings) -> Self | None:
        assert settings.window is not None
        assert settings.decay is not None
        triples, lags = [], range(1, settings.window + 1)
        for lag in lags:
            earlier, later, weight = item_pairs(training.interactions, lag)
            pair_weight = weight * np.float32(settings.decay ** (lag - 1))
            triples += [
                (earlier, later, pair_weight),
                (later, earlier, pair_weight * settings.backward),
            ]
        neighbour_counts = count_pairs(
            training,
            triples,
            lambda: [
                item_pair_owners(training.interactions, lag) for lag in lags for _ in range(2)
            ],
        )
        if neighbour_counts is None:
            return None
        popularity_counts = count_items(training).astype(np.float32) + 1
        return cls(neighbour_counts, popularity_counts, settings, training.catalogue)

    def _recent_sources(self, user_context: UserContext) -> list[tuple[int, float]]:
        """(item, worth) of the last few items, newest first."""
        reach = self._reach
        recent_items = user_context.consumed_items[: -reach.max_recent_items - 1 : -1]
        sources = [(int(item), reach.decay**age) for age, item in enumerate(recent_items)]
        weights = user_context.consumed_weights
        if weights is None:
            return sources
        pairs = zip(sources, weights[::-1].tolist(), strict=False)
        return [(item, worth * weight) for (item, worth), weight in pairs]

    def _neighbours(self, item: int, source_weight: float) -> tuple[Ints, Floats]:
        columns, counts = self.neighbour_counts.row(item)
        damping = (self._column_sums.rows[columns] + 1) ** np.float32(
            -self._reach.popularity_damping
        )
        return columns, counts * damping * np.float32(source_weight)

    def scorer(self, user_context: UserContext) -> "NeighbourScorer":
        """The neighbours of the last few items, added up."""
        return NeighbourScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first item."""
        return len(user_context.consumed_items) > 0

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Count the new item as a neighbour of the last few."""
        reach = self._reach
        self._prior.add(item, weight)
        for lag, earlier in enumerate(user_context.consumed_items[: -reach.window - 1 : -1]):
            pair_weight = weight * reach.decay**lag
            self._add(int(earlier), item, pair_weight)
            self._add(item, int(earlier), pair_weight * self._settings.backward)

    def _add(self, row: int, column: int, count: float) -> None:
        if self.neighbour_counts.is_closed:
            return
        self.neighbour_counts.add(row, column, count)
        self._column_sums[column] += count

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items have no neighbours yet."""
        new_item_count = len(catalogue) - len(self._column_sums)
        if new_item_count:
            self._column_sums.extend(np.zeros(new_item_count, np.float32))
        self._prior.grow(len(catalogue))
        self.neighbour_counts.grow(len(catalogue))
        self._item_ids = catalogue.ids

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Counts and how they were counted."""
        return {
            "popular": self._prior.popular,
            **self.neighbour_counts.arrays("near"),
        }, self._settings.model_dump()

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        neighbour_counts = CountMatrix.from_arrays("near", arrays)
        return cls(neighbour_counts, arrays["popular"], NeighbourSettings(**metadata), catalogue)


def _filled_settings(settings: NeighbourSettings, reach: NeighbourReach) -> NeighbourSettings:
    """The settings with what they leave open."""
    set_values = {name: value for name, value in settings.model_dump().items() if value is not None}
    return NeighbourSettings(**{**asdict(reach), **set_values})


def _reach_of(settings: NeighbourSettings) -> NeighbourReach:
    """Of settings that leave nothing open."""
    filled_values = _filled_settings(settings, REACHES[0]).model_dump()
    return NeighbourReach(
        **{name: filled_values[name] for name in NeighbourReach.__dataclass_fields__}
    )


def _ndcg_gains(expert: NeighbourExpert, cases: EvaluationCases, hide_seen: bool) -> Doubles:
    """[cases], NDCG@10 of each, as lists are shown."""
    gains = np.zeros(len(cases))
    for case, user_context in enumerate(cases.user_contexts(0, len(cases))):
        scores, target = expert.scorer(user_context).log_prob(), cases.targets[case]
        if hide_seen:
            target_score = scores[target]
            scores[user_context.consumed_items] = -np.inf
            scores[target] = target_score
        rank = int((scores > scores[target]).sum()) + ((scores == scores[target]).sum() - 1) / 2
        gains[case] = 1 / np.log2(rank + 2) if rank < LIST_LENGTH else 0.0
    return gains


class NeighbourScorer(SparseScorer):
    """Popularity, but for the neighbours of the last few items."""

    def __init__(self, expert: NeighbourExpert, user_context: UserContext) -> None:
        self._expert, self._log_prior = expert, expert._prior.log_share
        self._sources = expert._recent_sources(user_context)
        self._parts = [
            expert._neighbours(item, source_weight) for item, source_weight in self._sources
        ]
        smoothing = expert._settings.smoothing
        column_parts = [columns for columns, _ in self._parts]
        columns, positions = np.unique(
            np.concatenate([NO_ITEMS, *column_parts]), return_inverse=True
        )
        counts = np.concatenate([np.empty(0, np.float32), *(count for _, count in self._parts)])
        neighbour_mass = np.asarray(
            np.bincount(positions, counts, minlength=len(columns)), np.float64
        )
        total = float(neighbour_mass.sum()) + smoothing
        mass = neighbour_mass + smoothing * np.exp(self._log_prior(columns))
        values = np.log(mass / total).astype(np.float32)
        super().__init__(self._log_prior, np.log(smoothing / total), columns, values)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """Popularity, and what each of the last items adds, by its share of the counts."""
        name, ids = self._expert.name, self._expert._item_ids
        shares = np.zeros((len(items), len(self._sources)), np.float64)
        for source_index, (columns, counts) in enumerate(self._parts):
            item_positions, column_positions = matching_positions(items, columns)
            shares[item_positions, source_index] = counts[column_positions]
        share_sums = shares.sum(axis=1, keepdims=True)
        even_share = 1 / max(len(self._sources), 1)
        shares = np.where(
            share_sums > 0, shares / np.where(share_sums > 0, share_sums, 1), even_share
        )
        prior = self._log_prior(items)
        lift = self.log_prob(items) - prior
        popularity = terms_against_average(name, prior, len(ids), "popularity")
        events = [ids[source] for source, _ in self._sources]
        return popularity.with_columns(event_columns(name, events), lift[:, None] * shares)
