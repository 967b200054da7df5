"""In: the terms of one item's score from spaces of pictures, clips and vectors. Out: the sentences
that could be its reasons: it looks or sounds like something that was taken, or that was sent.
"""

from collections.abc import Sequence

from foretaste.domain.data import Term
from foretaste.domain.media import AUDIO, IMAGE, QUERY_FEATURES, SAME_RECORDING
from foretaste.generate.candidate import LOOK, ReasonCandidate, Sentence, Words
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.media_likeness import media_space

MIN_QUERY_NATS, MIN_WORDED_QUERY_NATS = 2.0, 0.5
"""Nats above the average item from which an item is like the picture or clip that was sent, alone
and beside words, where likeness adds less."""

LIKE_ITEM = {
    IMAGE: ("Looks like {event}", "These look like {event}"),
    AUDIO: ("Sounds like {event}", "These sound like {event}"),
}
LIKE_QUERY = {
    IMAGE: ("Looks like your picture", "Like your picture"),
    AUDIO: ("Sounds like your clip", "Like your clip"),
}
IS_SAME = "The same recording as your clip", LIKE_QUERY[AUDIO][1]
IS_NEAR = "Much like {event}", "Much like {event}"
"""Of an item, and over a list of which it is true of every item."""


def media_candidates(
    item: int, terms: Sequence[Term], evidence: ListEvidence
) -> list[ReasonCandidate]:
    """What it looks or sounds like, by each space the strongest."""
    sentences: list[ReasonCandidate] = []
    strongest: dict[str, Term] = {}
    is_same = any(term.feature == SAME_RECORDING for term in terms)
    min_query_nats = MIN_WORDED_QUERY_NATS if evidence.context.query else MIN_QUERY_NATS
    for term in terms:
        if is_same and term.feature == QUERY_FEATURES[AUDIO]:
            continue  # of the very recording that it sounds like it goes without saying
        if term.feature == SAME_RECORDING:
            # known to be so, and not only like it: it says more than any likeness
            sentence, heading = map(Sentence, IS_SAME)
            sentences.append(_candidate(sentence, heading, term, (), definiteness=6))
            continue
        is_part = term.event is not None or term.feature in QUERY_FEATURES.values()
        if is_part and term.nats > strongest.get(term.expert, term._replace(nats=0.0)).nats:
            strongest[term.expert] = term
    for expert, term in strongest.items():
        space = media_space(evidence.catalogue, expert.partition(":")[2])
        if space is None or not space.vectors[item].any():
            continue
        if term.event is None:
            if term.nats >= min_query_nats:
                sentence, heading = map(Sentence, LIKE_QUERY[space.name])
                sentences.append(_candidate(sentence, heading, term, (), definiteness=5))
            continue
        other = evidence.catalogue.index.get(term.event)
        title = evidence.title(term.event)
        if other is None or title is None or not evidence.looks_alike(space.name, item, other):
            continue
        message, heading_message = LIKE_ITEM.get(space.name, IS_NEAR)
        values = (("event", title),)
        sentence, heading = Sentence(message, values), Sentence(heading_message, values)
        sentences.append(_candidate(sentence, heading, term, (title,), definiteness=3))
    return sentences


def _candidate(
    sentence: Words, heading: Words, term: Term, names: tuple[str, ...], *, definiteness: int
) -> ReasonCandidate:
    return ReasonCandidate(
        sentence,
        LOOK,
        definiteness,
        1.5 * term.nats,
        term.nats,
        term.expert,
        () if term.event is None else (term.event,),
        term.feature,
        names,
        heading,
    )
