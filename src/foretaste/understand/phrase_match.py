"""A part of what somebody said, and what it is in the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

MatchType = Literal["named", "synonym", "read", "topic"]


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A part of a clause, and what it is here."""

    condition: Mapping[str, Any]
    match_type: MatchType
    words: tuple[str, ...]
    offset: int = 0
