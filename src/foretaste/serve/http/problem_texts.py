"""What went wrong, in English in; the same in the language that the caller accepts out.

Errors are raised in English wherever something goes wrong, and are put into another language here,
where they leave the service. The files are GNU gettext's, `locales/de.po`: a message is a title, or
a sentence of a detail with places for what differs. A detail is read sentence by sentence: one that
no message fits, such as an error of rare use, stays in English beside the others.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from importlib.resources import files

from babel.messages.pofile import read_po
from starlette.datastructures import Headers
from starlette.types import Scope

from foretaste.generate.messages import accepted_languages, best_language, fill

MAX_TRANSLATED_LENGTH = 600
"""Characters of a detail up to which it is put into another language."""
request_scope: ContextVar[Scope | None] = ContextVar("request_scope", default=None)
"""The request that is answered."""
_PLACE = re.compile(r"\{([a-z_]+)\}")
_SENTENCE_END = re.compile(r"(?<!\w)'[^']*'(?!\w)|(; |\. (?=[A-Z]))")
"""What is quoted may have such marks of its own."""
_FIELD = re.compile(r"\A([A-Za-z_][\w.\-]*: )(.+)", re.DOTALL)
"""A detail about one field begins with its name."""


def answer_language() -> str:
    """Of what is answered to the request under way; English where it accepts no other there is."""
    scope = request_scope.get()
    header = None if scope is None else Headers(scope=scope).get("accept-language")
    return best_language(accepted_languages(header), "en") if header else "en"


def title_in(language: str, title: str) -> str:
    """A title in a language."""
    return title if language == "en" else _titles(language).get(title, title)


def detail_in(language: str, detail: str) -> str:
    """A detail in a language, as far as there are messages for it."""
    if language == "en" or len(detail) > MAX_TRANSLATED_LENGTH:
        return detail
    whole = _sentence_in(language, detail)
    if whole is not None:
        return whole
    translated_detail, start = "", 0
    for end in _SENTENCE_END.finditer(detail):
        if end[1]:
            translated_detail += _clause_in(language, detail[start : end.start()]) + end[1]
            start = end.end()
    return translated_detail + _clause_in(language, detail[start:])


def _clause_in(language: str, clause: str) -> str:
    translated = _sentence_in(language, clause)
    if translated is None and (field := _FIELD.fullmatch(clause)):
        translated = _sentence_in(language, field[2])
        return clause if translated is None else field[1] + translated
    return clause if translated is None else translated


def _sentence_in(language: str, sentence: str) -> str | None:
    """None where no message fits."""
    translation = _titles(language).get(sentence)
    if translation is not None:
        return translation
    for fullmatch, form in _patterns(language):
        place_match = fullmatch(sentence)
        if place_match is not None:
            return fill(
                form, {name: value or "" for name, value in place_match.groupdict().items()}
            )
    return None


@cache
def _messages(language: str) -> dict[str, str]:
    """Message → translation."""
    path = files("foretaste.serve.http") / "locales" / f"{language}.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {str(message.id): str(message.string) for message in catalogue if message.id}


@cache
def _titles(language: str) -> dict[str, str]:
    """Messages without places."""
    return {
        text: translation
        for text, translation in _messages(language).items()
        if not _PLACE.search(text)
    }


@cache
def _patterns(language: str) -> list[tuple[Callable[[str], re.Match[str] | None], str]]:
    """(what matches a message with places, its translation), the most exact message first."""
    with_places = [row for row in _messages(language).items() if _PLACE.search(row[0])]
    with_places.sort(key=lambda row: -len(_PLACE.sub("", row[0])))
    return [
        (re.compile(_pattern_of(text), re.DOTALL).fullmatch, form) for text, form in with_places
    ]


def _pattern_of(message: str) -> str:
    """A place holds anything where it stands in quotes, else no end of a sentence."""
    pattern, parts = "", _PLACE.split(message)
    for number, part in enumerate(parts):
        is_quoted = number % 2 and parts[number - 1].endswith("'")
        place = f"(?P<{part}>.+?)" if is_quoted else f"(?P<{part}>(?:(?!; ).)+?)"
        pattern += place if number % 2 else re.escape(part)
    return pattern
