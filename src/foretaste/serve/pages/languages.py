"""In: what a browser accepts, or its owner chose. Out: the texts of the pages in that language.

The file of a language is GNU gettext's, `locales/de.po`, read by the templates and, as a table of
messages, by the scripts. English texts are the messages themselves.
"""

import gettext
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from foretaste.generate.messages import accepted_languages

LANGUAGE_NAMES = {"en": "English", "de": "Deutsch"}
"""The languages there are, by the names that their speakers give them."""
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class PageTexts:
    """The texts of all pages in one language."""

    language: str
    translations: gettext.NullTranslations
    script_messages: str
    """Message → translation, or its list of plural forms, as JSON for the scripts."""


@cache
def page_texts(language: str) -> PageTexts:
    """language: a key of `LANGUAGE_NAMES`."""
    if language == DEFAULT_LANGUAGE:
        return PageTexts(language, gettext.NullTranslations(), "{}")
    catalogue = message_catalogue(language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return PageTexts(language, gettext.GNUTranslations(compiled), _script_messages(catalogue))


@cache
def message_catalogue(language: str) -> Catalog:
    """The file of a language, as translators write it."""
    path = files("foretaste.serve.pages") / "locales" / f"{language}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _script_messages(catalogue: Catalog) -> str:
    translations = {}
    for message in catalogue:
        if message.id and message.string:
            singular = message.id if isinstance(message.id, str) else message.id[0]
            forms = message.string
            translations[singular] = forms if isinstance(forms, str) else list(forms)
    return json.dumps(translations, ensure_ascii=False, sort_keys=True)


def chosen_language(choices: Sequence[str | None], accept_language: str) -> str:
    """The first choice that there is, else the first accepted language that there is.

    choices: what somebody chose, the most recent first. accept_language: the browser's header.
    """
    for tag in [*choices, *accepted_languages(accept_language)]:
        primary = (tag or "").strip().lower().replace("_", "-").partition("-")[0]
        if primary in LANGUAGE_NAMES:
            return primary
    return DEFAULT_LANGUAGE
