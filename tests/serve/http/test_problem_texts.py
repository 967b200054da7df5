"""What went wrong, in the language of whoever asked."""

import ast
import re
import time
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from babel.messages.pofile import read_po

import foretaste
from foretaste.serve.http.problem_texts import detail_in, title_in
from foretaste.serve.http.problems import PROBLEM_KINDS

from ..workspace import serving

LANGUAGES = ("de", "fr", "es")
PLACE = re.compile(r"\{[a-z_]*\}")


def messages(language: str) -> dict[str, str]:
    path = files("foretaste.serve.http") / "locales" / f"{language}.po"
    with path.open("rb") as file:
        return {str(row.id): str(row.string) for row in read_po(file, locale=language) if row.id}


def texts_of_the_code() -> list[str]:
    """Every text that stands in the code, with {} for what differs."""
    texts = []
    for path in Path(foretaste.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (
                    part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
                )
                texts.append("".join(str(part) for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_title_is_translated_and_places_are_the_same(language: str) -> None:
    translations = messages(language)
    assert {title for _, title in PROBLEM_KINDS.values()} <= set(translations)
    for message, translation in translations.items():
        assert translation
        assert sorted(PLACE.findall(translation)) == sorted(PLACE.findall(message)), message
    assert set(translations) == set(messages("de"))


def test_every_message_is_said_somewhere() -> None:
    whole = "\n".join(texts_of_the_code())
    unsaid = [text for text in messages("de") if PLACE.sub("{}", text) not in whole]
    assert unsaid == ["there is no user '{user}'"], "that alone is made with a noun in a place"


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (
            "items: there is no item 'x; y'; import it first",
            "items: es gibt keinen Artikel „x; y“; importieren Sie ihn zuerst",
        ),
        ("there is no model yet; run 'foretaste train'",
         "es gibt noch kein Modell; rufen Sie „foretaste train“ auf"),
        ("unforeseen {this}; ask again in 5 s", "unforeseen {this}; fragen Sie in 5 s noch einmal"),
        ("error 1a2b; it is in the service's log under this number. Try again",
         "Fehler 1a2b; er steht unter dieser Nummer im Protokoll des Dienstes. "
         "Versuchen Sie es noch einmal"),
        ("'there is no item 'x'", "'there is no item 'x'"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_detail_is_translated_as_far_as_it_is_known(detail: str, said: str) -> None:
    assert detail_in("de", detail) == said
    assert detail_in("en", detail) == detail


def test_a_text_of_a_stranger_takes_no_time() -> None:
    detail = "items: there is no item '" + "'; '" * 10_000
    start = time.process_time()
    assert detail_in("de", detail) == detail
    detail_in("de", detail[:600])
    assert time.process_time() - start < 1


def test_the_service_answers_in_the_language_that_is_accepted(copied: Path) -> None:
    with serving(copied) as client:
        assert problem(client, "de-AT,de;q=0.9") == (
            "Die Anfrage ist so nicht verwendbar",
            "es gibt keinen Artikel „no-such“; importieren Sie ihn zuerst",
        )
        assert problem(client, "es")[0] == title_in("es", PROBLEM_KINDS["invalid"][1])
        for header in (None, "ja", "en, de"):
            assert problem(client, header)[0] == PROBLEM_KINDS["invalid"][1]


def problem(client: httpx.Client, accept_language: str | None) -> tuple[str, str]:
    headers = {} if accept_language is None else {"Accept-Language": accept_language}
    answer = client.post("/v1/similar", json={"item": "no-such"}, headers=headers)
    assert answer.status_code == 422
    return answer.json()["title"], answer.json()["detail"].removeprefix("items: ")
