"""Taken together: who took which items with some others in, how far above chance each is out.

Of those who took the items of the question, the share that took an item as well is drawn towards
what chance would give by `PRIOR_PEOPLE` people (gamma-Poisson shrinkage, as in DuMouchel 1999), so
that two people of a small shop do not stand above two hundred. Between that share, which lists what
everybody takes, and its lift over chance, which lists what hardly anybody does, `LIFT_SHARE`
chooses; both were measured, see decision 29.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.cold_pool import ColdPool
from foretaste.domain.data import Catalogue, Doubles, Floats, Ints, Term
from foretaste.domain.shop_store import BasketRow
from foretaste.domain.term_table import TermTable

PRIOR_PEOPLE = 5.0
LIFT_SHARE = 0.15
"""Of the logarithm of how common an item is, what is taken off its count's."""
MIN_CHANCE = 1e-7
MIN_PEOPLE = 2
"""People from which on it is said that items are taken together."""
LIKE_NATS, TEXT_NATS = -8.0, -20.0
"""What stands below: what is taken together with items that read alike, and what reads alike."""
BOUGHT, TAKEN = "bought together: ", "taken together: "
"""Begin the features of terms; what follows is a number of people."""
TOGETHER, TOGETHER_LIKE = "together", "together-like"
"""Experts of the terms: taken with the item itself, and with items like it."""


@dataclass(frozen=True)
class TogetherEvidence:
    """What is known of one item that may be taken together with others."""

    seed: str
    """The item of the question that it was taken with by most people."""
    seed_people: int
    """By how many."""
    people: int
    """That took it with any of the items of the question."""
    all_people: int
    """That took anything together with the items of the question."""
    items_each: float
    """How many different items each of these took so, in the mean."""


class TogetherScorer:
    """Scores what goes together with some items; to be asked as a `ProductScorer` is."""

    def __init__(
        self,
        size: int,
        direct: Mapping[int, TogetherEvidence],
        like: Mapping[int, TogetherEvidence],
        popularity: Floats,
        text_scores: Floats | None = None,
        seed: str | None = None,
        *,
        are_orders: bool = False,
    ) -> None:
        """direct, like: item → its evidence. popularity: [items], log P. text_scores: [items], the
        likeness of those that read like `seed`; -inf for others.
        """
        self._direct, self._like, self._popularity = direct, like, popularity
        self._seed = seed
        self._deed = BOUGHT if are_orders else TAKEN
        self._row = np.full(size, -np.inf, np.float32)
        if text_scores is not None:
            self._row = np.asarray(text_scores + np.float32(TEXT_NATS), np.float32)
        for evidence_by_item, nats in ((like, LIKE_NATS), (direct, 0.0)):
            for item, evidence in evidence_by_item.items():
                self._row[item] = nats + self._score(item, evidence)

    def _score(self, item: int, own: TogetherEvidence) -> float:
        """Between the logarithm of the share of people and that of its lift over chance."""
        chance = min(float(np.exp(self._popularity[item])) * own.items_each, 1.0)
        share = (own.people + PRIOR_PEOPLE * chance) / (own.all_people + PRIOR_PEOPLE)
        return float(np.log(share) - LIFT_SHARE * np.log(max(chance, MIN_CHANCE)))

    def score_row(
        self,
        allowed: object,
        n: int,
        *,
        extra_masks: Sequence[object] = (),
        items: object = (),
    ) -> Floats:
        """[items]; -inf for what nothing is known of."""
        return self._row

    def cold_items(self, max_share: float) -> tuple[ColdPool, ...]:
        """None: what nobody took is no evidence."""
        return ()

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """How far above nothing each is, by the item that it goes with; the rest is likeness."""
        return TermTable.of([self._terms_of(item) for item in items.tolist()])

    def _terms_of(self, item: int) -> list[Term]:
        for expert, evidence in ((TOGETHER, self._direct), (TOGETHER_LIKE, self._like)):
            if item in evidence:
                own = evidence[item]
                nats = float(self._row[item])
                return [
                    Term(expert, nats, event=own.seed, feature=f"{self._deed}{own.seed_people}")
                ]
        likeness = float(self._row[item]) - TEXT_NATS
        return [Term("content", likeness, event=self._seed), Term(TOGETHER_LIKE, TEXT_NATS)]

    def is_evident(self, item: int) -> bool:
        """Whether people took it together with the items of the question themselves."""
        return item in self._direct


def evidence_by_item(
    rows: Sequence[BasketRow], catalogue: Catalogue, *, min_people: int = MIN_PEOPLE
) -> dict[int, TogetherEvidence]:
    """Item → with which of the seeds it was taken by most people, and by how many with any."""
    people: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        people.setdefault(row.item, {}).setdefault(row.seed, set()).add(row.person)
    all_people = len({row.person for row in rows})
    items_each = len({(row.person, row.item) for row in rows}) / max(all_people, 1)
    evidence = {}
    for item_id, by_seed in people.items():
        item = catalogue.index.get(item_id)
        everybody = set[str]().union(*by_seed.values())
        if item is not None and len(everybody) >= min_people:
            seed = max(sorted(by_seed), key=lambda own: len(by_seed[own]))
            evidence[item] = TogetherEvidence(
                seed, len(by_seed[seed]), len(everybody), all_people, items_each
            )
    return evidence


def nearest_by_text(catalogue: Catalogue, seeds: Sequence[int], n: int) -> tuple[Ints, Floats]:
    """(the n items that read most like the seeds, [items] their likeness and -inf for others)."""
    likeness: Doubles = np.asarray(
        catalogue.vectors @ np.asarray(catalogue.vectors[np.array(seeds)]).mean(axis=0), np.float64
    )
    likeness[list(seeds)] = -np.inf
    count = min(n, len(likeness))
    nearest = np.argpartition(-likeness, count - 1)[:count].astype(np.int32)
    row = np.full(len(likeness), -np.inf, np.float32)
    row[nearest] = likeness[nearest]
    return nearest[np.isfinite(row[nearest])], row
