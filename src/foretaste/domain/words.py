"""A text in; its words out. Whatever compares words takes texts apart in this way."""

import re

WORD_PATTERN = re.compile(r"\w+")
"""Letters, digits and low lines: “rock-and-roll” is three words."""


def words_of(text: str) -> list[str]:
    """In lower case, in their order."""
    return WORD_PATTERN.findall(text.lower())
