"""How well an encoder reads texts. In: an encoder and texts; out: a `QueryReading`.

A tokenizer has whole words for the language that it was made from and takes those of others to
pieces: by its pieces a word the built-in encoder's English is told from German (1.0 to 1.3 against
2.5, French 2.1, Spanish 1.8), whatever the encoder is. Part numbers are in pieces too, and mean as
little.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.domain.ports import TextEncoder
from foretaste.domain.query_reading import QueryReading
from foretaste.domain.words import words_of

MAX_PIECES_PER_WORD = 1.6
"""Pieces of a word on average, up to which an encoder was taught the language."""
LARGE_VOCABULARY = 64_000
"""Tokens from which on a vocabulary is of many languages; their words have more pieces."""
MAX_SAMPLED_TEXTS = 500
MAX_WORDS_PER_TEXT = 50
UNRELATED_TEXTS = (
    *("red wool scarf", "how to repair a bicycle tyre", "history of the Roman empire"),
    *("chocolate cake recipe", "electric guitar strings", "tax return form"),
    *("documentary about whales", "running shoes for men", "garden watering can"),
    *("football world cup final", "jazz piano album", "anti-aging face cream"),
    *("detective novel set in Venice", "laptop with a fast processor", "baby stroller"),
    *("volcano eruption warning", "horror film with vampires", "organic green tea"),
    *("parliament votes on pensions", "leather office chair", "learn Spanish for beginners"),
    *("dog food for puppies", "space station launch", "wedding dress"),
)
"""No two of them have anything to do with one another."""
UNRELATED_DEVIATIONS = 3.0
"""Standard deviations above the mean cosine of unrelated texts, which hardly any two reach."""


def query_reading(encoder: TextEncoder, texts: Sequence[str]) -> QueryReading:
    """How well it reads these texts of items, and the cosine that unrelated texts have at most."""
    vectors = encoder.encode(UNRELATED_TEXTS)
    cosines = (vectors @ vectors.T)[~np.eye(len(vectors), dtype=bool)]
    limit = float(cosines.mean() + UNRELATED_DEVIATIONS * cosines.std())
    return QueryReading(_reads(encoder, texts), limit)


def _reads(encoder: TextEncoder, texts: Sequence[str]) -> bool:
    """Whether it was taught the language of the texts; True where its tokens are not known."""
    tokenizer = _tokenizer_of(encoder)
    if tokenizer is None or tokenizer.get_vocab_size() >= LARGE_VOCABULARY:
        return True
    step = max(len(texts) // MAX_SAMPLED_TEXTS, 1)
    words = [
        word
        for text in texts[::step]
        for word in words_of(text)[:MAX_WORDS_PER_TEXT]
        if word.isalpha()
    ]
    if not words:
        return True
    encodings = tokenizer.encode_batch_fast(words, add_special_tokens=False)
    return sum(len(encoding.ids) for encoding in encodings) / len(words) <= MAX_PIECES_PER_WORD


def is_whole_word(encoder: TextEncoder, word: str) -> bool:
    """Whether it is a word of the language that the encoder was taught: one token of its own."""
    tokenizer = _tokenizer_of(encoder)
    if tokenizer is None or tokenizer.get_vocab_size() >= LARGE_VOCABULARY:
        return False
    return tokenizer.token_to_id(word.lower()) is not None


def _tokenizer_of(encoder: Any) -> Any | None:
    """Of what reads behind caches, matrices and tables."""
    while encoder is not None:
        tokenizer = getattr(encoder, "tokenizer", None)
        if tokenizer is not None:
            return tokenizer
        encoder = getattr(encoder, "_encoder", None) or getattr(encoder, "_teacher", None)
    return None
