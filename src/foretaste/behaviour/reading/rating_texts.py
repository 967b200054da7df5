"""In: a rating as shops print it: "4 von 5", "4.5/5", "5 stars", ★★★★☆. Out: its number, and the
top of its scale where it is said.
"""

import re
from typing import Any, NamedTuple

_SCALE_WORDS = "von|out of|of|sur|de|su|van|auf|/"
_STAR_WORDS = "stars?|sterne?n?|étoiles?|estrellas?|stelle|stella|sterren|points?|punkte?n?|★|⭐"
_SCALED = re.compile(
    rf"(\d{{1,3}}(?:[.,]\d{{1,2}})?) ?(?:(?:{_STAR_WORDS}) ?)?(?:{_SCALE_WORDS}) ?(\d{{1,3}})"
    rf"(?: ?(?:{_STAR_WORDS}))?",
    re.IGNORECASE,
)
_COUNTED = re.compile(rf"(\d{{1,3}}(?:[.,]\d{{1,2}})?) ?(?:{_STAR_WORDS})", re.IGNORECASE)
_DRAWN = re.compile(r"(?:★+|⭐+|\*+)[☆✩]*|[☆✩]+")
_MAX_STARS = 10


class WrittenRating(NamedTuple):
    """A rating in words or stars."""

    number: float
    top: float | None
    """Of the scale; None where the text does not say it."""


def read_rating_text(cell: Any) -> WrittenRating | None:
    """None of anything else, a plain number too."""
    if not isinstance(cell, str):
        return None
    text = " ".join(cell.replace("\ufe0f", "").split())
    if match := _SCALED.fullmatch(text):
        number, top = _number(match[1]), float(match[2])
        return WrittenRating(number, top) if number <= top else None
    if match := _COUNTED.fullmatch(text):
        return WrittenRating(_number(match[1]), None)
    if text and len(text) <= _MAX_STARS and _DRAWN.fullmatch(text):
        empty_count = sum(map(text.count, "☆✩"))
        return WrittenRating(len(text) - empty_count, len(text) if empty_count else None)
    return None


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))
