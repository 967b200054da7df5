"""Filters: what may not be shown. Each takes the question and says which items it leaves out, as a
mask or as places.

A new one is one function and one line in `FILTERS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Behaviour, Request
from foretaste.domain.preference import Change
from foretaste.rank.conditions import parsed
from foretaste.rank.index import Index, Mask
from foretaste.rank.index import Shelf as Shelf
from foretaste.rank.policy import Asking, Policy
from foretaste.rank.preferences import withheld

Places = npt.NDArray[np.integer]
"""Internal ids."""
NOTHING: Places = np.empty(0, np.int32)


@dataclass(frozen=True)
class Question:
    """All that a filter may look at."""

    request: Request
    behaviour: Behaviour
    index: Index
    hide_seen: bool
    now: float
    """When the answer is shown."""
    earlier: tuple[str, ...] = ()
    """Items on the pages before this one."""
    changes: tuple[Change, ...] = ()
    """What the person asked for, once and for all."""
    policy: Policy | None = None
    """What the operator will not have."""

    @property
    def shelf(self) -> Shelf:
        return self.index.shelf

    @property
    def asking(self) -> Asking:
        """What a policy looks at."""
        return Asking(self.request, self.behaviour, self.changes, self.earlier, self.now)


Filter = Callable[[Question], Mask | Places]


def unavailable(question: Question) -> Mask:
    """Hidden by the operator, not yet there, or no longer."""
    shelf, now = question.shelf, question.now
    out = shelf.hidden.copy()
    timed = shelf.timed
    if len(timed):
        out[timed] |= (shelf.available_from[timed] > now) | (shelf.available_until[timed] <= now)
    return out


def seen(question: Question) -> Places:
    """Taken already."""
    return question.behaviour.taken if question.hide_seen else NOTHING


def refused(question: Question) -> Places:
    """Hidden or disliked by this person, unless taken again since."""
    behaviour = question.behaviour
    if not (behaviour.weight < 0).any():
        return NOTHING
    last = dict(zip(behaviour.item.tolist(), behaviour.weight.tolist(), strict=True))
    return np.array([item for item, weight in last.items() if item >= 0 and weight < 0], np.int32)


def muted(question: Question) -> Mask | Places:
    """What the person wants never to be shown."""
    changes = question.changes
    return withheld(question.index, changes) if changes else NOTHING


def barred(question: Question) -> Mask | Places:
    """What the operator's policy will not have for this person and this question."""
    policy = question.policy
    return NOTHING if policy is None else policy.barred(question.index, question.asking)


def seeds(question: Question) -> Places:
    """The items asked about."""
    return np.array(question.index.places(question.request.items), np.int32)


def attributes(question: Question) -> Mask | Places:
    """Not what the filter of the request asks for."""
    asked = question.request.filter
    return ~question.index.mask(parsed(asked)) if asked else NOTHING


def others(question: Question) -> Mask | Places:
    """Not of the list that is to be put in order."""
    candidates = question.request.candidates
    if candidates is None:
        return NOTHING
    out = np.ones(len(question.index), bool)
    out[question.index.places(candidates)] = False
    return out


def earlier(question: Question) -> Places:
    """On an earlier page of the list."""
    return np.array(question.index.places(question.earlier), np.int32)


FILTERS: tuple[Filter, ...] = (
    unavailable,
    refused,
    barred,
    muted,
    attributes,
    seeds,
    others,
    earlier,
    seen,
)
NEVER: tuple[Filter, ...] = tuple(one for one in FILTERS if one is not seen)
"""Those that a pin does not get past."""


WHY: Mapping[Filter, str] = {
    unavailable: "it is hidden or not on offer now",
    refused: "this person hid it or disliked it",
    barred: "the operator's policy keeps it from this list",
    muted: "this person asked never to be shown such items",
    attributes: "the filter leaves it out",
    seeds: "it is one of the items asked about",
}
"""In words, for a list that was to be put in order."""


def left_out(question: Question, filters: Sequence[Filter] = FILTERS) -> Mask:
    """[items], True for what may not be shown."""
    out = np.zeros(len(question.index), bool)
    for one in filters:
        found = one(question)
        if found.dtype == bool:
            out |= found
        elif len(found):
            out[found] = True
    return out
