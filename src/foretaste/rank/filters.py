"""Filters: what may not be shown. Each takes the question and says which items it leaves out.

A new one is one function and one line in `FILTERS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from foretaste.domain import Behaviour, Catalogue, Doubles, Item, Request
from foretaste.errors import InputError, did_you_mean


def values(asked: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """A filter as people write it, one value or several, as a request holds it."""
    return {
        column: (wanted,) if isinstance(wanted, str) else tuple(wanted)
        for column, wanted in asked.items()
    }


Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shelf:
    """What is on offer now, in the catalogue's order."""

    hidden: Mask
    available_from: Doubles
    available_until: Doubles

    @classmethod
    def of(cls, items: Sequence[Item]) -> Self:
        """The present state of each item."""
        return cls(
            np.array([item.hidden for item in items], bool),
            np.array([_or(item.available_from, -np.inf) for item in items]),
            np.array([_or(item.available_until, np.inf) for item in items]),
        )


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


@dataclass(frozen=True)
class Question:
    """All that a filter may look at."""

    request: Request
    behaviour: Behaviour
    catalogue: Catalogue
    shelf: Shelf
    hide_seen: bool


def unavailable(question: Question) -> Mask:
    """Hidden by the operator, not yet there, or no longer."""
    shelf, now = question.shelf, question.behaviour.now
    return shelf.hidden | (shelf.available_from > now) | (shelf.available_until <= now)


def seen(question: Question) -> Mask:
    """Taken already."""
    out = np.zeros(len(question.catalogue), bool)
    if question.hide_seen:
        out[question.behaviour.taken] = True
    return out


def refused(question: Question) -> Mask:
    """Hidden or disliked by this person, unless taken again since."""
    out = np.zeros(len(question.catalogue), bool)
    behaviour = question.behaviour
    for item, weight in zip(behaviour.item, behaviour.weight, strict=True):
        if item >= 0:
            out[item] = weight < 0
    return out


def seeds(question: Question) -> Mask:
    """The items asked about."""
    out = np.zeros(len(question.catalogue), bool)
    for item in question.request.items:
        place = question.catalogue.index.get(item)
        if place is not None:
            out[place] = True
    return out


def attributes(question: Question) -> Mask:
    """Without one of the values asked for, in any of the columns asked for."""
    out = np.zeros(len(question.catalogue), bool)
    features = {feature.column: feature for feature in question.catalogue.features}
    for column, wanted in question.request.filter.items():
        if column not in features:
            hint = did_you_mean(column, features) if features else "no item has an attribute"
            raise InputError(f"filter: unknown attribute '{column}'; {hint}")
        feature = features[column]
        codes = [code for code, value in enumerate(feature.values) if value in set(wanted)]
        owner = np.repeat(np.arange(len(feature.offsets) - 1), np.diff(feature.offsets))
        has = np.zeros(len(question.catalogue), bool)
        has[owner[np.isin(feature.codes, codes)]] = True
        out |= ~has
    return out


FILTERS: tuple[Callable[[Question], Mask], ...] = (unavailable, seen, refused, seeds, attributes)


def left_out(question: Question) -> Mask:
    """[items], True for what may not be shown."""
    return np.logical_or.reduce([rule(question) for rule in FILTERS])
