"""Clauses of a wish in, changes out: each phrase found among what the catalogue's items have.

First a phrase is an attribute's value by name (any form of its words), the longest first. Then it
is the value that the language model finds near enough to it (`MIN_COSINE`). What is left is a
topic: items that say so or read like it. A phrase that no item has anything of is told, and changes
nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.preference import MAX_PREFERENCE_NATS, Preference, PreferenceAct
from foretaste.preferences.grammar import PLAIN_WORDS, Clause, Strength
from foretaste.rank.about import stems
from foretaste.rank.conditions import parse_condition, parse_number
from foretaste.rank.index import FilterIndex

MIN_COSINE = 0.62
"""The least cosine between a phrase and a value; measured by `make bench-control`."""
MAX_COMPARED_VALUES = 500
"""Values of a column up to which it is compared by the language model."""
MAX_SPAN_WORDS = 4
"""Words of a phrase that are compared together, at most."""
ACT_BY_STRENGTH: dict[Strength, tuple[PreferenceAct, float]] = {
    "much more": ("boost", 2.0),
    "more": ("boost", 1.0),
    "less": ("boost", -1.0),
    "much less": ("boost", -2.0),
    "none": ("mute", 0.0),
    "only": ("only", 0.0),
}

EncodeTexts = Callable[[Sequence[str]], Floats]
"""Texts → [texts, dim], as the language model reads them, of length 1."""
FeatureValue = tuple[str, str]
"""(column, value)"""


@dataclass(frozen=True, slots=True)
class ClauseMatch:
    """What became of one clause."""

    phrase: str
    filter: dict[str, Any] | None
    """As a filter; None where no item has anything of it."""
    name: str
    match_type: Literal["named", "read", "topic", "nothing"]
    """The value was named; the language model found it near; a topic; nothing was found."""
    act: PreferenceAct | Literal["forget"]
    nats: float = 0.0


@dataclass(frozen=True, slots=True)
class _PhraseMatch:
    condition: dict[str, Any]
    match_type: Literal["named", "read", "topic"]
    words: tuple[str, ...]


class Vocabulary:
    """The values of a catalogue's attributes, by name and by meaning."""

    def __init__(self, index: FilterIndex, encode_texts: EncodeTexts | None) -> None:
        self._index, self._encode_texts = index, encode_texts
        self._value_by_stems: dict[tuple[str, ...], FeatureValue] = {}
        self._comparable_values: list[FeatureValue] = []
        self._vectors: Floats | None = None
        for feature in index.catalogue.features:
            for value in feature.values:
                key = tuple(stems(value))
                if key:
                    self._value_by_stems.setdefault(key, (feature.column, value))
            if len(feature.values) <= MAX_COMPARED_VALUES:
                worded_values = (
                    candidate
                    for candidate in feature.values
                    if candidate and parse_number(candidate) is None
                )
                self._comparable_values += [(feature.column, value) for value in worded_values]

    def match_clause(self, clause: Clause) -> list[ClauseMatch]:
        """What the clause means here. A boost of several features is one of each; a mute of
        several, and an only, is of what has them all.
        """
        parts = self._phrase_matches(clause.words)
        if not parts:
            act = "forget" if clause.strength == "forget" else ACT_BY_STRENGTH[clause.strength][0]
            phrase = " ".join(_without_plain(clause.words))
            return [ClauseMatch(phrase, None, phrase, "nothing", act)]
        if clause.strength == "forget":
            return [self._match_of(clause, [part], "forget", 0.0) for part in parts]
        act, nats = ACT_BY_STRENGTH[clause.strength]
        if act == "boost":
            return [self._match_of(clause, [part], act, nats) for part in parts]
        return [self._match_of(clause, parts, act, nats)]

    def _match_of(
        self,
        clause: Clause,
        parts: list[_PhraseMatch],
        act: PreferenceAct | Literal["forget"],
        nats: float,
    ) -> ClauseMatch:
        condition = _all_conditions([part.condition for part in parts])
        weakest = max(parts, key=lambda part: ("named", "read", "topic").index(part.match_type))
        phrase = clause.text if len(parts) > 1 else " ".join(parts[0].words)
        return ClauseMatch(
            phrase, condition, str(parse_condition(condition)), weakest.match_type, act, nats
        )

    def _phrase_matches(self, words: tuple[str, ...]) -> list[_PhraseMatch]:
        """Each feature that the words name, and the topics of what is left."""
        placed_parts: list[tuple[int, _PhraseMatch]] = []
        runs = [(0, words)]
        for finder in (self._by_name, self._by_meaning):
            remaining_runs: list[tuple[int, tuple[str, ...]]] = []
            for start, run in runs:
                while (hit := finder(run)) is not None:
                    offset, length, part = hit
                    placed_parts.append((start + offset, part))
                    remaining_runs.append((start, run[:offset]))
                    start, run = start + offset + length, run[offset + length :]
                remaining_runs.append((start, run))
            runs = remaining_runs
        for start, run in runs:
            topic = _without_plain(run)
            if topic and self._index.mask(parse_condition({"about": " ".join(topic)})).any():
                placed_parts.append(
                    (start, _PhraseMatch({"about": " ".join(topic)}, "topic", topic))
                )
        return [part for _, part in sorted(placed_parts, key=lambda pair: pair[0])]

    def _by_name(self, run: tuple[str, ...]) -> tuple[int, int, _PhraseMatch] | None:
        for length in range(len(run), 0, -1):
            for offset in range(len(run) - length + 1):
                words = run[offset : offset + length]
                value = self._value_by_stems.get(tuple(stems(" ".join(words))))
                if value is not None:
                    return offset, length, _PhraseMatch({value[0]: value[1]}, "named", words)
        return None

    def _by_meaning(self, run: tuple[str, ...]) -> tuple[int, int, _PhraseMatch] | None:
        spans = [
            (offset, length)
            for length in range(1, min(MAX_SPAN_WORDS, len(run)) + 1)
            for offset in range(len(run) - length + 1)
            if _without_plain(run[offset : offset + length])
        ]
        if not spans or not self._comparable_values or self._encode_texts is None:
            return None
        if self._vectors is None:
            self._vectors = self._encode_texts([value for _, value in self._comparable_values])
        texts = [" ".join(run[at : at + length]) for at, length in spans]
        cosine = self._encode_texts(texts) @ self._vectors.T  # [spans, values]
        best, value = np.unravel_index(int(np.argmax(cosine)), cosine.shape)
        if cosine[best, value] < MIN_COSINE:
            return None
        at, length = spans[int(best)]
        column, name = self._comparable_values[int(value)]
        return at, length, _PhraseMatch({column: name}, "read", run[at : at + length])


def _without_plain(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without the words at the ends that name nothing."""
    while words and words[0] in PLAIN_WORDS:
        words = words[1:]
    while words and words[-1] in PLAIN_WORDS:
        words = words[:-1]
    return words


def _all_conditions(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One filter that all must meet."""
    columns = [column for part in parts for column in part]
    if len(set(columns)) == len(columns):
        return {column: value for part in parts for column, value in part.items()}
    return {"and": parts}


def updated_preferences(
    current: Sequence[Preference], clause_matches: Sequence[ClauseMatch], at: float
) -> tuple[list[Preference], list[str]]:
    """(changes to put, names to take out) by which a wish moves what was changed before."""
    current_by_name = {preference.name: preference for preference in current}
    new_preferences: dict[str, Preference] = {}
    removed_names: set[str] = set()
    for clause_match in clause_matches:
        if clause_match.filter is None:
            continue
        existing = new_preferences.get(
            clause_match.name,
            None if clause_match.name in removed_names else current_by_name.get(clause_match.name),
        )
        if clause_match.act == "forget":
            new_preferences.pop(clause_match.name, None)
            removed_names.add(clause_match.name)
            continue
        nats = clause_match.nats
        if clause_match.act == "boost" and existing is not None:
            if existing.act == "mute" and nats < 0:
                continue  # less of what is never shown
            nats = max(
                -MAX_PREFERENCE_NATS,
                min(MAX_PREFERENCE_NATS, nats + (existing.nats if existing.act == "boost" else 0)),
            )
        if clause_match.act == "boost" and nats == 0:
            new_preferences.pop(clause_match.name, None)
            removed_names.add(clause_match.name)
        else:
            new_preferences[clause_match.name] = Preference(
                clause_match.name,
                clause_match.filter,
                clause_match.act,
                nats,
                clause_match.phrase,
                at,
            )
            removed_names.discard(clause_match.name)
    return list(new_preferences.values()), sorted(removed_names)
