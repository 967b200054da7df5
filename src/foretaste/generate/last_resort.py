"""What is said where nothing more definite is true. In: an item, or a list, and its terms. Out: the
past items that raised its score most.
"""

from collections.abc import Container

from foretaste.domain.no_taste import column_words
from foretaste.generate.candidate import BEHAVIOUR, FEATURE, ReasonCandidate, Sentence, Words
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.list_terms import ListTerms
from foretaste.generate.safe import safe_name

MIN_EVENT_NATS = 0.1
"""Nats by which all experts together raise an item for a past item that is named."""
MAX_NAMED_EVENTS = 2
MAX_ALONE_EVENTS = 4
"""Past items that may be named alone, so that neighbours in a list need not name the same."""
SIZE_WORDS = frozenset({"size", "sizes"})
KINDS = ("category", "list")
"""Types of columns that say what an item is."""


def last_resort_candidates(
    item: int, row: int, terms: ListTerms, told_events: Container[str]
) -> list[ReasonCandidate]:
    """The past items without which this item would have been lower, together and each alone.

    row: of the item in the list. told_events: those that stand over the list already.
    """
    evidence = terms.evidence
    item_id = evidence.catalogue.ids[item]
    nats = {
        event: amount
        for event, amount in terms.past_event_nats([row]).items()
        if event != item_id and event not in told_events
    }
    strongest = sorted(nats, key=lambda event: -nats[event])[:MAX_ALONE_EVENTS]
    groups = [nats, *({event: nats[event]} for event in strongest)]
    candidates = (_because_of(group, evidence) for group in groups)
    return [candidate for candidate in candidates if candidate is not None]


def unraised_candidates(
    item: int, row: int, terms: ListTerms, told_sentences: Container[Words]
) -> list[ReasonCandidate]:
    """What is so of an item whose score nothing raised: what it shares with something that was
    taken, or that it shares nothing. It adds nothing to the score.
    """
    evidence, nats = terms.evidence, terms.rows[row]
    has_terms = any(amount == amount for amount in nats)  # not nan
    if not has_terms or not evidence.past_items or evidence.context.query or evidence.seeds:
        return []
    lowering = {event for event, amount in terms.past_event_nats([row]).items() if amount < 0}
    candidates, has_kind = [], False
    for column, value in evidence.values_of(item):
        known_column = evidence.column(column)
        if known_column is None or known_column.description.type not in KINDS:
            continue
        if SIZE_WORDS & set(column_words(column)):  # which nobody likes a thing for
            continue
        has_kind = True
        phrase = known_column.phrase(value)
        past_items = [] if phrase is None else known_column.past_items_like(phrase.bucket)
        ids = [evidence.catalogue.ids[past] for past in past_items if past != item]
        ids = [event for event in ids if event not in lowering]
        titles = [(event, title) for event in ids if (title := evidence.title(event)) is not None]
        if phrase is None or not titles or not all(map(safe_name, phrase.names)):
            continue
        event, title = titles[0]
        sentence = Sentence(
            "{feature}, like {events}", (("feature", phrase.text), ("events", (title,)))
        )
        if sentence not in told_sentences:
            names = (*phrase.names, title)
            candidates.append(
                ReasonCandidate(
                    sentence,
                    FEATURE,
                    1,
                    1 / len(ids),
                    0.0,
                    f"attribute:{column}",
                    (event,),
                    names=names,
                )
            )
    if not candidates and has_kind and not _is_alike(item, evidence):
        sentence = Sentence("Different from what you {verb}", (("verb", evidence.verb),))
        if sentence not in told_sentences:  # what is said of many items says nothing of one
            candidates.append(ReasonCandidate(sentence, FEATURE, 0, 0.0, 0.0, "attribute"))
    return candidates


def _is_alike(item: int, evidence: ListEvidence) -> bool:
    """Whether it shares a kind with anything that was taken."""
    own_values = set(evidence.values_of(item))
    return any(own_values & set(evidence.values_of(past)) for past in evidence.past_items)


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
