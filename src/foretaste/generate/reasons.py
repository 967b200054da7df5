"""Reasons: the terms of the scores of a list in, for each item a few sentences out.

One composer for the command line, HTTP, notebooks, the page and the chat: the same terms give the
same sentences, whether or not the terms themselves are shown. A sentence stands on terms that raise
the score, and on what can be counted (`list_evidence`); the most definite comes first. What is true
of every item of a list says nothing of one, and stands over the list.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from foretaste.domain.data import Term
from foretaste.domain.reason import Reason
from foretaste.generate.candidate import COMMON, ReasonCandidate
from foretaste.generate.last_resort import last_resort_candidates, last_resort_headline
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.messages import Messages
from foretaste.generate.reason_candidates import candidates_of
from foretaste.generate.safe import is_suspicious

AVERAGE_ITEM = "average item"
"""The feature of terms that every item has."""
NETWORK_EXPERTS = frozenset(("sequence", "language"))
DAYS_OF_A_WEEK = 7
MAX_CACHED_SENTENCES = 10_000
"""Sentences that are looked at once: lists of many people have the same."""
MIN_SHARED_LIST = 3
"""Items of a list from which on what is true of all of them is no reason for one."""
MIN_SHARE = 0.03
"""Of what raises a score, the share that a second reason has at least."""
REPEATED_WEIGHT = 0.6
"""What a sentence is worth for each item of the list before that has it already."""
SOURCE_MESSAGES = {
    "pinned": "Featured here",
    "promoted": "Featured here",
    "explored": "Something different, to see whether you like it",
    "new": "Not discovered by others yet",
    "fallback": "A popular choice",
    "popular": "A popular choice",
    "taken": "You know this already; nothing new is left",
    "unfiltered": "Outside the filter; nothing else is left in it",
}
"""What is said of an item that something else than its score brought to its place."""
UNKNOWN_USER_MESSAGE = "Popular right now"
"""What is said over the list of somebody of whom nothing is known."""


_is_suspicious_sentence = lru_cache(MAX_CACHED_SENTENCES)(is_suspicious)


@dataclass(frozen=True)
class ListReasons:
    """What is said of a list."""

    items: tuple[tuple[Reason, ...], ...]
    """For each item, the most definite first."""
    headline: str | None = None
    """What is true of every item; None where nothing is."""


def compose_reasons(
    items: Sequence[int],
    terms: Sequence[Sequence[Term]],
    evidence: ListEvidence,
    *,
    max_reasons: int = 2,
) -> ListReasons:
    """The reasons of each item. items: internal ids. terms: of each item's score."""
    candidates_by_item = [
        candidates_of(item, item_terms, evidence)
        for item, item_terms in zip(items, terms, strict=True)
    ]
    common_texts = _common_texts(candidates_by_item)
    common_events = {
        event
        for candidates in candidates_by_item
        for candidate in candidates
        if candidate.text in common_texts
        for event in candidate.events
    }
    used_texts: Counter[str] = Counter()
    reasons = []
    for item, candidates, item_terms in zip(items, candidates_by_item, terms, strict=True):
        own_candidates = [
            _repeated(candidate, used_texts[candidate.text])
            for candidate in candidates
            if candidate.text not in common_texts
        ]
        total = _raising_nats(item_terms)
        chosen = _choose(own_candidates, max_reasons, MIN_SHARE * total)
        if not chosen:
            chosen = _choose(
                last_resort_candidates(item, item_terms, evidence, common_events), max_reasons, 0.0
            )
        used_texts.update(candidate.text for candidate in chosen)
        reasons.append(tuple(candidate.reason(total) for candidate in chosen))
    headline = _headline(candidates_by_item, common_texts)
    texts_of_items = {tuple(reason.text for reason in own) for own in reasons}
    if len(reasons) >= MIN_SHARED_LIST and len(texts_of_items) == 1 and reasons[0]:
        headline, reasons = headline or reasons[0][0].text, [()] * len(reasons)
    if headline is None and not all(reasons):
        headline = last_resort_headline(terms, evidence)
        headline = None if headline is None or _is_suspicious_sentence(headline) else headline
    if headline is not None:  # what stands above the list is not said again within it
        reasons = [tuple(r for r in own if r.text != headline) for own in reasons]
    return ListReasons(tuple(reasons), headline)


def _repeated(candidate: ReasonCandidate, times: int) -> ReasonCandidate:
    """The same, worth less where items before have it already."""
    if not times:
        return candidate
    return replace(candidate, worth=candidate.worth * REPEATED_WEIGHT**times)


def placed_reason(source: str, evidence: ListEvidence) -> Reason | None:
    """Why an item is in its place, where something else than its score brought it there."""
    message = SOURCE_MESSAGES.get(source)
    return None if message is None else Reason(evidence.messages.text(message), expert=source)


def trending_reason(users: int, seconds: float, evidence: ListEvidence) -> Reason:
    """How many people took an item within so many seconds."""
    messages = evidence.messages
    sentence = messages.plural(
        "{verb} by one person {period}",
        "{verb} by {count} people {period}",
        users,
        verb=evidence.verb_of_others,
        period=window_period(seconds, messages),
    )
    text = sentence[:1].upper() + sentence[1:]
    return Reason(text, expert="popularity", feature="popularity")


def window_period(seconds: float, messages: Messages) -> str:
    """In words: this week, in the last 24 hours, in the last 30 days."""
    days, hours = seconds / 86_400, seconds / 3_600
    if days == DAYS_OF_A_WEEK:
        return messages.text("this week")
    if days > 1 and days.is_integer():
        return messages.plural("in the last day", "in the last {count} days", int(days))
    if hours >= 1 and hours.is_integer():
        return messages.plural("in the last hour", "in the last {count} hours", int(hours))
    minutes = max(round(seconds / 60), 1)
    return messages.plural("in the last minute", "in the last {count} minutes", minutes)


def _raising_nats(terms: Sequence[Term]) -> float:
    """All that raises a score. What a network says counts as one sum: how far it is told event by
    event is another question.
    """
    network_nats: dict[str, float] = {}
    total = 0.0
    for term in terms:
        if term.feature == AVERAGE_ITEM:
            continue
        if term.expert in NETWORK_EXPERTS:
            network_nats[term.expert] = network_nats.get(term.expert, 0.0) + term.nats
        else:
            total += max(term.nats, 0.0)
    return total + sum(max(nats, 0.0) for nats in network_nats.values())


def _common_texts(candidates_by_item: Sequence[Sequence[ReasonCandidate]]) -> set[str]:
    """The sentences that are true of every item."""
    if len(candidates_by_item) < MIN_SHARED_LIST:
        return set()
    texts_by_item = [{candidate.text for candidate in own} for own in candidates_by_item]
    return set.intersection(*texts_by_item)


def _headline(
    candidates_by_item: Sequence[Sequence[ReasonCandidate]], common_texts: set[str]
) -> str | None:
    """Of what is true of every item what tells most."""
    worths: dict[str, float] = {}
    for candidates in candidates_by_item:
        for candidate in candidates:
            if candidate.text in common_texts and candidate.heading is not None:
                worths[candidate.heading] = worths.get(candidate.heading, 0.0) + candidate.worth
    headlines = sorted(worths, key=lambda text: -worths[text])
    return next((text for text in headlines if not _is_suspicious_sentence(text)), None)


def _choose(
    candidates: Sequence[ReasonCandidate], max_reasons: int, min_contribution: float
) -> list[ReasonCandidate]:
    """The ones that tell most, of which no two say the same; the most definite first.

    min_contribution: of all but the first, in nats.
    """
    chosen: list[ReasonCandidate] = []
    for candidate in sorted(candidates, key=lambda candidate: -candidate.worth):
        is_weak = candidate.contribution < min_contribution or candidate.subject == COMMON
        if chosen and is_weak:
            continue
        is_new = not any(map(candidate.says_the_same, chosen))
        if len(chosen) < max_reasons and is_new and not _is_suspicious_sentence(candidate.text):
            chosen.append(candidate)
    return sorted(chosen, key=lambda candidate: (-candidate.definiteness, -candidate.worth))
