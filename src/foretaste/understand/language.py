"""What is said in, the language it is said in out: one of the four, or the name of another.

Other scripts are told by their letters. Of the Latin ones each word that a language calls its own
counts for it; only where the words tell nothing is `py3langid` asked, and only of texts that are
long enough for it.
"""

import unicodedata
from collections import Counter
from functools import cache
from typing import Any

from foretaste.prepare.languages import COMMON_LANGUAGES
from foretaste.understand.grammar import GRAMMARS, tokenize

MIN_WORDS = 4
"""Of a text of which the identifier is asked."""
MIN_PROBABILITY = 0.95
"""From which on it is believed that a text is in a language that is not understood."""
LANGUAGE_BY_SCRIPT = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
    "HANGUL": "ko",
    "CYRILLIC": "ru",
    "ARABIC": "ar",
    "HEBREW": "he",
    "GREEK": "el",
    "DEVANAGARI": "hi",
    "THAI": "th",
}


def detect_language(text: str, *, previous: str = "en") -> str:
    """ISO code. previous: the language of the talk, which holds where a text tells nothing."""
    script = _other_script(text)
    if script is not None:
        return script
    words = tokenize(text)
    hits = {language: sum(_weight(word, language) for word in words) for language in GRAMMARS}
    best = max(hits.values())
    leaders = [language for language, hit in hits.items() if hit == best]
    if best == 0 or (len(words) >= MIN_WORDS and best < len(words) / MIN_WORDS):
        return _identified(text, len(words), previous if best == 0 else leaders[0])
    return previous if previous in leaders else leaders[0]


def _weight(word: str, language: str) -> float:
    """How much a word speaks for a language: less where others have it too."""
    if not _is_of(word, language):
        return 0.0
    return 1.0 / sum(_is_of(word, other) for other in GRAMMARS)


def _is_of(word: str, language: str) -> bool:
    grammar = GRAMMARS[language]
    known = (grammar.function_words, grammar.glossary, grammar.strengths)
    return any(word in words for words in known) or word in _clitic_words(grammar.language)


@cache
def _clitic_words(language: str) -> frozenset[str]:
    """Words of the phrases that say how much, which tell a language as well."""
    grammar = GRAMMARS[language]
    return frozenset(word for phrase in grammar.strengths for word in phrase.split())


def _other_script(text: str) -> str | None:
    """The language of the letters, if most are not Latin."""
    scripts = Counter(
        unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha()
    )
    if not scripts or scripts.most_common(1)[0][0] == "LATIN":
        return None
    if any(script in scripts for script in ("HIRAGANA", "KATAKANA")):
        return "ja"
    return LANGUAGE_BY_SCRIPT.get(scripts.most_common(1)[0][0].split("-")[0], "und")


def _identified(text: str, word_count: int, fallback: str) -> str:
    """What the identifier says of a text of some words; the fallback where it is not sure."""
    if word_count < MIN_WORDS:
        return fallback
    language, probability = _identifier().classify(text)
    if probability >= MIN_PROBABILITY or language in GRAMMARS:
        return str(language)
    return fallback


@cache
def _identifier() -> Any:
    # Its model takes a second to load, and few texts need it
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(COMMON_LANGUAGES)
    return identifier
