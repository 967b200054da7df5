"""Cold items: those with few positive interactions. In: a product; out: the same with the share of
cold items that people take.

The experts that read decide which cold items suit a person. How many of them a list holds is not
left to a likelihood, which few events decide: for the newest positive interactions the events that
the item had had at that moment are counted, and `fit_offsets` shifts the scores of items with few
events until the lists of users who go on hold as many of them, within a factor `MAX_SHARE_RATIO`.
For those who come back the same shift is lowered where their lists would hold more than they take,
and never raised: raised to what they take it cost an eighth of NDCG@10 (decision 0016).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from foretaste.domain.arrays import rows_that_fit
from foretaste.domain.data import Doubles, EvaluationCases, Floats, Longs, UserContext
from foretaste.domain.event_times import has_order_only
from foretaste.model.index.base import is_exhaustive
from foretaste.model.product import HIDING_OFFSET, TIER_STARTS, ProductOfExperts, item_tiers
from foretaste.model.product_scorer import (
    COMING_BACK,
    REQUEST_GROUPS,
    request_group,
    request_groups,
)
from foretaste.model.training import Training

LIST_LENGTH = 10
MAX_LISTS = 300
"""Lists that the offsets are fitted on, of those who go on and of all users each."""
MAX_SHARE_RATIO = 1.2
"""Factor by which the share of cold items in lists may differ from that of the newest positives."""
MIN_NEWEST_INTERACTIONS = 100
"""Newest positive interactions below which cold items may be lowered, but never raised."""
MIN_GROUP_LISTS = 10
"""Lists of a group of requests below which its offsets are fitted on all lists."""
PRIOR_INTERACTIONS = 50
"""Interactions as by which the shares of a group of requests are held at those of all."""
MAX_OFFSET = 10.0
"""The most by which a score is shifted."""
MIN_SCORE_SPREAD = 1e-3
"""Least difference between the best cold items of a list for one to be preferred to another."""


@dataclass(frozen=True)
class NewestInteractions:
    """The newest positive interactions, and how well known their items were at that moment."""

    cases: EvaluationCases
    prior_event_counts: Longs
    """[cases], how many positive interactions with the item, by anyone, came before."""

    def tier_shares(self) -> Floats:
        """[tiers], the share of the interactions whose item was of each tier."""
        counts = np.bincount(item_tiers(self.prior_event_counts), minlength=len(TIER_STARTS))
        return np.asarray(counts / max(len(self.prior_event_counts), 1), np.float32)

    def tier_shares_by_group(self) -> Floats:
        """[`REQUEST_GROUPS`, tiers], the same by the group that a request at that moment was of.

        Held at the share over all as by `PRIOR_INTERACTIONS`.
        """
        tiers, groups = item_tiers(self.prior_event_counts), self._request_groups()
        counts = np.zeros((len(REQUEST_GROUPS), len(TIER_STARTS)))
        np.add.at(counts, (groups, tiers), 1)
        prior_counts = PRIOR_INTERACTIONS * self.tier_shares()
        totals = counts.sum(axis=1, keepdims=True) + PRIOR_INTERACTIONS
        return np.asarray((counts + prior_counts) / totals, np.float32)

    def _request_groups(self) -> Longs:
        """[cases]"""
        interactions, rows = self.cases.interactions, self.cases.target_rows
        positive_counts = np.concatenate([[0], np.cumsum(interactions.positive_mask())])
        first_rows = interactions.offsets[self.cases.user_indices]
        silences = np.where(
            rows > first_rows, interactions.at[rows] - interactions.at[rows - 1], np.inf
        )
        return request_groups(positive_counts[rows] - positive_counts[first_rows], silences)


def fit_offsets(
    product: ProductOfExperts, newest: NewestInteractions, training: Training
) -> ProductOfExperts:
    """With the offsets under which lists hold as many cold items as people take.

    product: counted up to the newest interaction, as it will serve.
    """
    popularity = product.popularity
    if popularity is None or not len(newest.prior_event_counts):
        return product
    remaining_share = _remaining_share(newest, popularity.events)
    target_shares = newest.tier_shares_by_group() * remaining_share  # [groups, tiers]
    cold_share = (
        None  # which events are the newest, an order of each history alone does not say
        if has_order_only(newest.cases.interactions)
        else float(newest.tier_shares()[0] * remaining_share[0])
    )
    product = replace(product, offsets=np.zeros_like(target_shares), cold_share=cold_share)
    user_contexts = _requests(newest, training)
    tier_scores = _best_tier_scores(product, user_contexts, training)
    if not len(tier_scores):
        return product
    groups = np.array([request_group(user_context) for user_context in user_contexts])
    can_raise = len(newest.prior_event_counts) >= MIN_NEWEST_INTERACTIONS
    offsets = np.zeros_like(target_shares)
    for group, group_shares in enumerate(target_shares):
        is_back = group >= COMING_BACK
        group_scores = tier_scores[groups == group]
        if len(group_scores) < MIN_GROUP_LISTS:  # too few to tell: as of all who go on, or are back
            group_scores = tier_scores[(groups >= COMING_BACK) == is_back]
        if is_back:  # as those who go on, lowered where these lists would hold more than is taken
            offsets[group] = offsets[group - COMING_BACK]
            group_scores = group_scores + offsets[group][:, None]
        offsets[group] += _fitted_offsets(group_scores, group_shares, can_raise and not is_back)
    if not _scores_differ(tier_scores[:, 0]):
        offsets[:, 0] = HIDING_OFFSET  # nothing speaks for one of them rather than another
    return replace(product, offsets=offsets)


def _fitted_offsets(tier_scores: Floats, target_shares: Floats, can_raise: bool) -> Floats:
    """[tiers] of one group of requests, from their scores [users, tiers, LIST_LENGTH]."""
    offsets = np.zeros(len(TIER_STARTS), np.float32)
    for _ in range(3):  # the tiers take places from one another
        for tier in range(len(TIER_STARTS) - 1):
            offsets[tier] = _fitted_offset(
                tier_scores, offsets, tier, float(target_shares[tier]), can_raise
            )
    return offsets


def _requests(newest: NewestInteractions, training: Training) -> list[UserContext]:
    """The requests whose lists are looked at.

    Users of the newest interactions go on at their last event; users drawn evenly of all come back
    at the time of the newest event by anybody.
    """
    interactions = newest.cases.interactions
    rng = np.random.default_rng(training.settings.seed)
    active_users = newest.cases.sample(MAX_LISTS, rng).user_indices
    user_count = len(interactions)
    all_users = np.sort(rng.choice(user_count, min(MAX_LISTS, user_count), replace=False))
    latest_time = float(interactions.at.max(initial=0.0))
    active_contexts, all_contexts = (
        [
            interactions.user_context(int(user), int(interactions.offsets[user + 1]))
            for user in users
        ]
        for users in (active_users, all_users)
    )
    return active_contexts + [
        replace(user_context, now=latest_time) for user_context in all_contexts
    ]


def _remaining_share(newest: NewestInteractions, event_counts: Doubles) -> Floats:
    """[tiers], how many items of each tier there are now, for each there was at the newest cases.

    At most 1. Where nearly all that was new then has been taken since, the few new items that are
    left must not be shown as often as all those were.
    """
    interactions, rows = newest.cases.interactions, newest.cases.target_rows
    is_newest = interactions.positive_mask() & (interactions.at >= interactions.at[rows].min())
    prior_counts = (
        event_counts
        - np.bincount(interactions.item[is_newest], minlength=len(event_counts))[
            : len(event_counts)
        ]
    )
    current_tier_sizes, prior_tier_sizes = (
        np.bincount(item_tiers(np.maximum(counts, 0)), minlength=len(TIER_STARTS))
        for counts in (event_counts, prior_counts)
    )
    return np.asarray(
        np.minimum(
            current_tier_sizes / np.maximum((current_tier_sizes + prior_tier_sizes) / 2, 1), 1
        ),
        np.float32,
    )


def _fitted_offset(
    tier_scores: Floats, offsets: Floats, tier: int, target_share: float, can_raise: bool
) -> np.float32:
    """The offset of one tier, nearest to 0, that brings its share of lists within the bounds."""

    def share(offset: float) -> float:
        return _tier_shares(
            tier_scores, np.where(np.arange(len(offsets)) == tier, offset, offsets)
        )[tier]

    if not np.isfinite(tier_scores[:, tier]).any():
        return np.float32(0)  # there is no such item: of one that comes nothing is known
    unshifted_share = share(0.0)
    if target_share / MAX_SHARE_RATIO <= unshifted_share <= target_share * MAX_SHARE_RATIO:
        return np.float32(0)
    if unshifted_share < target_share and not can_raise:
        return np.float32(0)
    bound_share = (
        target_share / MAX_SHARE_RATIO
        if unshifted_share < target_share
        else target_share * MAX_SHARE_RATIO
    )
    low, high = (0.0, MAX_OFFSET) if unshifted_share < target_share else (-MAX_OFFSET, 0.0)
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) < bound_share else (low, middle)
    return np.float32(high if unshifted_share < target_share else low)


def _tier_shares(tier_scores: Floats, offsets: Floats) -> Floats:
    """[tiers], the share of the places of all lists that each tier has under these offsets."""
    users, tiers, length = tier_scores.shape
    scores = (tier_scores + offsets[:, None]).reshape(users, tiers * length)
    best_columns = np.argsort(-scores, axis=1, kind="stable")[:, :length]
    is_filled = np.isfinite(np.take_along_axis(scores, best_columns, axis=1))
    counts = np.bincount((best_columns // length)[is_filled], minlength=tiers)
    return np.asarray(counts / max(int(is_filled.sum()), 1), np.float32)


def _best_tier_scores(
    product: ProductOfExperts, user_contexts: Sequence[UserContext], training: Training
) -> Floats:
    """→ [users, tiers, LIST_LENGTH], each tier's best scores in a user's list; -inf where fewer."""
    size = product.size
    popularity = product.popularity
    assert popularity is not None
    tiers = item_tiers(popularity.events)
    batch_size = rows_that_fit(64, len(product.experts) * size)
    blocks = []
    for start in range(0, len(user_contexts), batch_size):
        batch_contexts = user_contexts[start : start + batch_size]
        scores = _request_scores(product, batch_contexts, size)
        if training.hide_seen:
            for row, user_context in enumerate(batch_contexts):
                scores[row, user_context.consumed_items] = -np.inf
        block = np.full((len(batch_contexts), len(TIER_STARTS), LIST_LENGTH), -np.inf, np.float32)
        for tier_index in range(len(TIER_STARTS)):
            columns = np.flatnonzero(tiers == tier_index)
            count = min(LIST_LENGTH, len(columns))
            if count:
                block[:, tier_index, :count] = -np.sort(-scores[:, columns], axis=1)[:, :count]
        blocks.append(block)
        training.progress("placing cold items", start + len(batch_contexts), len(user_contexts))
    empty = np.empty((0, len(TIER_STARTS), LIST_LENGTH), np.float32)
    return np.concatenate([empty, *blocks])


def _request_scores(
    product: ProductOfExperts, user_contexts: Sequence[UserContext], size: int
) -> Floats:
    """[user_contexts, items]; -inf for what no expert names where the catalogue is large."""
    if is_exhaustive(size):
        return product.score(user_contexts)
    all_items = np.ones(size, bool)
    return np.stack(
        [
            product.scorer(user_context).score_row(all_items, LIST_LENGTH)
            for user_context in user_contexts
        ]
    )


def _scores_differ(best_scores: Floats) -> bool:
    """Whether scores [users, LIST_LENGTH] differ within most lists."""
    is_filled = np.isfinite(best_scores)
    rows = is_filled.sum(axis=1) > 1
    if not rows.any():
        return True
    lowest_scores = np.take_along_axis(
        best_scores[rows], is_filled[rows].sum(axis=1)[:, None] - 1, axis=1
    )[:, 0]
    return float(np.median(best_scores[rows][:, 0] - lowest_scores)) > MIN_SCORE_SPREAD
