"""What is said where nothing more definite is true. In: an item, or a list, and its terms. Out: the
past items that raised its score most.
"""

from collections.abc import Container

from foretaste.generate.candidate import BEHAVIOUR, ReasonCandidate, Sentence
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.list_terms import ListTerms

MIN_EVENT_NATS = 0.1
"""Nats by which all experts together raise an item for a past item that is named."""
MAX_NAMED_EVENTS = 2


def last_resort_candidates(
    item: int, row: int, terms: ListTerms, told_events: Container[str]
) -> list[ReasonCandidate]:
    """The past items without which this item would have been lower; none where there are none.

    row: of the item in the list. told_events: those that stand over the list already.
    """
    evidence = terms.evidence
    item_id = evidence.catalogue.ids[item]
    nats = {
        event: amount
        for event, amount in terms.past_event_nats([row]).items()
        if event != item_id and event not in told_events
    }
    candidate = _because_of(nats, evidence)
    return [] if candidate is None else [candidate]


def last_resort_headline(terms: ListTerms) -> str | None:
    """The past items that raised a whole list most; None where none did."""
    evidence = terms.evidence
    candidate = _because_of(terms.past_event_nats(range(len(terms.rows))), evidence)
    return None if candidate is None else evidence.written(candidate.sentence)


def _because_of(nats: dict[str, float], evidence: ListEvidence) -> ReasonCandidate | None:
    ranked = sorted(nats.items(), key=lambda pair: -pair[1])
    named = [
        (event, title, amount)
        for event, amount in ranked[:MAX_NAMED_EVENTS]
        if amount >= MIN_EVENT_NATS and (title := evidence.title(event)) is not None
    ]
    if not named:
        return None
    if named[0][0] in evidence.seeds:  # an item of the question is named alone
        named = named[:1]
    named = [own for own in named if own[0] not in evidence.seeds] or named
    events, titles, amounts = zip(*named, strict=True)
    if events[0] in evidence.seeds:
        sentence = Sentence("Goes with {event}", (("event", titles[0]),))
    else:
        verb = evidence.verb_for(events)
        sentence = Sentence("Because you {verb} {events}", (("verb", verb), ("events", titles)))
    return ReasonCandidate(
        sentence, BEHAVIOUR, 1, sum(amounts), sum(amounts), "sequence", events, names=titles
    )
