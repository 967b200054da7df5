"""A sentence in which the grammar saw only words to search for in, what it is as a whole out.

A grammar knows many ways of saying something, and people know more: “ta very much, lovely” thanks,
“keep em coming” asks for the next items. The text encoder reads such a sentence twice, as it is and
with its titles and values masked, and a multinomial logistic regression over both vectors says
which intent it has. It is fitted to labelled sentences (`benchmarks/understanding/fit_intents.py`)
and counts only where it is sure. It holds for the encoder that it was fitted with, which is
recognised by how it reads a known sentence; any other encoder goes without.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np

from foretaste.domain.data import Floats
from foretaste.understand.grammar import Grammar
from foretaste.understand.meaning import Intent, Meaning, Scene
from foretaste.understand.references import MAX_TITLE_WORDS
from foretaste.understand.vocabulary import EncodeTexts, Vocabulary

FILE = "intents.npz"
KNOWN_SENTENCE = "thanks, what else would you recommend?"
MIN_COSINE = 0.999
"""Between how two encoders read the known sentence, if they are the same."""
MIN_PROBABILITY = 0.8
"""Of the likeliest intent; see decision 73."""
STOPS = ",.;:!?'\""
MIN_VALUE_LETTERS = 3
TITLE_MASK, VALUE_MASK = "it", "things"
SPOKEN: Mapping[str, Intent] = {
    "thanks": "thanks",
    "greet": "greet",
    "help": "help",
    "my_data": "my_data",
    "unknown": "unknown",
    "next": "next",
    "undo": "undo",
    "start_over": "start_over",
}
"""Intents that need nothing else. To forget the whole profile is none of them, and what is wanted
or refused is for the grammar: vectors of sentences hardly tell “no horror” from “horror”."""


@dataclass(frozen=True)
class IntentModel:
    """The regression."""

    intents: tuple[str, ...]
    weights: Floats
    """[intents, 2 · dim]"""
    biases: Floats
    """[intents]"""
    known_vector: Floats
    """[dim], the known sentence as its encoder reads it."""

    def predict(self, encode_texts: EncodeTexts, sentence: str, masked: str) -> tuple[str, float]:
        """(the likeliest intent, its probability); "find" and 0 with another encoder."""
        vectors = encode_texts([sentence, masked, KNOWN_SENTENCE])
        dim = len(self.known_vector)
        if vectors.shape[1] != dim or float(vectors[2] @ self.known_vector) < MIN_COSINE:
            return "find", 0.0
        scores = self.weights @ np.concatenate([vectors[0], vectors[1]]) + self.biases
        likelihoods = np.exp(scores - scores.max())
        best = int(likelihoods.argmax())
        return self.intents[best], float(likelihoods[best] / likelihoods.sum())


@cache
def intent_model() -> IntentModel:
    """As it is shipped."""
    content = files("foretaste.understand").joinpath(FILE).read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return IntentModel(
            tuple(str(name) for name in arrays["intents"]),
            arrays["weights"].astype(np.float32),
            arrays["biases"].astype(np.float32),
            arrays["known_vector"].astype(np.float32),
        )


def masked_sentence(line: str, vocabulary: Vocabulary, grammar: Grammar) -> str:
    """The line with a mask for each title and each value of an attribute, so that what is said of
    them is alike in all catalogues.
    """
    words, masked_words = line.split(), list[str]()
    position = 0
    while position < len(words):
        for length in range(min(MAX_TITLE_WORDS, len(words) - position), 0, -1):
            phrase = " ".join(words[position : position + length])
            mask = _mask(phrase.strip(STOPS), vocabulary, grammar)
            if mask is not None:
                masked_words.append(mask + phrase[len(phrase.rstrip(STOPS)) :])
                position += length
                break
        else:
            masked_words.append(words[position])
            position += 1
    return " ".join(masked_words)


def _mask(phrase: str, vocabulary: Vocabulary, grammar: Grammar) -> str | None:
    tokens = tuple(grammar.tokens(phrase))
    plain = grammar.clauses["plain"]
    if len(phrase) <= MIN_VALUE_LETTERS or not tokens or all(token in plain for token in tokens):
        return None
    if not any(token in plain for token in tokens) and vocabulary.feature(tokens, grammar):
        return VALUE_MASK
    is_word = phrase in grammar.function_words
    return TITLE_MASK if not is_word and vocabulary.titles.exact(phrase) else None


def second_reading(meaning: Meaning, line: str, scene: Scene, grammar: Grammar) -> Meaning:
    """What the sentence as a whole means, where the first reading is a search for its words, or
    nothing, and the model is sure of something else.
    """
    encode_texts = scene.vocabulary.encode_texts
    is_open = meaning.intent == "unknown" or (meaning.intent == "find" and meaning.query)
    if not is_open or grammar.language != "en" or encode_texts is None:
        return meaning
    masked = masked_sentence(line, scene.vocabulary, grammar)
    intent, probability = intent_model().predict(encode_texts, line, masked)
    is_sure = probability >= MIN_PROBABILITY and not meaning.conditions
    return Meaning(SPOKEN[intent], grammar.language) if is_sure and intent in SPOKEN else meaning
