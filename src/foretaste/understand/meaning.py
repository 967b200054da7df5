"""The nouns of what a person means: an intent, what it is about, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from foretaste.understand.clauses import Clause, Scope
from foretaste.understand.phrase_match import PhraseMatch
from foretaste.understand.vocabulary import Vocabulary

Intent = Literal[
    "find",
    "refine",
    "more",
    "fewer",
    "like",
    "not_like",
    "take",
    "hide",
    "why",
    "why_not",
    "compare",
    "about",
    "next",
    "start_over",
    "forget",
    "undo",
    "thanks",
    "greet",
    "help",
    "my_data",
    "unknown",
]
"""find: a list. refine: the list in hand, changed. more, fewer: the profile, changed. like,
not_like: more like an item, or less. take, hide: what is done with an item. about: what is
known of an item. next: the next page.
forget: the whole profile. unknown: nothing that can be done here."""
Topic = Literal[
    "length",
    "year",
    "price",
    "maker",
    "cast",
    "text",
    "facts",
    "reviews",
    "stock",
    "noun",
    "made_of",
    "quality",
    "extreme",
    "values",
]
"""What is asked of an item. noun: an attribute by its name. quality: whether it is so. extreme:
which of the list is the most of something. values: which values of an attribute there are, of no
item.
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the talk has come to, as far as words can refer to it."""

    vocabulary: Vocabulary
    shown: Mapping[str, str] = field(default_factory=dict)
    """The items of the last list, id → title, in their order."""
    seeds: tuple[str, ...] = ()
    """The items that the list is like."""
    has_question: bool = False
    """Whether there is a query or a filter to refine."""
    language: str = "en"
    """In which the talk was up to now."""
    subject: tuple[str, ...] = ()
    """The items that were spoken of last, which “it” is."""
    topic: "Topic | None" = None
    """What was asked of them."""
    filter: Mapping[str, Any] = field(default_factory=dict)
    """What the list in hand was asked for by."""
    earlier_questions: tuple[Mapping[str, Any], ...] = ()
    """The query and filter of questions before this one, the newest first."""
    today: date | None = None
    """What “last week” is said of; None where no such times are read."""


@dataclass(frozen=True, slots=True)
class Change:
    """One clause, with what the items have of it."""

    clause: Clause
    parts: tuple[PhraseMatch, ...]


@dataclass(frozen=True)
class Meaning:
    """What was meant."""

    intent: Intent
    language: str
    items: tuple[str, ...] = ()
    missing_title: str | None = None
    """What was named as an item and is none."""
    query: str | None = None
    said_query: str | None = None
    """In the words of the person, where the catalogue is searched in others."""
    """What is searched for, in words."""
    conditions: tuple[Mapping[str, Any], ...] = ()
    """What the items must be like, in this talk."""
    changes: tuple[Change, ...] = ()
    """What changes for all lists from now on."""
    count: int | None = None
    scope: Scope | None = None
    problems: tuple[str, ...] = ()
    """What cannot be done, and why."""
    absent_words: tuple[str, ...] = ()
    """Colours or materials that were asked for and that no item has."""
    topic: Topic | None = None
    """What is asked of the item."""
    column: str | None = None
    """The attribute that is asked for."""
    lifted: tuple[str, ...] = ()
    """Attributes that the list is no longer to be chosen by."""
    order: str | None = None
    """What the list is to begin with, as a comparative: “cheaper”."""
