"""A query as it is typed into a search field in, the facets that it names and the other words out.

“horror before 1980” asks for a genre and for years; “hoodies under 50” for a kind of things and a
price. A search filters by them, so what is taken for a facet must be one: a value of an attribute
by its name or by a word of the glossary, never what only reads like it, and never a word of a title
(“star wars” is no war film where those films are not called so). A search changes nobody's profile:
what is refused in it is left out of its own list.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from foretaste.domain.feature_types import descriptive_features
from foretaste.rank.conditions import parse_condition
from foretaste.rank.index import FilterIndex
from foretaste.understand.chinese import CHINESE, in_english
from foretaste.understand.clauses import CHILDREN_TOKEN, Clause, Wish, parse_wish
from foretaste.understand.comparatives import extract_superlatives, superlative_conditions
from foretaste.understand.grammar import (
    FILE_WORD,
    UNDERSTOOD_LANGUAGES,
    Grammar,
    Strength,
    fold,
    grammar_of,
)
from foretaste.understand.language import detect_language
from foretaste.understand.meaning import Scene
from foretaste.understand.misspellings import corrected_words
from foretaste.understand.numbers import Bound, extract_bounds
from foretaste.understand.parsed_request import ParsedRequest, parsed_request
from foretaste.understand.reader import MAX_READ_CHARACTERS
from foretaste.understand.relative_times import extract_times
from foretaste.understand.spelled_values import FeatureValue
from foretaste.understand.title_phrases import TitlePhrases
from foretaste.understand.vocabulary import Vocabulary
from foretaste.understand.whole_requests import without_politeness

MAX_TITLE_WORDS = 8
"""Words of a title that is looked for within a query."""
SEARCH_STRENGTHS: Mapping[Strength, Strength | None] = {
    "more": "wanted",
    "much more": "wanted",
    "forget": "wanted",
    "void": "wanted",
    "less": None,
    "much less": None,
}
"""How a search reads what would change a profile in a talk; None looks for none of its words."""


@dataclass(frozen=True)
class SearchQuery:
    """What a query asks for."""

    words: str | None
    """What is searched for besides the facets; None for nothing."""
    facets: tuple[Mapping[str, Any], ...] = ()
    """A condition each, as in a filter."""


class SearchVocabulary(Vocabulary):
    """The names of a catalogue's values, those of its titles set apart."""

    def __init__(
        self, index: FilterIndex, words: Container[str], earlier: Vocabulary | None = None
    ) -> None:
        super().__init__(index, None, earlier)
        self._known_words = words
        self._columns = {f.column for f in descriptive_features(index.catalogue.features)}

    @property
    def words(self) -> Container[str]:
        """All words of all items, as the search index has them."""
        return self._known_words

    def _is_only_name(self, word: str, people: Sequence[FeatureValue]) -> bool:
        """No last name alone is a facet: the words of a search find it."""
        return False

    def _names_value(
        self, run: tuple[str, ...], start: int, stop: int, value: FeatureValue
    ) -> bool:
        """Nor where more titles have these words alone than items have the value."""
        column, name = value
        if column not in self._columns or not super()._names_value(run, start, stop, value):
            return False
        mask = self._index.mask(parse_condition({column: name}))
        rows = self.title_phrases.rows(" ".join(run[start:stop]))
        return int(mask.sum()) >= int((~mask[rows]).sum())


def read_search(
    text: str,
    vocabulary: SearchVocabulary,
    language: str | None = None,
    *,
    today: date | None = None,
) -> SearchQuery:
    """What is searched for. language: in which a text is read that tells nothing of it. today: what
    “last week” is said of; None where no such times are read.
    """
    text = text.strip()
    known = language if language in UNDERSTOOD_LANGUAGES else "en"
    if len(text) > MAX_READ_CHARACTERS or vocabulary.title_phrases.is_title(text):
        return SearchQuery(text)
    detected = detect_language(text, previous=str(known))
    if detected not in UNDERSTOOD_LANGUAGES:
        return SearchQuery(text)
    grammar = grammar_of(detected)
    words = in_english(text, vocabulary) if detected == CHINESE else text
    line = corrected_words(grammar.normalised(words), vocabulary, grammar)
    line = grammar.patterns["recipient"].sub(" ", without_politeness(line, grammar)).strip()
    bounds: tuple[Bound, ...] = ()
    if not _has_numbered_title(line, grammar, vocabulary.title_phrases):
        times: tuple[Bound, ...] = ()
        if today is not None and vocabulary.numbers.of_dimension("year") is not None:
            has_days = vocabulary.numbers.has_days
            line, times = extract_times(line, grammar, today, has_days=has_days)
        line, bounds = _placed_bounds(line, grammar, vocabulary)
        bounds = (*times, *bounds)
    scene = Scene(vocabulary)
    line, superlatives, _ = extract_superlatives(line, scene, grammar)
    wish = _search_wish(line, grammar, vocabulary.title_phrases)
    request = parsed_request(wish, bounds, (), (), scene, grammar)
    asked_for = request.conditions
    if request.query and superlatives and not asked_for:
        asked_for = ({"about": request.query},)
    bounds_of_most = superlative_conditions(superlatives, asked_for, scene)
    if not request.conditions and not bounds_of_most:
        return SearchQuery(_in_catalogue_words(request, grammar, vocabulary) or text)
    words_left = _in_catalogue_words(request, grammar, vocabulary) or request.said_query
    facets = (*request.conditions, *bounds_of_most)
    return SearchQuery(_as_typed(words_left or request.query, text), facets)


def _as_typed(words: str | None, text: str) -> str | None:
    """The words as they stand in the text: “giesskanne” is “Gießkanne” again."""
    typed_words = {fold(word.lower()): word for word in FILE_WORD.findall(text)}
    return words and " ".join(typed_words.get(word, word) for word in words.split())


def _placed_bounds(
    line: str, grammar: Grammar, vocabulary: Vocabulary
) -> tuple[str, tuple[Bound, ...]]:
    """(the line without them, the numbers that are of an attribute); where one is of none, all stay
    words.
    """
    rest, bounds = extract_bounds(line, grammar)
    if all(vocabulary.numbers.has_column_for(bound) for bound in bounds):
        return rest, bounds
    return line, ()


def _has_numbered_title(line: str, grammar: Grammar, titles: TitlePhrases) -> bool:
    """Whether a title with a number stands in the line: “class of 1999” is no year."""
    words = grammar.tokens(line)
    spans = [
        (first, first + 2)
        for first in range(len(words) - 1)
        if any(word.isdigit() for word in words[first : first + 2])
        and len(titles.rows(" ".join(words[first : first + 2])))
    ]
    return any(
        titles.is_title(" ".join(words[start:stop]))
        for first, last in spans
        for start in range(max(last - MAX_TITLE_WORDS, 0), first + 1)
        for stop in range(last, min(start + MAX_TITLE_WORDS, len(words)) + 1)
    )


def _search_wish(line: str, grammar: Grammar, titles: TitlePhrases) -> Wish:
    """The clauses of a search: what is wanted and what is left out of this list."""
    words = grammar.tokens(line)
    if _begins_title(words, grammar, titles):
        return Wish((Clause("wanted", tuple(word for word in words if word[0].isalnum())),))
    wish = parse_wish(grammar.patterns["children"].sub(f" {CHILDREN_TOKEN} ", line), grammar)
    clauses = []
    for clause in wish.clauses:
        strength = SEARCH_STRENGTHS.get(clause.strength, clause.strength)
        if strength is not None:
            clauses.append(replace(clause, strength=strength))
    return Wish(tuple(clauses), "talk")


def _begins_title(words: Sequence[str], grammar: Grammar, titles: TitlePhrases) -> bool:
    """Whether a word that would negate or weigh what follows is of a title: “no country for”."""
    tokens = list(words)
    for position in range(len(tokens) - 1):
        length = grammar.phrase_length(grammar.strengths, tokens, position)
        following = tokens[position : position + length + 1]
        if length and len(following) > length and len(titles.rows(" ".join(following))):
            return True
    return False


def _in_catalogue_words(
    request: ParsedRequest, grammar: Grammar, vocabulary: SearchVocabulary
) -> str | None:
    """The query in the English of the catalogue: “Filme über Haie” is searched by “shark”. None
    where the catalogue has a word as it was said, or none of the translation.
    """
    said, words = (set((query or "").split()) for query in (request.said_query, request.query))
    translated_words = said - words - grammar.clauses["plain"]
    has_said = any(word in vocabulary.words for word in translated_words)
    english = words - said - grammar_of("en").clauses["plain"]
    has_english = any(word in vocabulary.words for word in english)
    return request.query if translated_words and has_english and not has_said else None
