"""What the operator will not have, in: settings. Out: items never shown, pairs never together, and
whether generated words may be said.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np

from foretaste.domain.data import Behaviour, Request, Term
from foretaste.domain.preference import Change
from foretaste.errors import InputError
from foretaste.rank.about import stems
from foretaste.rank.conditions import About, AnyOf, Condition, Every, Ids, Some, number, parsed
from foretaste.rank.index import Index, Mask
from foretaste.rank.policy_settings import AgeSettings, PolicySettings

log = logging.getLogger(__name__)

OLDEST = 130
"""Years; a larger number is the year of birth."""
SHORTEST = 4
"""Letters of a title that words are searched for; shorter ones are found in any text."""


@dataclass(frozen=True)
class Asking:
    """Who asks, and what for, as far as a policy looks at it."""

    request: Request
    behaviour: Behaviour
    changes: tuple[Change, ...] = ()
    earlier: tuple[str, ...] = ()
    now: float = 0.0


class Policy:
    """The operator's rules, and what they mean in a catalogue."""

    def __init__(self, settings: PolicySettings) -> None:
        self._age = settings.age
        self._sensitive = [parsed(one) for one in settings.sensitive]
        self._apart = [(parsed(one.these), parsed(one.those)) for one in settings.apart]

    def barred(self, index: Index, asking: Asking) -> Mask:
        """[items], what may not be shown to this person now."""
        out = np.zeros(len(index), bool)
        for condition, mask in self._kinds(index):
            if not asked_for(condition, mask, index, asking):
                out |= mask
        if self._age is not None:
            out |= self._limits(index, self._age) > self.age(asking)
        there = index.places([*asking.request.items, *asking.earlier])
        for one, other in self.pairs(index):
            if one[there].any():
                out |= other
            if other[there].any():
                out |= one
        return out

    def pairs(self, index: Index) -> list[tuple[Mask, Mask]]:
        """([items], [items]) that are never in one list."""
        return [(mask_of(index, one), mask_of(index, other)) for one, other in self._apart]

    def discreet(self, behaviour: Behaviour, index: Index, asking: Asking | None) -> Behaviour:
        """Without what the person did with sensitive items that are not asked for."""
        kinds = self._kinds(index)
        if not kinds or not len(behaviour):
            return behaviour
        out = np.zeros(len(index), bool)
        for condition, mask in kinds:
            if asking is None or not asked_for(condition, mask, index, asking):
                out |= mask
        keep = (behaviour.item < 0) | ~out[behaviour.item]
        return behaviour if keep.all() else behaviour.part(keep)

    def tellable(self, terms: Sequence[Term], index: Index) -> list[Term]:
        """Those that may be said as reasons."""
        return self.tellable_lists([terms], index)[0]

    def tellable_lists(self, lists: Sequence[Sequence[Term]], index: Index) -> list[list[Term]]:
        """The same for the terms of each item of a list."""
        kinds = self._kinds(index)
        if not kinds:
            return [list(terms) for terms in lists]
        features = {f"{column}: {value}" for kind, _ in kinds for column, value in named(kind)}

        def tells(term: Term) -> bool:
            """Whether it would say what is sensitive."""
            place = None if term.event is None else index.catalogue.index.get(term.event)
            texts = [text for text in (term.event, term.feature) if text]
            return term.feature in features or any(
                (place is not None and mask[place]) or any(says(kind, text) for text in texts)
                for kind, mask in kinds
            )

        return [[term for term in terms if not tells(term)] for terms in lists]

    def faults(self, text: str, index: Index, asking: Asking) -> tuple[str, ...]:
        """Why generated words may not be said to this person; none where they may."""
        return self.censor(index, asking)(text)

    def censor(self, index: Index, asking: Asking) -> "Censor":
        """The same for many texts in answer to one question."""
        kinds = [one for one, mask in self._kinds(index) if not asked_for(one, mask, index, asking)]
        barred = self.barred(index, asking)
        titles = np.array(index.catalogue.titles, object)
        # an item that may be shown may be named, also where another of its name may not
        return Censor(kinds, self._apart, sorted(set(titles[barred]) - set(titles[~barred])))

    def age(self, asking: Asking) -> float:
        """In years, as stated; else what the settings say of the unknown."""
        if self._age is None:
            return float(OLDEST)
        stated = asking.behaviour.taste.get(self._age.user, ())
        told = [*stated, asking.request.context.get(self._age.user)]
        ages = (_years(one, asking.now) for one in told)
        return next((one for one in ages if one is not None), float(self._age.unknown))

    def _kinds(self, index: Index) -> list[tuple[Condition, Mask]]:
        return [(one, mask_of(index, one)) for one in self._sensitive]

    @staticmethod
    def _limits(index: Index, age: AgeSettings) -> Any:
        """[items], the age from which each may be shown; of several values the highest."""
        feature = next((f for f in index.catalogue.features if f.column == age.attribute), None)
        found = np.full(len(index), float(age.unrated))
        if feature is None:
            _warn(f"rank.policy.age: no item has the attribute '{age.attribute}'")
            return found
        worth = np.array([_limit(value, age) for value in feature.values] or [0.0])
        lengths = np.diff(feature.offsets)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        found[np.flatnonzero(lengths)] = -np.inf
        np.maximum.at(found, owner, worth[feature.codes])
        return found


class Censor:
    """Says of generated words why they may not be told to one person; nothing where they may."""

    def __init__(
        self,
        sensitive: Sequence[Condition],
        apart: Sequence[tuple[Condition, Condition]],
        titles: Iterable[str],
    ) -> None:
        """titles: of what may not be shown."""
        self._sensitive, self._apart = sensitive, apart
        self._titles = [(one, one.lower()) for one in titles if len(one) >= SHORTEST]

    def __call__(self, text: str) -> tuple[str, ...]:
        """Each fault in words."""
        lower = text.lower()
        sensitive = [
            f"it speaks of what is sensitive ({one})" for one in self._sensitive if says(one, text)
        ]
        together = [
            f"it speaks of {one} and of {other} together"
            for one, other in self._apart
            if says(one, text) and says(other, text)
        ]
        named = [
            f"it names “{title}”, which may not be shown"
            for title, small in self._titles
            if small in lower and _names(title, text)
        ]
        return (*sensitive, *together, *named)


def _limit(value: str, age: AgeSettings) -> float:
    if value in age.limits:
        return float(age.limits[value])
    stated = number(value)
    return float(age.other) if stated is None else stated


def _years(told: Any, now: float) -> float | None:
    """The age of who states it: years, or a year or a date of birth; None where it is none."""
    today = datetime.fromtimestamp(now, UTC)
    stated = number(told) if not isinstance(told, str) or "-" not in told.strip("-") else None
    if stated is not None:
        if 0 <= stated <= OLDEST:
            return stated
        born = int(stated)
        return float(today.year - born - 1) if today.year - OLDEST <= born <= today.year else None
    try:
        born_on = datetime.fromisoformat(str(told).strip())
    except ValueError:
        return None
    had = (today.month, today.day) >= (born_on.month, born_on.day)
    years = today.year - born_on.year - (not had)
    return float(years) if 0 <= years <= OLDEST else None


def mask_of(index: Index, condition: Condition) -> Mask:
    """[items]; of an attribute that no item has, none."""
    try:
        return index.mask(condition)
    except InputError as error:
        _warn(str(error))
        return np.zeros(len(index), bool)


@cache
def _warn(problem: str) -> None:
    """Once: it may be a slip of the pen, or a column that is not there yet."""
    log.warning("rank.policy bars nothing here: %s", problem)


def named(condition: Condition) -> Iterable[tuple[str, str]]:
    """The (column, value) that a condition asks for; not what it leaves out."""
    if isinstance(condition, AnyOf):
        yield from ((condition.column, value) for value in condition.values)
    elif isinstance(condition, About):
        yield "about", condition.words
    elif isinstance(condition, Every | Some):
        for part in condition.parts:
            yield from named(part)


def names(condition: Condition, given: Callable[[str, str], bool]) -> bool | None:
    """Whether what is given, (column, value) by (column, value), names what a condition asks for:
    one of several values, but each of several parts. None where it asks for nothing by name.
    """
    if isinstance(condition, Every | Some):
        told = [names(part, given) for part in condition.parts]
        spoken = [one for one in told if one is not None]
        joined = all if isinstance(condition, Every) else any
        return joined(spoken) if spoken else None
    values = list(named(condition))
    return any(given(column, value) for column, value in values) if values else None


def says(condition: Condition, text: str) -> bool:
    """Whether words name what a condition asks for."""
    words = stems(text)

    def said(_: str, value: str) -> bool:
        wanted = stems(value)
        starts = range(len(words) - len(wanted) + 1) if wanted else ()
        return any(words[start : start + len(wanted)] == wanted for start in starts)

    return bool(names(condition, said))


def asked_for(condition: Condition, mask: Mask, index: Index, asking: Asking) -> bool:
    """Whether the person asks for such items by name: in the filter, the words, the items that the
    question is about, or what they want more of.
    """
    request = asking.request
    if mask[index.places(request.items)].any():
        return True
    if asking.behaviour.query and says(condition, asking.behaviour.query):
        return True
    wants = [one.what for one in asking.changes if one.act == "only" or one.nats > 0]
    for what in [*wants, request.filter]:
        found = parsed(what)
        if _covers(condition, set(named(found))) or mask[index.places(_ids(found))].any():
            return True
    return False


def _covers(condition: Condition, given: set[tuple[str, str]]) -> bool:
    return bool(names(condition, lambda column, value: (column, value) in given))


def _ids(condition: Condition) -> list[str]:
    if isinstance(condition, Ids):
        return list(condition.ids)
    if isinstance(condition, Every | Some):
        return [one for part in condition.parts for one in _ids(part)]
    return []


def _names(title: str, text: str) -> bool:
    """Whether the title stands in the text as words, not within one. A title of one word is the
    word itself as well, so it counts in quotes, or as it is written amid a sentence.
    """
    exact = rf"(?<!\w){re.escape(title)}(?!\w)"
    if " " in title:
        return re.search(exact, text, re.IGNORECASE) is not None
    quoted = re.search(rf"[“„\"«'‘]{exact}", text, re.IGNORECASE)
    return quoted is not None or re.search(rf"\w[^\w.!?…]+{exact}", text) is not None
