"""How long a text may be, and how large an event's number, at every door: HTTP, files, Python,
Gorse's API, streams, chat, agents.

A text that is too long is refused with its length and the limit, never cut: a row of a file is
rejected, an event over HTTP is told in the answer, a question is an `InputError`. Only what is
quoted in an answer is shortened.
"""

from typing import Any

from foretaste.errors import InputError

MAX_EVENT_VALUE = 1e15
"""Of an event's value, either way from 0: models compute with 32 bits, where 4e38 is infinite."""
MAX_TEXT_LENGTH = 2_000
"""Characters of any text that people, shops or programs send: what is asked or searched, a review,
a title, a value or a name of an attribute, a device, the context of an event as JSON."""
MAX_ITEM_LENGTH = 100_000
"""Characters of the descriptions and attributes of an item together, or of a user's attributes:
some forty pages."""
MAX_RAW_FACTOR = 4
"""How many times as long a text may be before markup is taken out of it."""
MAX_COLUMN_VALUES = 1_000
"""Values of one attribute of one item or user."""
MAX_QUOTE_LENGTH = 100
"""Characters of a title, a search or a value that a reason quotes."""


def shorten(text: str, max_length: int = MAX_QUOTE_LENGTH) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= max_length else f"{text[: max_length - 1].rstrip()}…"


def check_text(text: Any, field: str) -> None:
    """Raises InputError for a part of a question that is a text and too long, or that no store and
    no language model can read.
    """
    if not isinstance(text, str):
        return
    if len(text) > MAX_TEXT_LENGTH:
        raise InputError(
            f"{shorten(field)}: has {len(text):,} characters; say it in {MAX_TEXT_LENGTH:,}"
        )
    if "\0" in text or not (text.isascii() or _is_encodable(text)):
        raise InputError(
            f"{shorten(field)}: it has a NUL or half a character in it; write it as UTF-8"
        )


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
