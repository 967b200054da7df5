"""The terms of one item's score in, the sentences that could be its reasons out.

A sentence is a candidate only where it is true: its terms raise the score by enough to matter, the
events it names are not the item itself, and what it claims beside is counted.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from foretaste.domain.data import Term
from foretaste.domain.text_limits import shorten
from foretaste.generate.activity import participle
from foretaste.generate.candidate import BEHAVIOUR, FEATURE, THEME, ReasonCandidate
from foretaste.generate.feature_phrases import FeaturePhrase
from foretaste.generate.list_evidence import ColumnEvidence, ListEvidence, event_ids
from foretaste.generate.media_reasons import media_candidates
from foretaste.generate.request_candidates import common_candidates, request_candidates
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


def candidates_of(
    item: int, terms: Sequence[Term], evidence: ListEvidence
) -> list[ReasonCandidate]:
    """What can be said of one item."""
    item_id = evidence.catalogue.ids[item]
    own_terms = ItemTerms(
        [term for term in terms if term.event != item_id or term.event is None], evidence.may_name
    )
    sentences: list[ReasonCandidate] = []
    for compose in _COMPOSERS:
        sentences += compose(item, own_terms, evidence)
    return [candidate for candidate in sentences if candidate.contribution >= MIN_REASON_NATS]


class ItemTerms(list[Term]):
    """The terms of one item's score, and those of each expert."""

    def __init__(self, terms: Sequence[Term], may_name: Callable[[str], bool]) -> None:
        super().__init__(terms)
        self._may_name = may_name
        self._terms_by_expert: dict[str, list[Term]] = {}
        for term in terms:
            self._terms_by_expert.setdefault(_expert_kind(term.expert), []).append(term)

    def of_expert(self, expert: str) -> list[Term]:
        """Those of an expert of this kind: "attribute" is of every column."""
        return self._terms_by_expert.get(expert, [])

    def events_of(self, expert: str) -> list[tuple[str, float]]:
        """(past event, nats) of one expert, strongest first."""
        nats: dict[str, float] = {}
        for term in self.of_expert(expert):
            if term.event is not None and self._may_name(term.event):
                nats[term.event] = nats.get(term.event, 0.0) + term.nats
        return sorted(nats.items(), key=lambda pair: -pair[1])


@lru_cache(maxsize=1_000)
def _expert_kind(expert: str) -> str:
    return expert.split(":", 1)[0]


def _follow_ups(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What people went on to, and what they took together with something."""
    text, verb, sentences = evidence.messages.text, evidence.verb, []
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
        for event, nats in terms.events_of(expert)[:1]:
            title = evidence.title(event)
            if nats >= MIN_OFTEN_NATS and title is not None:
                sentence = text(message, verb=verb, event=title)
                sentences.append(
                    ReasonCandidate(
                        sentence,
                        BEHAVIOUR,
                        5,
                        3 * nats,
                        nats,
                        expert,
                        (event,),
                        None,
                        (title,),
                        text(heading, verb=verb, event=title),
                    )
                )
    return sentences


def _together(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """Who took it together with the item that the question is about, or with items like that."""
    messages, sentences = evidence.messages, []
    for term in (*terms.of_expert("together"), *terms.of_expert("together-like")):
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
    nats = sum(
        term.nats
        for expert in ("sequence", "language")
        for term in terms.of_expert(expert)
        if term.feature != "average item"
    )
    text, heading = evidence.messages.text, None
    event, *_ = leading_events = _leading_events(terms, evidence) or ("",)
    if not event or nats < MIN_REASON_NATS:
        return []
    if event not in evidence.catalogue.index:
        query = safe_name(event)
        names: tuple[str, ...] = () if query is None else (shorten(query),)
        sentence = text("Because you searched for “{query}”", query="".join(names))
        named_events: tuple[str, ...] = (event,)
    elif event in evidence.seeds:
        names, named_events = _named((event,), evidence)
        sentence = text("Goes with {event}", event="".join(names))
    else:
        names, named_events = _named(leading_events, evidence)
        titles = evidence.messages.names(names)
        verb = evidence.verb_for(named_events)
        sentence = heading = text("Because you {verb} {events}", verb=verb, events=titles)
    if not names:
        return []
    return [
        ReasonCandidate(
            sentence,
            BEHAVIOUR,
            4,
            0.7 * nats,
            nats,
            "sequence",
            named_events,
            names=names,
            heading=heading,
        )
    ]


def _leading_events(terms: ItemTerms, evidence: ListEvidence) -> tuple[str, ...]:
    """The events that the network leaned on most: at most two that were taken, a seed of the list
    or a search alone.
    """
    index = evidence.catalogue.index
    events = [
        event
        for event, nats in terms.events_of("sequence")
        if nats > 0
        and event in evidence.newest_events
        and (event not in index or index[event] in evidence.past_items)
    ]
    for event in events[:1]:
        if event not in index or event in evidence.seeds:
            return (event,)
    taken_events = [event for event in events if event in index and event not in evidence.seeds]
    past_items = evidence.past_items
    named_events = taken_events[:MAX_NAMED_EVENTS]
    return tuple(sorted(named_events, key=lambda event: past_items.index(index[event])))


def _named(
    events: Sequence[str], evidence: ListEvidence
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(titles, events) of those that may be named."""
    titles = {event: title for event in events if (title := evidence.title(event)) is not None}
    return tuple(titles.values()), tuple(titles)


def _themes(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What it reads like."""
    index, text = evidence.catalogue.index, evidence.messages.text
    content_events, lexical_events = terms.events_of("content"), terms.events_of("lexical")
    sentences = []
    for event, nats in lexical_events[:1]:
        words = evidence.shared_title_words(item, index[event]) if event in index else []
        title = evidence.title(event)
        if words and title is not None and nats >= MIN_REASON_NATS:
            names = evidence.messages.quoted_names(words[:3])
            sentence = text("Shares {words} in its title with {event}", words=names, event=title)
            sentences.append(
                ReasonCandidate(
                    sentence, THEME, 3, 1.5 * nats, nats, "lexical", (event,), None, (*words, title)
                )
            )
    is_unknown = any(
        term.expert == "popularity"
        and term.feature == "popularity"
        and term.nats < MAX_UNKNOWN_NATS
        for term in terms.of_expert("popularity")
    )
    for event, nats in content_events[:1]:
        title = evidence.title(event)
        if event in index and title is not None and evidence.is_close(item, index[event]):
            message = (
                "Little known; close in theme to {event}"
                if is_unknown
                else "Close in theme to {event}"
            )
            nats += dict(lexical_events).get(event, 0.0)
            sentences.append(
                ReasonCandidate(
                    text(message, event=title),
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
    for term in terms.of_expert("attribute"):
        if term.nats < MIN_REASON_NATS:
            continue
        column = term.expert.partition(":")[2]
        value = (term.feature or "").removeprefix(f"{column}: ")
        if value == term.feature:
            continue
        known_column = evidence.column(column)
        if known_column is None:
            continue
        phrase = known_column.phrase(value)
        if phrase is not None and all(safe_name(name) for name in phrase.names):
            sentence = _feature_sentence(item, column, value, phrase, known_column, evidence)
            if sentence is not None:
                text, events, titles, definiteness = sentence
                worth = term.nats * (1 + definiteness / 2)
                sentences.append(
                    ReasonCandidate(
                        text,
                        FEATURE,
                        definiteness,
                        worth,
                        term.nats,
                        term.expert,
                        events,
                        term.feature,
                        (*phrase.names, *titles),
                        text,
                    )
                )
    return sentences


def _feature_sentence(
    item: int,
    column: str,
    value: str,
    phrase: FeaturePhrase,
    known_column: ColumnEvidence,
    evidence: ListEvidence,
) -> tuple[str, tuple[str, ...], tuple[str, ...], int] | None:
    """(sentence, events that it names, their titles, how definite it is); None where nothing shows
    it.
    """
    text, catalogue = evidence.messages.text, evidence.catalogue
    if value in evidence.context.taste.get(column, ()):
        return text("{feature}, as you said you like", feature=phrase.text), (), (), 4
    like = [past for past in known_column.past_items_like(phrase.bucket) if past != item]
    much_count = known_column.much_count(phrase.bucket)
    is_much = much_count >= max(MIN_MUCH_ITEMS, MUCH_SHARE * known_column.past_count)
    if known_column.description.type == "price":
        return (phrase.text, (), (), 2) if is_much else None
    if known_column.description.type in ("duration", "number") and not is_much:
        return None
    if is_much:
        sentence = text(
            "{feature}, like much of what you {verb}", feature=phrase.text, verb=evidence.verb
        )
        return sentence, (), (), 2
    named_items = [
        (past, title)
        for past in like[:MAX_NAMED_EVENTS]
        if (title := evidence.title(catalogue.ids[past])) is not None
    ]
    if not named_items:
        return None
    past_items, titles = zip(*named_items, strict=True)
    names = evidence.messages.names(titles)
    sentence = text("{feature}, like {events}", feature=phrase.text, events=names)
    return sentence, event_ids(past_items, catalogue), titles, 3


def _looks(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What it looks like."""
    return media_candidates(item, terms.of_expert("media"), evidence)


_COMPOSERS: tuple[Callable[[int, ItemTerms, ListEvidence], list[ReasonCandidate]], ...] = (
    _follow_ups,
    _together,
    _history,
    _themes,
    _looks,
    _features,
    request_candidates,
    common_candidates,
)
