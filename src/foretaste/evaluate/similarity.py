"""Items and what people took before in; how near the items are to it, by text and attribute, out.

What a list shows means little without two rulers: what these people really took next, and what
chance would show. All three are measured in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.arrays import Vectors, nonzero_rows
from foretaste.domain.data import Catalogue, Feature, Floats, Ints, Longs
from foretaste.evaluate.sampled_lists import SampledLists

MAX_COLUMNS = 5
"""Attribute columns that are looked at: those that most items have a value in."""
CASES_PER_CHUNK = 256
"""Cases whose vectors are held at once."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """One measure of how near items are to what the person took; None where there is none."""

    lists: float | None
    """Of the items shown."""
    targets: float | None
    """Of what the person took next."""
    random: float | None
    """Of random items that could have been shown."""

    def figures(self) -> dict[str, float | None]:
        """What JSON can hold."""
        return {"shown": self.lists, "taken": self.targets, "random": self.random}


def text_similarity(model: str, sample: SampledLists, vectors: Vectors) -> Similarity | None:
    """The mean cosine with the person's taste: the mean vector of the items they took last.

    vectors: [items, dim], of length 1, or zero where there is no text; such items are passed over.
    None where no item has a text.
    """
    readable = nonzero_rows(vectors)  # [items]
    if not readable.any():
        return None
    tastes = _tastes(sample.recent, vectors)
    groups = sample.lists[model], sample.targets, sample.random
    return Similarity(*(_mean_cosine(items, tastes, vectors) for items in groups))


def _tastes(recent: Sequence[Ints], vectors: Vectors) -> Floats:
    """[cases, dim], of length 1; zero for a person who took nothing with a text."""
    tastes = np.zeros((len(recent), vectors.shape[1]), np.float32)
    for taste, items in zip(tastes, recent, strict=True):
        if len(items):
            taste[:] = vectors[items].mean(axis=0)
    lengths = np.linalg.norm(tastes, axis=1, keepdims=True)
    return np.asarray(tastes / np.where(lengths > 0, lengths, 1), np.float32)


def _mean_cosine(items: Ints, tastes: Floats, vectors: Vectors) -> float | None:
    """Over the items [cases, n] with a text, of people whose taste is known."""
    has_taste = np.linalg.norm(tastes, axis=1) > 0  # [cases]
    total, count = 0.0, 0
    for start in range(0, len(items), CASES_PER_CHUNK):
        chunk = items[start : start + CASES_PER_CHUNK]
        case, list_position = np.nonzero(
            (chunk >= 0) & has_taste[start : start + CASES_PER_CHUNK, None]
        )
        rows = vectors[chunk[case, list_position]]  # [places, dim]
        total += float(np.einsum("pd,pd->", rows, tastes[start + case], dtype=np.float64))
        count += int(np.count_nonzero(rows.any(axis=1)))
    return total / count if count else None


def attribute_similarity(
    model: str, sample: SampledLists, catalogue: Catalogue
) -> dict[str, Similarity]:
    """By column the share of items that have a value in common with what the person took last.

    At most `MAX_COLUMNS` of them; items and people without a value in the column are passed over.
    """
    groups = sample.lists[model], sample.targets, sample.random
    return {
        feature.column: Similarity(
            *(_common_share(items, sample.recent, feature) for items in groups)
        )
        for feature in _columns(catalogue)
    }


def _columns(catalogue: Catalogue) -> list[Feature]:
    """Those that most items have a value in; a single value for all items tells nothing."""
    columns = [feature for feature in catalogue.descriptive_features if len(feature.values) > 1]
    return sorted(columns, key=lambda feature: -np.count_nonzero(np.diff(feature.offsets)))[
        :MAX_COLUMNS
    ]


def _common_share(items: Ints, recent: Sequence[Ints], feature: Feature) -> float | None:
    owners = np.repeat(np.arange(len(recent)), [len(recent_items) for recent_items in recent])
    past, codes = _codes(np.concatenate([np.empty(0, np.int32), *recent]), feature)
    values = max(len(feature.values), 1)
    past_values = np.unique(owners[past] * values + codes)  # case and value in one number
    case, list_position = np.nonzero(items >= 0)
    row, codes = _codes(items[case, list_position], feature)
    in_common = (
        np.bincount(row, np.isin(case[row] * values + codes, past_values), minlength=len(case)) > 0
    )
    comparable = np.isin(case, past_values // values) & (np.bincount(row, minlength=len(case)) > 0)
    return float(in_common[comparable].mean()) if comparable.any() else None


def _codes(items: Ints, feature: Feature) -> tuple[Longs, Ints]:
    """The values of all items in one array, and for each the place of its item in `items`."""
    start, stop = feature.offsets[items], feature.offsets[items + 1]
    lengths = stop - start
    row = np.repeat(np.arange(len(items)), lengths)
    ends = np.cumsum(lengths)
    value_number = np.arange(len(row)) - np.repeat(ends - lengths, lengths)  # within the item
    return row, feature.codes[start[row] + value_number]
