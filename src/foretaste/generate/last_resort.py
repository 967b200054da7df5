"""What is said where nothing more definite is true. In: an item, or a list, and its terms. Out: the
past items that raised its score most.
"""

from collections.abc import Container, Iterable, Sequence

from foretaste.domain.data import Term
from foretaste.generate.candidate import BEHAVIOUR, ReasonCandidate
from foretaste.generate.list_evidence import ListEvidence

MIN_EVENT_NATS = 0.1
"""Nats by which all experts together raise an item for a past item that is named."""
MAX_NAMED_EVENTS = 2


def last_resort_candidates(
    item: int, terms: Sequence[Term], evidence: ListEvidence, told_events: Container[str]
) -> list[ReasonCandidate]:
    """The past items without which this item would have been lower; none where there are none.

    told_events: those that stand over the list already.
    """
    item_id = evidence.catalogue.ids[item]
    nats = {
        event: amount
        for event, amount in _raising_events(terms, evidence).items()
        if event != item_id and event not in told_events
    }
    candidate = _because_of(nats, evidence)
    return [] if candidate is None else [candidate]


def last_resort_headline(terms: Iterable[Sequence[Term]], evidence: ListEvidence) -> str | None:
    """The past items that raised a whole list most; None where none did."""
    candidate = _because_of(_raising_events([t for own in terms for t in own], evidence), evidence)
    return None if candidate is None else candidate.text


def _raising_events(terms: Sequence[Term], evidence: ListEvidence) -> dict[str, float]:
    """Past item → the nats that all experts give for it."""
    past_ids = {evidence.catalogue.ids[item] for item in evidence.past_items}
    nats: dict[str, float] = {}
    for term in terms:
        if term.event in past_ids or term.event in evidence.seeds:
            nats[term.event] = nats.get(term.event, 0.0) + term.nats
    return nats


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
        text = evidence.messages.text("Goes with {event}", event=titles[0])
    else:
        names = evidence.messages.names(titles)
        text = evidence.messages.text(
            "Because you {verb} {events}", verb=evidence.verb_for(events), events=names
        )
    return ReasonCandidate(
        text, BEHAVIOUR, 1, sum(amounts), sum(amounts), "sequence", events, names=titles
    )
