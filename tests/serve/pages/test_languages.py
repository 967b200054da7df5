"""Every text of the pages is in the file of each language, and nothing else is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract

from foretaste.serve.pages.languages import (
    DEFAULT_LANGUAGE,
    LANGUAGE_NAMES,
    chosen_language,
    message_catalogue,
    page_texts,
)

PAGES = Path(__file__).parents[3] / "src" / "foretaste" / "serve" / "pages"
TEMPLATE_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
SCRIPT_KEYWORDS = {"t": None, "N_": None, "plural": (1, 2)}
TRANSLATED = sorted(set(LANGUAGE_NAMES) - {DEFAULT_LANGUAGE})


def shown_texts() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """(file, message) of all that templates and scripts say."""
    for path in sorted((PAGES / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for _, message, *_ in extract(
                "jinja2.ext:babel_extract", file, TEMPLATE_KEYWORDS, options={"silent": "false"}
            ):
                yield path.name, message
    for path in sorted((PAGES / "static").rglob("*.js")):
        if "vendor" not in path.parts:
            with path.open("rb") as file:
                for _, message, *_ in extract("javascript", file, SCRIPT_KEYWORDS):
                    yield path.name, message


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_none_is_left_over(language: str) -> None:
    translations = {
        message.id: message.string for message in message_catalogue(language) if message.id
    }
    texts = {message: file for file, message in shown_texts()}
    assert len(texts) > 20
    assert {text: file for text, file in texts.items() if not translations.get(text)} == {}
    assert set(translations) - set(texts) == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    for message in message_catalogue(language):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else message.string or ()
        if ids[0]:
            wanted = set(re.findall(r"\{[a-z_]+\}", ids[-1]))
            for form in forms:
                assert set(re.findall(r"\{[a-z_]+\}", form)) in (wanted, wanted - {"{count}"})


def test_scripts_have_the_same_texts() -> None:
    messages = json.loads(page_texts("de").script_messages)
    assert messages["Close"] == "Schließen"
    assert page_texts("en").script_messages == "{}"


@pytest.mark.parametrize(
    ("choices", "header", "language"),
    [
        ([None, None], "de-AT,en;q=0.5", "de"),
        ([None, None], "en;q=0.5, de;q=0.4", "en"),
        ([None, None], "ja", "en"),
        ([None, None], "", "en"),
        ([None, "de"], "en", "de"),
        (["en", "de"], "de", "en"),
        (["xx", "de"], "en", "de"),
        (["\0<script>", None], "de;q=x, en;q=0.1", "en"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_browsers(
    choices: list[str | None], header: str, language: str
) -> None:
    assert chosen_language(choices, header) == language
