"""Popularity: what is taken often and lately. P(item) from counts that halve with time."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Behaviour, Catalogue, Doubles, Floats, Histories, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.domain.sharing import Chunked
from foretaste.model.scoring import best_of
from foretaste.model.terms import against_average
from foretaste.model.training import Training

DAY = 86_400.0
HALF_LIVES = (None, 365.0, 90.0, 30.0, 7.0, 1.0)
FAR = 20.0
"""Half-lives past the reference time at which the counts are brought forward to it."""
SILENT = 2.0
"""Half-lives that a silence counts for at most: of a longer one nothing is known."""

TOP = 2000
"""The most popular items, which are kept at hand."""
STALE = 1000
"""Events learnt after which these are found anew."""


class Popularity:
    """Decayed counts with a prior."""

    name = "popularity"
    counting = True

    def __init__(self, mass: Doubles, latest: float, half_life: float | None, prior: float) -> None:
        self._mass, self._taken = Chunked(mass), Chunked(mass)
        self._events = Chunked(np.zeros(len(mass), np.float64))
        self._reference = latest
        self._latest = latest
        self._half_life = half_life
        self._silences: tuple[
            tuple[float, float], ...
        ] = ()  # (from when, seconds that do not count)
        self._prior = prior
        self._log: Floats | None = None
        self._top: Ints | None = None
        self._learnt = 0

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Counts with the half-life under which the validation events are likeliest."""
        settings = training.settings.popularity
        chosen = settings.half_life_days
        lives = HALF_LIVES if chosen is None else (chosen or None,)
        fitted = [
            cls._counted(training.histories, len(training.catalogue), life, settings.prior)
            for life in lives
        ]
        targets = training.valid.targets
        return [max(fitted, key=lambda expert: float(expert.row()[targets].sum()))]

    def recounted(self, training: Training) -> Self:
        """The same half-life, counted on other behaviour."""
        return self._counted(
            training.histories, len(training.catalogue), self._half_life, self._prior
        )

    @classmethod
    def _counted(
        cls, histories: Histories, items: int, half_life: float | None, prior: float
    ) -> Self:
        keep = (histories.item >= 0) & (histories.weight > 0)
        at = histories.at[keep]
        latest = float(at.max(initial=0.0))
        counts = histories.weight[keep].astype(np.float64)
        if half_life is not None:
            counts *= np.exp2((at - latest) / (half_life * DAY))
        mass = np.bincount(histories.item[keep], counts, minlength=items).astype(np.float64)
        expert = cls(mass, latest, half_life, prior)
        taken = np.bincount(histories.item[keep], histories.weight[keep], minlength=items)
        expert._taken = Chunked(taken.astype(np.float64))
        events = np.bincount(histories.item[keep], minlength=items)
        expert._events = Chunked(events.astype(np.float64))
        return expert

    @property
    def taken(self) -> Doubles:
        """[items], the weight of all events of each, never faded."""
        return self._taken.rows

    @property
    def events(self) -> Doubles:
        """[items], how many events each has had, whatever they weigh."""
        return self._events.rows

    @property
    def latest(self) -> float:
        """The time of the newest event that was counted, seconds since 1970."""
        return self._latest

    @property
    def half_life_days(self) -> float:
        """As in the settings: 0 where counts never fade."""
        return self._half_life or 0.0

    def row(self) -> Floats:
        """[items], log P."""
        log = self._log
        if log is None:
            mass = self._mass.rows + self._prior * self._growth(self._latest)
            self._log = log = np.log(mass / mass.sum()).astype(np.float32)
            log.flags.writeable = False
        return log

    def _growth(self, at: float) -> float:
        if self._half_life is None:
            return 1.0
        # years after the last event a half-life of a day would overflow: past this all is forgotten
        return float(np.exp2(min((at - self._reference) / (self._half_life * DAY), 1000.0)))

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """The same row for everyone."""
        return np.repeat(self.row()[None], len(behaviours), axis=0)

    def opinion(self, behaviour: Behaviour) -> "PopularityOpinion":
        """The same for everyone."""
        return PopularityOpinion(self)

    def top(self, k: int) -> Ints:
        """About the k likeliest: found anew once a thousand events have been learnt."""
        top = self._top
        if top is None or len(top) < k or self._learnt > STALE:
            self._top = top = best_of(self.row(), max(k, TOP))
            self._learnt = 0
        order = np.argsort(-self.row()[top], kind="stable")
        return top[order[:k]]

    def active(self, behaviour: Behaviour) -> bool:
        """Always."""
        return True

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Count one event.

        What was learnt before a silence (an export of last year, a file without times) is worth
        less than what comes after it, but more than nothing.
        """
        at = self._heard(at)
        if self._half_life and at - self._reference > FAR * self._half_life * DAY:
            faded = np.exp2((self._reference - at) / (self._half_life * DAY))
            self._mass = Chunked(self._mass.rows * faded)
            self._reference = at
        self._latest = max(self._latest, at)
        self._mass[item] = max(self._mass[item] + weight * self._growth(at), 0.0)
        self._taken[item] = max(self._taken[item] + weight, 0.0)
        self._events[item] = max(self._events[item] + np.sign(weight), 0.0)
        self._log = None
        self._learnt += 1

    def _heard(self, at: float) -> float:
        """The time without silences; it only grows by what is told."""
        heard = at - sum(seconds for since, seconds in self._silences if since < at)
        if self._half_life:
            much = heard - self._latest - SILENT * self._half_life * DAY
            if much > 0:
                self._silences = (*self._silences, (at - much, much))
                heard -= much
        return heard

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items start from the prior."""
        extra = len(catalogue) - len(self._mass)
        if not extra:
            return
        for counts in (self._mass, self._taken, self._events):
            counts.extend(np.zeros(extra))
        self._log = None

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """How much more popular than the average item."""
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """Counts at the reference time."""
        facts = {
            "reference": self._reference,
            "latest": self._latest,
            "half_life_days": self._half_life,
            "prior": self._prior,
            "silences": self._silences,
        }
        return {"mass": self._mass.rows, "taken": self.taken, "events": self.events}, facts

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        half_life = facts["half_life_days"]
        expert = cls(arrays["mass"], facts["reference"], half_life, facts["prior"])
        expert._latest = facts["latest"]
        expert._silences = tuple((since, much) for since, much in facts.get("silences", ()))
        expert._taken = Chunked(arrays["taken"])
        # not there if saved before events were counted: then an event weighed 1 as a rule
        expert._events = Chunked(arrays.get("events", np.ceil(arrays["taken"])))
        return expert


class PopularityOpinion:
    """The same for everyone."""

    def __init__(self, expert: Popularity) -> None:
        self._expert = expert

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        row = self._expert.row()
        return row if items is None else row[items]

    def candidates(self, k: int) -> Ints:
        """The most popular."""
        return self._expert.top(k)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """How much more popular than the average item."""
        row = self._expert.row()
        name, size = self._expert.name, len(row)
        return against_average(name, row[items], size, "popularity")
