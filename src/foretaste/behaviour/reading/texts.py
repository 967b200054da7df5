"""In: a column of text. Out: what a person reads of it; addresses, ids and code are no text."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from foretaste.behaviour.reading.cleaning import clean_text, is_address, is_code
from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.values import check_length, check_storable, is_missing, scalar_text
from foretaste.domain.text_limits import MAX_RAW_FACTOR, MAX_TEXT_LENGTH
from foretaste.domain.words import UNSPACED_LETTERS

MIN_SHARE = 0.8
"""Share of the values from which a column is addresses, code or phrases."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_UNSPACED_LETTER = re.compile(f"[{UNSPACED_LETTERS}]")
MIN_WORDS, MIN_UNSPACED_LETTERS = 2, 4
"""Of a phrase, or of one where words are written without blanks."""


def parse_clean_text(
    value: Any,
    field: str,
    clean: Callable[[str], str] = clean_text,
    max_length: int = MAX_TEXT_LENGTH,
) -> str | None:
    """A text as a person reads it, of so many characters at most; None for none."""
    if value.__class__ is not str:
        if is_missing(value):
            return None
        value = scalar_text(value, field)
    if len(value) > MAX_RAW_FACTOR * max_length:
        check_length(value, field, max_length)  # not even markup is read
    text = clean(check_storable(value, field))
    return check_length(text, field, max_length) or None


def read_text_column(cells: Sequence[Any], field: str) -> ColumnReading:
    """`problem` says why a column is no text: addresses, ids, code."""
    reason = no_text_reason(cells)
    return read_column(
        cells,
        "text" if reason is None else reason,
        lambda cell: parse_clean_text(cell, field),
        problem=reason and f"it holds {reason}, which is no text",
    )


def no_text_reason(values: Sequence[Any]) -> str | None:
    """What a column holds instead of text or words; None where it may be either."""
    filled = [value for value in values if not is_missing(value)]
    texts = [value for value in filled if isinstance(value, str)]
    if not texts or len(texts) < MIN_SHARE * len(filled):
        return None
    if sum(map(is_address, texts)) >= MIN_SHARE * len(texts):
        return "addresses"
    if sum(map(is_code, texts)) >= MIN_SHARE * len(texts):
        return "ids or code"
    return None


def are_phrases(values: Sequence[Any]) -> bool:
    """Whether nearly all are of several words, as titles are: names and sentences, no codes."""
    texts = [value for value in values if isinstance(value, str)]
    return bool(texts) and sum(map(_is_phrase, texts)) >= MIN_SHARE * len(values)


def _is_phrase(text: str) -> bool:
    return (
        len(_WORD.findall(text)) >= MIN_WORDS
        or len(_UNSPACED_LETTER.findall(text)) >= MIN_UNSPACED_LETTERS
    )
