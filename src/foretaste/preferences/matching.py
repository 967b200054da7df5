"""Clauses of a wish in, changes of the profile out: what is boosted, muted, or forgotten.

What the words of a clause name is said by `understand.vocabulary`. A phrase that no item has
anything of is told, and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from foretaste.domain.preference import MAX_PREFERENCE_NATS, Preference, PreferenceAct
from foretaste.rank.conditions import parse_condition
from foretaste.understand.clauses import Clause, without_plain
from foretaste.understand.grammar import GRAMMARS, Grammar, Strength
from foretaste.understand.phrase_match import MatchType, PhraseMatch
from foretaste.understand.vocabulary import Vocabulary

ACT_BY_STRENGTH: dict[Strength, tuple[PreferenceAct | Literal["forget"], float]] = {
    "much more": ("boost", 2.0),
    "more": ("boost", 1.0),
    "wanted": ("boost", 1.0),
    "less": ("boost", -1.0),
    "much less": ("boost", -2.0),
    "none": ("mute", 0.0),
    "without": ("mute", 0.0),
    "only": ("only", 0.0),
    "forget": ("forget", 0.0),
}
MAX_MUTED_SHARE = 0.6
"""Of all items, those that one word may hide."""
MATCH_TYPES: tuple[MatchType, ...] = ("named", "synonym", "read", "topic")
"""The surest first."""


@dataclass(frozen=True, slots=True)
class ClauseMatch:
    """What became of one clause."""

    phrase: str
    filter: dict[str, Any] | None
    """As a filter; None where no item has anything of it."""
    name: str
    match_type: Literal["named", "read", "topic", "nothing", "common"]
    """The value was named; the language model found it near; a topic; nothing was found; nearly
    all items have it.
    """
    act: PreferenceAct | Literal["forget"]
    nats: float = 0.0


def match_clause(
    clause: Clause, vocabulary: Vocabulary, grammar: Grammar = GRAMMARS["en"]
) -> list[ClauseMatch]:
    """What the clause means here. A boost of several features is one of each, as is a mute of what
    is alike ("scary" is the horror films and whatever else is scary); a mute of several, and an
    only, is of what has them all.
    """
    parts = [
        part
        for part in vocabulary.parts(clause.words, grammar)
        if part.match_type != "topic" or vocabulary.has_any(part.condition)
    ]
    act, nats = ACT_BY_STRENGTH[clause.strength]
    if act == "mute" and len(parts) == 1 and _is_of_all(parts[0], vocabulary):
        phrase = " ".join(parts[0].words)
        return [ClauseMatch(phrase, None, phrase, "common", act)]
    if not parts:
        phrase = " ".join(without_plain(clause.words, grammar))
        return [ClauseMatch(phrase, None, phrase, "nothing", act)]
    if act == "mute" or nats < 0:
        known_parts, parts = parts, vocabulary.with_topic(parts, grammar)
        if len(parts) > len(known_parts):
            return [_match_of(clause, [part], act, nats) for part in parts]
    if act in ("boost", "forget"):
        return [_match_of(clause, [part], act, nats) for part in parts]
    return [_match_of(clause, parts, act, nats)]


def _is_of_all(part: PhraseMatch, vocabulary: Vocabulary) -> bool:
    """Whether hardly an item would be left: “I don't like the colour” where all have one."""
    count = int(vocabulary.mask(part.condition).sum())
    return part.match_type == "topic" and count > MAX_MUTED_SHARE * len(vocabulary.catalogue)


def _match_of(
    clause: Clause,
    parts: Sequence[PhraseMatch],
    act: PreferenceAct | Literal["forget"],
    nats: float,
) -> ClauseMatch:
    condition = _all_conditions([dict(part.condition) for part in parts])
    weakest = max((part.match_type for part in parts), key=MATCH_TYPES.index)
    phrase = clause.text if len(parts) > 1 else " ".join(parts[0].words)
    name = str(parse_condition(condition))
    return ClauseMatch(
        phrase, condition, name, "read" if weakest == "synonym" else weakest, act, nats
    )


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
