"""Reasons in words: the terms of a score in, a few short sentences out, strongest first.

Only terms that raise the score are told, and nothing that is not a term. Terms of one expert that
come from one event or one feature are added up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foretaste.domain.data import Term

WORDS: Mapping[str, str] = {
    "transition": "people go on to it from {event}",
    "neighbour": "taken together with {event}",
    "content": "it reads like {event}",
    "lexical": "it shares words with {event}",
    "sequence": "it follows from {event}",
    "language": "it suits {event}",
    "attribute": "{feature}",
    "query": "it answers what you asked for",
    "popularity": "it is popular",
    "refusal": "it is unlike {event}, which you refused",
    "repeat": "you know it already",
    "rule": "{feature}",
    "wish": "you asked for more of {feature}",
}
PLACED: Mapping[str, str] = {
    "pinned": "it is placed here by a rule",
    "promoted": "it is promoted",
    "explored": "it is shown to learn who likes it",
    "new": "this place is kept for what nobody has taken yet",
    "fallback": "it is popular",
}
"""What is said of an item that something else than its score brought to its place."""
UNKNOWN = "popular right now; nothing is known of this visitor yet"
"""What is said to somebody who has done nothing, asked nothing and stated no taste."""
WHOLE = "it fits your history as a whole"
LEAST = 0.05
"""Nats below which a reason is not worth telling."""
SILENT = frozenset({"average item", "new", "few events"})
"""Features that set an item apart from nothing, or are no reason to show it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What raises a score, in words: the terms of one event or of one feature, added up."""

    words: str
    nats: float
    event: str | None = None
    """The title of the past item, or the words of the past search."""
    feature: str | None = None


def why(terms: Sequence[Term], titles: Mapping[str, str], *, most: int = 3) -> tuple[Reason, ...]:
    """At most so many, strongest first; what was asked for is among them.

    titles: the events', by item id.
    """
    sums: dict[str, float] = {}
    first: dict[str, Term] = {}
    wished: set[str] = set()
    for term in terms:
        if term.feature not in SILENT:
            words = _words(term, titles)
            sums[words] = sums.get(words, 0.0) + term.nats
            first.setdefault(words, term)
            if term.expert == "wish":
                wished.add(words)
    enough = [words for words, nats in sums.items() if nats >= LEAST]
    told = sorted(enough, key=lambda words: (words not in wished, -sums[words]))[:most]
    return tuple(
        Reason(words, sums[words], _event(first[words], titles), first[words].feature)
        for words in sorted(told, key=lambda words: -sums[words])
    )


def reasons(terms: Sequence[Term], titles: Mapping[str, str], *, most: int = 3) -> tuple[str, ...]:
    """At most so many sentences, each with its nats."""
    return tuple(f"{one.words} (+{one.nats:.2f})" for one in why(terms, titles, most=most))


def reasons_of_each(
    lists: Sequence[Sequence[Term]], titles: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """The same for the terms of each item of a list."""
    return [reasons(terms, titles) for terms in lists]


def _event(term: Term, titles: Mapping[str, str]) -> str | None:
    return None if term.event is None else titles.get(term.event) or term.event


def _words(term: Term, titles: Mapping[str, str]) -> str:
    if term.event is not None:
        event = f"“{titles.get(term.event) or term.event}”"
        return WORDS[term.expert.split(":", 1)[0]].format(event=event, feature="")
    if term.feature in ("popularity", "query"):
        return WORDS[term.feature]
    if term.feature == "whole history":
        return WHOLE
    return WORDS[term.expert.split(":", 1)[0]].format(feature=term.feature, event="")
