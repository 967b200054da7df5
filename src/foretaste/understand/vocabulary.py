"""Words of a wish in, what the catalogue's items have of them out.

First a phrase is an attribute's value by name (any form of its words), the longest first; then by
the glossary of its language ("scary" is "horror"). Then it is the value that the language model
finds near enough to it (`MIN_COSINE`). What is left is a topic: items that say so or read like it.
"""

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.words import BAND_SUFFIX, stem, words_of
from foretaste.rank.about import stems
from foretaste.rank.conditions import parse_condition, parse_number
from foretaste.rank.index import FilterIndex, Mask
from foretaste.understand.clauses import CHILDREN_TOKEN, without_plain
from foretaste.understand.column_names import ColumnNames, is_size
from foretaste.understand.exclusive_kinds import is_derived, stands_alone
from foretaste.understand.grammar import GRAMMARS, Grammar, borrowed_meaning
from foretaste.understand.inflected_values import inflected_values
from foretaste.understand.number_columns import NumberColumns
from foretaste.understand.numbers import YEARS
from foretaste.understand.phrase_match import MatchType, PhraseMatch
from foretaste.understand.same_names import CHILDREN_VALUES, SAME_NAMES
from foretaste.understand.spelled_values import (
    CREATOR_COLUMNS,
    CREATOR_WORDS,
    FeatureValue,
    SpelledValues,
    stem_keys,
)
from foretaste.understand.title_phrases import TitlePhrases
from foretaste.understand.titles import TitleIndex

MIN_COSINE = 0.62
"""The least cosine between a phrase and a value; measured by `make bench-control`."""
MIN_TOLD_COSINE = 0.75
"""The same of words that texts have: “climate” is searched for, and is not all of Weather."""
MAX_COMPARED_VALUES = 500
"""Values of a column up to which it is compared by the language model."""
MAX_OTHER_SHARE = 0.1
"""Of the items that have a name in their texts, those that may mean something else by it."""
MAX_SPAN_WORDS = 4
"""Words of a phrase that are compared together, at most."""
MIN_VALUE_LETTERS = 3
MAX_COMMON_VALUES = 200
"""Values of a column of which one word may name one; of names a whole one is needed."""

EncodeTexts = Callable[[Sequence[str]], Floats]
"""Texts → [texts, dim], as the language model reads them, of length 1."""


class Vocabulary:
    """The values, titles and numbers of a catalogue, by name and by meaning."""

    def __init__(
        self,
        index: FilterIndex,
        encode_texts: EncodeTexts | None,
        earlier: "Vocabulary | None" = None,
    ) -> None:
        """earlier: that of the catalogue before, of which what takes long is brought up to date."""
        self._index, self.encode_texts = index, encode_texts
        if earlier is not None and "title_phrases" in earlier.__dict__:
            self.title_phrases = earlier.title_phrases.updated(self.catalogue.titles)
        self._values_by_stems: dict[tuple[str, ...], list[FeatureValue]] = {}
        self._comparable_values: list[FeatureValue] = []
        self._named_by_column: dict[tuple[str, str], str] = {}
        self._short_values: dict[str, FeatureValue] = {}
        self._vectors: Floats | None = None
        self._value_counts = {f.column: len(f.values) for f in index.catalogue.features}
        for feature in index.catalogue.features:
            if feature.column.endswith(BAND_SUFFIX):  # a number is asked for as one
                continue
            for value in feature.values:
                self._named_by_column[feature.column, value.lower()] = value
                if len(value) < MIN_VALUE_LETTERS:
                    if value.lower().isalpha() and is_size(value, feature.values):
                        self._short_values.setdefault(value.lower(), (feature.column, value))
                    continue
                is_number = parse_number(value) is not None
                if not is_number or (value.isdigit() and int(value) in YEARS):
                    self._add_value(feature.column, value)
                is_alone = stands_alone((value.lower(),))  # no sweater is wool
                if not (is_number or is_alone) and len(feature.values) <= MAX_COMPARED_VALUES:
                    self._comparable_values.append((feature.column, value))

    def _add_value(self, column: str, value: str) -> None:
        for key in stem_keys(value):
            is_name = self._value_counts[column] > MAX_COMMON_VALUES and not value.isdigit()
            if key and not (len(key) == 1 and is_name):
                self._values_by_stems.setdefault(key, []).append((column, value))

    @cached_property
    def titles(self) -> TitleIndex:
        """The titles of all items."""
        return TitleIndex(dict(zip(self.catalogue.ids, self.catalogue.titles, strict=True)))

    @cached_property
    def title_phrases(self) -> TitlePhrases:
        """Which titles have a phrase."""
        return TitlePhrases(self._index.catalogue.titles)

    @cached_property
    def numbers(self) -> NumberColumns:
        """The attributes that are numbers."""
        return NumberColumns(self._index.catalogue)

    @cached_property
    def names(self) -> frozenset[str]:
        """Values as they are written, in lower case."""
        return frozenset(name for _, name in self._named_by_column)

    @property
    def catalogue(self) -> Catalogue:
        """Whose values these are."""
        return self._index.catalogue

    @property
    def words(self) -> Container[str]:
        """All words of all items."""
        return self._text_words

    def item_count_of_word(self, word: str) -> int:
        """How many items have it in their texts."""
        return self._text_words[word]

    @cached_property
    def _text_words(self) -> Counter[str]:  # word → the items that have it in their texts
        return Counter(w for text in self.catalogue.full_texts for w in set(words_of(text)))

    def feature(self, words: Sequence[str], grammar: Grammar) -> FeatureValue | None:
        """The value that these words alone name."""
        content = without_plain(words, grammar)
        column = self._by_column(content, grammar)
        if column is not None and len(column.words) == len(content):
            return next(iter(column.condition.items()))
        return (self._named(content) or self._synonym(content, grammar)) if content else None

    def single_valued(self, column: str) -> bool:
        """Whether no item has two values of it."""
        feature = next(f for f in self._index.catalogue.features if f.column == column)
        return bool(np.diff(feature.offsets).max(initial=0) <= 1)

    def parts(self, words: tuple[str, ...], grammar: Grammar) -> list[PhraseMatch]:
        """Each feature that the words name, and the topics of what is left."""
        if words == (CHILDREN_TOKEN,):
            return [self.children()]
        parts: list[PhraseMatch] = []
        runs = [(0, words)]
        for finder in (self._by_column, self._by_name, self._by_meaning):
            remaining_runs: list[tuple[int, tuple[str, ...]]] = []
            while runs:
                start, run = runs.pop(0)
                part = finder(run, grammar)
                if part is None:
                    remaining_runs.append((start, run))
                    continue
                first, stop = part.offset, part.offset + len(part.words)
                parts.append(
                    PhraseMatch(part.condition, part.match_type, part.words, start + first)
                )
                runs = [(start, run[:first]), (start + stop, run[stop:]), *runs]
            runs = remaining_runs
        for start, run in runs:
            topic = without_plain(run, grammar)
            if topic:
                english = " ".join(self.searched(topic, grammar))
                parts.append(PhraseMatch({"about": english}, "topic", topic, start))
        return sorted(parts, key=lambda part: part.offset)

    def split_compounds(self, words: tuple[str, ...], grammar: Grammar) -> tuple[str, ...]:
        """The words, each compound that neither the items nor the glossary have in its parts:
        “Herrenschuhe” is “Herren Schuhe”.
        """
        parts: list[str] = []
        for word in words:
            is_known = word in self.words or (stem(word),) in self._values_by_stems
            parts += [word] if is_known else grammar.compound_parts(word)
        return tuple(parts)

    def with_topic(self, parts: list[PhraseMatch], grammar: Grammar) -> list[PhraseMatch]:
        """What is refused: with the topic too where a value is a synonym of what was said, and the
        topic alone where a value only comes near to it: without violence is not without war.
        """
        if len(parts) != 1 or parts[0].match_type not in ("synonym", "read"):
            return parts
        topic = {"about": " ".join(self.searched(parts[0].words, grammar))}
        if not self.has_any(topic):
            return parts
        topic_match = PhraseMatch(topic, "topic", parts[0].words)
        return [topic_match] if parts[0].match_type == "read" else [*parts, topic_match]

    def mask(self, *conditions: Mapping[str, Any]) -> Mask:
        """[items], those that meet all of them."""
        masks = [self._index.mask(parse_condition(condition)) for condition in conditions]
        return np.all(masks, axis=0) if masks else np.ones(len(self.catalogue), bool)

    def items_that(self, condition: Mapping[str, Any], items: Sequence[str]) -> list[str]:
        """Those of the items, by their ids, that meet it."""
        mask, index = self.mask(condition), self.catalogue.index
        return [item for item in items if item in index and mask[index[item]]]

    def has_any(self, *conditions: Mapping[str, Any]) -> bool:
        """Whether an item meets all of them."""
        return bool(self.mask(*conditions).any())

    def searched(self, words: Sequence[str], grammar: Grammar) -> tuple[str, ...]:
        """The words as the catalogue is searched by them: in English where it has not its own."""
        if all(word in self.words for word in words):
            return tuple(words)
        english = grammar.translated(tuple(words))
        if grammar.language == "en":
            return english
        untranslated_plain = {
            word for word in words if word in grammar.clauses["plain"] and not grammar.meaning(word)
        }
        return tuple(word for word in english if word not in untranslated_plain)

    def children(self) -> PhraseMatch:
        """What is for children, as the catalogue calls it."""
        for name in CHILDREN_VALUES:
            value = self._named(tuple(words_of(name)))
            if value is not None:
                return PhraseMatch({value[0]: value[1]}, "named", (CHILDREN_TOKEN,))
        return PhraseMatch({"about": "children"}, "topic", (CHILDREN_TOKEN,))

    def _named(self, words: Sequence[str], creator: bool = False) -> FeatureValue | None:
        values = self._values_by_stems.get(tuple(stems(" ".join(words))), [])
        if not values and words and words[-1].endswith("ie"):  # of which “hoodies” is the plural
            values = self._values_by_stems.get(tuple(stems(" ".join(words) + "s")), [])
        values = values or inflected_values(words, self._values_by_stems, self.words)
        if not values:
            base_words = [word.removesuffix("'s").removesuffix("s'") for word in words]
            return self._named(base_words, creator) if base_words != list(words) else None
        if creator:
            values = [v for v in values if v[0].lower() in CREATOR_COLUMNS] or values
        name = " ".join(words).lower()
        values = [value for value in values if not is_derived(value[1].lower(), name)]
        if not values:
            return None
        exact = [v for v in values if v[1].lower() in (name, name.removesuffix("s"))]
        return max(exact or values, key=self._item_count)

    def _item_count(self, value: FeatureValue) -> int:
        return int(self._index.mask(parse_condition({value[0]: value[1]})).sum())

    def _synonym(self, words: Sequence[str], grammar: Grammar) -> FeatureValue | None:
        meaning = grammar.meaning(" ".join(words))
        if meaning is None and len(words) == 1 and words[0] not in self.words:
            meaning = borrowed_meaning(words[0], grammar)
        if meaning is None:
            return None
        for name in meaning.split("/"):
            value = self._named(words_of(name)) or self._compact(name) or self._english(name)
            value = value or self._short_values.get(name)
            if value is not None:
                return value
        return None

    def _english(self, name: str) -> FeatureValue | None:
        """Sneakers are shoes, in whatever language they were said."""
        meanings = GRAMMARS["en"].glossary.get(name, "").split("/")
        return next((v for each in meanings if (v := self._named(words_of(each)))), None)

    def _compact(self, name: str) -> FeatureValue | None:
        """Science fiction is Sci-Fi, whatever the encoder says."""
        return next(
            (
                value
                for other in SAME_NAMES.get(name, ())
                if (value := self._named(words_of(other)))
            ),
            None,
        )

    def _by_column(self, run: tuple[str, ...], grammar: Grammar) -> PhraseMatch | None:
        """A value beside the name of its attribute: “size M”, “in XL”, “taille 38”."""
        for offset in range(len(run) - 1):
            first, second = run[offset : offset + 2]
            for name, value in ((first, second), (second, first)):
                for column in self._column_names.columns(name, grammar):
                    catalogue_value = self._named_by_column.get((column, value))
                    if catalogue_value is not None and self._names_value(
                        run, offset, offset + 2, (column, catalogue_value)
                    ):
                        return PhraseMatch(
                            {column: catalogue_value}, "named", (first, second), offset
                        )
        return self._short_value(run, grammar)

    def _short_value(self, run: tuple[str, ...], grammar: Grammar) -> PhraseMatch | None:
        """A value of one letter or two, which is no word of the language: “XL”."""
        for offset, word in enumerate(run):
            if word in self._short_values and word not in (
                grammar.clauses["plain"] | grammar.function_words
            ):
                column, value = self._short_values[word]
                if self._names_value(run, offset, offset + 1, (column, value)):
                    return PhraseMatch({column: value}, "named", (word,), offset)
        return None

    @cached_property
    def _column_names(self) -> ColumnNames:
        return ColumnNames(self._index.catalogue.features)

    def column_called(self, noun: str, grammar: Grammar) -> str | None:
        """The attribute that a noun names, of which the items have values: “colours”."""
        return self._column_names.called(noun, grammar)

    def _by_name(self, run: tuple[str, ...], grammar: Grammar) -> PhraseMatch | None:
        for length in range(len(run), 0, -1):
            for offset in range(len(run) - length + 1):
                words = run[offset : offset + length]
                if length == 1 and words[0] in grammar.clauses["plain"]:
                    continue
                creator = bool(CREATOR_WORDS[grammar.language] & set(run[:offset]))
                value, match_type = self._value_of(words, grammar, creator)
                if value is None or grammar.is_part_of_compound(run, offset, offset + length):
                    continue
                if self._names_value(run, offset, offset + length, value):
                    return PhraseMatch({value[0]: value[1]}, match_type, words, offset)
        return self._misspelt(run, grammar)

    def _names_value(
        self, run: tuple[str, ...], start: int, stop: int, value: FeatureValue
    ) -> bool:
        """Whether these words of the run mean the value, and not something else of this name."""
        mask = self.mask({value[0]: value[1]})
        return not self.title_phrases.are_of_others(run, start, stop, mask)

    def _value_of(
        self, words: Sequence[str], grammar: Grammar, creator: bool
    ) -> tuple[FeatureValue | None, MatchType]:
        """By name before by glossary; in other languages than English the other way round, as
        forms of their words may look like those of English values.
        """
        synonym = self._synonym(words, grammar)
        named = self._named(words, creator)
        if named is None or (synonym is not None and grammar.language != "en"):
            is_translation = grammar.language != "en" and "/" not in str(
                grammar.meaning(" ".join(words))
            )
            return synonym, "named" if is_translation else "synonym"
        return named, "named"

    def _misspelt(self, run: tuple[str, ...], grammar: Grammar) -> PhraseMatch | None:
        """A name that nobody has in these letters: "comdies", “agatha cristie”, “by spielberg”."""

        def is_word(word: str) -> bool:
            is_known = word in self.words or word in grammar.clauses["plain"]
            return is_known or grammar.meaning(word) is not None

        match = self._spelled_values.find(run, is_word, grammar.clauses["plain"], grammar.language)
        if match is None:
            return None
        offset, length, value = match
        is_meant = self._names_value(run, offset, offset + length, value)
        words = run[offset : offset + length]
        return PhraseMatch({value[0]: value[1]}, "named", words, offset) if is_meant else None

    @cached_property
    def _spelled_values(self) -> SpelledValues:
        return SpelledValues(self._values_by_stems, self._item_count, self._is_only_name)

    def _is_only_name(self, word: str, people: Sequence[FeatureValue]) -> bool:
        """Whether hardly an item has the word but those of people of this name."""
        masks = [self.mask({column: name}) for column, name in people]
        return self._text_words[word] <= (1 + MAX_OTHER_SHARE) * int(np.any(masks, axis=0).sum())

    def _by_meaning(self, run: tuple[str, ...], grammar: Grammar) -> PhraseMatch | None:
        spans = [
            (offset, length)
            for length in range(1, min(MAX_SPAN_WORDS, len(run)) + 1)
            for offset in range(len(run) - length + 1)
            if without_plain(run[offset : offset + length], grammar)
            and not stands_alone(grammar.translated(run[offset : offset + length]))
            and not self._column_names.is_name(run[offset : offset + length], grammar)
        ]
        if not spans or not self._comparable_values or self.encode_texts is None:
            return None
        if self._vectors is None:
            self._vectors = self.encode_texts([value for _, value in self._comparable_values])
        texts = [" ".join(grammar.translated(run[at : at + length])) for at, length in spans]
        cosine = self.encode_texts(texts) @ self._vectors.T  # [spans, values]
        best, value = np.unravel_index(int(np.argmax(cosine)), cosine.shape)
        at, length = spans[int(best)]
        column, name = self._comparable_values[int(value)]
        words = self.searched(run[at : at + length], grammar)
        is_told = all(w in self.words for w in words) and not set(words) <= set(words_of(name))
        if cosine[best, value] < (MIN_TOLD_COSINE if is_told else MIN_COSINE):
            return None
        return PhraseMatch({column: name}, "read", run[at : at + length], at)
