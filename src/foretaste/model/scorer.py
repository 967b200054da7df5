"""One request: a product and a person's behaviour in, scores of any items and their terms out.

Every expert reads the history once and is then asked about items. In a catalogue of at most
`space.EXHAUSTIVE` items all are scored. In a larger one two stages: the experts name the items that
they rank high, and these alone are scored, by all of them.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from foretaste.domain import Behaviour, Floats, Ints, Term
from foretaste.model.opinion import opinion_of
from foretaste.model.space import whole

if TYPE_CHECKING:
    from foretaste.model.product import Product

Mask = npt.NDArray[np.bool_]
EACH = 400
"""Candidates of each expert."""
MANY = 1000
"""Items of a small catalogue from which on all are scored."""
NEWNESS = "newness"
"""Names the term that an item has for being new."""


class Scorer:
    """What the product says of one person now."""

    def __init__(self, product: "Product", behaviour: Behaviour) -> None:
        exponents = product.exponents([behaviour])
        lifts = product.lifts(exponents)
        self._product, self._behaviour = product, behaviour
        self._spoken = [
            (opinion_of(expert, behaviour), exponents[0, place], lifts[0, place])
            for place, expert in enumerate(product.experts)
            if exponents[0, place] > 0
        ]
        self._small = product.size > 0 and whole(product.size)
        self._own = None if product.new is None or not self._spoken else product.new[-1]

    def row(
        self, allowed: Mask, n: int, *, also: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats:
        """→ [items], the scores of those worth looking at for the best n; -inf for the others.

        allowed: [items], what may be shown. also: [items] each, of which the best n as well. items:
        more that are wanted. Of a small catalogue all are scored.
        """
        if whole(len(allowed)):
            return self.scores()
        pools = [self.pool(allowed, n), *(self.pool(allowed & mask, n) for mask in also)]
        pool = np.unique(np.concatenate([np.fromiter(items, np.int32), *pools]))
        row = np.full(len(allowed), -np.inf, np.float32)
        row[pool] = self.scores(pool)
        return row

    def pool(self, allowed: Mask, n: int) -> Ints:
        """The items worth scoring for the best n of the `allowed` [items], in ascending order.

        All of them where they are few, the catalogue is small or the experts name too few; so a
        list is never short.
        """
        if not whole(len(allowed)) and not whole(int(allowed.sum())):
            found = self._named[allowed[self._named]]
            if len(found) >= n:
                return found
        return np.flatnonzero(allowed).astype(np.int32)

    @cached_property
    def _named(self) -> Ints:
        """The candidates of every expert."""
        named = [opinion.candidates(EACH) for opinion, _, _ in self._spoken]
        return np.unique(np.concatenate([np.empty(0, np.int32), *named])).astype(np.int32)

    def scores(self, items: Ints | None = None) -> Floats:
        """→ [items], Σ w_i · log P_i of these, or of the whole catalogue."""
        if items is not None and len(items) > MANY and self._small:
            return self.scores()[items]  # one pass over all costs less than picking them out
        if not self._spoken:  # nobody has anything to say: everything is as likely
            one = self._product.experts[0].log_prob([self._behaviour])[0]
            return np.zeros_like(one if items is None else one[items])
        total: Floats | np.float32 = np.float32(0)
        lifted: Floats | np.float32 = np.float32(0)
        for opinion, exponent, lift in self._spoken:
            log_prob = opinion.log_prob(items)
            total = total + log_prob * exponent
            if lift:
                lifted = lifted + log_prob * lift
        newness = self._product.newness(items)
        if self._own is not None and newness is not None:
            total = total + newness * (lifted + self._own)
        return np.asarray(total, np.float32)

    def strangers(self) -> Mask | None:
        """→ [items], which nobody has taken; None where nobody counts."""
        newness = self._product.newness()
        return None if newness is None else newness >= 1

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """For each item the terms of its score, by expert, event and feature; they sum to it."""
        answer: list[list[Term]] = [[] for _ in items]
        newness = self._product.newness(items)
        new = np.zeros(len(items), np.float32) if newness is None else newness
        for opinion, exponent, lift in self._spoken:
            each = (exponent + new * lift).tolist()
            for place, terms in enumerate(opinion.terms(items, deep=deep)):
                mine = each[place]
                answer[place] += [
                    Term(term.expert, term.nats * mine, term.event, term.feature) for term in terms
                ]
        if self._own is not None:
            for terms, worth in zip(answer, new * self._own, strict=True):
                terms.append(Term(NEWNESS, float(worth), feature="new item"))
        return answer
