"""A text in; its words out, or a pattern that finds it. Whatever compares words does it so."""

import re
import unicodedata
from collections.abc import Container, Sequence
from functools import lru_cache

BAND_SUFFIX = "_band"
"""Ends the name of a column that stands for another one's numbers: `price_band`, of `price`."""
CURRENCY_SUFFIX = "_currency"
"""Ends the name of a column that holds the currency of another one's prices."""
GROUP_COLUMN = "variant_group"
"""The attribute that variants of one product share: a list shows one of them. It says nothing of
taste."""
PRAISED_COLUMN, BLAMED_COLUMN = "praised_for", "criticised_for"
"""The attributes that say what reviews praise and blame. What is blamed is shown, and no taste."""
GROUP_COLUMNS = (GROUP_COLUMN, "item_group_id", "parent_sku")
"""What the column is called that groups variants: by us, by feeds of Google's, by shop systems."""
LEVEL_MARKS = (">", "›", "»", "/")
"""What stands between the levels of a category."""
ADDRESS_STARTS = ("http://", "https://", "www.", "//", "data:")
WORD_PATTERN = re.compile(r"\w+")
"""Letters, digits and low lines: “rock-and-roll” is three words."""
PLURAL_ENDINGS = ("ies", "es", "s")
WORD_ENDINGS = ("ences", "ence", "ently", "ent", "ing", "ed", "ic", "al", "ly", "y", "e")
MIN_STEM_LETTERS = 4
"""Letters that stay when an ending goes; three before a plural s."""
UNSPACED_LETTERS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Characters of Chinese and Japanese, which is written without blanks."""
SEARCH_WORD_PATTERN = re.compile(f"[{UNSPACED_LETTERS}]|[^\\W{UNSPACED_LETTERS}]+")
"""The same for an index of words: what is written without blanks is found by its characters."""


@lru_cache(maxsize=10_000)
def without_accents(text: str) -> str:
    """In lower case, Latin letters without their accents: 'Größe' is 'grosse', 'N°' is 'n°'."""
    return "".join(map(_plain_letter, text.lower().replace("ß", "ss")))


@lru_cache(maxsize=4_096)
def _plain_letter(letter: str) -> str:
    base = "".join(filter(str.isascii, unicodedata.normalize("NFKD", letter)))
    return base or letter  # what is no Latin letter stays as it is


def words_of(text: str) -> list[str]:
    """In lower case, in their order."""
    return WORD_PATTERN.findall(text.lower())


def stem(word: str) -> str:
    """A word without its endings, so that films and film, violent and violence are one."""
    for endings in (PLURAL_ENDINGS, WORD_ENDINGS):
        for ending in endings:
            min_letters = 3 if ending == "s" else MIN_STEM_LETTERS
            if (
                word.endswith(ending)
                and len(word) - len(ending) >= min_letters
                and word[-2:] != "ss"
            ):
                word = word[: -len(ending)]
                break
    return word


def search_words(text: str) -> list[str]:
    """The same; of what is written without blanks each character."""
    return SEARCH_WORD_PATTERN.findall(text.lower())


def is_descriptive(column: str, columns: Container[str]) -> bool:
    """Whether a column says what an item is: a number is told by its band, if it has one, and a
    currency, the group of variants or what others blame says nothing.
    """
    is_currency = column.endswith(CURRENCY_SUFFIX)
    is_silent = column in (GROUP_COLUMN, BLAMED_COLUMN)
    return column + BAND_SUFFIX not in columns and not is_currency and not is_silent


def is_companion(column: str, columns: Container[str]) -> bool:
    """Whether a column was made of the numbers of another one: nobody's file has it."""
    return any(
        column.endswith(suffix) and column.removesuffix(suffix) in columns
        for suffix in (BAND_SUFFIX, CURRENCY_SUFFIX)
    )


def plain_column(column: str) -> str:
    """What a file calls the column: the bands of prices are told as the price."""
    return column.removesuffix(BAND_SUFFIX)


def deepest_values(values: Sequence[str]) -> Sequence[str]:
    """Without those that others begin with: of `A` and `A > B` the second."""
    if len(values) < 2 or not any(mark in value for value in values for mark in LEVEL_MARKS):
        return values
    return [
        value
        for value in values
        if not any(
            other.startswith(value) and other[len(value) :].lstrip().startswith(LEVEL_MARKS)
            for other in values
        )
    ]


def is_readable(value: str) -> bool:
    """Whether a value says something: a web address does not."""
    return bool(value) and not value.startswith(ADDRESS_STARTS)


def phrase_pattern(phrase: str) -> str:
    """A regular expression that finds the phrase as whole words, with any white space between;
    within what is written without blanks anywhere.
    """
    parts = r"\s++".join(re.escape(part) for part in phrase.split())
    letter = rf"[^\W{UNSPACED_LETTERS}]"
    return rf"(?<!{letter}){parts}(?!{letter})"
