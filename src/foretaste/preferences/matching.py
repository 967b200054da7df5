"""Clauses of a wish in, changes out: each phrase found among what the catalogue's items have.

First a phrase is an attribute's value by name (any form of its words), the longest first. Then it
is the value that the language model finds near enough to it (`NEAR`). What is left is a topic:
items that say so or read like it. A phrase that no item has anything of is told, and changes
nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.preference import STRONGEST, Act, Change
from foretaste.preferences.grammar import PLAIN, Clause, Much
from foretaste.rank.about import stems
from foretaste.rank.conditions import number, parsed
from foretaste.rank.index import Index

NEAR = 0.62
"""The least cosine between a phrase and a value; measured by `make bench-control`."""
MOST_VALUES = 500
"""Values of a column up to which it is compared by the language model."""
SPAN = 4
"""Words of a phrase that are compared together, at most."""
ACTS: dict[Much, tuple[Act, float]] = {
    "much more": ("boost", 2.0),
    "more": ("boost", 1.0),
    "less": ("boost", -1.0),
    "much less": ("boost", -2.0),
    "none": ("mute", 0.0),
    "only": ("only", 0.0),
}

Reads = Callable[[Sequence[str]], Floats]
"""Texts → [texts, dim], as the language model reads them, of length 1."""
Value = tuple[str, str]
"""(column, value)"""


@dataclass(frozen=True, slots=True)
class Understood:
    """What became of one clause."""

    said: str
    what: dict[str, Any] | None
    """As a filter; None where no item has anything of it."""
    name: str
    how: Literal["named", "read", "topic", "nothing"]
    """The value was named; the language model found it near; a topic; nothing was found."""
    act: Act | Literal["forget"]
    nats: float = 0.0


@dataclass(frozen=True, slots=True)
class _Part:
    what: dict[str, Any]
    how: Literal["named", "read", "topic"]
    words: tuple[str, ...]


class Vocabulary:
    """The values of a catalogue's attributes, by name and by meaning."""

    def __init__(self, index: Index, reads: Reads | None) -> None:
        self._index, self._reads = index, reads
        self._named: dict[tuple[str, ...], Value] = {}
        self._near: list[Value] = []
        self._vectors: Floats | None = None
        for feature in index.catalogue.features:
            for value in feature.values:
                key = tuple(stems(value))
                if key:
                    self._named.setdefault(key, (feature.column, value))
            if len(feature.values) <= MOST_VALUES:
                spoken = (one for one in feature.values if one and number(one) is None)
                self._near += [(feature.column, value) for value in spoken]

    def understood(self, clause: Clause) -> list[Understood]:
        """What the clause means here. A boost of several features is one of each; a mute of
        several, and an only, is of what has them all.
        """
        parts = self._parts(clause.words)
        if not parts:
            act = "forget" if clause.much == "forget" else ACTS[clause.much][0]
            said = " ".join(_without_plain(clause.words))
            return [Understood(said, None, said, "nothing", act)]
        if clause.much == "forget":
            return [self._told(clause, [one], "forget", 0.0) for one in parts]
        act, nats = ACTS[clause.much]
        if act == "boost":
            return [self._told(clause, [one], act, nats) for one in parts]
        return [self._told(clause, parts, act, nats)]

    def _told(
        self, clause: Clause, parts: list[_Part], act: Act | Literal["forget"], nats: float
    ) -> Understood:
        what = _joined([part.what for part in parts])
        weakest = max(parts, key=lambda part: ("named", "read", "topic").index(part.how))
        said = clause.said if len(parts) > 1 else " ".join(parts[0].words)
        return Understood(said, what, str(parsed(what)), weakest.how, act, nats)

    def _parts(self, words: tuple[str, ...]) -> list[_Part]:
        """Each feature that the words name, and the topics of what is left."""
        found: list[tuple[int, _Part]] = []
        runs = [(0, words)]
        for finder in (self._by_name, self._by_meaning):
            left: list[tuple[int, tuple[str, ...]]] = []
            for start, run in runs:
                while (hit := finder(run)) is not None:
                    at, length, part = hit
                    found.append((start + at, part))
                    left.append((start, run[:at]))
                    start, run = start + at + length, run[at + length :]
                left.append((start, run))
            runs = left
        for start, run in runs:
            topic = _without_plain(run)
            if topic and self._index.mask(parsed({"about": " ".join(topic)})).any():
                found.append((start, _Part({"about": " ".join(topic)}, "topic", topic)))
        return [part for _, part in sorted(found, key=lambda pair: pair[0])]

    def _by_name(self, run: tuple[str, ...]) -> tuple[int, int, _Part] | None:
        for length in range(len(run), 0, -1):
            for at in range(len(run) - length + 1):
                words = run[at : at + length]
                value = self._named.get(tuple(stems(" ".join(words))))
                if value is not None:
                    return at, length, _Part({value[0]: value[1]}, "named", words)
        return None

    def _by_meaning(self, run: tuple[str, ...]) -> tuple[int, int, _Part] | None:
        spans = [
            (at, length)
            for length in range(1, min(SPAN, len(run)) + 1)
            for at in range(len(run) - length + 1)
            if _without_plain(run[at : at + length])
        ]
        if not spans or not self._near or self._reads is None:
            return None
        if self._vectors is None:
            self._vectors = self._reads([value for _, value in self._near])
        texts = [" ".join(run[at : at + length]) for at, length in spans]
        cosine = self._reads(texts) @ self._vectors.T  # [spans, values]
        best, value = np.unravel_index(int(np.argmax(cosine)), cosine.shape)
        if cosine[best, value] < NEAR:
            return None
        at, length = spans[int(best)]
        column, name = self._near[int(value)]
        return at, length, _Part({column: name}, "read", run[at : at + length])


def _without_plain(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without the words at the ends that name nothing."""
    while words and words[0] in PLAIN:
        words = words[1:]
    while words and words[-1] in PLAIN:
        words = words[:-1]
    return words


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One filter that all must meet."""
    columns = [column for part in parts for column in part]
    if len(set(columns)) == len(columns):
        return {column: value for part in parts for column, value in part.items()}
    return {"and": parts}


def adjusted(
    before: Sequence[Change], understood: Sequence[Understood], at: float
) -> tuple[list[Change], list[str]]:
    """(changes to put, names to take out) by which a wish moves what was changed before."""
    known = {one.name: one for one in before}
    put: dict[str, Change] = {}
    remove: set[str] = set()
    for one in understood:
        if one.what is None:
            continue
        old = put.get(one.name, None if one.name in remove else known.get(one.name))
        if one.act == "forget":
            put.pop(one.name, None)
            remove.add(one.name)
            continue
        nats = one.nats
        if one.act == "boost" and old is not None:
            if old.act == "mute" and nats < 0:
                continue  # less of what is never shown
            nats = max(-STRONGEST, min(STRONGEST, nats + (old.nats if old.act == "boost" else 0)))
        if one.act == "boost" and nats == 0:
            put.pop(one.name, None)
            remove.add(one.name)
        else:
            put[one.name] = Change(one.name, one.what, one.act, nats, one.said, at)
            remove.discard(one.name)
    return list(put.values()), sorted(remove)
