"""The draft of a list: scores, what may not be shown and what is wanted in, the list out.

Rules write what they want into the draft; `listed` then fills the places, once:

1. pinned places, and places spread over the list for promotions;
2. below the first ten, a share of the places for items that nobody has taken yet, the best first;
3. all others from the best score down, or in the order that diversity gives, within the quotas;
4. where exploration is on, each of those others keeps its item with probability 1 - ε and else gets
   one drawn from further down.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from foretaste.domain.data import Floats, Ints, Source
from foretaste.rank.diversity import diverse
from foretaste.rank.index import Index, Mask
from foretaste.rank.top import top

TEN = 10
"""Places that new items are never helped to: there the scores alone decide."""
FIRST = 128
"""Items that are put in order at first; more when the rules let few of them through."""


@dataclass(frozen=True)
class Limit:
    """A quota: which kinds an item is of, and how many of each kind the list may and must have."""

    groups: Callable[[int], list[int]]
    most: int | None = None
    least: int = 0
    mask: Mask | None = None
    """[items], which are of the kind, where there is only one."""


@dataclass(frozen=True)
class Lift:
    """What a rule, or a wish of the person, adds to the score of some items."""

    mask: Mask
    nats: float
    name: str
    expert: str = "rule"
    """Whose term it is."""


@dataclass(frozen=True)
class Choice:
    """The list."""

    items: Ints
    positions: tuple[int, ...]
    sources: tuple[Source, ...]
    propensities: tuple[float, ...]
    scores: Floats
    """Of each item, with what rules added."""
    lifts: tuple[Lift, ...] = ()

    def only(self, rows: list[int]) -> "Choice":
        """The list with some of its rows, counted on without gaps."""
        first = self.positions[0] if self.positions else 1
        return Choice(
            self.items[rows],
            tuple(range(first, first + len(rows))),
            tuple(self.sources[row] for row in rows),
            tuple(self.propensities[row] for row in rows),
            self.scores[rows],
            self.lifts,
        )


@dataclass
class Draft:
    """What is wanted of one list."""

    scores: Floats
    """[items]; not changed."""
    hide: Mask
    """[items], what may not be shown."""
    never: Mask
    """[items], what may not be shown even where it is pinned."""
    index: Index
    n: int
    offset: int = 0
    """Places that earlier pages have."""
    diversity: float = 0.0
    floor: float = 0.0
    explore: float = 0.0
    pool: int = 100
    """Items further down that exploration draws from."""
    lifts: list[Lift] = field(default_factory=list)
    pins: dict[int, int] = field(default_factory=dict)
    """Place in the list → item."""
    limits: list[Limit] = field(default_factory=list)
    apart: list[tuple[Mask, Mask]] = field(default_factory=list)
    """([items], [items]) that are not in one list."""
    promotions: list[tuple[Mask, float]] = field(default_factory=list)
    """(which items, percent of the places)"""

    strangers: Mask | None = None
    """[items], which nobody has taken yet."""
    newcomers: float = 0.0
    """The share of the places below the first ten that is theirs."""

    @property
    def looked_at(self) -> int:
        """Items from the best down that a list may need to look at, about."""
        return self.offset + max(FIRST, 4 * self.n) + self.pool

    @property
    def named(self) -> list[Mask]:
        """Of each rule that wants some items, which."""
        wanted = [limit.mask for limit in self.limits if limit.least and limit.mask is not None]
        lifted = [lift.mask for lift in self.lifts if lift.nats > 0]
        return [*wanted, *lifted, *(mask for mask, _ in self.promotions)]

    def lift(self, mask: Mask, nats: float, name: str, *, expert: str = "rule") -> None:
        """Add to the score of some items."""
        self.lifts.append(Lift(mask, nats, name, expert))
        self.scores = np.asarray(self.scores + mask * np.float32(nats), np.float32)

    def listed(self, rng: Callable[[], np.random.Generator]) -> Choice:
        """The list; `rng` is asked only if something is drawn."""
        filling = Filling(self)
        filling.fill()
        filling.meet_least()
        chances = Chances(self, filling, rng) if self.explore > 0 else None
        places = sorted(filling.taken)
        items = [filling.taken[place] for place in places]
        sources = [filling.source[place] for place in places]
        odds = [1.0] * len(places)
        for row, place in enumerate(places):
            if chances is not None and sources[row] == "model":
                items[row], sources[row], odds[row] = chances.at(place, items[row])
        chosen = np.array(items, np.int32)
        # counted on without gaps: a pin past the end of a short list is its last
        positions = tuple(range(self.offset + 1, self.offset + len(items) + 1))
        scores = self.scores[chosen]
        return Choice(chosen, positions, tuple(sources), tuple(odds), scores, tuple(self.lifts))


class Filling:
    """The places of a list as they are filled."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.taken: dict[int, int] = {}
        self.source: dict[int, Source] = {}
        self.used: set[int] = set()
        self._counts: list[Counter[int]] = [Counter() for _ in draft.limits]
        self._sides: list[list[int]] = [[0, 0] for _ in draft.apart]
        self.supply = ordered(draft)
        strangers = np.zeros_like(draft.hide) if draft.strangers is None else draft.strangers
        self._strangers = best(draft, ~strangers)

    def fill(self) -> None:
        """Every place, from the first to the last."""
        draft = self._draft
        places = range(draft.offset + 1, draft.offset + draft.n + 1)
        pins = self._pins(places)
        promoted = self._promoted([place for place in places if place not in pins])
        self.used.update(pins.values())
        for place in places:
            if place in pins:
                self._put(place, pins[place], "pinned", counted=True)
                continue
            one = self._next(promoted[place]) if place in promoted else None
            if one is not None:
                self._put(place, one, "promoted")
                continue
            new = draft.strangers is not None and for_newcomers(place, draft.newcomers)
            one = self._next(self._strangers) if new else None
            if one is not None:
                self._put(place, one, "new")
                continue
            one = self._next(self.supply)
            if one is not None:
                self._put(place, one, "model")

    def _pins(self, places: range) -> dict[int, int]:
        """Place → item, each item once."""
        pins: dict[int, int] = {}
        for place, item in sorted(self._draft.pins.items()):
            wanted = place in places and not self._draft.never[item] and item not in pins.values()
            if wanted and self._apart(item):
                pins[place] = item
                self._count(item)
        return pins

    def _promoted(self, free: list[int]) -> dict[int, Iterator[int]]:
        """Place → the items that may take it, places evenly among those that are free."""
        promoted: dict[int, Iterator[int]] = {}
        draft = self._draft
        for mask, percent in draft.promotions:
            count = min(int(draft.n * percent / 100 + 0.5), len(free))
            supply = best(draft, ~mask)
            chosen = [free[int((part + 0.5) * len(free) / count)] for part in range(count)]
            promoted |= dict.fromkeys(chosen, supply)
            free = [place for place in free if place not in promoted]
        return promoted

    def _next(self, supply: Iterator[int]) -> int | None:
        """The next item that is not in the list and that the quotas allow."""
        return next((one for one in supply if one not in self.used and self.fits(one)), None)

    def fits(self, item: int) -> bool:
        """Whether one more of its kinds is allowed, beside what is there."""
        return self._apart(item) and all(
            limit.most is None or all(counts[kind] < limit.most for kind in limit.groups(item))
            for limit, counts in zip(self._draft.limits, self._counts, strict=True)
        )

    def _apart(self, item: int) -> bool:
        """Whether nothing is there that it must be kept apart from."""
        return not any(
            (one[item] and others) or (other[item] and ones)
            for (one, other), (ones, others) in zip(self._draft.apart, self._sides, strict=True)
        )

    def _put(self, place: int, item: int, source: Source, *, counted: bool = False) -> None:
        self.taken[place], self.source[place] = item, source
        self.used.add(item)
        if not counted:
            self._count(item)

    def _count(self, item: int, by: int = 1) -> None:
        for limit, counts in zip(self._draft.limits, self._counts, strict=True):
            for kind in limit.groups(item):
                counts[kind] += by
        for (one, other), sides in zip(self._draft.apart, self._sides, strict=True):
            sides[0] += by * bool(one[item])
            sides[1] += by * bool(other[item])

    def meet_least(self) -> None:
        """Where a quota asks for more than came by itself, the lowest others make room."""
        draft = self._draft
        for limit, counts in zip(draft.limits, self._counts, strict=True):
            if limit.mask is None or counts[0] >= limit.least:
                continue
            supply = best(draft, ~limit.mask)
            for place in sorted(self.taken, reverse=True):
                if counts[0] >= limit.least:
                    break
                out = self.taken[place]
                if self.source[place] != "model" or self._needed(out):
                    continue
                self._count(out, -1)
                item = self._next(supply)
                if item is None:
                    self._count(out)
                    break
                self._put(place, item, "model")

    def _needed(self, item: int) -> bool:
        """Whether a quota would miss it."""
        return any(
            limit.least and limit.groups(item) and counts[0] <= limit.least
            for limit, counts in zip(self._draft.limits, self._counts, strict=True)
        )

    def ruled(self, item: int) -> bool:
        """Whether a quota, or a pair that is kept apart, speaks of it at all."""
        kept_apart = any(one[item] or other[item] for one, other in self._draft.apart)
        return kept_apart or any(limit.groups(item) for limit in self._draft.limits)


class Chances:
    """Exploration with known propensities.

    Each place that the model filled is, with probability ε and independently, given to an item
    drawn without replacement, every one as likely, from `pool` items further down. So the item of
    the model is at its place with probability 1 - ε, and each item of the pool is there with ε over
    the size of the pool: the true probabilities, not estimates. Items that a quota speaks of are
    neither replaced nor drawn. With fewer items in the pool than places nothing is drawn.
    """

    def __init__(
        self, draft: Draft, filling: Filling, rng: Callable[[], np.random.Generator]
    ) -> None:
        self._epsilon, self._filling = draft.explore, filling
        below = (one for one in filling.supply if one not in filling.used)
        pool = [item for item in islice(below, draft.pool) if not filling.ruled(item)]
        self._size = len(pool)
        self._drawn: dict[int, int | None] = {}
        places = [
            place
            for place in sorted(filling.taken)
            if filling.source[place] == "model" and not filling.ruled(filling.taken[place])
        ]
        if places and len(pool) >= len(places):
            chance = rng()
            coins = chance.random(len(places)) < draft.explore
            drawn = iter(chance.choice(len(pool), int(coins.sum()), replace=False).tolist())
            for place, coin in zip(places, coins.tolist(), strict=True):
                self._drawn[place] = pool[next(drawn)] if coin else None

    def at(self, place: int, item: int) -> tuple[int, Source, float]:
        """(item, source, propensity) of a place that the model filled with `item`."""
        if place not in self._drawn:
            return item, "model", 1.0
        drawn = self._drawn[place]
        if drawn is None:
            return item, "model", 1 - self._epsilon
        return drawn, "explored", self._epsilon / self._size


def for_newcomers(place: int, share: float) -> bool:
    """Whether a place, counted from 1, is a new item's: the last of every 1 / share."""
    below = place - TEN
    return below > 0 and int(below * share + 1e-9) > int((below - 1) * share + 1e-9)


def best(draft: Draft, others: Mask | None = None) -> Iterator[int]:
    """Items that may be shown, best first, of those that are not in `others`; drawn as needed."""
    hide = draft.hide if others is None else draft.hide | others
    given, wanted = 0, max(FIRST, 4 * draft.n)
    while True:
        items = top(draft.scores, wanted, hide=hide)
        yield from items[given:].tolist()
        if len(items) < wanted:
            return
        given, wanted = len(items), 4 * wanted


def ordered(draft: Draft) -> Iterator[int]:
    """The items in the order in which they come to the list."""
    supply = best(draft)
    if draft.floor > 0:
        supply = above(supply, draft.scores, draft.floor)
    if draft.diversity <= 0:
        return supply
    return _diverse(draft, supply)


def above(supply: Iterator[int], scores: Floats, floor: float) -> Iterator[int]:
    """Those at least `floor` times as likely as the first."""
    least: float | None = None
    for item in supply:
        score = float(scores[item])
        least = score + float(np.log(floor)) if least is None else least
        if score < least:
            return
        yield item


def _diverse(draft: Draft, supply: Iterator[int]) -> Iterator[int]:
    wanted = max(FIRST, 4 * draft.n)
    some = list(islice(supply, wanted))
    vectors = draft.index.catalogue.vectors
    yield from diverse(some, draft.scores, vectors, strength=draft.diversity, n=2 * draft.n)
    yield from supply
