"""One request: a product and a person's behaviour in, scores of any items and their terms out.

Every expert reads the history once and is then asked about items. In a catalogue of at most
`index.base.EXHAUSTIVE_LIMIT` items all are scored. In a larger one two stages: the experts name the
items that they rank high, and these alone are scored, by all of them.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Behaviour, Doubles, Floats, Ints, Term
from foretaste.domain.ports import Expert
from foretaste.model.index.base import is_exhaustive
from foretaste.model.scoring import opinions_of
from foretaste.model.terms import against_average

Mask = npt.NDArray[np.bool_]
EACH = 400
"""Candidates of each expert."""
MANY = 1000
"""Items of a small catalogue from which on all are scored."""
MET = 2.0
"""Items that nobody has taken have so many times the places that people's takings give them, below
the top of a list: or else few of them would ever be met."""
COLDNESS = "coldness"
"""Names the term that an item has for how few events it has had."""


class Scores(Protocol):
    """What scores items for one question. `Scorer` is one."""

    def row(
        self, allowed: Mask, n: int, *, also: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats: ...
    def untaken(self, most: float) -> tuple[Mask | None, float]:
        """([items], which nobody has taken; the share of the lower positions that is theirs)."""

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]: ...


class PopularityScorer:
    """The same scores for everyone; to be asked as a `Scorer` is."""

    def __init__(self, log_prob: Floats) -> None:
        """log_prob: [items]"""
        self._log_prob = log_prob

    def row(
        self, allowed: Mask, n: int, *, also: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats:
        """[items], log P."""
        return self._log_prob

    def untaken(self, most: float) -> tuple[Mask | None, float]:
        """Not told: all that nobody has taken are alike here."""
        return None, 0.0

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """How much more popular than the average item."""
        size, log_probs = len(self._log_prob), self._log_prob[items]
        return against_average("popularity", log_probs, size, "popularity")


def is_unknown(behaviour: Behaviour) -> bool:
    """Whether nothing at all is known of somebody: no event, no question, no stated taste."""
    return not len(behaviour) and not _asks(behaviour) and not behaviour.taste


def has_offsets(behaviour: Behaviour) -> bool:
    """Whether cold items have their share of the list: not where words say what is wanted, and not
    for somebody of whom nothing is known.
    """
    return not _asks(behaviour) and not is_unknown(behaviour)


def _asks(behaviour: Behaviour) -> bool:
    return bool(behaviour.query and behaviour.query.strip())


class Weighted(Protocol):
    """What a scorer asks of a product: experts, what they are raised to, and the offsets of items
    that few people have taken; see `Product`.
    """

    @property
    def experts(self) -> Sequence[Expert]: ...

    @property
    def offsets(self) -> Floats | None: ...

    @property
    def cold_share(self) -> float | None: ...

    @property
    def hides_cold(self) -> bool: ...

    @property
    def size(self) -> int: ...

    def exponents(self, behaviours: Sequence[Behaviour]) -> Floats: ...

    def events(self) -> Doubles | None: ...

    def offset(self, items: Ints | None = None) -> Floats | None: ...


class Scorer:
    """What the product says of one person now."""

    def __init__(self, product: Weighted, behaviour: Behaviour) -> None:
        exponents = product.exponents([behaviour])
        self._product, self._behaviour = product, behaviour
        self._spoken = opinions_of(product.experts, behaviour, exponents[0])
        self._small = product.size > 0 and is_exhaustive(product.size)
        self._offset = product.offsets is not None and has_offsets(behaviour)

    def row(
        self, allowed: Mask, n: int, *, also: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats:
        """→ [items], the scores of those worth looking at for the best n; -inf for the others.

        allowed: [items], what may be shown. also: [items] each, of which the best n as well. items:
        more that are wanted. Of a small catalogue all are scored.
        """
        if is_exhaustive(len(allowed)):
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
        if not is_exhaustive(len(allowed)) and not is_exhaustive(int(allowed.sum())):
            found = self._named[allowed[self._named]]
            if len(found) >= n:
                return found
        return np.flatnonzero(allowed).astype(np.int32)

    @cached_property
    def _named(self) -> Ints:
        """The candidates of every expert."""
        named = [opinion.candidates(EACH) for opinion, _ in self._spoken]
        return np.unique(np.concatenate([np.empty(0, np.int32), *named])).astype(np.int32)

    def scores(self, items: Ints | None = None) -> Floats:
        """→ [items], Σ w_i · log P_i of these, or of the whole catalogue."""
        if items is not None and len(items) > MANY and self._small:
            return self.scores()[items]  # one pass over all costs less than picking them out
        if not self._spoken:  # nobody has anything to say: everything is as likely
            one = self._product.experts[0].log_prob([self._behaviour])[0]
            return np.zeros_like(one if items is None else one[items])
        total: Floats | np.float32 = np.float32(0)
        for opinion, exponent in self._spoken:
            total = total + opinion.log_prob(items) * exponent
        offset = self._product.offset(items) if self._offset else None
        return np.asarray(total if offset is None else total + offset, np.float32)

    def untaken(self, most: float) -> tuple[Mask | None, float]:
        """→ ([items], which nobody has taken; the share of a list's lower places that is theirs).

        At most `most`, and `MET` times the share of the newest takings that were of such items.
        None where nobody counts, or nothing tells them apart.
        """
        events, share = self._product.events(), self._product.cold_share
        if events is None or self._product.hides_cold:
            return None, 0.0
        return events <= 0, most if share is None else min(most, MET * share)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """For each item the terms of its score, by expert, event and feature; they sum to it."""
        answer: list[list[Term]] = [[] for _ in items]
        for opinion, exponent in self._spoken:
            for place, terms in enumerate(opinion.terms(items, deep=deep)):
                answer[place] += [
                    Term(term.expert, term.nats * float(exponent), term.event, term.feature)
                    for term in terms
                ]
        offset = self._product.offset(items) if self._offset else None
        if offset is not None:
            for terms, shift in zip(answer, offset.tolist(), strict=True):
                terms.append(Term(COLDNESS, shift, feature="few events"))
        return answer
