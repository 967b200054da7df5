"""Helpers for the terms of a score."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from foretaste.domain.term_table import TermColumn, TermTable

AVERAGE_ITEM = "average item"
"""The feature of the constant part of every log P: what an item no one can tell apart would get."""


@lru_cache
def average_item_nats(items: int) -> float:
    """Log of 1 over the size of the catalogue, the same for every item."""
    return -float(np.log(items))


def terms_against_average(
    expert: str, log_probs: npt.ArrayLike, items: int, feature: str | Sequence[str]
) -> TermTable:
    """Each log P in two parts: the average item's, and what the feature adds to or takes from it.

    items: of the catalogue. feature: the same for all, or one for each.
    """
    base = average_item_nats(items)
    differences = np.asarray(log_probs, np.float64) - base
    features = [feature] if isinstance(feature, str) else list(dict.fromkeys(feature))
    columns = [TermColumn(expert, feature=name) for name in (AVERAGE_ITEM, *features)]
    nats = np.full((len(differences), len(columns)), base)
    if isinstance(feature, str):
        nats[:, 1] = differences
    else:
        has_feature = np.array([[name == own for name in features] for own in feature], bool)
        nats[:, 1:] = np.where(
            has_feature.reshape(len(differences), len(features)), differences[:, None], np.nan
        )
    return TermTable(columns, nats)


def rest_terms(expert: str, nats: npt.ArrayLike) -> TermTable:
    """[items], what of each log P is not told by events: it counts as the average item's."""
    rest = np.asarray(nats, np.float64)
    return TermTable([TermColumn(expert, feature=AVERAGE_ITEM)], rest[:, None])


def event_columns(expert: str, events: Iterable[str]) -> list[TermColumn]:
    """The columns of what each past event adds."""
    return [TermColumn(expert, event) for event in events]
