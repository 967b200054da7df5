"""Clauses, bounds and comparatives in, a question and changes of the profile out.

What is asked for now becomes conditions, as far as items have attributes of that name, and a query
for the rest. What is refused is left out of this talk ("a comedy without romance") or, if that was
said of all lists ("no romance"), becomes a change of the profile.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import Any

from foretaste.errors import InputError
from foretaste.understand.clauses import CHILDREN_TOKEN, Clause, Scope, Wish, without_plain
from foretaste.understand.exclusive_kinds import stands_alone
from foretaste.understand.grammar import GRAMMARS, Grammar
from foretaste.understand.meaning import Change, Scene
from foretaste.understand.misspellings import base_of_comparative
from foretaste.understand.numbers import Bound
from foretaste.understand.phrase_match import PhraseMatch
from foretaste.understand.vocabulary import Vocabulary

MIN_NOISE_LETTERS = 4
NO_WORD = re.compile(r"^[^aeiouàâäáéèêëíîïóôöúûü]++$|[^aeiouyàâäáéèêëíîïóôöúûü]{5}")
"""No vowel, or five consonants after one another."""
FILTER_TYPES = ("named", "synonym", "read")
"""What a part must be to become a condition."""


@dataclass(frozen=True)
class ParsedRequest:
    """What is asked for now, and what changes."""

    query: str | None
    conditions: tuple[Mapping[str, Any], ...]
    changes: tuple[Change, ...]
    scope: Scope | None
    problems: tuple[str, ...]
    asks: bool
    """Whether a list is asked for."""
    absent_words: tuple[str, ...] = ()
    """Colours or materials that were asked for and that no item has."""
    has_topic: bool = False
    """Whether it names something to look for, and not only how the list is to change."""
    said_query: str | None = None
    """The query in the words that were said, where it is searched in others."""

    def meaning_fields(self) -> dict[str, Any]:
        """What a meaning takes over."""
        names = ("query", "said_query", "conditions", "changes", "scope", "problems")
        return {name: getattr(self, name) for name in (*names, "absent_words")}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said that can be done."""
        requested = (self.query, self.conditions, self.changes, self.problems, self.absent_words)
        return not (any(requested) or self.asks)

    def is_noise(self, known_words: Container[str]) -> bool:
        """Whether nothing but letters was typed: no word of any item, and one that is no word."""
        if self.conditions or self.changes or not self.query:
            return False
        words = [word for word in self.query.split() if word.isalpha()]
        return not any(word in known_words for word in words) and any(
            len(word) >= MIN_NOISE_LETTERS and NO_WORD.search(word) for word in words
        )


def parsed_request(
    wish: Wish,
    bounds: Sequence[Bound],
    compared: Sequence[Mapping[str, Any]],
    problems: Sequence[str],
    scene: Scene,
    grammar: Grammar,
) -> ParsedRequest:
    """Everything put together."""
    builder = _RequestBuilder(scene.vocabulary, grammar, wish.scope)
    builder.conditions += compared
    builder.problems += problems
    for bound in bounds:
        builder.add_bound(bound)
    refusals = [clause for clause in wish.clauses if clause.strength in ("without", "none")]
    for clause in (*refusals, *(clause for clause in wish.clauses if clause not in refusals)):
        builder.add_clause(clause)
    conditions = builder.joined_conditions()
    asks = bool(conditions or builder.query_words or builder.problems or builder.absent_words)
    return ParsedRequest(
        query=" ".join(builder.query_words) or None,
        conditions=(*conditions, *builder.exclusions),
        changes=tuple(builder.changes),
        scope=wish.scope,
        problems=tuple(dict.fromkeys(builder.problems)),
        asks=asks or bool(builder.exclusions and not builder.changes),
        absent_words=tuple(builder.absent_words),
        has_topic=any(clause.strength == "wanted" for clause in wish.clauses),
        said_query=" ".join(builder.said_words) or None,
    )


def _is_filter(part: PhraseMatch, parts: Sequence[PhraseMatch]) -> bool:
    """Whether a part becomes a condition: a year that more words follow may begin a title, and
    what is only near in meaning must be all that is asked.
    """
    is_topical = any(other.match_type == "topic" for other in parts)
    if part.match_type == "read" or (part.offset == 0 and part.words[0].isdigit()):
        return not is_topical
    return part.match_type in FILTER_TYPES


class _RequestBuilder:
    def __init__(self, vocabulary: Vocabulary, grammar: Grammar, scope: Scope | None) -> None:
        self._vocabulary, self._grammar, self._scope = vocabulary, grammar, scope
        self.conditions: list[Mapping[str, Any]] = []
        self.exclusions: list[Mapping[str, Any]] = []
        self.changes: list[Change] = []
        self.query_words: list[str] = []
        self.said_words: list[str] = []
        self.problems: list[str] = []
        self.absent_words: list[str] = []
        self._values: dict[str, list[str]] = {}
        self._alternatives: set[str] = set()

    def add_bound(self, bound: Bound) -> None:
        """A number, as a condition of the attribute that it is of; “nothing before 1980” is from
        1980 on.
        """
        if bound.is_negated and bound.opposite is not None:
            bound = bound.opposite
        try:
            column = self._vocabulary.numbers.column_for(bound)
        except InputError as error:
            self.problems.append(str(error))
        else:
            condition = {column.name: column.test_of(bound)}
            (self.exclusions if bound.is_negated else self.conditions).append(
                {"not": condition} if bound.is_negated else condition
            )

    def add_clause(self, clause: Clause) -> None:
        """What it asks for, leaves out, or changes."""
        words = self._vocabulary.split_compounds(clause.words, self._grammar)
        clause = replace(clause, words=words)
        parts = self._vocabulary.parts(words, self._grammar)
        if clause.strength in ("wanted", "only"):
            self._ask(clause, parts)
        elif clause.strength in ("without", "none") and (
            clause.strength == "without" or self._scope == "talk"
        ):
            if self._scope == "lasting":
                self.changes.append(Change(clause, tuple(parts)))
            else:
                parts = self._vocabulary.with_topic(parts, self._grammar)
                self.exclusions += [{"not": dict(part.condition)} for part in parts]
        else:
            self.changes.append(Change(clause, tuple(parts)))

    def _ask(self, clause: Clause, parts: Sequence[PhraseMatch]) -> None:
        refused = self._refused_conditions()
        filters = [
            part
            for part in parts
            if _is_filter(part, parts)
            and not (part.match_type in ("synonym", "read") and part.condition in refused)
        ]
        asked_columns = {column for column, values in self._values.items() if values}
        for part in filters:
            ((column, value),) = part.condition.items()
            previous = self._values.setdefault(column, [])
            is_alternative = clause.is_alternative and column in asked_columns
            if previous and (is_alternative or self._vocabulary.single_valued(column)):
                self._alternatives.add(column)
            if value not in previous:
                previous.append(value)
        if clause.words == (CHILDREN_TOKEN,):
            if not filters:
                self.query_words.append("children")
                self.said_words.append("children")
            return
        named = {
            part.offset + at
            for part in filters
            if part.match_type != "read"
            for at in range(len(part.words))
        }
        words = [word for at, word in enumerate(clause.words) if at not in named]
        columns = {column for part in filters for column in part.condition}
        words = [
            w for w in words if self._vocabulary.column_called(w, self._grammar) not in columns
        ]
        absent = [word for word in words if self._is_absent(word)]
        self.absent_words += absent
        words = [word for word in words if word not in absent]
        if filters:  # “3 thrillers and 2 comedies”
            words = [word for word in words if not (word.isdigit() and len(word) <= 2)]
        if self.query_words:
            words = list(without_plain(words, self._grammar))
        content = self._content(words)
        self.said_words += without_plain(content, self._grammar) or content
        self.query_words += self._searched(content)

    def _is_absent(self, word: str) -> bool:
        """Whether it is a colour or material that no item tells anything of."""
        english = self._grammar.translated((word,))
        return stands_alone(english) and not self._vocabulary.has_any({"about": " ".join(english)})

    def _refused_conditions(self) -> list[Mapping[str, Any]]:
        """ "Not horror, but creepy" asks for nothing that horror is another word for."""
        excluded = [exclusion["not"] for exclusion in self.exclusions]
        changes = [change for change in self.changes if change.clause.strength == "none"]
        return [*excluded, *(part.condition for change in changes for part in change.parts)]

    def _content(self, words: Sequence[str]) -> tuple[str, ...]:
        """From the first word on that names something."""
        words = [word for word in words if len(word) > 1 or word.isdigit()] or words
        filler = self._grammar.frames["filler"]
        useful = [word for word in words if word not in filler]
        words = useful if useful or self.query_words or self._values else words
        if self._grammar.language == "en":
            words = [base_of_comparative(word, self._vocabulary.words) for word in words]
        content = without_plain(words, self._grammar)
        if self._grammar.language != "en" and content:  # "film" goes with what it is about
            is_noun = [w in content or self._grammar.meaning(w) is not None for w in words]
            content = tuple(w for w, known in zip(words, is_noun, strict=True) if known)
        return content

    def _searched(self, content: tuple[str, ...]) -> tuple[str, ...]:
        """As the catalogue is searched: “book about dragon” by “dragon”, and “film slow about
        space” as it is.
        """
        words = self._vocabulary.searched(content, self._grammar)
        if self._grammar.language == "en":
            return words
        if words == content:  # the catalogue has all of them
            return without_plain(content, self._grammar) or content
        plain = GRAMMARS["en"].clauses["plain"]
        topic = tuple(dropwhile(plain.__contains__, words))
        return words if plain & set(topic) else topic or words

    def joined_conditions(self) -> list[Mapping[str, Any]]:
        """Several values of one attribute: one of them will do where that was said, or where no
        item can have two.
        """
        joined: list[Mapping[str, Any]] = []
        for column, values in self._values.items():
            if len(values) == 1:
                joined.append({column: values[0]})
            elif column in self._alternatives:
                joined.append({column: values})
            else:
                joined.append({column: {"all": values}})
        return [*joined, *self.conditions]
