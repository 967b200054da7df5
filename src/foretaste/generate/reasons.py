"""Reasons: the terms of the scores of a list in, for each item a few sentences out.

One composer for the command line, HTTP, notebooks, the page and the chat: the same terms give the
same sentences, whether or not the terms themselves are shown. A sentence stands on terms that raise
the score, and on what can be counted (`list_evidence`); the most definite comes first. What is true
of every item of a list says nothing of one, and stands over the list.
"""

from collections.abc import Container, Iterable, Sequence
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
from foretaste.generate.reason_candidates import MIN_REASON_NATS, candidates_of_items
from foretaste.generate.safe import is_suspicious

DAYS_OF_A_WEEK = 7
MAX_CACHED_SENTENCES = 10_000
"""Sentences that are looked at once: lists of many people have the same."""
MIN_SHARED_LIST = 3
"""Items of a list from which on what is true of all of them is no reason for one."""
MIN_SHARE = 0.03
"""Of what raises a score, the share that a second reason has at least."""
REPEATED_EVENT_WEIGHT = 0.85
"""What a sentence is worth for each item of the list before that names one of its past items."""
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
    "unmatched": "Has nothing of what you searched for",
    "outdated": "Older; nothing newer is left",
}
"""What is said of an item that something else than its score brought to its place."""
UNKNOWN_USER_MESSAGE = "Popular right now"
"""What is said over the list of somebody of whom nothing is known."""


_is_suspicious_sentence = lru_cache(MAX_CACHED_SENTENCES)(is_suspicious)


class _UsedSentences:
    """What the items of a list before have been told with."""

    def __init__(self, headline_events: Iterable[str]) -> None:
        self.sentences: dict[Words, int] = {}
        self._events = dict.fromkeys(headline_events, 1)
        self._last_events: set[str] = set()

    def add(self, candidates: Sequence[ReasonCandidate]) -> None:
        """What the next item of the list is told."""
        self._last_events = {event for candidate in candidates for event in candidate.events}
        for candidate in candidates:
            self.sentences[candidate.sentence] = self.sentences.get(candidate.sentence, 0) + 1
        for event in self._last_events:
            self._events[event] = self._events.get(event, 0) + 1

    def ranked(
        self, candidates: Sequence[ReasonCandidate]
    ) -> list[tuple[bool, float, ReasonCandidate]]:
        """(whether it comes last, what it is worth, the candidate), the first to be said first.

        What names a past item of the item before comes last, with what says little of anything.
        """
        rows = []
        for candidate in candidates:
            times = self.sentences.get(candidate.sentence, 0)
            worth = candidate.worth * REPEATED_WEIGHT**times if times else candidate.worth
            comes_last = candidate.subject == COMMON
            for event in candidate.events:
                comes_last = comes_last or event in self._last_events
                times = self._events.get(event, 0)
                if times:
                    worth *= REPEATED_EVENT_WEIGHT**times
            rows.append((comes_last, worth, candidate))
        rows.sort(key=_last_and_least)
        return rows


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
    candidates_by_item = candidates_of_items(items, list_terms)
    common = _common_sentences(candidates_by_item)
    told_list = _ToldList(items, list_terms, candidates_by_item, common, max_reasons)
    reasons = told_list.reasons(without=None)
    headline = _headline(candidates_by_item, common, evidence)
    texts_of_items = {tuple(reason.text for reason in own) for own in reasons}
    if len(reasons) >= MIN_SHARED_LIST and len(texts_of_items) == 1 and reasons[0]:
        headline, reasons = headline or reasons[0][0].text, [()] * len(reasons)
    if headline is None and not all(reasons):
        headline = last_resort_headline(list_terms)
        headline = None if headline is None or _is_suspicious_sentence(headline) else headline
        if headline is not None:
            reasons = told_list.reasons(without=headline)
    if headline is not None:  # what stands above the list is not said again within it
        reasons = [tuple(r for r in own if r.text != headline) for own in reasons]
    return ListReasons(tuple(reasons), headline)


@dataclass(frozen=True)
class _ToldList:
    """What can be said of the items of a list. common: the sentences that are so of all of them."""

    items: Sequence[int]
    terms: ListTerms
    candidates_by_item: Sequence[Sequence[ReasonCandidate]]
    common: set[Words]
    max_reasons: int

    def reasons(self, *, without: str | None) -> list[tuple[Reason, ...]]:
        """Those of each item, one after another. without: a sentence that is not to be said."""
        evidence, reasons = self.terms.evidence, []
        common_events = {
            event
            for candidates in self.candidates_by_item
            for candidate in candidates
            if candidate.sentence in self.common
            for event in candidate.events
        }
        used = _UsedSentences(common_events)
        for row, candidates in enumerate(self.candidates_by_item):
            own_candidates = [own for own in candidates if own.sentence not in self.common]
            chosen = self._reasons_of(row, own_candidates, common_events, used, without)
            used.add(chosen)
            texts = [evidence.written(candidate.sentence) for candidate in chosen]
            total = self.terms.raising_nats[row]
            reasons.append(
                tuple(own.reason(text, total) for own, text in zip(chosen, texts, strict=True))
            )
        return reasons

    def _reasons_of(
        self,
        row: int,
        candidates: Sequence[ReasonCandidate],
        common_events: Container[str],
        used: "_UsedSentences",
        without: str | None,
    ) -> list[ReasonCandidate]:
        item, terms = self.items[row], self.terms
        total = terms.raising_nats[row]

        def choose(
            offered: Sequence[ReasonCandidate], count: int, min_contribution: float
        ) -> list[ReasonCandidate]:
            if without is not None:
                written_text = terms.evidence.written
                offered = [own for own in offered if written_text(own.sentence) != without]
            return _choose(offered, count, min_contribution, terms.evidence, used)

        chosen = choose(candidates, self.max_reasons, MIN_SHARE * total)
        if not chosen:
            last_candidates = last_resort_candidates(item, row, terms, common_events)
            chosen = choose(last_candidates, self.max_reasons, 0.0)
        if not chosen and total < MIN_REASON_NATS:
            told_sentences = {*self.common, *used.sentences}
            chosen = choose(unraised_candidates(item, row, terms, told_sentences), 1, 0.0)
        return chosen


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
    used: _UsedSentences,
) -> list[ReasonCandidate]:
    """The ones that tell most, of which no two say the same; the most definite first.

    min_contribution: of all but the first, in nats. What names a past item of the item before is
    said only where nothing else is. What is not chosen is not written.
    """
    chosen: list[tuple[float, ReasonCandidate]] = []
    for comes_last, worth, candidate in used.ranked(candidates):
        is_weak = candidate.contribution < min_contribution or candidate.subject == COMMON
        if chosen and (is_weak or (comes_last and candidate.events)):
            continue
        if len(chosen) == max_reasons:
            break
        is_new = not any(candidate.says_the_same(other) for _, other in chosen)
        if is_new and not _is_suspicious_sentence(evidence.written(candidate.sentence)):
            chosen.append((worth, candidate))
    chosen.sort(key=lambda pair: (-pair[1].definiteness, -pair[0]))
    return [candidate for _, candidate in chosen]


def _last_and_least(row: tuple[bool, float, ReasonCandidate]) -> tuple[bool, float]:
    return row[0], -row[1]
