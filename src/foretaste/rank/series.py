"""Series: what somebody took in; of each series the next part out, which stands for the whole.

A list has a series once. On offer is the part after the furthest that the person took, in the order
of seasons and episodes; of a series that they never began, the first. A series that was seen to its
end is not on offer, where lists hide what was taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from foretaste.domain.data import Catalogue, Doubles, Feature, Ints
from foretaste.domain.part_columns import column_meant
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.trade_settings import SeriesSettings
from foretaste.rank.variant_groups import VariantGroups


@dataclass(frozen=True)
class SeriesOrder:
    """Which items are parts of a series, and in which order."""

    codes: Ints
    """[items], the series of each; -1 of none."""
    ranks: Ints
    """[items], place in the order of all parts: within a series the higher is the later. -1 of what
    has no number in a series of numbered parts, such as its trailer: it comes next to nobody."""

    @classmethod
    def of(cls, index: FilterIndex, settings: SeriesSettings) -> Self | None:
        """None where the catalogue has no series."""
        catalogue = index.catalogue
        feature = _feature(catalogue, settings.item_attribute)
        if feature is None:
            return None
        size = len(catalogue)
        codes = np.full(size, -1, np.int32)
        filled = np.flatnonzero(np.diff(feature.offsets))
        codes[filled] = feature.codes[feature.offsets[filled]]
        seasons = _numbers(index, settings.season_attribute)
        episodes = _numbers(index, settings.episode_attribute)
        ranks = np.empty(size, np.int32)
        ranks[np.lexsort((np.arange(size), episodes, seasons))] = np.arange(size, dtype=np.int32)
        is_numbered = _has_value(catalogue, settings.episode_attribute)
        numbered_series = np.unique(codes[is_numbered & (codes >= 0)])
        ranks[np.isin(codes, numbered_series) & ~is_numbered] = -1
        return cls(codes, ranks)

    @property
    def numbered_codes(self) -> Ints:
        """[items], the series of each part that has a place in it; -1 of all else."""
        return np.where(self.ranks >= 0, self.codes, -1).astype(np.int32)

    def parts_not_next(self, consumed: Ints, available: Mask) -> Mask:
        """[items], every part of a series but the one that comes next for who took these.

        available: [items], what may be shown now: a part that may not is passed over.
        """
        next_parts = self.next_parts(consumed, available)
        mask = self.codes >= 0
        mask[next_parts[next_parts >= 0]] = False
        return mask

    def next_parts(self, consumed: Ints, available: Mask) -> Ints:
        """[series], the part that comes next; -1 where none does."""
        furthest_parts = self.furthest_parts(consumed)
        furthest = np.where(furthest_parts >= 0, self.ranks[furthest_parts], -1)
        members = np.flatnonzero(self.codes >= 0)
        is_later = self.ranks[members] > furthest[self.codes[members]]
        later = members[is_later & available[members]]
        later = later[np.argsort(self.ranks[later], kind="stable")]
        series, first_rows = np.unique(self.codes[later], return_index=True)
        next_parts = np.full(len(furthest), -1, np.int32)
        next_parts[series] = later[first_rows]
        return next_parts

    def furthest_parts(self, consumed: Ints) -> Ints:
        """[series], of these items the furthest part; -1 where none is a part with a number."""
        furthest_parts = np.full(int(self.codes.max(initial=-1)) + 1, -1, np.int32)
        parts = consumed[(self.codes[consumed] >= 0) & (self.ranks[consumed] >= 0)]
        parts = parts[np.argsort(self.ranks[parts], kind="stable")]
        furthest_parts[self.codes[parts]] = parts  # of several the last is kept
        return furthest_parts

    def grouped_with(self, groups: VariantGroups | None) -> VariantGroups:
        """The series, and the variants of what is part of none, as groups of which a list has one
        item each.
        """
        if groups is None:
            return VariantGroups(self.codes)
        first_code = int(self.codes.max(initial=-1)) + 1
        variant_codes = np.where(groups.codes >= 0, groups.codes + first_code, -1)
        return VariantGroups(np.where(self.codes >= 0, self.codes, variant_codes).astype(np.int32))


def _feature(catalogue: Catalogue, column: str) -> Feature | None:
    features: Mapping[str, Feature] = {own.column: own for own in catalogue.features}
    feature = features.get(column_meant(column, features))
    return feature if feature is not None and len(feature.codes) else None


def _has_value(catalogue: Catalogue, column: str) -> Mask:
    """[items], whether there is a value in a column."""
    feature = _feature(catalogue, column)
    if feature is None:
        return np.zeros(len(catalogue), bool)
    return np.asarray(np.diff(feature.offsets) > 0)


def _numbers(index: FilterIndex, column: str) -> Doubles:
    """[items], the number in a column; 0 where there is none."""
    feature = _feature(index.catalogue, column)
    numbers = np.zeros(len(index.catalogue))
    if feature is not None:
        filled = np.flatnonzero(np.diff(feature.offsets))
        values = index.column(feature.column).parsed_numbers[feature.codes[feature.offsets[filled]]]
        numbers[filled] = np.nan_to_num(values)
    return numbers
