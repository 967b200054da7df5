"""The terms of one item's score in, the sentences on what was asked for, and what is true of many.

What answers a question does so by what it is, by its title or by its text: each is looked up.
"""

from foretaste.domain.text_limits import shorten
from foretaste.domain.words import stem, without_accents, words_of
from foretaste.generate.candidate import COMMON, REQUEST, ReasonCandidate, Sentence
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.list_terms import TAKEN_BEFORE, ItemTerms
from foretaste.generate.safe import safe_name

MIN_POPULAR_NATS = 0.5
"""Nats from which an item is popular: e times likelier than the average item at half the weight."""

MIN_FRESH_NATS = 4.8
"""Nats that an item has for its age until it is a half-life old; see `rank.freshness`."""
REQUEST_EXPERTS = ("wish", "rule", "query", "language")
"""Experts of which terms come from what was asked for."""
NUMBER_TEXTS = {
    "its number": "Has the number you searched for",
    "the beginning of its number": "Its number begins with what you searched for",
}
"""Of items that are found by their article number, by the feature of the term."""
MIN_MEANING_NATS = 2.0
"""Nats from which an item that has none of the words of a query answers it by its meaning."""


def request_candidates(
    item: int, terms: ItemTerms, evidence: ListEvidence
) -> list[ReasonCandidate]:
    """What was asked for: in words now, or as a wish that holds."""
    sentences: list[ReasonCandidate] = []
    for term in terms.of_kinds("wish", "rule"):
        if term.expert == "wish" and term.nats > 0 and term.feature:
            name = safe_name(term.feature.partition(": ")[2] or term.feature)
            if name is not None:
                sentence = Sentence(
                    "You asked for more of this: {name}", (("name", shorten(name)),)
                )
                sentences.append(
                    ReasonCandidate(
                        sentence,
                        REQUEST,
                        6,
                        10 + term.nats,
                        term.nats,
                        "wish",
                        (),
                        term.feature,
                        (shorten(name),),
                    )
                )
        if term.expert == "rule" and term.nats > 0:
            sentences.append(
                ReasonCandidate(Sentence("Featured here"), COMMON, 1, term.nats, term.nats, "rule")
            )
    nats = terms.sum_of(terms.of_list.query_positions)
    query = evidence.context.query
    if query and nats > 0:
        answer = _answer(item, query, evidence) or _answer_in_meaning(query, nats, evidence)
        if answer is not None:
            text, words = answer
            sentences.append(
                ReasonCandidate(text, REQUEST, 6, 3 * nats, nats, "query", (), "query", words)
            )
    return sentences


def _answer(item: int, query: str, evidence: ListEvidence) -> tuple[str, tuple[str, ...]] | None:
    """(how an item answers words: by its title, by its text; the words); None where neither has
    them.
    """
    query_words = evidence.telling_words(query)
    query_stems = _stems(query)
    values = evidence.values_of(item)
    asked_values = [(column, value) for column, value in values if _stems(value) <= query_stems]
    for column, value in asked_values:
        known_column = evidence.column(column)
        phrase = None if known_column is None else known_column.phrase(value)
        if phrase is not None and all(safe_name(name) for name in phrase.names):
            sentence = evidence.messages.text("{feature}, as you asked", feature=phrase.text)
            return sentence, phrase.names
    value_words = {word for _, value in values for word in words_of(value)}
    for message, item_text in (
        ("Its title mentions {words}", evidence.catalogue.titles[item]),
        ("Its description mentions {words}", evidence.catalogue.full_texts[item]),
    ):
        is_title = item_text is evidence.catalogue.titles[item]
        item_words = set(words_of(item_text)) - (set() if is_title else value_words)
        item_stems = set(map(_plain_stem, item_words))
        mentioned_words = [w for w in query_words if _plain_stem(w) in item_stems and safe_name(w)]
        if mentioned_words:
            words = tuple(mentioned_words[:3])
            names = evidence.messages.quoted_names(words)
            return evidence.messages.text(message, words=names), words
    title_stems = _stems(evidence.catalogue.titles[item])
    named_words = tuple(w for w in evidence.asked_words(query) if _plain_stem(w) in title_stems)[:3]
    if not named_words or not all(map(safe_name, named_words)):
        return None
    names = evidence.messages.quoted_names(named_words)
    return evidence.messages.text("Its title mentions {words}", words=names), named_words


def _stems(text: str) -> set[str]:
    """Of the words of a text: a “dress” is of the Dresses."""
    return set(map(_plain_stem, words_of(text)))


def _plain_stem(word: str) -> str:
    """Without accents: a search for “giesskanne” finds a “Gießkanne”."""
    return stem(word if word.isascii() else without_accents(word))


def _answer_in_meaning(
    query: str, nats: float, evidence: ListEvidence
) -> tuple[str, tuple[str, ...]] | None:
    """The same of an item that has none of the words and answers them far better than most."""
    name = safe_name(query)
    if name is None or nats < MIN_MEANING_NATS:
        return None
    name = shorten(name)
    return evidence.messages.text("Close in meaning to “{query}”", query=name), (name,)


def common_candidates(item: int, terms: ItemTerms, evidence: ListEvidence) -> list[ReasonCandidate]:
    """What is true of many: that others take it, that it was taken before."""
    sentences = []
    popularity = terms.sum_of(terms.of_list.popularity_positions)
    if popularity >= MIN_POPULAR_NATS:
        sentences.append(
            ReasonCandidate(
                Sentence("A popular choice"),
                COMMON,
                0,
                popularity / 4,
                popularity,
                "popularity",
                (),
                "popularity",
                heading=Sentence("Popular choices"),
            )
        )
    for term in terms.terms(terms.of_list.common_positions):
        if term.expert == "returning":
            sentence = Sentence("You may be running out of this")
            sentences.append(
                ReasonCandidate(sentence, COMMON, 5, 3 * term.nats, term.nats, "returning")
            )
        if term.expert == "article_number":
            text = NUMBER_TEXTS.get(term.feature or "", NUMBER_TEXTS["its number"])
            sentences.append(
                ReasonCandidate(
                    Sentence(text), REQUEST, 7, 3 * term.nats, term.nats, "article_number"
                )
            )
        if term.expert == "freshness" and term.nats >= MIN_FRESH_NATS:
            sentence = Sentence("Just in")
            sentences.append(ReasonCandidate(sentence, COMMON, 1, 0.3, term.nats, "freshness"))
        if term.feature == TAKEN_BEFORE and term.nats > 0:
            sentence = Sentence("You {verb} this before", (("verb", evidence.verb),))
            sentences.append(ReasonCandidate(sentence, COMMON, 1, term.nats, term.nats, "repeat"))
    return sentences
