"""Cold items: those that few people have taken. In: a product; out: the same with the place that
cold items have in life.

Which of the cold items suits a person is told by the experts that read. How many of them a list
holds is not left to a likelihood, which few events decide: for the newest takings it is counted how
many events the item had had at that moment, and `fit_offsets` shifts the scores of items with few
events until the lists of current users hold as many of them, within a factor `WITHIN`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from foretaste.domain.arrays import at_once
from foretaste.domain.data import Behaviour, Cases, Doubles, Floats, Longs
from foretaste.model.index.base import is_exhaustive
from foretaste.model.product import NEVER_OFFSET, TIER_STARTS, Product, tiers_of
from foretaste.model.training import Training

LIST_LENGTH = 10
MAX_LISTS = 300
"""Users whose lists the offsets are fitted on."""
WITHIN = 1.2
"""Factor that the share of cold items in lists may differ by from that among the newest takings."""
MIN_TAKINGS = 100
"""Newest takings without which cold items are lowered where they are too many, but never raised."""
OFFSET_LIMIT = 10.0
"""The most that a score is shifted by."""
TOLD_APART = 1e-3
"""Least difference between the best cold items of a list for one to be preferred to another."""


@dataclass(frozen=True)
class Arrivals:
    """The newest takings, and how well known their items were at that moment."""

    cases: Cases
    prior_events: Longs
    """[cases], how many takings of the item, by anyone, came before."""

    def shares(self) -> Floats:
        """[tiers], the share of the takings whose item was of each tier."""
        counts = np.bincount(tiers_of(self.prior_events), minlength=len(TIER_STARTS))
        return np.asarray(counts / max(len(self.prior_events), 1), np.float32)


def fit_offsets(product: Product, arrivals: Arrivals, training: Training) -> Product:
    """With the offsets under which lists hold as many cold items as people take.

    product: counted up to the newest taking, as it will serve.
    """
    popularity = product.popularity
    if popularity is None or not len(arrivals.prior_events):
        return product
    goal = arrivals.shares() * _still_there(arrivals, popularity.events)
    product = replace(
        product, offsets=np.zeros(len(TIER_STARTS), np.float32), cold_share=float(goal[0])
    )
    lists = _best_of_tiers(product, arrivals, training)  # [users, tiers, LIST_LENGTH]
    if not len(lists):
        return product
    offsets = np.zeros(len(TIER_STARTS), np.float32)
    can_raise = len(arrivals.prior_events) >= MIN_TAKINGS
    for _ in range(3):  # the tiers take places from one another
        for tier in range(len(TIER_STARTS) - 1):
            offsets[tier] = _offset(lists, offsets, tier, float(goal[tier]), can_raise)
    if not _tells_apart(lists[:, 0]):
        offsets[0] = NEVER_OFFSET  # nothing speaks for one of them rather than another
    return replace(product, offsets=offsets)


def _still_there(arrivals: Arrivals, events: Doubles) -> Floats:
    """[tiers], how many items of each tier there are now, for each there was at the newest takings.

    At most 1. Where nearly all that was new then has been taken since, the few new items that are
    left must not be shown as often as all those were.
    """
    histories, rows = arrivals.cases.histories, arrivals.cases.rows
    newest = histories.takes() & (histories.at >= histories.at[rows].min())
    before = events - np.bincount(histories.item[newest], minlength=len(events))[: len(events)]
    now, then = (
        np.bincount(tiers_of(np.maximum(counts, 0)), minlength=len(TIER_STARTS))
        for counts in (events, before)
    )
    return np.asarray(np.minimum(now / np.maximum((now + then) / 2, 1), 1), np.float32)


def _offset(lists: Floats, offsets: Floats, tier: int, goal: float, can_raise: bool) -> np.float32:
    """The offset of one tier, nearest to 0, that brings its share of lists within the bounds."""

    def share(offset: float) -> float:
        return _shares(lists, np.where(np.arange(len(offsets)) == tier, offset, offsets))[tier]

    if not np.isfinite(lists[:, tier]).any():
        return np.float32(0)  # there is no such item: of one that comes nothing is known
    bare = share(0.0)
    if goal / WITHIN <= bare <= goal * WITHIN:
        return np.float32(0)
    if bare < goal and not can_raise:
        return np.float32(0)
    wanted_share = goal / WITHIN if bare < goal else goal * WITHIN
    low, high = (0.0, OFFSET_LIMIT) if bare < goal else (-OFFSET_LIMIT, 0.0)
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) < wanted_share else (low, middle)
    return np.float32(high if bare < goal else low)


def _shares(lists: Floats, offsets: Floats) -> Floats:
    """[tiers], the share of the places of all lists that each tier has under these offsets."""
    users, tiers, length = lists.shape
    scores = (lists + offsets[:, None]).reshape(users, tiers * length)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :length]
    filled = np.isfinite(np.take_along_axis(scores, best, axis=1))
    counts = np.bincount((best // length)[filled], minlength=tiers)
    return np.asarray(counts / max(int(filled.sum()), 1), np.float32)


def _best_of_tiers(product: Product, arrivals: Arrivals, training: Training) -> Floats:
    """→ [users, tiers, LIST_LENGTH], each tier's best scores in a user's list; -inf where fewer."""
    histories = arrivals.cases.histories
    rng = np.random.default_rng(training.settings.seed)
    users = arrivals.cases.sample(MAX_LISTS, rng).people
    behaviours = [
        histories.behaviour(int(user), int(histories.offsets[user + 1])) for user in users
    ]
    size = product.size
    popularity = product.popularity
    assert popularity is not None
    tier = tiers_of(popularity.events)
    batch = at_once(64, len(product.experts) * size)
    blocks = []
    for start in range(0, len(behaviours), batch):
        users_at_once = behaviours[start : start + batch]
        scores = _scores(product, users_at_once, size)
        if training.hide_seen:
            for row, behaviour in enumerate(users_at_once):
                scores[row, behaviour.taken] = -np.inf
        block = np.full((len(users_at_once), len(TIER_STARTS), LIST_LENGTH), -np.inf, np.float32)
        for number in range(len(TIER_STARTS)):
            columns = np.flatnonzero(tier == number)
            count = min(LIST_LENGTH, len(columns))
            if count:
                block[:, number, :count] = -np.sort(-scores[:, columns], axis=1)[:, :count]
        blocks.append(block)
        training.progress("placing cold items", start + len(users_at_once), len(behaviours))
    empty = np.empty((0, len(TIER_STARTS), LIST_LENGTH), np.float32)
    return np.concatenate([empty, *blocks])


def _scores(product: Product, behaviours: Sequence[Behaviour], size: int) -> Floats:
    """[behaviours, items]; of a large catalogue -inf for what no expert names, as in a request."""
    if is_exhaustive(size):
        return product.score(behaviours)
    everything = np.ones(size, bool)
    return np.stack(
        [product.scorer(history).row(everything, LIST_LENGTH) for history in behaviours]
    )


def _tells_apart(best: Floats) -> bool:
    """Whether scores [users, LIST_LENGTH] differ within most lists."""
    filled = np.isfinite(best)
    rows = filled.sum(axis=1) > 1
    if not rows.any():
        return True
    last = np.take_along_axis(best[rows], filled[rows].sum(axis=1)[:, None] - 1, axis=1)[:, 0]
    return float(np.median(best[rows][:, 0] - last)) > TOLD_APART
