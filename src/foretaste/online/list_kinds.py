"""Kinds of lists: a question and a snapshot in, the only items that a list of its kind has out.

New items are told by when they came: from when they are on offer, a column of dates, else a column
of years; where a catalogue has neither, by that nobody has taken them yet. “Something else” is what
reads least like what somebody takes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from foretaste.domain.data import (
    Catalogue,
    Doubles,
    Feature,
    Floats,
    Ints,
    Request,
    UserContext,
)
from foretaste.domain.feature_types import feature_number
from foretaste.domain.request import ListKind
from foretaste.domain.shelf import ShelfKind
from foretaste.online.snapshot import Snapshot
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.resuming import WatchProgress

KIND_BY_SHELF: Mapping[ShelfKind, ListKind] = {
    "new": "new",
    "explore": "explore",
    "bought_together": "bought_together",
    "continue": "continue",
    "resume": "resume",
}
"""Shelves whose lists are of a kind of their own."""
NEW_SECONDS = 30 * 86_400.0
"""Seconds in which an item came to be new, where the request does not say."""
MIN_NEW_ITEMS = 50
"""So many of the newest are new however long ago they came, where the request does not say."""
USUAL_ITEMS = 50
"""The newest items that somebody took, which are their usual."""
UNUSUAL_SHARE = 0.25
"""Of the catalogue, what is least like them."""
VALUE_WEIGHT = 2.0
"""What likeness in a column's values counts beside likeness in words."""


def kind_mask(
    request: Request,
    user_context: UserContext,
    snapshot: Snapshot,
    index: FilterIndex,
    now: float,
    progress: WatchProgress,
) -> Mask | None:
    """[items], what a list of the kind asked for may have; None where that is everything."""
    if request.kind == "new":
        return new_items(snapshot, index, now, request.window)
    if request.kind == "explore":
        return unusual_items(snapshot.catalogue, user_context)
    if request.kind == "resume":
        return progress.resumable_mask(len(index))
    return None


def popularity_row(snapshot: Snapshot) -> Floats:
    """[items], the log-likelihood of each for anybody."""
    size = len(snapshot.catalogue)
    return snapshot.product.popularity_scorer(size).score_row(np.ones(size, bool), 0)


def new_items(snapshot: Snapshot, index: FilterIndex, now: float, window: float | None) -> Mask:
    """[items]. window: seconds; without it the last month, or the newest there are."""
    times = arrival_times(snapshot.catalogue, index, now)
    has_time = np.isfinite(times)
    if not has_time.any():
        counts = snapshot.product.event_counts()
        return np.zeros(len(index), bool) if counts is None else np.asarray(counts <= 0)
    mask = has_time & (times > now - (NEW_SECONDS if window is None else window))
    if window is None and mask.sum() < MIN_NEW_ITEMS:
        oldest = np.sort(times[has_time])[-min(MIN_NEW_ITEMS, int(has_time.sum()))]
        mask = has_time & (times >= oldest)
    return np.asarray(mask)


def arrival_times(catalogue: Catalogue, index: FilterIndex, now: float) -> Doubles:
    """[items], when each came, seconds since 1970; -inf where that is not known."""
    offered = index.availability.available_from
    times = np.where(np.isfinite(offered) & (offered <= now), offered, -np.inf)
    for feature_type in ("date", "year"):
        for feature in catalogue.features:
            if np.isfinite(times).any() and feature_type == "year":
                break
            if feature.feature_type != feature_type or not len(feature.codes):
                continue
            seconds = np.array(
                [_arrival(value, feature_type, now) for value in feature.values], np.float64
            )
            owners = np.repeat(np.arange(len(catalogue)), np.diff(feature.offsets))
            np.maximum.at(times, owners, seconds[feature.codes])
    return np.asarray(times, np.float64)


def _arrival(value: str, feature_type: str, now: float) -> float:
    """Of a year its end, as nobody knows the day; -inf for what is still to come."""
    number = feature_number(value, "date" if feature_type == "date" else "year")
    if number is None:
        return -np.inf
    if feature_type == "date":
        return number if number <= now else -np.inf
    this_year = datetime.fromtimestamp(now, UTC).year
    if not 1 <= number <= this_year:
        return -np.inf
    return min(datetime(int(number), 12, 31, tzinfo=UTC).timestamp(), now)


def unusual_items(catalogue: Catalogue, user_context: UserContext) -> Mask:
    """[items], what is least like what somebody took, in words and in values; none where they took
    nothing.
    """
    usual = np.unique(user_context.consumed_items[-USUAL_ITEMS:])
    if not len(usual):
        return np.zeros(len(catalogue), bool)
    center = np.asarray(catalogue.vectors[usual]).mean(axis=0)
    likeness = _standardised(np.asarray(catalogue.vectors @ center, np.float64))
    for feature in catalogue.descriptive_features:
        if feature.feature_type in ("list", "category") and len(feature.codes):
            likeness += VALUE_WEIGHT * _standardised(_usual_shares(feature, usual))
    return np.asarray(likeness <= np.quantile(likeness, UNUSUAL_SHARE))


def _usual_shares(feature: Feature, usual: Ints) -> Doubles:
    """[items], of the usual items the share that has the most usual of an item's values; nan for
    one that has none.
    """
    size, lengths = len(feature.offsets) - 1, np.diff(feature.offsets)
    owners = np.repeat(np.arange(size), lengths)
    usual_codes = feature.codes[np.isin(owners, usual)]
    shares = np.bincount(usual_codes, minlength=len(feature.values)) / len(usual)
    largest = np.full(size, np.nan)
    largest[lengths > 0] = 0.0
    np.maximum.at(largest, owners, shares[feature.codes])
    return largest


def _standardised(row: Doubles) -> Doubles:
    """In standard deviations above the mean; 0 for what is not known."""
    deviation = float(np.nanstd(row)) if np.isfinite(row).any() else 0.0
    if deviation == 0:
        return np.zeros(len(row))
    return np.nan_to_num((row - np.nanmean(row)) / deviation)
