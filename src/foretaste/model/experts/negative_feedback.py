"""Negative feedback: what is like the items a person hid or disliked is less likely.

P(item | hidden and disliked items). log P falls by `strength` nats for a twin of the last of these
items, and by less the less alike the two are: by how much more their texts have in common than with
the average item (the language model's cosine), and by the share of the disliked item's attribute
values that an item has, the rarer counting more. Each negative event further back counts `decay` of
the one after. Active from the first one; a filter keeps the disliked item itself out of the lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.arrays import mean_row
from foretaste.domain.data import Catalogue, Feature, Floats, Ints, Term, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.sharing import Lazy
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.settings import NegativeFeedbackSettings
from foretaste.model.terms import AVERAGE_ITEM
from foretaste.model.training import Training

MAX_EXACT_ITEMS = 50_000
"""Items up to which the normaliser is a sum over all of them; past it over a sample."""


class NegativeFeedbackExpert(StatelessExpert[NegativeFeedbackSettings]):
    """Likeness to what was hidden or disliked."""

    name = "refusal"

    def __init__(self, settings: NegativeFeedbackSettings, catalogue: Catalogue) -> None:
        super().__init__(settings)
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Nothing to learn; left out where items have nothing to be alike in."""
        catalogue = training.catalogue
        if not catalogue.vectors.any() and not catalogue.features:
            return []
        return [cls(training.settings.negative_feedback, catalogue)]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are read like the others; what is needed of the whole is made when needed."""
        self._vectors, self._item_ids = catalogue.vectors, catalogue.ids
        features = catalogue.descriptive_features
        self._column_tables = Lazy(
            lambda: [_ColumnTable.from_feature(feature) for feature in features]
        )
        if changed is None or len(catalogue) > self._sampled_size * 1.01:
            self._sample_catalogue(len(catalogue))

    def _sample_catalogue(self, size: int) -> None:
        """The average item, and the sample that stands for the whole: a new item moves neither."""
        self._sampled_size = size
        self._mean_vector = mean_row(self._vectors)  # [dim]
        all_items = np.arange(size, dtype=np.int32)
        self._sampled_items = all_items
        if len(all_items) > MAX_EXACT_ITEMS:
            self._sampled_items = np.random.default_rng(0).choice(
                all_items, MAX_EXACT_ITEMS, replace=False
            )

    def negative_items(self, user_context: UserContext) -> list[tuple[int, float]]:
        """(item, worth) of the last negative events, newest first; not items taken again since."""
        weight_by_item: dict[int, float] = {}
        visited_items: set[int] = set()
        for row in range(len(user_context) - 1, -1, -1):
            item, weight = int(user_context.item[row]), float(user_context.weight[row])
            if item < 0 or item in visited_items:
                continue
            visited_items.add(item)
            if weight < 0:
                weight_by_item[item] = -weight * self._settings.decay ** len(weight_by_item)
                if len(weight_by_item) == self._settings.max_recent_items:
                    break
        return list(weight_by_item.items())

    def likeness(self, negative_item: int, items: Ints | None = None) -> Floats:
        """[items], 0 for one that has nothing of the negative item, 1 for its twin."""
        vector = self._vectors[negative_item]
        average_cosine = float(vector @ self._mean_vector)
        cosine = (self._vectors if items is None else self._vectors[items]) @ vector
        text_likeness = np.maximum((cosine - average_cosine) / max(1 - average_cosine, 1e-6), 0)
        column_shares = [
            column_table.value_share(negative_item, items)
            for column_table in self._column_tables.get()
        ]
        present_shares = [share for share in column_shares if share is not None]
        mean_share = (
            sum(present_shares) / len(present_shares)
            if present_shares
            else np.zeros_like(text_likeness)
        )
        return np.asarray(1 - (1 - text_likeness**2) * (1 - mean_share**2), np.float32)

    def _penalties(self, user_context: UserContext, items: Ints | None = None) -> Floats:
        """[negative items, items], in nats, none above 0."""
        size = len(self._item_ids) if items is None else len(items)
        penalty_rows = [
            -self._settings.strength * feedback_weight * self.likeness(item, items)
            for item, feedback_weight in self.negative_items(user_context)
        ]
        return np.array(penalty_rows, np.float32).reshape(len(penalty_rows), size)

    def _log_normaliser(self, user_context: UserContext) -> float:
        """Log Σ exp over the catalogue; past `MAX_EXACT_ITEMS` items estimated."""
        penalties = self._penalties(user_context, self._sampled_items).sum(axis=0)
        multiplicity = len(self._item_ids) / len(self._sampled_items)
        return float(np.logaddexp.reduce(penalties.astype(np.float64)) + np.log(multiplicity))

    def scorer(self, user_context: UserContext) -> "NegativeFeedbackScorer":
        """The negative feedback, read once."""
        return NegativeFeedbackScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first negative event."""
        return bool((user_context.weight < 0).any()) and bool(self.negative_items(user_context))

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(NegativeFeedbackSettings(**metadata), catalogue)


class NegativeFeedbackScorer:
    """One person's negative feedback against the items."""

    def __init__(self, expert: NegativeFeedbackExpert, user_context: UserContext) -> None:
        self._expert, self._user_context = expert, user_context
        self._negative_item_ids = [
            expert._item_ids[item] for item, _ in expert.negative_items(user_context)
        ]
        self._normalisation_nats = -expert._log_normaliser(user_context)

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items], of these or of the whole catalogue."""
        penalties = self._expert._penalties(self._user_context, items).sum(axis=0)
        return np.asarray(penalties + np.float32(self._normalisation_nats), np.float32)

    def candidates(self, k: int) -> Ints:
        """No items: it speaks against items, not for any."""
        return np.empty(0, np.int32)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each negative item takes away, and the normalisation."""
        name = self._expert.name
        penalties = self._expert._penalties(self._user_context, items)
        return [
            [
                Term(name, self._normalisation_nats, feature=AVERAGE_ITEM),
                *(
                    Term(name, float(penalty), event=item_id)
                    for item_id, penalty in zip(
                        self._negative_item_ids, penalties[:, position], strict=True
                    )
                ),
            ]
            for position in range(len(items))
        ]


@dataclass(frozen=True)
class _ColumnTable:
    """One column: which item has which value, and how rare each is."""

    item_values: sp.csr_matrix
    """[items, values]"""
    rarity: Floats
    """[values], log of how many items there are for each that has the value."""

    @classmethod
    def from_feature(cls, feature: Feature) -> Self:
        """The column as a sparse table."""
        item_count = len(feature.offsets) - 1
        unit_entries = np.ones(len(feature.codes), np.float32)
        shape = (item_count, len(feature.values))
        counts = np.bincount(feature.codes, minlength=len(feature.values))
        rarity = np.log((item_count + 1) / np.maximum(counts, 1)).astype(np.float32)
        return cls(
            sp.csr_matrix((unit_entries, feature.codes, feature.offsets), shape=shape), rarity
        )

    def value_share(self, item: int, items: Ints | None = None) -> Floats | None:
        """[items], of the item's values the share that each has too; None if it has none."""
        part = slice(self.item_values.indptr[item], self.item_values.indptr[item + 1])
        codes = np.unique(self.item_values.indices[part])
        if not len(codes):
            return None
        value_weights = np.zeros(len(self.rarity), np.float32)
        value_weights[codes] = self.rarity[codes] / self.rarity[codes].sum()
        table = self.item_values if items is None else self.item_values[items]
        return np.minimum(np.asarray(table @ value_weights, np.float32), 1)
