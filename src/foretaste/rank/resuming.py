"""What was begun and not finished: one person's events in; how far they got with each item, and
what they may go on with, out.

The last event that says something of an item decides: with a share below that of the settings it is
begun; a finished view, a rating or a refusal ends it. Of a series they go on with the part that was
left in its middle, else with the one that comes next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Floats, Ints, Longs, UserContext
from foretaste.domain.event_times import SECONDS_PER_DAY
from foretaste.rank.index import Mask
from foretaste.rank.series import SeriesOrder
from foretaste.rank.trade_settings import ResumeSettings


class ResumableItem(NamedTuple):
    """What somebody may go on with."""

    item: int
    at: float
    """When they were last at it, or at its series."""
    share: float | None = None
    """How far they got, from 0 to 1; None of a part that they have not begun."""
    previous_part: int | None = None
    """Of a part that they have not begun, the one that they finished before it."""


@dataclass(frozen=True)
class WatchProgress:
    """How far one person got with what they began."""

    shares: Mapping[int, float] = field(default_factory=dict)
    """Item that is not finished → how far they got, from 0 to 1."""
    resumable: tuple[ResumableItem, ...] = ()
    """What they may go on with, what they were at last first; of a series one part."""
    reopened_parts: tuple[int, ...] = ()
    """Parts that they looked into, or left long ago, and that come next in a series of theirs."""

    def finished(self, items: Ints) -> Ints:
        """Of these the ones that were not left before their end."""
        return items[~np.isin(items, list(self.shares))] if self.shares else items

    @property
    def begun_items(self) -> Ints:
        """Those that they are in the middle of."""
        return np.array([r.item for r in self.resumable if r.share is not None], np.int32)

    def resumable_mask(self, size: int) -> Mask:
        """[items], what they may go on with."""
        mask = np.zeros(size, bool)
        mask[[entry.item for entry in self.resumable]] = True
        return mask

    def resumable_scores(self, size: int, now: float) -> Floats:
        """[items], minus the days since they were last at it: the newest first."""
        scores = np.full(size, -np.inf, np.float32)
        for entry in self.resumable:
            scores[entry.item] = (entry.at - now) / SECONDS_PER_DAY
        return scores

    def entry(self, item: int) -> ResumableItem | None:
        """What is known of an item that they may go on with."""
        return next((entry for entry in self.resumable if entry.item == item), None)


NO_PROGRESS = WatchProgress()


class _EventRows(NamedTuple):
    """Which rows of somebody's events say what. All [length]."""

    has_share: Mask
    """How far they got with the item."""
    is_end: Mask
    """That they are through with it, or do not want it."""
    is_taken: Mask
    """That they took it, and not how far they got."""


def watch_progress(
    context: UserContext,
    event_types: Sequence[str],
    settings: ResumeSettings,
    order: SeriesOrder | None,
    available: Mask,
) -> WatchProgress:
    """Of one person at the time of the question.

    event_types: of the codes in `context.kind`. available: [items], what may be shown now.
    """
    rows = _event_rows(context, event_types, settings)
    shares = _unfinished_shares(context, rows, settings)
    progress = WatchProgress(shares)
    finished_items = progress.finished(context.consumed_items)
    series = None if order is None else _SeriesState(order, finished_items, available)
    entries = [
        _resumable(int(context.item[row]), float(context.at[row]), shares, series, settings)
        for row in _last_touches(context, rows, order)
        if context.weight[row] > 0 and context.now - context.at[row] <= settings.within
    ]
    resumable = tuple(entry for entry in entries if entry is not None)
    begun_items = {entry.item for entry in resumable if entry.share is not None}
    reopened = () if series is None else series.next_of_begun_series()
    return WatchProgress(
        shares,
        resumable,
        tuple(part for part in reopened if part in shares and part not in begun_items),
    )


class _SeriesState:
    """Where somebody is in each series."""

    def __init__(self, order: SeriesOrder, finished_items: Ints, available: Mask) -> None:
        self.codes = order.numbered_codes
        self.next_parts = order.next_parts(finished_items, available)  # [series]
        self.furthest_parts = order.furthest_parts(finished_items)  # [series]

    def next_of_begun_series(self) -> list[int]:
        """The parts that come next in series of which a part was finished."""
        is_begun = (self.furthest_parts >= 0) & (self.next_parts >= 0)
        parts: list[int] = self.next_parts[is_begun].tolist()
        return parts


def _event_rows(
    context: UserContext, event_types: Sequence[str], settings: ResumeSettings
) -> _EventRows:
    def is_of(names: Sequence[str]) -> Mask:
        codes = [code for code, name in enumerate(event_types) if name in names]
        return np.isin(context.kind, codes) & (context.item >= 0) & (context.weight > 0)

    is_watched, is_finishing = is_of(settings.event_types), is_of(settings.finishing_types)
    has_share = is_watched & (context.value >= 0) & (context.value <= 1)  # nan fails both
    is_refused = (context.item >= 0) & (context.weight < 0)
    return _EventRows(has_share, is_refused | (is_finishing & ~has_share), is_watched & ~has_share)


def _unfinished_shares(
    context: UserContext, rows: _EventRows, settings: ResumeSettings
) -> dict[int, float]:
    """Item → how far somebody got with it, of those that they did not finish or refuse."""
    shares: dict[int, float] = {}
    telling = np.flatnonzero(rows.has_share | rows.is_end)
    for item, is_end, value in zip(
        context.item[telling].tolist(),
        rows.is_end[telling].tolist(),
        context.value[telling].tolist(),
        strict=True,
    ):
        if is_end:
            shares.pop(item, None)
            continue
        share = min(shares.get(item, 0.0) + value, 1.0) if settings.adds_up else value
        if _is_below(share, settings):
            shares[item] = share
        else:
            shares.pop(item, None)
    return shares


def _is_below(share: float, settings: ResumeSettings) -> bool:
    return bool(
        np.float32(share) < np.float32(settings.below)
    )  # values are kept in single precision


def _last_touches(
    context: UserContext, rows: _EventRows, order: SeriesOrder | None
) -> npt.NDArray[np.integer]:
    """The last row of each item, and of each series as a whole, the newest first."""
    touches: Longs = np.flatnonzero(rows.has_share | rows.is_end | rows.is_taken)[::-1]
    items = context.item[touches].astype(np.int64)
    if order is not None:
        codes = order.numbered_codes[items]
        items = np.where(codes >= 0, len(order.codes) + codes, items)
    _, first_places = np.unique(items, return_index=True)
    return touches[np.sort(first_places)]


def _resumable(
    item: int,
    at: float,
    shares: Mapping[int, float],
    series: _SeriesState | None,
    settings: ResumeSettings,
) -> ResumableItem | None:
    """What somebody goes on with who was at this item last. None where that is nothing."""
    share = shares.get(item)
    if share is not None and share >= settings.from_share:
        return ResumableItem(item, at, share)
    code = -1 if series is None else int(series.codes[item])
    if series is None or code < 0:
        return None
    part, previous_part = int(series.next_parts[code]), int(series.furthest_parts[code])
    if part < 0 or previous_part < 0:
        return None
    share = shares.get(part)
    if share is not None and share >= settings.from_share:
        return ResumableItem(part, at, share)
    return ResumableItem(part, at, None, previous_part)
