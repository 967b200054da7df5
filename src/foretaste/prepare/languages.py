"""Items in; how many of a sample are written in which language out.

A title of two words says little of its language, five hundred of them say much: each text is read
in the light of the others. The shares of the languages are fitted to the sample by expectation
maximisation (Saerens et al. 2002, "Adjusting the outputs of a classifier to new a priori
probabilities"), and each text gets its language under those shares.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from foretaste.domain.data import Doubles, Item

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

COMMON_LANGUAGES = {
    *("ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr"),
    *("he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt"),
    *("ro", "ru", "sk", "sl", "sv", "sw", "ta", "th", "tr", "uk", "ur", "vi", "zh"),
}
"""Told apart. The identifier knows 140, but takes a short title for a rare one of them."""

MIN_PROBABILITY = 0.5
"""A text whose best language is below this probability is not told."""


def count_languages(items: Sequence[Item], sample: int) -> Mapping[str, int]:
    """ISO code → texts, most frequent first; "" for those that cannot be told.

    The sample is evenly spaced over the items that have a text, so it is the same every time.
    """
    texts = [words for item in items if (words := _words(item))]
    if not texts or sample <= 0:
        return {}
    text_indices = np.linspace(0, len(texts) - 1, min(sample, len(texts))).astype(int)
    codes, probabilities = _probabilities([texts[text_index] for text_index in text_indices])
    probabilities = adjust_to_shares(probabilities)
    best = probabilities.argmax(1)
    is_sure_mask = probabilities.max(1) >= MIN_PROBABILITY
    counts = Counter(
        codes[code_index] if is_sure else ""
        for code_index, is_sure in zip(best, is_sure_mask, strict=True)
    )
    return dict(sorted(counts.items(), key=lambda pair: (pair[0] == "", -pair[1], pair[0])))


def _words(item: Item) -> str:
    """The running text of an item; attribute values are names and mislead."""
    parts = (item.title, *item.texts.values())
    return ". ".join(part.strip() for part in parts if part.strip())


def _probabilities(texts: Sequence[str]) -> tuple[list[str], Doubles]:
    """→ the codes, and [texts, codes] the probability of each, all being as likely beforehand."""
    identifier = _identifier()
    ranked = [dict(identifier.rank(text)) for text in texts]
    codes = sorted(ranked[0])
    return codes, np.array([[row[code] for code in codes] for row in ranked], np.float64)


@cache
def _identifier() -> "LanguageIdentifier":
    # Its model takes most of a second to load, and few commands need it
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(COMMON_LANGUAGES)
    return identifier


def adjust_to_shares(probabilities: Doubles, rounds: int = 50) -> Doubles:
    """[texts, codes] the same probabilities under the shares that the texts themselves suggest."""
    shares = np.full(probabilities.shape[1], 1 / probabilities.shape[1])
    posterior = probabilities
    for _ in range(rounds):
        posterior = (
            probabilities * shares + 1e-300
        )  # a text none of the codes explains stays undecided
        posterior = posterior / posterior.sum(1, keepdims=True)
        shares = posterior.mean(0)
    return posterior
