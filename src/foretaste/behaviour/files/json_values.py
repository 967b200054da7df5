"""In: a JSON text in pieces. Out: its values, one after another, of which only one is in memory."""

import json
import re
from collections.abc import Iterator
from typing import Any

from foretaste.behaviour.files.size_limits import MAX_VALUE_MEMORY, value_memory

MIN_READ_LENGTH = 1 << 18
_SEPARATORS = re.compile(r"[\s,]*+")
_LIST_WITHIN = re.compile(
    r'\{\s*+(?>(?:"[^"\\]*+"\s*+:\s*+(?:"[^"\\]*+"|[-+.\w]++)\s*+,\s*+){0,50})"[^"\\]*+"\s*+:\s*+'
    r"\[(?=\s*+\{)"
)
"""An object that begins with plain values and then has a list of objects."""
_NAME = re.compile(r'"([^"\\]*+)"\s*+:')


class TooLargeValue(ValueError):
    """A value that is not read, as it would take too much memory."""


class JsonValues:
    """Reads values from where the last one ended."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._text, self._at = "", 0
        self._decoder = json.JSONDecoder()
        self._is_heavy = False
        self.line = 1
        """Where the next value is."""

    def next_letter(self) -> str:
        """The first letter past blanks and commas; nothing at the end."""
        while True:
            match = _SEPARATORS.match(self._text, self._at)
            self._advance(self._at if match is None else match.end())
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_more():
                return ""

    def skip_letter(self) -> None:
        """Past the letter."""
        self._advance(self._at + 1)

    def next_value(self, max_length: int) -> tuple[Any, str]:
        """(the value, its text). Raises ValueError, RecursionError; TooLargeValue of a longer one.

        max_length: characters.
        """
        while True:
            if self._is_heavy:
                raise TooLargeValue
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError:
                if len(self._text) - self._at > max_length:
                    raise TooLargeValue from None
                if not self._read_more():
                    raise
                continue
            if end < len(self._text) or not self._read_more():
                text = self._text[self._at : end]
                self._advance(end)
                return value, text

    def names_before_list(self) -> list[str] | None:
        """The names of the plain values that the next value, an object, has before a list of
        objects; None where it does not begin so.
        """
        match = _LIST_WITHIN.match(self._text, self._at)
        return None if match is None else _NAME.findall(match[0])[:-1]

    def enter_list(self) -> None:
        """Go into that list."""
        match = _LIST_WITHIN.match(self._text, self._at)
        self._advance(self._at if match is None else match.end())

    def skip_line(self) -> None:
        """Past the end of the line."""
        while True:
            end = self._text.find("\n", self._at)
            self._advance(len(self._text) if end < 0 else end + 1)
            if end >= 0 or not self._read_more():
                return

    def waiting_text(self) -> str:
        """The text that was read and is no value yet."""
        return self._text[self._at :]

    def _advance(self, at: int) -> None:
        self.line += self._text.count("\n", self._at, at)
        self._at = at

    def _read_more(self) -> bool:
        """Read as much as waits already, so that a long value is looked at few times."""
        waiting = self.waiting_text()
        pieces, length = [waiting], 0
        for chunk in self._chunks:
            pieces.append(chunk)
            length += len(chunk)
            if length >= max(len(waiting), MIN_READ_LENGTH):
                break
        self._text, self._at = "".join(pieces), 0
        is_long = len(waiting) > MIN_READ_LENGTH
        self._is_heavy = is_long and value_memory(self._text) > MAX_VALUE_MEMORY
        return length > 0
