"""Attribute: one expert a named column. P(value | U) from the values taken so far, decayed.

Of a column of numbers, what was taken of one value speaks of those near it too; see `value_kernel`.
An item's lift is the geometric mean over its values of P(value | U) / P(value), normalised over the
catalogue. So it says how much more this person likes the value than people do, in nats a value, and
popularity is left to the popularity expert. A stated taste counts as events; so it works at zero.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.arrays import GrowingArray
from foretaste.domain.data import Catalogue, Feature, Floats, Ints, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.sharing import Chunked, Lazy
from foretaste.domain.term_table import TermColumn, TermTable, summed_cells
from foretaste.model.expert_scorer import NO_ITEMS
from foretaste.model.experts.by_scorer import ExpertByScorer
from foretaste.model.settings import AttributeSettings
from foretaste.model.terms import rest_terms
from foretaste.model.training import Training
from foretaste.model.training_counts import count_items
from foretaste.model.value_kernel import ValueKernel, ValueScale, spread_mass
from foretaste.model.value_likelihood import log_likelihoods_by_smoothing

DECAY_GRID = (0.8, 0.9, 0.95, 0.98, 1.0)
SMOOTHING_GRID = (1.0, 3.0, 10.0, 30.0, 100.0)
"""What is chosen from where the settings leave it open."""
WIDTH_GRID = (0.0, 0.02, 0.05, 0.1, 0.2)
"""Widths of the kernel over the values of a column of numbers, of which one is chosen likewise."""
DEFAULT_DECAY, DEFAULT_SMOOTHING, DEFAULT_WIDTH = 0.9, 3.0, 0.0
"""Where there is nothing to choose by."""
MAX_CHOOSING_CASES = 1000
"""Validation events that choose, at most."""
STATED_TASTE_FACTOR = 5 / 3
"""A stated taste weighs so many times what everyone's shares do."""
MIN_EVENT_WEIGHT = 1e-6
"""Events' worth below which an event long ago counts nothing."""


class AttributeExpert(ExpertByScorer):
    """The person's shares of one column's values against everyone's."""

    name = "attribute"
    is_counting = True

    def __init__(
        self,
        column: str,
        settings: AttributeSettings,
        catalogue: Catalogue,
        scale: ValueScale | None = None,
    ) -> None:
        """scale: of a column of numbers that are near or far."""
        self._scale = scale
        self.column = column
        self.name = f"attribute:{column}"
        self._settings = settings
        self._value_codes: dict[str, int] = {}
        self._value_counts = Chunked(np.zeros(0, np.float32))
        self._cached_value_shares: Floats | None = None
        self._profile_codes: dict[tuple[int, ...], int] = {}
        self._profile_sizes: list[int] = []
        self._item_profiles = GrowingArray(np.zeros(0, np.int32))  # [items]
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """One for each column in which items share values."""
        settings = training.settings.attribute
        experts = []
        catalogue = training.catalogue
        for feature in (
            catalogue.descriptive_features if settings.columns is None else catalogue.features
        ):
            is_selected = settings.columns is None or feature.column in settings.columns
            has_shared_values = len(feature.values) < len(feature.codes)
            if (
                not is_selected
                or not has_shared_values
                or len(feature.values) > settings.max_values
            ):
                continue
            scale = ValueScale.of(feature)
            expert = cls(feature.column, settings, training.catalogue, scale)
            expert._count_values(training)
            expert._choose_settings(training)
            experts.append(expert)
        return experts

    def recount(self, training: Training) -> Self:
        """The same decay and smoothing, everyone's shares counted on other interactions."""
        expert = type(self)(self.column, self._settings, training.catalogue, self._scale)
        expert._count_values(training)
        return expert

    def _choose_settings(self, training: Training) -> None:
        """The decay and the smoothing under which the next items' values are likeliest."""
        settings, rng = self._settings, np.random.default_rng(training.settings.seed)
        cases_with_values = np.flatnonzero(
            np.diff(self._feature.offsets)[training.validation_cases.targets] > 0
        )
        choosing_cases = training.validation_cases.select(cases_with_values).sample(
            MAX_CHOOSING_CASES, rng
        )
        choices = (settings.decay, settings.smoothing, settings.kernel_width)
        if not len(choosing_cases) or None not in choices:
            return
        user_contexts = choosing_cases.user_contexts(0, len(choosing_cases))
        target_shares = _item_value_shares(self._feature)[choosing_cases.targets].tocoo()
        shares = np.exp(self.log_value_shares)
        kernels = {
            width: ValueKernel.of(self._feature, self._scale, width) for width in self._widths()
        }
        log_likelihoods: dict[tuple[float, float, float], float] = {}
        for decay in DECAY_GRID if settings.decay is None else (settings.decay,):
            masses = [self._value_mass(user_context, decay) for user_context in user_contexts]
            for width, kernel in kernels.items():
                log_likelihoods |= {
                    (decay, smoothing, width): log_likelihood
                    for smoothing, log_likelihood in log_likelihoods_by_smoothing(
                        spread_mass(np.stack(masses), shares, kernel),
                        target_shares,
                        shares,
                        SMOOTHING_GRID if settings.smoothing is None else (settings.smoothing,),
                    ).items()
                }
        decay, smoothing, width = max(log_likelihoods, key=lambda key: log_likelihoods[key])
        self._settings = settings.model_copy(
            update={"decay": decay, "smoothing": smoothing, "kernel_width": width}
        )
        self._make_kernel()

    def _widths(self) -> tuple[float, ...]:
        """The widths of the kernel that come into question."""
        width = self._settings.kernel_width
        if width is not None:
            return (width,)
        return WIDTH_GRID if self._scale is not None else (0.0,)

    def _make_kernel(self) -> None:
        """The kernel over the values there are now."""
        width = self._settings.kernel_width
        width = DEFAULT_WIDTH if width is None else width
        self._kernel = ValueKernel.of(self._feature, self._scale, width)

    def _count_values(self, training: Training) -> None:
        item_weights = count_items(training)
        self._value_counts = Chunked(
            np.asarray(item_weights @ _item_value_shares(self._feature), np.float32)
        )
        self._cached_value_shares = None

    @property
    def log_value_shares(self) -> Floats:
        """[values], log P(value) over all people's events, with one event a value as prior."""
        log_everyone = self._cached_value_shares
        if log_everyone is None:
            mass = self._value_counts.rows + 1
            self._cached_value_shares = log_everyone = np.log(mass / mass.sum())
        return log_everyone

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items, perhaps with new values."""
        counts_by_value = dict(
            zip(self._value_codes, self._value_counts.rows.tolist(), strict=True)
        )
        old_value_count = len(self._value_codes)
        self._feature = _feature_of(catalogue, self.column)
        values = self._feature.values
        if changed is None or len(values) > old_value_count:
            self._make_kernel()
        if changed is None or values[:old_value_count] != tuple(self._value_codes):
            self._value_codes = {value: code for code, value in enumerate(values)}
            self._set_counts(counts_by_value)
            self._assign_all_profiles()
            return
        if len(values) > old_value_count:
            new_codes = {
                value: old_value_count + offset
                for offset, value in enumerate(values[old_value_count:])
            }
            self._value_codes = {**self._value_codes, **new_codes}
            self._value_counts.extend(np.zeros(len(values) - old_value_count, np.float32))
            self._cached_value_shares = None
        self._profile_codes, self._profile_sizes, kinds = (
            dict(self._profile_codes),
            list(self._profile_sizes),
            len(self._profile_codes),
        )
        size = len(self._item_profiles)
        new_profiles = [self._assign_profile(item) for item in range(size, len(catalogue))]
        for item in changed:
            self._profile_sizes[self._item_profiles.rows[item]] -= 1
        changed_profiles = np.array([self._assign_profile(item) for item in changed], np.int32)
        self._item_profiles = self._item_profiles.replaced(changed, changed_profiles).appended(
            np.array(new_profiles, np.int32)
        )
        self._count_members(has_new_profiles=len(self._profile_codes) > kinds)

    def _set_counts(self, counts_by_value: Mapping[str, float]) -> None:
        """By value: a changed item may have given every value another code."""
        counts = [counts_by_value.get(value, 0.0) for value in self._feature.values]
        self._value_counts = Chunked(np.array(counts, np.float32))
        self._cached_value_shares = None

    def _assign_all_profiles(self) -> None:
        """Items with the same values share a profile: there are far fewer profiles than items."""
        self._profile_codes, self._profile_sizes = {}, []
        size = len(self._feature.offsets) - 1
        profiles = np.fromiter((self._assign_profile(item) for item in range(size)), np.int32, size)
        self._item_profiles = GrowingArray(profiles)
        self._count_members(has_new_profiles=True)

    def _count_members(self, *, has_new_profiles: bool) -> None:
        """What a request needs of the profiles, made when first asked for.

        has_new_profiles: the profiles themselves changed, not only how many items each has.
        """
        kinds, members, values = self._profile_codes, self._profile_sizes, len(self._value_counts)
        self._counted = Lazy(lambda: np.array(members, np.float64))  # [profiles]
        if has_new_profiles:
            self._tables = Lazy(
                lambda: _profile_value_shares(list(kinds), values)
            )  # [profiles, values]

    def _assign_profile(self, item: int) -> int:
        """The number of an item's profile, whose count goes up by one."""
        codes = tuple(self._feature.item_codes(item).tolist())
        profile = self._profile_codes.setdefault(codes, len(self._profile_codes))
        if profile == len(self._profile_sizes):
            self._profile_sizes.append(0)
        self._profile_sizes[profile] += 1
        return profile

    def _profile_lifts(self, value_lifts: Floats) -> Floats:
        """[…, values] → […, profiles], the mean over the values of each profile."""
        profile_table = self._profile_table
        return np.asarray(
            (profile_table @ value_lifts[..., : profile_table.shape[1]].T).T, np.float32
        )

    @property
    def _profile_table(self) -> sp.csr_matrix:
        """[profiles, values], each profile's values in equal shares."""
        return self._tables.get()

    def _log_total(self, scores: Floats) -> np.float32:
        """Of [profiles], log Σ exp over the items."""
        top = scores.max(initial=0.0)
        return np.float32(top + np.log((self._counted.get() * np.exp(scores - top)).sum()))

    def _value_mass(self, user_context: UserContext, decay: float) -> Floats:
        """[values], what was taken of each, in events."""
        items = user_context.consumed_items[::-1]
        event_weights = np.float32(decay) ** np.arange(len(items), dtype=np.float32)
        counted_events = int((event_weights > MIN_EVENT_WEIGHT).sum())
        if (worths := user_context.consumed_weights) is not None:
            event_weights *= worths[::-1]
        profiles = self._item_profiles.rows[items[:counted_events]]
        mass = np.zeros(len(self._value_counts), np.float32)
        table = self._profile_table
        mass[: table.shape[1]] = _weighted_sum(table, profiles, event_weights[:counted_events])
        return mass

    def log_preference(self, user_context: UserContext) -> Floats:
        """[values], log P(value | U)."""
        settings = self._settings
        smoothing = DEFAULT_SMOOTHING if settings.smoothing is None else settings.smoothing
        shares = np.exp(self.log_value_shares)
        own_mass = self._value_mass(
            user_context, DEFAULT_DECAY if settings.decay is None else settings.decay
        )
        for value in user_context.taste.get(self.column, ()):
            if value in self._value_codes:
                own_mass[self._value_codes[value]] += STATED_TASTE_FACTOR * smoothing
        mass = np.float32(smoothing) * shares + spread_mass(own_mass, shares, self._kernel)
        return np.log(mass / mass.sum())

    def scorer(self, user_context: UserContext) -> "AttributeScorer":
        """The taste in this column."""
        return AttributeScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first item, or from a stated taste in this column."""
        has_stated_taste = any(
            value in self._value_codes for value in user_context.taste.get(self.column, ())
        )
        return has_stated_taste or len(user_context.consumed_items) > 0

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Everyone's share of the item's values moves a little."""
        codes = self._feature.item_codes(item)
        if len(codes):
            for code in codes.tolist():
                self._value_counts[code] += np.float32(weight / len(codes))
            for code in codes.tolist():
                self._value_counts[code] = max(self._value_counts[code], 0)
            self._cached_value_shares = None

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Everyone's counts, by value: codes may differ after a restart."""
        metadata = {"column": self.column, "settings": self._settings.model_dump()}
        arrays = {"counts": self._value_counts.rows}
        if self._scale is not None:
            arrays |= {"scale_numbers": self._scale.numbers, "scale_places": self._scale.places}
        return arrays, metadata | {"values": list(self._feature.values)}

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        scale = None  # not there if saved before numbers were near or far
        if "scale_numbers" in arrays:
            scale = ValueScale(arrays["scale_numbers"], arrays["scale_places"])
        settings = AttributeSettings(**metadata["settings"])
        expert = cls(metadata["column"], settings, catalogue, scale)
        expert._set_counts(dict(zip(metadata["values"], arrays["counts"], strict=True)))
        return expert


class AttributeScorer:
    """How much more this person likes each value than people do."""

    def __init__(self, expert: AttributeExpert, user_context: UserContext) -> None:
        self._expert = expert
        self._value_lifts = (
            expert.log_preference(user_context) - expert.log_value_shares
        )  # [values]
        self._profile_scores = expert._profile_lifts(self._value_lifts)  # [profiles]
        self._log_total = expert._log_total(self._profile_scores)

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        profiles = self._expert._item_profiles.rows
        return (self._profile_scores - self._log_total)[
            profiles if items is None else profiles[items]
        ]

    def candidates(self, k: int) -> Ints:
        """No items: which of the many items of a value is for the other experts to say."""
        return NO_ITEMS

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """What each of the item's values adds, and the normalisation."""
        name, column, feature = self._expert.name, self._expert.column, self._expert._feature
        starts, stops = feature.offsets[items].tolist(), feature.offsets[items + 1].tolist()
        codes_by_item = [
            feature.codes[start:stop].tolist() for start, stop in zip(starts, stops, strict=True)
        ]
        all_codes = dict.fromkeys(code for codes in codes_by_item for code in codes)
        places = {code: place for place, code in enumerate(all_codes)}
        lifts = self._value_lifts
        cells = (
            (row, places[code], float(lifts[code] / len(codes)))
            for row, codes in enumerate(codes_by_item)
            for code in codes
        )
        columns = [TermColumn(name, feature=f"{column}: {feature.values[code]}") for code in places]
        average_terms = rest_terms(name, np.full(len(items), -float(self._log_total)))
        return average_terms.with_columns(columns, summed_cells((len(items), len(places)), cells))


def _feature_of(catalogue: Catalogue, name: str) -> Feature:
    """The feature of this name; one without values where no item has it any more."""
    zero_offsets = np.zeros(len(catalogue) + 1, np.int64)
    empty = Feature(name, (), zero_offsets, np.zeros(0, np.int32))
    return next((feature for feature in catalogue.features if feature.column == name), empty)


def _item_value_shares(feature: Feature) -> sp.csr_matrix:
    """[items, values], each item's values in equal shares that sum to 1."""
    lengths = np.diff(feature.offsets)
    shares = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
    size = (len(lengths), len(feature.values))
    return sp.csr_matrix((shares, feature.codes, feature.offsets), shape=size)


def _profile_value_shares(profiles: Sequence[tuple[int, ...]], values: int) -> sp.csr_matrix:
    """[profiles, values], the same for the values of each profile."""
    offsets = np.concatenate([[0], np.cumsum([len(codes) for codes in profiles])]).astype(np.int64)
    codes = np.fromiter((code for codes in profiles for code in codes), np.int32, offsets[-1])
    return _item_value_shares(Feature("", tuple("" for _ in range(values)), offsets, codes))


def _weighted_sum(table: sp.csr_matrix, rows: Ints, weights: Floats) -> Floats:
    """[columns], of these rows; what SciPy spends on each of its own steps is more than the sum."""
    starts = table.indptr[rows]
    sizes = table.indptr[rows + 1] - starts
    cells = np.arange(sizes.sum()) + np.repeat(starts - sizes.cumsum() + sizes, sizes)
    values = table.data[cells] * np.repeat(weights, sizes)
    return np.bincount(table.indices[cells], values, table.shape[1]).astype(np.float32)
