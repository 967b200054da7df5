"""A message in English and a language in, the sentence in that language out.

The files are GNU gettext's, one a language in `locales/`: every translator's tool reads them, and
they know the plural rules of a language. `babel` reads them as they are, so nothing is compiled;
it also writes lists and numbers as the language does.
"""

import gettext
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import get_args

from babel import Locale
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from foretaste.domain.words import search_words
from foretaste.generate.settings import Language

_PLACE = re.compile(r"\{([a-z_]+)\}")
MAX_COUNTED = 1e15
"""Above it a number is written in powers of ten: no price and no quantity is larger."""
_JOINED = re.compile(r",|\b(?:and|und|et|y|e)\b", re.IGNORECASE)
_SMALL_WORD = re.compile(r"(?<!\S)[^\W\d_A-Z][^\W\d_]{3,}")
MIN_SMALL_WORDS, MIN_SENTENCE_WORDS = 2, 4
"""Of a title that reads like a sentence: “Central bank raises interest rates again”."""
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Messages:
    """What is said in one language."""

    language: str
    _translations: gettext.NullTranslations

    def text(self, message: str, **values: str) -> str:
        """The message with these values in its places; an event's title as `names` writes it."""
        if "event" in values:
            values["event"] = self.names([values["event"]])
        return fill(self._translations.gettext(message), values)

    def word(self, context: str, word: str) -> str:
        """A word whose meaning the context tells."""
        return self._translations.pgettext(context, word)

    def plural(self, singular: str, plural: str, count: int, **values: str) -> str:
        """The form for this number, which stands in the place `{count}`."""
        form = self._translations.ngettext(singular, plural, count)
        if "event" in values:
            values["event"] = self.names([values["event"]])
        return fill(form, {"count": self.number(count), **values})

    def names(self, names: Sequence[str]) -> str:
        """a, b and c; in quotes where a name has a comma or an “and” of its own, or reads like a
        sentence.
        """
        is_joined = len(names) > 1 and any(_JOINED.search(name) for name in names)
        if is_joined or any(_reads_as_sentence(name) for name in names):
            names = [self.text("“{word}”", word=name) for name in names]
        return self._joined(names)

    @property
    def full_stop(self) -> str:
        """What ends a sentence."""
        return "。" if self.language == "zh" else "."

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word of every message, and of its lists; of Chinese every character."""
        sentences = [self.names(["", "", ""]), self.names(["", ""])]
        for message in _catalogue("de" if self.language == "en" else self.language):
            is_english = self.language == "en"
            forms = message.id if is_english else message.string
            sentences += [forms] if isinstance(forms, str) else list(forms or ())
        return frozenset(word for text in sentences for word in search_words(_PLACE.sub(" ", text)))

    def quoted_names(self, words: Sequence[str]) -> str:
        """“a”, “b” and “c”"""
        quoted_words = [self.text("“{word}”", word=word) for word in words]
        return self._joined(quoted_words)

    def _joined(self, names: Sequence[str]) -> str:
        if len(names) < 2:
            return "".join(names)
        if len(names) > len(PLACES):
            return format_list(list(names), locale=Locale.parse(self.language))
        return fill(_list_form(self.language, len(names)), dict(zip(PLACES, names, strict=False)))

    def number(self, number: float) -> str:
        """With the marks of the language; one that nobody counts to in powers of ten."""
        if abs(number) > MAX_COUNTED:  # Babel writes no more than 28 digits
            return f"{number:.3g}"
        return format_decimal(number, locale=self.language)

    def price(self, amount: float, currency: str) -> str:
        """An amount of a currency, which is an ISO code: "€9.90"."""
        if abs(amount) > MAX_COUNTED:
            return f"{self.number(amount)} {currency}"
        return format_currency(amount, currency, locale=self.language)

    def quantity(self, count: int, unit: str) -> str:
        """A count of a unit as CLDR names it, written short: "2 hr"."""
        if abs(count) > MAX_COUNTED:
            return f"{self.number(count)} {unit}"
        return format_unit(count, unit, length="short", locale=self.language)


def fill(form: str, values: Mapping[str, str]) -> str:
    """The form with values in its places; braces in a value stay as they are."""
    parts = list(_split(form))
    parts[1::2] = [values[place] for place in parts[1::2]]
    return "".join(parts)


PLACES = "abcdefghij"
"""Names of the places of a list."""


@cache
def _list_form(language: str, count: int) -> str:
    """{a}, {b} and {c}: babel takes longer to find this out than to write it."""
    places = [f"{{{place}}}" for place in PLACES[:count]]
    return format_list(places, locale=Locale.parse(language))


@lru_cache(maxsize=1_000)
def _split(form: str) -> tuple[str, ...]:
    """Text and the names of places, in turns."""
    return tuple(_PLACE.split(form))


@cache
def _catalogue(language: str) -> Catalog:
    """The file of a language, as translators write it."""
    path = files("foretaste.generate") / "locales" / f"{language}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _reads_as_sentence(name: str) -> bool:
    """Whether it is written small as a sentence is, and long as one."""
    small_words = [word for word in _SMALL_WORD.findall(name) if word[:1].islower()]
    return len(small_words) >= MIN_SMALL_WORDS and len(name.split()) >= MIN_SENTENCE_WORDS


@cache
def messages_in(language: str) -> Messages:
    """The messages of a language; English ones are the messages themselves."""
    if language == "en":
        return Messages(language, gettext.NullTranslations())
    compiled = BytesIO()
    write_mo(compiled, _catalogue(language))
    compiled.seek(0)
    return Messages(language, gettext.GNUTranslations(compiled))


def best_language(wanted: Sequence[str], default: Language) -> Language:
    """The first of the wanted languages that there is: "de-AT" is German.

    wanted: tags as in Accept-Language, the most wanted first.
    """
    for tag in wanted:
        primary = tag.strip().lower().replace("_", "-").partition("-")[0]
        for language in LANGUAGES:
            if language == primary:
                return language
    return default


def accepted_languages(header: str) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first (RFC 9110, section 12.5.4)."""
    weighted_tags = []
    for position, part in enumerate(header[:1_000].split(",")):
        tag, _, parameters = part.partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0 and tag.strip() not in ("", "*"):
            weighted_tags.append((-weight, position, tag.strip()))
    return [tag for _, _, tag in sorted(weighted_tags)]
