"""One request: a product and a user context in, scores of any items and their terms out.

Every expert reads the history once and is then asked about items. In a catalogue of at most
`index.base.EXHAUSTIVE_LIMIT` items all are scored. In a larger one two stages: the experts name the
items that they rank high, and these alone are scored, by all of them.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from foretaste.domain.cold_pool import ColdPool
from foretaste.domain.data import Doubles, Floats, Ints, Longs, UserContext
from foretaste.domain.ports import Expert
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.model.expert_scorer import opinions_of
from foretaste.model.index.base import is_exhaustive
from foretaste.model.query_scorer import QueryScorer
from foretaste.model.terms import terms_against_average

Mask = npt.NDArray[np.bool_]
CANDIDATES_PER_EXPERT = 400
"""Candidates of each expert."""
MAX_PICKED_ITEMS = 1000
"""Items of a small catalogue from which on all are scored."""
COLD_SHARE_FACTOR = 2.0
"""Items that nobody has taken get so many times their share of positive interactions, below the top
of a list: otherwise few of them would ever be seen.
"""
LONG_HISTORY = 10
"""Items taken from which a history is long."""
SESSION_SECONDS = 86_400.0
"""Silence after which somebody comes back, rather than goes on."""
COMING_BACK = 2
"""The first of the groups of those who come back."""
REQUEST_GROUPS = (
    "going on, short history",
    "going on, long history",
    "coming back, short history",
    "coming back, long history",
)
"""Requests that cold items need offsets of their own for: the same offset moves a cold item far up
where little is known of a person or it is long ago, and hardly where much is known."""
COLDNESS_TERM = "coldness"
"""Names the term that an item has for how few events it has had."""


class Scores(Protocol):
    """What scores items for one question. `ProductScorer` is one."""

    def score_row(
        self, allowed: Mask, n: int, *, extra_masks: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats: ...
    def cold_items(self, max_share: float) -> tuple[ColdPool, ...]:
        """([items], which nobody has taken; the share of the lower positions that is theirs)."""

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable: ...


class SharedScorer:
    """The same scores for everyone; to be asked as a `ProductScorer` is."""

    def __init__(self, log_prob: Floats) -> None:
        """log_prob: [items]"""
        self._log_prob = log_prob

    def score_row(
        self, allowed: Mask, n: int, *, extra_masks: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats:
        """[items], log P."""
        return self._log_prob

    def cold_items(self, max_share: float) -> tuple[ColdPool, ...]:
        """None: all items that nobody has taken are alike here."""
        return ()

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """How much more popular than the average item."""
        size, log_probs = len(self._log_prob), self._log_prob[items]
        return terms_against_average("popularity", log_probs, size, "popularity")


def is_unknown_user(user_context: UserContext) -> bool:
    """Whether nothing at all is known of somebody: no event, no question, no stated taste."""
    return not len(user_context) and not user_context.has_query and not user_context.taste


def has_offsets(user_context: UserContext) -> bool:
    """Whether cold items have their share of the list: not where words say what is wanted, and not
    for somebody of whom nothing is known.
    """
    return not user_context.has_query and not is_unknown_user(user_context)


def request_groups(history_lengths: npt.ArrayLike, silences: npt.ArrayLike) -> Longs:
    """[requests], the place in `REQUEST_GROUPS` by items taken and seconds since the last event."""
    is_long = np.asarray(history_lengths) >= LONG_HISTORY
    is_back = np.asarray(silences) >= SESSION_SECONDS
    return np.asarray(COMING_BACK * is_back + is_long, np.int64)


def request_group(user_context: UserContext) -> int:
    """The place in `REQUEST_GROUPS` of one person's request."""
    silence = user_context.now - user_context.at[-1] if len(user_context) else np.inf
    return int(request_groups(len(user_context.consumed_items), silence))


class Weighted(Protocol):
    """What a scorer asks of a product: experts, what they are raised to, and the offsets of items
    that few people have taken; see `ProductOfExperts`.
    """

    @property
    def experts(self) -> Sequence[Expert]: ...

    @property
    def offsets(self) -> Floats | None: ...

    @property
    def cold_share(self) -> float | None: ...

    @property
    def trained_items(self) -> int: ...

    @property
    def hides_cold_items(self) -> bool: ...

    @property
    def size(self) -> int: ...

    def expert_weights(self, user_contexts: Sequence[UserContext]) -> Floats: ...

    def event_counts(self) -> Doubles | None: ...

    def item_offsets(
        self, user_context: UserContext, items: Ints | None = None
    ) -> Floats | None: ...


def cold_items(product: Weighted, max_share: float) -> tuple[ColdPool, ...]:
    """The items that nobody has taken, and the shares of a list's lower places that are theirs.

    At most `max_share`, and `COLD_SHARE_FACTOR` times the share of such items among the newest
    positive interactions. First come those that the catalogue got since the training, with the
    whole of `max_share`: the others had their chance, and what people took of items while none
    was new says nothing of these. No pool where nobody counts, or nothing tells them apart.
    """
    event_counts, counted_share = product.event_counts(), product.cold_share
    if event_counts is None or product.hides_cold_items:
        return ()
    untaken = event_counts <= 0
    share = max_share if counted_share is None else COLD_SHARE_FACTOR * counted_share
    if share >= max_share:
        return (ColdPool(untaken, max_share),)
    trained_items = product.trained_items
    if not untaken[trained_items:].any():
        return (ColdPool(untaken, share),)
    arrived = untaken.copy()
    arrived[:trained_items] = False
    return ColdPool(arrived, max_share), ColdPool(untaken, share)


class ProductScorer:
    """What the product says of one person now."""

    def __init__(self, product: Weighted, user_context: UserContext, *, deep: bool = False) -> None:
        """deep: deep terms will be asked for."""
        expert_weights = product.expert_weights([user_context])[0]
        self._product, self._user_context = product, user_context
        self._weighted_scorers = opinions_of(
            product.experts, user_context, expert_weights, deep=deep
        )
        self._is_exhaustive = product.size > 0 and is_exhaustive(product.size)

    def score_row(
        self, allowed: Mask, n: int, *, extra_masks: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats:
        """→ [items], the scores of those worth looking at for the best n; -inf for the others.

        allowed: [items], what may be shown. extra_masks: [items] each, of which the best n as well.
        items: more that are wanted. Of a small catalogue all are scored.
        """
        if is_exhaustive(len(allowed)):
            return self.scores()
        pools = [
            self.candidate_pool(allowed, n),
            *(self.candidate_pool(allowed & mask, n) for mask in extra_masks),
        ]
        pool = np.unique(np.concatenate([np.fromiter(items, np.int32), *pools]))
        row = np.full(len(allowed), -np.inf, np.float32)
        row[pool] = self.scores(pool)
        return row

    def candidate_pool(self, allowed: Mask, n: int) -> Ints:
        """The items worth scoring for the best n of the `allowed` [items], in ascending order.

        All of them where they are few, the catalogue is small or the experts name too few; so a
        list is never short.
        """
        if not is_exhaustive(len(allowed)) and not is_exhaustive(int(np.count_nonzero(allowed))):
            named_items = self._named_items[allowed[self._named_items]]
            if len(named_items) >= n:
                return named_items
        return np.flatnonzero(allowed).astype(np.int32)

    @cached_property
    def _named_items(self) -> Ints:
        """The candidates of every expert."""
        expert_candidates = [
            scorer.candidates(CANDIDATES_PER_EXPERT) for scorer, _ in self._weighted_scorers
        ]
        return np.unique(np.concatenate([np.empty(0, np.int32), *expert_candidates])).astype(
            np.int32
        )

    def scores(self, items: Ints | None = None) -> Floats:
        """→ [items], Σ w_i · log P_i of these, or of the whole catalogue; not to be changed."""
        if items is None:
            return self._catalogue_scores
        if len(items) > MAX_PICKED_ITEMS and self._is_exhaustive:
            return self._catalogue_scores[items]  # one pass over all costs less than picking
        return self._scores(items)

    @cached_property
    def _catalogue_scores(self) -> Floats:
        return self._scores(None)

    def _scores(self, items: Ints | None) -> Floats:
        if not self._weighted_scorers:  # no expert speaks: all are equally likely
            uniform_row = self._product.experts[0].log_prob([self._user_context])[0]
            return np.zeros_like(uniform_row if items is None else uniform_row[items])
        item_scores: Floats | np.float32 = np.float32(0)
        for scorer, expert_weight in self._weighted_scorers:
            item_scores = item_scores + scorer.log_prob(items) * expert_weight
        item_offsets = self._product.item_offsets(self._user_context, items)
        return np.asarray(
            item_scores if item_offsets is None else item_scores + item_offsets, np.float32
        )

    def unmatched_items(self) -> Mask | None:
        """[items], which have nothing of the words that are searched for; None where there are
        none, or it cannot be told.
        """
        masks = [
            scorer.unmatched_items()
            for scorer, _ in self._weighted_scorers
            if isinstance(scorer, QueryScorer)
        ]
        return masks[0] if masks else None

    def cold_items(self, max_share: float) -> tuple[ColdPool, ...]:
        """See the function of this name."""
        return cold_items(self._product, max_share)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """For each item the terms of its score, by expert, event and feature; they sum to it."""
        tables = [
            TermTable.of(scorer.terms(items, deep=deep)).scaled(float(expert_weight))
            for scorer, expert_weight in self._weighted_scorers
        ]
        terms = TermTable.joined(tables, len(items))
        item_offsets = self._product.item_offsets(self._user_context, items)
        if item_offsets is None:
            return terms
        return terms.with_columns([TermColumn(COLDNESS_TERM, feature="few events")], item_offsets)
