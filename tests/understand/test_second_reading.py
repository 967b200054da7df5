"""Sentences that no pattern knows, as the built-in encoder and the fitted regression read them."""

from collections.abc import Sequence

import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.language.encoder import TransformerEncoder
from foretaste.language.settings import LanguageSettings
from foretaste.language.weights import resolve_weights
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.understand.grammar import grammar_of
from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.reader import understand
from foretaste.understand.second_reading import intent_model, masked_sentence
from foretaste.understand.vocabulary import Vocabulary
from understand.test_reader import ITEMS, VOCABULARY, reads
from understand.test_reader import meaning as meaning_by_grammar

INDEX = FilterIndex(build_catalogue(ITEMS, reads([""] * len(ITEMS))), ItemAvailability.of(ITEMS))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    settings = LanguageSettings(device="cpu")
    encoder = TransformerEncoder(resolve_weights(settings.encoder), settings)
    return Vocabulary(INDEX, encoder.encode)


def read(text: str, vocabulary: Vocabulary) -> Meaning:
    return understand(text, Scene(vocabulary))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("cheers big ears, that's brilliant", "thanks"),
        ("two weeks waiting and my package is nowhere to be seen", "unknown"),
        ("do you store which things I look at", "my_data"),
        ("let's have a few further ones then", "next"),
    ],
)
def test_what_needs_nothing_else(text: str, intent: str, vocabulary: Vocabulary) -> None:
    assert meaning_by_grammar(text, shown=False).intent != intent, "no pattern knows it"
    reading = read(text, vocabulary)
    assert (reading.intent, reading.query, reading.changes) == (intent, None, ())


@pytest.mark.parametrize(
    "text",
    [
        "a story of two brothers who fight over a farm",
        "something with a talking dog",
        "anything on sleep, I am awake again at four",
        "ghosts in an old house by the sea",
        "thankless job, a clerk who gets revenge",
        "help arrives too late",
        "goodbye letters",
    ],
)
def test_words_that_are_searched_for_stay_words(text: str, vocabulary: Vocabulary) -> None:
    assert read(text, vocabulary).intent == "find"


def test_another_encoder_goes_without() -> None:
    def other(texts: Sequence[str]) -> Floats:
        return np.eye(len(texts), 384, dtype=np.float32)

    assert intent_model().predict(other, "much obliged", "much obliged") == ("find", 0.0)
    assert read("cheers big ears, that's brilliant", Vocabulary(INDEX, other)).intent == "find"


def test_titles_and_values_are_masked() -> None:
    masked = masked_sentence("toy story was grand, no more horror!", VOCABULARY, grammar_of("en"))
    assert masked == "it was grand, no more things!"
