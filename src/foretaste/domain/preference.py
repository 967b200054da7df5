"""The nouns of preferences: what a person wants more of, less of, or none of.

A `Preference` names items by a filter and says what is to be done with them. A person makes it, by
hand or in plain words (`preferences`); the store keeps it, ranking obeys it, and it is shown again
as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

PreferenceAct = Literal["boost", "mute", "only"]
"""boost: nats on the score, below 0 for less. mute: never shown. only: nothing else is shown; of
several, what meets one of them."""
MAX_PREFERENCE_NATS = 5.0
"""Nats of one change, either way: 148 times as likely."""


@dataclass(frozen=True, slots=True)
class Preference:
    """One thing that a person changed."""

    name: str
    """The filter in words, e.g. "genres: Drama"; there is one change of a name a person."""
    filter: Mapping[str, Any]
    """Which items, see `rank.conditions`."""
    act: PreferenceAct
    nats: float = 0.0
    """Of a boost."""
    wording: str | None = None
    """The words it came from."""
    at: float = 0.0
    """When, seconds since 1970. Where a session becomes a user the later of two holds."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A talk with one person, as it was left."""

    id: str
    user: str | None
    session: str | None
    at: float
    """When something was last said, seconds since 1970."""
    state: Mapping[str, Any]
    owner: str | None = None
    """Whose it is: the user, or who was known on the session then; None while nobody was."""
