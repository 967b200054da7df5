"""A value of a column in, what a person would say of an item that has it out.

"Directed by Jim Henson", "From the early 1980s", "Under two hours", "In red". How far items are
alike in it is told by a bucket: two films of the early 1980s share one.
"""

import re
import tomllib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from math import log
from typing import Protocol

from babel import Locale

from foretaste.domain.feature_types import (
    FLAG_VALUES,
    MINUTES_PER_UNIT,
    FeatureDescription,
    feature_number,
)
from foretaste.domain.measures import split_measure
from foretaste.domain.no_taste import column_words
from foretaste.domain.text_limits import shorten
from foretaste.domain.words import is_readable, words_of

DURATION_STEPS = (
    (5, "Under five minutes"),
    (15, "Under a quarter of an hour"),
    (30, "Under half an hour"),
    (60, "Under an hour"),
    (90, "Under an hour and a half"),
    (120, "Under two hours"),
    (150, "Under two and a half hours"),
)
"""(minutes, what is shorter)"""
LONG_DURATION = "Over two and a half hours"
MAX_YEAR = 9999
MIN_YEAR = 1000
NEAR_RATIO = 1.25
"""How many times a number may be of another for both to be about the same."""
_AUDIENCE_PHRASE = "For {value}"
_LANGUAGE_PHRASE = "In {language}"
_PLACE_PHRASE = "From {place}"
"""Of languages and places apart from colours and makers: auf Deutsch, aus Frankreich."""
_COLUMNS_BY_PHRASE: Mapping[str, str] = {
    "Directed by {value}": "director directors regisseur regie realisateur realisation regista",
    "Written by {value}": "writer writers screenwriter drehbuch drehbuchautor",
    "By {value}": (
        "author authors autor autoren autorin verfasser auteur auteurs autore autori "
        "artist artists kunstler kunstlerin interpret komponist artiste artista composer "
        "band byline journalist"
    ),
    "With {value}": (
        "cast actor actors actress actresses starring star stars darsteller schauspieler besetzung "
        "acteurs actores reparto attori"
    ),
    "From {value}": (
        "brand maker manufacturer vendor studio publisher designer store source "
        "marke hersteller verlag marque fabricant editeur marca fabricante editorial merk"
    ),
    "Also from {value}": "collection series reihe serie kollektion",
    "In {value}": "color colour colors colours farbe farben couleur couleurs colore kleur",
    "Made of {value}": "material materials fabric materialien stoff matiere tejido",
    "About {value}": (
        "topic topics tag tags keyword keywords subject subjects theme themes plots "
        "thema themen schlagwort schlagworte schlagworter sujet sujets tema temas"
    ),
    "{value}": (
        "genre genres type class kind style mood concern form category categories department "
        "section kategorie kategorien warengruppe produktgruppe artikelgruppe rubrik ressort stil "
        "abteilung sparte categorie rubrique rayon categoria categorias seccion genero generi"
    ),
    "In size {value}": "size sizes grosse groesse taille talla taglia maat",
}
_COMMON_WORD_PHRASES = frozenset(("Made of {value}", _AUDIENCE_PHRASE))
_COLOUR_COLUMNS = frozenset(_COLUMNS_BY_PHRASE["In {value}"].split())
_PLACE_NAMES = "country countries origin region land herkunft herkunftsland pays pais paese"
_PLACE_COLUMNS = frozenset(_PLACE_NAMES.split())
_LANGUAGE_NAMES = (
    "language languages lang langs locale sprache sprachen langue langues idioma idiomas lingua "
    "taal"
)
_LANGUAGE_COLUMNS = frozenset(_LANGUAGE_NAMES.split())
_LANGUAGE_CODE = re.compile(r"[a-z]{1,3}([-_][a-z]{2,4})?", re.IGNORECASE)
"""`en`, `de-AT`, `pt_BR`."""
_AUDIENCE_COLUMNS = frozenset(["gender", "sex", "audience", "target", "geschlecht", "zielgruppe"])
_AUDIENCES = frozenset(
    (
        *("men", "women", "children", "kids", "girls", "boys", "babies", "toddlers", "teens"),
        *("adults", "herren", "damen", "kinder", "männer", "frauen", "mädchen", "jungen", "babys"),
        *("hommes", "femmes", "enfants", "filles", "garçons", "bébés", "hombres", "mujeres"),
        *("niños", "niñas", "bebés"),
    )
)
"""Whom things are for, as people say it: for women, and not for female or unisex."""
_LEVEL_MARK = re.compile(r"[>›»]")


@cache
def _common_values() -> Mapping[str, Mapping[str, str]]:
    """English → language → the word of it."""
    source = resources.files("foretaste.generate") / "common_values.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def common_value(name: str, language: str) -> str:
    """A colour, a material or whom it is for in another language than the English that a catalogue
    has it in; as it is where it is none of these.
    """
    return _common_values().get(name.lower(), {}).get(language, name)


@cache
def _common_columns() -> Mapping[str, Mapping[str, str]]:
    """Name of a column in a file → language → what people call it."""
    source = resources.files("foretaste.generate") / "common_columns.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def common_label(label: str, language: str) -> str:
    """What people call a column in a language, where it is one that most catalogues have."""
    return _common_columns().get(label.lower(), {}).get(language, label)


class Wording(Protocol):
    """A language; `generate.messages.Messages` is one."""

    @property
    def language(self) -> str: ...
    def text(self, message: str, **values: str) -> str: ...
    def number(self, number: float) -> str: ...


@dataclass(frozen=True, slots=True)
class FeaturePhrase:
    """What can be said of one value."""

    text: str
    bucket: Hashable
    """Items of the same bucket share what is said."""
    names: tuple[str, ...] = ()
    """What in the text comes from the catalogue."""
    template: str | None = None
    """The message that it was made of, with {value} in the place of the name."""


def feature_phrase(
    description: FeatureDescription, value: str, words: Wording
) -> FeaturePhrase | None:
    """None where nothing can be said that tells a person anything."""
    if not description.tells_taste or description.type == "text":
        return None
    if description.phrases is not None:
        return _own_phrase(description, value, words)
    speak = _SPEAKERS.get(description.type, _category_phrase)
    return speak(description, value, words)


def _own_phrase(
    description: FeatureDescription, value: str, words: Wording
) -> FeaturePhrase | None:
    """By the phrase of the settings; in another language than its own as if there were none."""
    phrases = description.phrases or {}
    phrase = phrases.get(words.language) or phrases.get("")
    if phrase is None:
        speak = _SPEAKERS.get(description.type, _category_phrase)
        return speak(description, value, words)
    text = phrase.replace("{value}", shorten(value))
    return FeaturePhrase(text[:1].upper() + text[1:], value, (shorten(value),))


def _year_phrase(
    description: FeatureDescription, value: str, words: Wording
) -> FeaturePhrase | None:
    number = feature_number(value, description.type)
    if number is None:
        return None
    year = int(number) if description.type == "year" else datetime.fromtimestamp(number, UTC).year
    if not MIN_YEAR <= year <= MAX_YEAR:
        return None
    decade, place = year // 10 * 10, year % 10
    if place <= 3:
        text = words.text("From the early {decade}s", decade=str(decade))
    elif place <= 6:
        text = words.text("From the mid-{decade}s", decade=str(decade))
    else:
        text = words.text("From the late {decade}s", decade=str(decade))
    names = tuple(word for word in words_of(text) if str(decade) in word)
    return FeaturePhrase(text, (decade, (place > 3) + (place > 6)), names)


def _duration_phrase(
    description: FeatureDescription, value: str, words: Wording
) -> FeaturePhrase | None:
    number = feature_number(value, "duration")
    if number is None or number <= 0:
        return None
    is_plain = value.strip().replace(".", "", 1).isdigit()
    minutes = number * MINUTES_PER_UNIT.get(description.unit, 1.0) if is_plain else number
    for limit, message in DURATION_STEPS:
        if minutes < limit:
            return FeaturePhrase(words.text(message), limit)
    return FeaturePhrase(words.text(LONG_DURATION), None)


def _price_phrase(description: FeatureDescription, value: str, words: Wording) -> FeaturePhrase:
    return FeaturePhrase(words.text("In your usual price range"), value)


def _number_phrase(
    description: FeatureDescription, value: str, words: Wording
) -> FeaturePhrase | None:
    number = feature_number(value)
    if number is None:
        return None
    amount = " ".join(filter(None, [words.number(number), description.unit]))
    label = common_label(description.label, words.language)
    if number > 0 and split_measure(value) is not None:
        # what is measured is hardly ever the same to the gram
        text = words.text("{label}: about {amount}", label=_capitalised(label), amount=amount)
        return FeaturePhrase(text, round(log(number, NEAR_RATIO)), (label, amount))
    return FeaturePhrase(f"{_capitalised(label)}: {amount}", value, (label, amount))


def _flag_phrase(
    description: FeatureDescription, value: str, words: Wording
) -> FeaturePhrase | None:
    """Only where it is so: few people look for what a thing is not."""
    if not FLAG_VALUES.get(value.strip().lower(), False):
        return None
    label = description.label.removeprefix("is ").removeprefix("has ")
    return FeaturePhrase(label[:1].upper() + label[1:], True, (label,))


def _category_phrase(
    description: FeatureDescription, value: str, words: Wording
) -> FeaturePhrase | None:
    name = spoken_value(description, value, words)
    if name is None:
        return None
    column = set(column_words(description.column))
    is_audience = name.lower() in _AUDIENCES
    if column & _AUDIENCE_COLUMNS and not is_audience:
        return None  # nobody says “for unisex”
    if is_audience and column & {*_AUDIENCE_COLUMNS, "department", "category"}:
        name = _as_common_word(common_value(name, words.language), words)
        return FeaturePhrase(
            words.text(_AUDIENCE_PHRASE, value=name), value, (name,), _AUDIENCE_PHRASE
        )
    if column & _LANGUAGE_COLUMNS:
        return FeaturePhrase(words.text(_LANGUAGE_PHRASE, language=name), value, (name,))
    if column & _PLACE_COLUMNS:
        return FeaturePhrase(words.text(_PLACE_PHRASE, place=name), value, (name,))
    for phrase, columns in _COLUMNS_BY_PHRASE.items():
        if column & set(columns.split()):
            is_common = phrase in _COMMON_WORD_PHRASES or bool(column & _COLOUR_COLUMNS)
            if is_common:
                name = _as_common_word(common_value(name, words.language), words)
            text = _capitalised(words.text(phrase, value=name))
            return FeaturePhrase(text, value, (name,), phrase)
    label = common_label(description.label, words.language)
    return FeaturePhrase(f"{_capitalised(label)}: {name}", value, (label, name))


def spoken_value(description: FeatureDescription, value: str, words: Wording) -> str | None:
    """A value as people say it; None for a code that tells nobody anything."""
    if not is_readable(value):
        return None
    is_language = not _LANGUAGE_COLUMNS.isdisjoint(column_words(description.column))
    if is_language and _LANGUAGE_CODE.fullmatch(value):
        code = value[:2] if value[2:3] in ("-", "_") else value
        return Locale.parse(words.language).languages.get(code.lower())
    name = shorten(_LEVEL_MARK.split(value)[-1].strip())
    letters = sum(letter.isalpha() for letter in name)
    is_size = bool(set(column_words(description.column)) & {"size", "sizes"})
    return name if letters >= 2 or (is_size and name) else None


def _as_common_word(name: str, words: Wording) -> str:
    """Cotton and Red begin small within a sentence, but in German."""
    is_plain = name[1:].islower() and words.language != "de"
    return name.lower() if is_plain else name


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


_Speaker = Callable[[FeatureDescription, str, Wording], FeaturePhrase | None]
_SPEAKERS: Mapping[str, _Speaker] = {
    "year": _year_phrase,
    "date": _year_phrase,
    "duration": _duration_phrase,
    "price": _price_phrase,
    "number": _number_phrase,
    "flag": _flag_phrase,
}
