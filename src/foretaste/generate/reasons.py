"""Reasons: the terms of the scores of a list in, for each item a few sentences out.

One composer for the command line, HTTP, notebooks, the page and the chat: the same terms give the
same sentences, whether or not the terms themselves are shown. A sentence stands on terms that raise
the score, and on what can be counted (`list_evidence`); the most definite comes first. What is true
of every item of a list says nothing of one, and stands over the list.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from foretaste.domain.data import Term
from foretaste.domain.reason import Reason
from foretaste.domain.term_table import TermTable
from foretaste.generate.candidate import COMMON, ReasonCandidate, Words
from foretaste.generate.last_resort import (
    last_resort_candidates,
    last_resort_headline,
    unraised_candidates,
)
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.list_terms import ListTerms
from foretaste.generate.messages import Messages
from foretaste.generate.reason_candidates import MIN_REASON_NATS, candidates_of
from foretaste.generate.safe import is_suspicious

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
    list_terms = ListTerms(items, TermTable.of(terms), evidence)
    candidates_by_item = [
        candidates_of(item, item_terms, evidence)
        for item, item_terms in zip(items, list_terms.of_items(), strict=True)
    ]
    common = _common_sentences(candidates_by_item)
    common_events = {
        event
        for candidates in candidates_by_item
        for candidate in candidates
        if candidate.sentence in common
        for event in candidate.events
    }
    used: dict[Words, int] = {}
    reasons = []
    for row, (item, candidates) in enumerate(zip(items, candidates_by_item, strict=True)):
        own_candidates = [own for own in candidates if own.sentence not in common]
        total = list_terms.raising_nats[row]
        chosen = _choose(own_candidates, max_reasons, MIN_SHARE * total, evidence, used)
        if not chosen:
            last_candidates = last_resort_candidates(item, row, list_terms, common_events)
            chosen = _choose(last_candidates, max_reasons, 0.0, evidence, {})
        if not chosen and total < MIN_REASON_NATS:
            told_sentences = {*common, *used}
            plain_candidates = unraised_candidates(item, row, list_terms, told_sentences)
            chosen = _choose(plain_candidates, 1, 0.0, evidence, used)
        for candidate in chosen:
            used[candidate.sentence] = used.get(candidate.sentence, 0) + 1
        texts = [evidence.written(candidate.sentence) for candidate in chosen]
        reasons.append(
            tuple(own.reason(text, total) for own, text in zip(chosen, texts, strict=True))
        )
    headline = _headline(candidates_by_item, common, evidence)
    texts_of_items = {tuple(reason.text for reason in own) for own in reasons}
    if len(reasons) >= MIN_SHARED_LIST and len(texts_of_items) == 1 and reasons[0]:
        headline, reasons = headline or reasons[0][0].text, [()] * len(reasons)
    if headline is None and not all(reasons):
        headline = last_resort_headline(list_terms)
        headline = None if headline is None or _is_suspicious_sentence(headline) else headline
    if headline is not None:  # what stands above the list is not said again within it
        reasons = [tuple(r for r in own if r.text != headline) for own in reasons]
    return ListReasons(tuple(reasons), headline)


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


def _common_sentences(candidates_by_item: Sequence[Sequence[ReasonCandidate]]) -> set[Words]:
    """The sentences that are true of every item."""
    if len(candidates_by_item) < MIN_SHARED_LIST:
        return set()
    common = {candidate.sentence for candidate in candidates_by_item[0]}
    for candidates in candidates_by_item[1:]:
        if not common:
            break
        common.intersection_update([candidate.sentence for candidate in candidates])
    return common


def _headline(
    candidates_by_item: Sequence[Sequence[ReasonCandidate]],
    common: Container[Words],
    evidence: ListEvidence,
) -> str | None:
    """Of what is true of every item what tells most."""
    worths: dict[Words, float] = {}
    for candidates in candidates_by_item:
        for candidate in candidates:
            if candidate.heading is not None and candidate.sentence in common:
                worths[candidate.heading] = worths.get(candidate.heading, 0.0) + candidate.worth
    headlines = map(evidence.written, sorted(worths, key=lambda heading: -worths[heading]))
    return next((text for text in headlines if not _is_suspicious_sentence(text)), None)


def _choose(
    candidates: Sequence[ReasonCandidate],
    max_reasons: int,
    min_contribution: float,
    evidence: ListEvidence,
    used: Mapping[Words, int],
) -> list[ReasonCandidate]:
    """The ones that tell most, of which no two say the same; the most definite first.

    min_contribution: of all but the first, in nats. used: how many items before have a sentence
    already; it is worth less for each. What is not chosen is not written.
    """
    chosen: list[tuple[float, ReasonCandidate]] = []
    worths = [
        (candidate.worth * REPEATED_WEIGHT ** used.get(candidate.sentence, 0), candidate)
        for candidate in candidates
    ]
    for worth, candidate in sorted(worths, key=lambda pair: -pair[0]):
        is_weak = candidate.contribution < min_contribution or candidate.subject == COMMON
        if chosen and is_weak:
            continue
        if len(chosen) == max_reasons:
            break
        is_new = not any(candidate.says_the_same(other) for _, other in chosen)
        if is_new and not _is_suspicious_sentence(evidence.written(candidate.sentence)):
            chosen.append((worth, candidate))
    chosen.sort(key=lambda pair: (-pair[1].definiteness, -pair[0]))
    return [candidate for _, candidate in chosen]
