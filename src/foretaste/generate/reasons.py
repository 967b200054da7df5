"""Reasons in words: the terms of a score in, a few short sentences out, strongest first.

Only terms that raise the score are told, and nothing that is not a term. Terms of one expert that
come from one event or one feature are added up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foretaste.domain.data import Term
from foretaste.domain.text_limits import shorten

REASON_TEMPLATES: Mapping[str, str] = {
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
SOURCE_REASONS: Mapping[str, str] = {
    "pinned": "it is placed here by a rule",
    "promoted": "it is promoted",
    "explored": "it is shown to learn who likes it",
    "new": "this place is kept for what nobody has taken yet",
    "fallback": "it is popular",
    "taken": "you know it already; nothing new is left",
    "unfiltered": "nothing else is left that the filter lets through",
}
"""What is said of an item that something else than its score brought to its place."""
UNKNOWN_USER_REASON = "popular right now; nothing is known of this visitor yet"
"""What is said to somebody who has done nothing, asked nothing and stated no taste."""
WHOLE_HISTORY_REASON = "it fits your history as a whole"
MIN_REASON_NATS = 0.05
"""Nats below which a reason is not worth telling."""
SILENT_FEATURES = frozenset({"average item", "new", "few events"})
"""Features that set an item apart from nothing, or are no reason to show it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What raises a score, in words: the terms of one event or of one feature, added up."""

    text: str
    nats: float
    event: str | None = None
    """The title of the past item, or the words of the past search."""
    feature: str | None = None


def strongest_reasons(
    terms: Sequence[Term], titles: Mapping[str, str], *, max_reasons: int = 3
) -> tuple[Reason, ...]:
    """At most so many, strongest first; what was asked for is among them.

    titles: the events', by item id.
    """
    nats_by_text: dict[str, float] = {}
    first_terms: dict[str, Term] = {}
    requested_texts: set[str] = set()
    for term in terms:
        if term.feature not in SILENT_FEATURES:
            reason_text = _reason_text(term, titles)
            nats_by_text[reason_text] = nats_by_text.get(reason_text, 0.0) + term.nats
            first_terms.setdefault(reason_text, term)
            if term.expert == "wish":
                requested_texts.add(reason_text)
    sufficient_texts = [words for words, nats in nats_by_text.items() if nats >= MIN_REASON_NATS]
    strongest_texts = sorted(
        sufficient_texts, key=lambda words: (words not in requested_texts, -nats_by_text[words])
    )[:max_reasons]
    return tuple(
        Reason(
            words,
            nats_by_text[words],
            _event_name(first_terms[words], titles),
            first_terms[words].feature,
        )
        for words in sorted(strongest_texts, key=lambda words: -nats_by_text[words])
    )


def reason_sentences(
    terms: Sequence[Term], titles: Mapping[str, str], *, max_reasons: int = 3
) -> tuple[str, ...]:
    """At most so many sentences, each with its nats."""
    return tuple(
        f"{strong_reason.text} (+{strong_reason.nats:.2f})"
        for strong_reason in strongest_reasons(terms, titles, max_reasons=max_reasons)
    )


def reasons_of_each(
    lists: Sequence[Sequence[Term]], titles: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """The same for the terms of each item of a list."""
    return [reason_sentences(terms, titles) for terms in lists]


def _event_name(term: Term, titles: Mapping[str, str]) -> str | None:
    return None if term.event is None else titles.get(term.event) or term.event


def _reason_text(term: Term, titles: Mapping[str, str]) -> str:
    if term.event is not None:
        quoted_event = f"“{shorten(titles.get(term.event) or term.event)}”"
        return REASON_TEMPLATES[term.expert.split(":", 1)[0]].format(event=quoted_event, feature="")
    if term.feature in ("popularity", "query"):
        return REASON_TEMPLATES[term.feature]
    if term.feature == "whole history":
        return WHOLE_HISTORY_REASON
    feature = shorten(term.feature or "")
    return REASON_TEMPLATES[term.expert.split(":", 1)[0]].format(feature=feature, event="")
