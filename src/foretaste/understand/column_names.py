"""A word in, the attributes that it is the name of out: “colours”, “Größe”, “taille”."""

from collections.abc import Sequence

from foretaste.domain.data import Feature
from foretaste.domain.words import stem
from foretaste.rank.about import stems
from foretaste.understand.clauses import without_plain
from foretaste.understand.grammar import Grammar

MAX_SIZE_LETTERS = 4


def is_size(value: str, values: Sequence[str]) -> bool:
    """Whether a short value is understood alone: “XL”, and “M” beside “S”, “L” and “XXL”."""
    return len(value) > 1 or all(len(size) <= MAX_SIZE_LETTERS for size in values)


class ColumnNames:
    """The attributes of a catalogue by their names, which are of one word."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._columns: dict[str, list[str]] = {}
        for feature in features:
            key = tuple(stems(feature.column.replace("_", " ")))
            if len(key) == 1:
                self._columns.setdefault(key[0], []).append(feature.column)

    def columns(self, word: str, grammar: Grammar) -> Sequence[str]:
        """Those that a word names, in the language of the catalogue or in its own."""
        meanings = (grammar.meaning(word) or word).split("/") if word.isalpha() else [word]
        keys = [stem(name) for name in (word, *meanings)]
        return next((self._columns[key] for key in keys if key in self._columns), ())

    def called(self, noun: str, grammar: Grammar) -> str | None:
        """The one that a noun names."""
        words = tuple(without_plain(grammar.tokens(noun), grammar)) or tuple(grammar.tokens(noun))
        hits = (self.columns(word, grammar) for word in reversed(words))
        return next((columns[0] for columns in hits if columns), None)

    def is_name(self, words: Sequence[str], grammar: Grammar) -> bool:
        """Whether nothing but an attribute is named: “other colours”."""
        content = without_plain(words, grammar)
        return len(content) == 1 and bool(self.columns(content[0], grammar))
