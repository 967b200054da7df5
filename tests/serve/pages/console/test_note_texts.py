"""The console translates notes that Python writes in English: each phrase that it looks for is one
that is still written. A sentence changed there would be shown in English, and nobody would notice.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import foretaste

SOURCES = Path(foretaste.__file__).parent
NOTES = SOURCES / "serve" / "pages" / "static" / "console" / "notes.js"
MIN_PHRASE_LENGTH = 5
BORDER = re.compile(r"\{[^{}]*\}|[;:,()\[\]“”'\"]|[a-z_]+\.[a-z_]+|\.(?!\d)")
"""Between phrases: what is filled in, names of settings, and punctuation, but no decimal point."""
LEADING_NUMBER = re.compile(r"^\s*[\d.]+ ")


def written_texts(tree: ast.AST) -> Iterator[str]:
    """The texts in a module; what is filled in is left out of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"\{[^{}]*\}", "\0", node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "\0" for part in node.values]
            yield "".join(str(part) for part in parts)


@pytest.fixture(scope="module")
def all_texts() -> str:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES.rglob("*.py"))
    return "\n".join(text for tree in trees for text in written_texts(tree))


def is_written(phrase: str, all_texts: str) -> bool:
    """As a whole, or put together of two texts of at least two words each."""
    words = phrase.split()
    halves = ((" ".join(words[:n]), " ".join(words[n:])) for n in range(2, len(words) - 1))
    return phrase in all_texts or any(
        first in all_texts and second in all_texts for first, second in halves
    )


def translated_notes() -> list[str]:
    notes = re.findall(r'N_\("((?:[^"\\]|\\.)*)"\)', NOTES.read_text(encoding="utf-8"))
    return [note.replace('\\"', '"') for note in notes]


@pytest.mark.parametrize("note", translated_notes())
def test_each_phrase_is_still_written(note: str, all_texts: str) -> None:
    parts = (LEADING_NUMBER.sub("", part).strip() for part in BORDER.split(note))
    phrases = [part for part in parts if len(part) >= MIN_PHRASE_LENGTH]
    missing = [phrase for phrase in phrases if not is_written(phrase, all_texts)]
    assert missing == []
