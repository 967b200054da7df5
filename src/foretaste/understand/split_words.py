"""A line in, the line out in which words that are one in the catalogue are one: “non fiction”."""

from foretaste.understand.grammar import Grammar
from foretaste.understand.vocabulary import Vocabulary

NEGATIONS = frozenset({"no", "not"})
"""“Not fiction” is nonfiction where the catalogue has that."""
MIN_LETTERS = 6
"""Of the word that two make together."""


def with_joined_words(line: str, vocabulary: Vocabulary, grammar: Grammar) -> str:
    """Two words, or two parts with a hyphen, that are a value of one word together."""
    words = [part for word in line.split() for part in _unhyphenated(word, vocabulary)]
    joined: list[str] = []
    while words:
        word = words.pop(0)
        first = "non" if word in NEGATIONS and words else word
        pair = f"{first}{words[0]}" if words else ""
        if pair.strip(".,;!?").isalpha() and _is_value(pair.strip(".,;!?"), vocabulary):
            words.pop(0)
            word = pair
        joined.append(word)
    return " ".join(joined)


def _unhyphenated(word: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    bare = word.replace("-", "")
    is_value = bare != word and bare.strip(".,;!?").isalpha()
    return (bare,) if is_value and _is_value(bare.strip(".,;!?"), vocabulary) else (word,)


def _is_value(word: str, vocabulary: Vocabulary) -> bool:
    return len(word) >= MIN_LETTERS and word in vocabulary.names
