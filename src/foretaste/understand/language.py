"""What is said in, the language it is said in out: one of the four, or the name of another.

Other scripts are told by their letters. Of the Latin ones each word that a language calls its own
counts for it; only where the words tell nothing is `py3langid` asked, and only of texts that are
long enough for it.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from foretaste.domain.words import words_of
from foretaste.prepare.languages import COMMON_LANGUAGES
from foretaste.understand.grammar import GRAMMARS, fold, tokenize

MIN_WORDS = 4
"""Of a text of which the identifier is asked."""
GLOSSARY_WEIGHT = 0.5
MIN_OWN_WORDS = 2
"""Words that only another language has, from which on the identifier is not asked."""
MIN_PROBABILITY = 0.95
"""From which on it is believed that a text is in a language that is not understood."""
OWN_LETTERS = {"de": "äöüß", "fr": "çœèêàâîûô", "es": "¿¡ñáíóú"}
"""Letters that speak for a language as much as a word does."""
SPELLED_LANGUAGE = "en"
"""The one whose words without an apostrophe are words of others: “dont” is French as well."""
LETTERS = frozenset("bcdfghjklmnpqrstvwxz")
LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿ]+")
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


def is_said(word: str) -> bool:
    """Whether it is a word by which a grammar says or calls something: “über”, “Haie”."""
    return any(_weight(fold(word.lower()), language) > 0 for language in GRAMMARS)


def detect_language(text: str, *, previous: str = "en") -> str:
    """ISO code. previous: the language of the talk, which holds where a text tells nothing."""
    script = _other_script(text)
    if script is not None:
        return script
    words = _words(text)
    other = _other_language(text, words)
    if other is not None:
        return other
    hits = {it: _hits(text, words, it) for it in GRAMMARS}
    best = max(hits.values())
    leaders = [language for language, hit in hits.items() if hit == best]
    likely = previous if previous in leaders else leaders[0]
    if len(leaders) > 1 and _is_hardly_known(words, leaders[0]):
        likely = previous if previous in GRAMMARS else likely  # “de niro pacino” is a name
    if len(words) < MIN_WORDS or best >= len(words) / MIN_WORDS:
        return likely
    identified = _identified(text)
    return identified if identified and hits.get(identified, best) >= best else likely


def _other_language(text: str, words: Sequence[str]) -> str | None:
    """A language like one of the four that has words of its own in the text: where it has two, or
    one and the identifier takes the text for it; the four have fewer.
    """
    own = {language: sum(word in own for word in words) for language, own in _own_words().items()}
    language = max(own, key=lambda each: own[each])
    if not own[language]:
        return None
    known = max(
        sum(_weight(word, each) for word in words if not _is_shared(word, language))
        for each in GRAMMARS
    )
    if own[language] < known:
        return None
    is_sure = own[language] >= MIN_OWN_WORDS and own[language] > known
    return language if is_sure or _identifier().classify(text)[0] == language else None


def _is_shared(word: str, language: str) -> bool:
    """Whether the other language has the word as well."""
    return word in _all_words()[language]


@cache
def _all_words() -> Mapping[str, frozenset[str]]:
    """The words of the other languages."""
    source = resources.files("foretaste.understand") / "languages" / "others.toml"
    content = tomllib.loads(source.read_text(encoding="utf-8"))
    return {language: frozenset(words.split()) for language, words in content.items()}


@cache
def _own_words() -> Mapping[str, frozenset[str]]:
    """Those that none of the four has, nor another of these."""
    every = _all_words()
    counts = Counter(word for words in every.values() for word in words)
    return {
        language: frozenset(
            word
            for word in words
            if counts[word] == 1 and not any(_weight(word, each) for each in GRAMMARS)
        )
        for language, words in every.items()
    }


def _words(text: str) -> list[str]:
    """Words of letters; a consonant by itself is a size (“coat M”) or an abbreviation."""
    letters = {word for word in tokenize(text) if word in LETTERS}
    return [word for word in _tokens(text) if word[0].isalpha() and word not in letters]


def _hits(text: str, words: Sequence[str], language: str) -> float:
    """How much speaks for a language: its words, in the spelling of its grammar where a text is
    typed without apostrophes (“dont”), and its letters.
    """
    spelled_words = words
    if language == SPELLED_LANGUAGE:
        spelled_words = _words(GRAMMARS[language].normalised(text))
    readings = (words, spelled_words)
    hits = max(sum(_weight(word, language) for word in reading) for reading in readings)
    return hits + bool(set(OWN_LETTERS.get(language, "")) & set(text.lower()))


def _is_hardly_known(words: Sequence[str], language: str) -> bool:
    """Whether less than half of the words are of the language."""
    return 2 * sum(_weight(word, language) > 0 for word in words) < len(words)


def _tokens(text: str) -> list[str]:
    """What is elided counts as a word too: "l'espace" is also "l" and "espace"."""
    words = tokenize(text)
    return words + [part for word in words if "'" in word for part in word.split("'")]


def _weight(word: str, language: str) -> float:
    """How much a word speaks for a language: less where others have it too, and where it is no
    word of the grammar, which names mostly are not.
    """
    for words_by_language, weight in ((_grammar_words, 1.0), (_glossary_words, GLOSSARY_WEIGHT)):
        owners = [
            owner
            for owner in GRAMMARS
            if (word if owner == "en" else fold(word)) in words_by_language(owner)
        ]
        if owners:
            return weight / len(owners) if language in owners else 0.0
    return 0.0


@cache
def _grammar_words(language: str) -> frozenset[str]:
    """The words by which a language says how things are meant."""
    grammar = GRAMMARS[language]
    phrases = (*grammar.strengths, *grammar.postponed)
    words = {word for phrase in phrases for word in phrase.split()}
    return frozenset(words | grammar.function_words | grammar.clauses["plain"])


@cache
def _glossary_words(language: str) -> frozenset[str]:
    """The words by which it calls things; what several call the same tells nothing."""
    if language != "en":
        glossary = GRAMMARS[language].glossary
        return frozenset(word for word, meaning in glossary.items() if word not in meaning)
    others = [grammar for grammar in GRAMMARS.values() if grammar.language != "en"]
    keys = {word for grammar in others for word in grammar.glossary}
    meanings = {w for it in others for meaning in it.glossary.values() for w in words_of(meaning)}
    plurals = {f"{word}s" for word in meanings} | {f"{word[:-1]}ies" for word in meanings}
    return frozenset((meanings | plurals) - keys)


def _other_script(text: str) -> str | None:
    """The language of the letters, if most are not Latin."""
    scripts = Counter(
        unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha()
    )
    ideographs = sum(n for script, n in scripts.items() if script.startswith("CJK"))
    if ideographs > len(LATIN_WORD.findall(text)):  # each is about a word: “类似Toy Story的”
        scripts["LATIN"] = 0
    if not scripts or scripts.most_common(1)[0][0] == "LATIN":
        return None
    if any(script in scripts for script in ("HIRAGANA", "KATAKANA")):
        return "ja"
    return LANGUAGE_BY_SCRIPT.get(scripts.most_common(1)[0][0].split("-")[0], "und")


def _identified(text: str) -> str | None:
    """What the identifier says of a text; None where it is not sure."""
    language, probability = _identifier().classify(text)
    return str(language) if probability >= MIN_PROBABILITY else None


def load_identifier() -> None:
    """Have it loaded before the first text needs it."""
    _identifier()


@cache
def _identifier() -> Any:
    # Its model takes a second to load, and few texts need it
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(COMMON_LANGUAGES)
    return identifier
