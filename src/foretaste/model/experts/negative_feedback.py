"""Negative feedback: what is like the items a person hid or disliked is less likely.

P(item | hidden and disliked items). log P falls by `strength` nats for a twin of the last of these
items, and by less the less alike the two are: by how much more their texts have in common than with
the average item (the language model's cosine), and by the share of the disliked item's attribute
values that an item has, the rarer counting more. Each negative event further back counts `decay` of
the one after. Active from the first one; a filter keeps the disliked item itself out of the lists.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Catalogue, Feature, Floats, Ints, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.refusals import signed_evidence
from foretaste.domain.sharing import Lazy
from foretaste.domain.term_table import TermTable
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.index.build import vector_sum
from foretaste.model.settings import NegativeFeedbackSettings
from foretaste.model.terms import event_columns, rest_terms
from foretaste.model.training import Training

MAX_EXACT_ITEMS = 50_000
"""Items up to which the normaliser is a sum over all of them; past it over a sample."""
MAX_CACHED_BYTES = 1 << 24
"""Of rows of likeness that are kept: whoever hides an item is asked about it with every list."""


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
        self._likeness_rows: OrderedDict[int, Floats] = OrderedDict()
        features = catalogue.descriptive_features
        self._column_tables = Lazy(
            lambda: [_ColumnTable.from_feature(feature) for feature in features]
        )
        if changed is None or len(catalogue) > self._sampled_size * 1.01:
            self._sample_catalogue(catalogue)

    def _sample_catalogue(self, catalogue: Catalogue) -> None:
        """The average item, and the sample that stands for the whole: a new item moves neither."""
        size = self._sampled_size = len(catalogue)
        self._mean_vector = vector_sum(catalogue) / np.float32(max(size, 1))  # [dim]
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
        evidence = signed_evidence(user_context.weight, user_context.worth)
        for row in range(len(user_context) - 1, -1, -1):
            item, weight = int(user_context.item[row]), float(evidence[row])
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
        return self._likenesses([negative_item], items)[0]

    def _likenesses(self, negative_items: Sequence[int], items: Ints | None = None) -> Floats:
        """[negative items, items]; all at once, as somebody may have disliked many."""
        own_vectors = np.asarray(self._vectors[np.array(negative_items, np.int64)])
        average_cosines = own_vectors @ self._mean_vector
        cosines = ((self._vectors if items is None else self._vectors[items]) @ own_vectors.T).T
        room = np.maximum(1 - average_cosines, 1e-6)
        text_likeness = np.maximum((cosines - average_cosines[:, None]) / room[:, None], 0)
        share_sums = np.zeros_like(text_likeness)
        column_counts = np.zeros(len(negative_items), np.float32)
        for column_table in self._column_tables.get():
            shares, has_values = column_table.value_shares(negative_items, items)
            share_sums += shares
            column_counts += has_values
        mean_share = share_sums / np.maximum(column_counts, 1)[:, None]
        return np.asarray(1 - (1 - text_likeness**2) * (1 - mean_share**2), np.float32)

    def _penalties(self, user_context: UserContext, items: Ints | None = None) -> Floats:
        """[negative items, items], in nats, none above 0."""
        size = len(self._item_ids) if items is None else len(items)
        negative_items = self.negative_items(user_context)
        if not negative_items:
            return np.zeros((0, size), np.float32)
        weights = np.array([weight for _, weight in negative_items], np.float32)
        own_items = [item for item, _ in negative_items]
        is_whole = items is None or len(items) == len(self._item_ids) == len(self._sampled_items)
        likenesses = (
            self._catalogue_likenesses(own_items)
            if is_whole and size <= MAX_EXACT_ITEMS
            else self._likenesses(own_items, items)
        )
        return likenesses * (-self._settings.strength * weights)[:, None]

    def _catalogue_likenesses(self, negative_items: Sequence[int]) -> Floats:
        """[negative items, all items], those that were not asked for lately made all at once."""
        cache = self._likeness_rows
        missing_items = [item for item in negative_items if item not in cache]
        missing_rows = self._likenesses(missing_items) if missing_items else ()
        new_rows = dict(zip(missing_items, missing_rows, strict=True))
        rows = [new_rows[item] if item in new_rows else cache.get(item) for item in negative_items]
        for item, row in new_rows.items():
            cache[item] = row.copy()  # alone: the others of its block may go
            if len(cache) * row.nbytes > MAX_CACHED_BYTES:
                cache.popitem(last=False)
        return np.stack(
            [
                row if row is not None else self.likeness(item)
                for row, item in zip(rows, negative_items, strict=True)
            ]
        )

    def _log_normaliser(self, penalties: Floats) -> float:
        """Log Σ exp over the catalogue, from [sampled items]; past `MAX_EXACT_ITEMS` items it is
        estimated.
        """
        multiplicity = len(self._item_ids) / len(self._sampled_items)
        return float(np.logaddexp.reduce(penalties.astype(np.float64)) + np.log(multiplicity))

    def scorer(self, user_context: UserContext) -> "NegativeFeedbackScorer":
        """The negative feedback, read once."""
        return NegativeFeedbackScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first negative event."""
        return bool((signed_evidence(user_context.weight, user_context.worth) < 0).any()) and bool(
            self.negative_items(user_context)
        )

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
        penalties = expert._penalties(user_context, expert._sampled_items)
        penalty_sums = penalties.sum(axis=0)
        self._normalisation_nats = -expert._log_normaliser(penalty_sums)
        is_whole = len(expert._sampled_items) == len(expert._item_ids)
        self._penalties = penalties if is_whole else None
        self._row = penalty_sums + np.float32(self._normalisation_nats) if is_whole else None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items], of these or of the whole catalogue."""
        if self._row is not None:
            return self._row.copy() if items is None else self._row[items]
        penalties = self._expert._penalties(self._user_context, items).sum(axis=0)
        return np.asarray(penalties + np.float32(self._normalisation_nats), np.float32)

    def candidates(self, k: int) -> Ints:
        """No items: it speaks against items, not for any."""
        return np.empty(0, np.int32)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """What each negative item takes away, and the normalisation."""
        name = self._expert.name
        penalties = (
            self._expert._penalties(self._user_context, items)
            if self._penalties is None
            else self._penalties[:, items]
        )
        average_terms = rest_terms(name, np.full(len(items), self._normalisation_nats))
        return average_terms.with_columns(event_columns(name, self._negative_item_ids), penalties.T)


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

    def value_shares(
        self, own_items: Sequence[int], items: Ints | None = None
    ) -> tuple[Floats, Floats]:
        """([own items, items], of each own item's values the share that each has too; [own items],
        1 for those that have a value).
        """
        weights: list[Floats] = []
        codes_by_item: list[Ints] = []
        for item in own_items:
            part = slice(self.item_values.indptr[item], self.item_values.indptr[item + 1])
            codes = np.unique(self.item_values.indices[part])
            codes_by_item.append(codes)
            weights.append(self.rarity[codes] / max(float(self.rarity[codes].sum()), 1e-9))
        lengths = [len(codes) for codes in codes_by_item]
        value_weights = sp.csr_matrix(
            (
                np.concatenate(weights),
                np.concatenate(codes_by_item),
                np.concatenate([[0], np.cumsum(lengths)]),
            ),
            shape=(len(own_items), len(self.rarity)),
        )
        table = self.item_values if items is None else self.item_values[items]
        shares = np.asarray((table @ value_weights.T).toarray().T, np.float32)
        return np.minimum(shares, 1), np.array([length > 0 for length in lengths], np.float32)
