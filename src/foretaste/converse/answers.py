"""What is said in a talk, in the language of the talk: a key and its values in, a sentence out."""

import tomllib
from collections.abc import Mapping
from importlib import resources

from foretaste.understand.grammar import UNDERSTOOD_LANGUAGES

DEFAULT_LANGUAGE = "en"


def _load(language: str) -> Mapping[str, str]:
    source = resources.files("foretaste.converse") / "answers" / f"{language}.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


ANSWERS: Mapping[str, Mapping[str, str]] = {
    language: _load(language) for language in UNDERSTOOD_LANGUAGES
}


def answer(key: str, language: str = DEFAULT_LANGUAGE, **values: object) -> str:
    """The sentence of a key; in English where the language is not one of ours."""
    sentences = ANSWERS.get(language, ANSWERS[DEFAULT_LANGUAGE])
    return sentences[key].format(**{"help": sentences["help"], **values})


def quoted(title: str, language: str) -> str:
    """A title as the language quotes it."""
    opening, closing = QUOTES.get(language, QUOTES[DEFAULT_LANGUAGE])
    return f"{opening}{title}{closing}"


QUOTES: Mapping[str, tuple[str, str]] = {
    "en": ("“", "”"),
    "de": ("„", "“"),
    "fr": ("« ", " »"),
    "es": ("«", "»"),
    "zh": ("“", "”"),
}


def unknown_language(language: str) -> str:
    """To somebody who speaks another language: which ones are understood, each in itself."""
    from babel import Locale, UnknownLocaleError

    try:
        name = Locale(language).get_language_name(language)
    except (UnknownLocaleError, ValueError):
        name = None
    greeting = f"{name}: — " if name else ""
    return greeting + " ".join(ANSWERS[known]["language"] for known in UNDERSTOOD_LANGUAGES)
