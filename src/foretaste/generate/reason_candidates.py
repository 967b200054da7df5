"""The terms of one item's score in, the sentences that could be its reasons out.

A sentence is a candidate only where it is true: its terms raise the score by enough to matter, the
events it names are not the item itself, and what it claims beside is counted.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from foretaste.domain.media import AUDIO_MATCH
from foretaste.domain.term_table import TermColumn
from foretaste.domain.text_limits import shorten
from foretaste.generate.activity import participle
from foretaste.generate.candidate import (
    BEHAVIOUR,
    FEATURE,
    THEME,
    ReasonCandidate,
    Sentence,
    Words,
)
from foretaste.generate.feature_phrases import FeaturePhrase
from foretaste.generate.list_evidence import ColumnEvidence, ListEvidence, event_ids
from foretaste.generate.list_terms import NETWORK_EXPERTS, ItemTerms, ListTerms
from foretaste.generate.media_reasons import media_candidates
from foretaste.generate.request_candidates import (
    REQUEST_EXPERTS,
    common_candidates,
    request_candidates,
)
from foretaste.generate.safe import safe_name

MIN_REASON_NATS = 0.05
"""Nats below which a reason is not worth telling."""
MIN_OFTEN_NATS = 0.2
"""Nats from which people go on to an item often."""
MAX_UNKNOWN_NATS = -0.7
"""Nats of the popularity expert below which an item is little known."""
MUCH_SHARE, MIN_MUCH_ITEMS = 0.2, 3
"""Of what somebody took, the share and number that are much of it."""
MAX_NAMED_EVENTS = 2
MAX_ALONE_EVENTS = 4
MAX_ALTERNATIVES = 3
"""Past items that a kind of sentence is offered with, so that a list need not name the same one on
every item.
"""


def candidates_of_items(items: Sequence[int], terms: ListTerms) -> list[list[ReasonCandidate]]:
    """What can be said of each item of a list. items: internal ids."""
    composers = [
        compose
        for compose, kinds in _COMPOSERS
        if kinds is None or terms.has_any(kinds)  # of what no item has nothing can be said
    ]
    return [
        [
            candidate
            for compose in composers
            for candidate in compose(item, item_terms, terms.evidence)
            if candidate.contribution >= MIN_REASON_NATS
        ]
        for item, item_terms in zip(items, terms.of_items(), strict=True)
    ]


def _follow_ups(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What people went on to, and what they took together with something."""
    verb, sentences = evidence.verb, []
    for expert, message, heading in (
        (
            "transition",
            "People who {verb} {event} often go on to this",
            "People who {verb} {event} often go on to these",
        ),
        (
            "neighbour",
            "People who {verb} {event} also {verb} this",
            "People who {verb} {event} also {verb} these",
        ),
    ):
        for event, nats in terms.events_of(expert)[:MAX_ALTERNATIVES]:
            if nats < MIN_OFTEN_NATS:
                break
            title = evidence.title(event)
            if title is not None:
                values = (("verb", verb), ("event", title))
                sentences.append(
                    ReasonCandidate(
                        Sentence(message, values),
                        BEHAVIOUR,
                        5,
                        3 * nats,
                        nats,
                        expert,
                        (event,),
                        None,
                        (title,),
                        Sentence(heading, values),
                    )
                )
    return sentences


def _together(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """Who took it together with the item that the question is about, or with items like that."""
    messages, sentences = evidence.messages, []
    for term in (*terms.of_kinds("together"), *terms.of_kinds("together-like")):
        title = None if term.event is None else evidence.title(term.event)
        if title is None:
            continue
        deed, _, count = (term.feature or "").partition(" together: ")
        people, verb = int(count or 0), evidence.verb_of_others
        if deed == "bought":
            verb = participle("buy", messages)
        if term.expert == "together":
            sentence = messages.plural(
                "{verb} together with {event} by one person",
                "{verb} together with {event} by {count} people",
                people,
                verb=verb,
                event=title,
            )
        else:
            sentence = messages.text("Often {verb} with items like {event}", verb=verb, event=title)
        text = sentence[:1].upper() + sentence[1:]
        nats = max(abs(term.nats), MIN_REASON_NATS)
        sentences.append(
            ReasonCandidate(
                text,
                BEHAVIOUR,
                6,
                3 * nats,
                nats,
                term.expert,
                (term.event or "",),
                term.feature,
                (title,),
            )
        )
    return sentences


def _history(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What the networks that read the whole history say, with the events they leaned on most."""
    nats = terms.sum_of(terms.of_list.network_positions)
    if nats < MIN_REASON_NATS:
        return []
    candidates = (
        _leaning_on(events, nats, share, terms.of_list)
        for events, share in _leading_events(terms, evidence)
    )
    return [candidate for candidate in candidates if candidate is not None]


def _leaning_on(
    events: tuple[str, ...], nats: float, share: float, terms: ListTerms
) -> ReasonCandidate | None:
    """That the networks leaned on these events; None where none of them may be named."""
    if events not in terms.named_events:  # found out once a list
        terms.named_events[events] = _history_sentence(events, terms.evidence)
    sentence, heading, names, named_events = terms.named_events[events]
    if not names:
        return None
    return ReasonCandidate(
        sentence,
        BEHAVIOUR,
        4,
        0.7 * nats * share,
        nats,
        "sequence",
        named_events,
        names=names,
        heading=heading,
    )


def _history_sentence(
    events: tuple[str, ...], evidence: ListEvidence
) -> tuple[Sentence, Sentence | None, tuple[str, ...], tuple[str, ...]]:
    """(sentence, heading, names, events that are named) of what the networks leaned on."""
    event, heading = events[0], None
    sentence: Sentence
    if event not in evidence.catalogue.index:
        query = safe_name(event)
        names: tuple[str, ...] = () if query is None else (shorten(query),)
        sentence = Sentence("Because you searched for “{query}”", (("query", "".join(names)),))
        named_events: tuple[str, ...] = (event,)
    elif event in evidence.seeds:
        names, named_events = _named((event,), evidence)
        sentence = Sentence("Goes with {event}", (("event", "".join(names)),))
    else:
        names, named_events = _named(events, evidence)
        verb = evidence.verb_for(named_events)
        sentence = heading = Sentence(
            "Because you {verb} {events}", (("verb", verb), ("events", names))
        )
    return sentence, heading, names, named_events


def _leading_events(
    terms: ItemTerms, evidence: ListEvidence
) -> list[tuple[tuple[str, ...], float]]:
    """(events that the network leaned on most, the share of that): a seed of the list or a search
    alone; else the first two that were taken, and each of the first four alone.
    """
    index = evidence.catalogue.index
    nats_by_event = {
        event: nats
        for event, nats in terms.events_of("sequence")
        if nats > 0
        and event in evidence.newest_events
        and (event not in index or event in evidence.past_ids)
    }
    for event in list(nats_by_event)[:1]:
        if event not in index or event in evidence.seeds:
            return [((event,), 1.0)]
    taken_events = [e for e in nats_by_event if e in index and e not in evidence.seeds]
    past_items = evidence.past_items
    named_events = taken_events[:MAX_NAMED_EVENTS]
    if not named_events:
        return []
    total = sum(nats_by_event[event] for event in named_events)
    together = tuple(sorted(named_events, key=lambda event: past_items.index(index[event])))
    alone = [((e,), min(nats_by_event[e] / total, 1.0)) for e in taken_events[:MAX_ALONE_EVENTS]]
    return [(together, 1.0), *(alone if len(together) > 1 else alone[1:])]


def _named(
    events: Sequence[str], evidence: ListEvidence
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(titles, events) of those that may be named."""
    titles = {event: title for event in events if (title := evidence.title(event)) is not None}
    return tuple(titles.values()), tuple(titles)


def _themes(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What it reads like."""
    index = evidence.catalogue.index
    content_events, lexical_events = terms.events_of("content"), terms.events_of("lexical")
    sentences = []
    for event, nats in lexical_events[:1]:
        is_told = nats >= MIN_REASON_NATS and event in index
        words = evidence.shared_title_words(item, index[event]) if is_told else []
        title = evidence.title(event) if words else None
        if title is not None:
            names = evidence.messages.quoted_names(words[:3])
            sentence = Sentence(
                "Shares {words} in its title with {event}", (("words", names), ("event", title))
            )
            sentences.append(
                ReasonCandidate(
                    sentence, THEME, 3, 1.5 * nats, nats, "lexical", (event,), None, (*words, title)
                )
            )
    lexical_nats = dict(lexical_events)
    is_unknown = any(
        terms.nats[position] < MAX_UNKNOWN_NATS
        for position in terms.of_list.expert_popularity_positions
    )
    for event, nats in content_events[:MAX_ALTERNATIVES]:
        nats += lexical_nats.get(event, 0.0)
        title = evidence.title(event) if nats >= MIN_REASON_NATS else None
        if event in index and title is not None and evidence.is_close(item, index[event]):
            if evidence.are_goods:
                message = "Similar to {event}"
            elif is_unknown:
                message = "Little known; close in theme to {event}"
            else:
                message = "Close in theme to {event}"
            sentences.append(
                ReasonCandidate(
                    Sentence(message, (("event", title),)),
                    THEME,
                    3,
                    1.5 * nats,
                    nats,
                    "content",
                    (event,),
                    None,
                    (title,),
                )
            )
    return sentences


def _features(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What it is, where that is what this person takes or asked for."""
    sentences = []
    for position in terms.of_list.positions("attribute"):
        nats = terms.nats[position]
        feature = _told_feature(position, terms.of_list) if nats >= MIN_REASON_NATS else None
        if feature is None:
            continue
        for sentence in _feature_sentences(item, feature, evidence):
            words, events, titles, definiteness = sentence
            column = terms.of_list.columns[position]
            worth = nats * (1 + definiteness / 2)
            sentences.append(
                ReasonCandidate(
                    words,
                    FEATURE,
                    definiteness,
                    worth,
                    nats,
                    column.expert,
                    events,
                    column.feature,
                    (*feature.phrase.names, *titles),
                    words,
                )
            )
    return sentences


def _told_feature(position: int, terms: ListTerms) -> "_ToldFeature | None":
    """What is said of the value of a column of terms, found out once a list; None for nothing."""
    if position not in terms.features:
        terms.features[position] = _feature_of(terms.columns[position], terms.evidence)
    feature: _ToldFeature | None = terms.features[position]
    return feature


def _feature_of(term: TermColumn, evidence: ListEvidence) -> "_ToldFeature | None":
    column = term.expert.partition(":")[2]
    value = (term.feature or "").removeprefix(f"{column}: ")
    known_column = None if value == term.feature else evidence.column(column)
    phrase = None if known_column is None else known_column.phrase(value)
    if known_column is None or phrase is None or not all(safe_name(own) for own in phrase.names):
        return None
    return _ToldFeature(column, value, phrase, known_column)


class _ToldFeature(NamedTuple):
    """A value of a column that can be spoken of."""

    column: str
    value: str
    phrase: FeaturePhrase
    known_column: ColumnEvidence


def _feature_sentences(
    item: int, feature: _ToldFeature, evidence: ListEvidence
) -> list[tuple[Words, tuple[str, ...], tuple[str, ...], int]]:
    """(sentence, events that it names, their titles, how definite it is) of each that may be said;
    none where nothing shows it.
    """
    column, value, phrase, known_column = feature
    feature_place = ("feature", phrase.text)
    if value in evidence.context.taste.get(column, ()):
        return [(Sentence("{feature}, as you said you like", (feature_place,)), (), (), 4)]
    much_count = known_column.much_count(phrase.bucket)
    is_much = much_count >= max(MIN_MUCH_ITEMS, MUCH_SHARE * known_column.past_count)
    if known_column.description.type == "price":
        return [(phrase.text, (), (), 2)] if is_much else []
    if known_column.description.type in ("duration", "number") and not is_much:
        return []
    if is_much:
        places = (feature_place, ("verb", evidence.verb))
        return [(Sentence("{feature}, like much of what you {verb}", places), (), (), 2)]
    like = [past for past in known_column.past_items_like(phrase.bucket) if past != item]
    sentences: list[tuple[Words, tuple[str, ...], tuple[str, ...], int]] = []
    for group in (like[:MAX_NAMED_EVENTS], like[MAX_NAMED_EVENTS:][:MAX_NAMED_EVENTS]):
        named_items = [
            (past, title)
            for past in group
            if (title := evidence.title(evidence.catalogue.ids[past])) is not None
        ]
        if named_items:
            past_items, titles = zip(*named_items, strict=True)
            sentence = Sentence("{feature}, like {events}", (feature_place, ("events", titles)))
            events = event_ids(past_items, evidence.catalogue)
            sentences.append((sentence, events, titles, 3))
    return sentences


def _looks(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What it looks like."""
    return media_candidates(item, terms.of_kinds("media", AUDIO_MATCH), evidence)


_Composer = Callable[[int, ItemTerms, ListEvidence], list[ReasonCandidate]]
_COMPOSERS: tuple[tuple[_Composer, Sequence[str] | None], ...] = (
    (_follow_ups, ("transition", "neighbour")),
    (_together, ("together", "together-like")),
    (_history, NETWORK_EXPERTS),
    (_themes, ("content", "lexical")),
    (_looks, ("media", AUDIO_MATCH)),
    (_features, ("attribute",)),
    (request_candidates, REQUEST_EXPERTS),
    (common_candidates, None),
)
"""In this order; with the kinds of experts whose terms each speaks of, None for any."""
