"""In: what a person changes about their lists. Out: their profile as it is then."""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, StrictBool

from foretaste.domain.preference import MAX_PREFERENCE_NATS
from foretaste.preferences.service import MAX_PREFERENCES, MAX_WISH_CHARACTERS
from foretaste.serve.schemas.consent_schemas import RefusalOut
from foretaste.serve.schemas.renamed import old_name_of
from foretaste.serve.schemas.values import Filter, Id, Query, RequestSchema, ResponseSchema

Nats = Annotated[float, Field(ge=-MAX_PREFERENCE_NATS, le=MAX_PREFERENCE_NATS, allow_inf_nan=False)]


class PreferenceIn(RequestSchema):
    """One change: which items, and one of the four."""

    filter: Filter = Field(validation_alias=AliasChoices("filter", "what"))
    """Which items: {"genre": "Drama"}, {"about": "space travel"}."""
    nats: Nats | None = None
    """Added to the score: 1 is e times as likely, below 0 less; 0 takes the change out."""
    mute: StrictBool | None = None
    """Never shown, whatever else is asked."""
    only: StrictBool | None = None
    """Nothing else is shown; of several, what meets one of them."""
    remove: StrictBool | None = None
    """Take the change of these items out."""


class PreferencesBody(RequestSchema):
    """What changes. In this order: reset, changes, wish, less_like."""

    reset: StrictBool = False
    """Take back all changes that were made before."""
    changes: list[PreferenceIn] = Field(default=[], max_length=MAX_PREFERENCES)
    wish: Annotated[Query, Field(max_length=MAX_WISH_CHARACTERS)] | None = None
    """In plain words: "more slow science fiction, nothing violent"."""
    less_like: list[Id] = Field(default=[], max_length=100)
    """Items of which, and of whose like, less is wanted; recorded as `dislike` events."""


class TasteValueOut(ResponseSchema):
    """One value that sets the taste apart."""

    value: str
    share: float
    """Of what the person takes."""
    lift: float
    """Times what people in general take."""
    items: list[str]
    """Some of those it comes from, the newest first."""
    stated: bool
    """Whether it was stated in the person's attributes."""


class PreferenceOut(ResponseSchema):
    """One change that holds."""

    name: str
    filter: dict[str, Any]
    """Which items."""
    what: dict[str, Any] = old_name_of("filter")
    act: Literal["boost", "mute", "only"]
    nats: float
    wording: str | None
    """The words it came from."""
    said: str | None = old_name_of("wording")
    at: float


class ClauseMatchOut(ResponseSchema):
    """What a part of the wish was taken for."""

    phrase: str
    said: str = old_name_of("phrase")
    name: str
    filter: dict[str, Any] | None
    """None where no item has anything of it; then nothing was changed."""
    what: dict[str, Any] | None = old_name_of("filter")
    match_type: Literal["named", "read", "topic", "nothing", "common"]
    """By the name of a value, by a value the language model found near, as a topic."""
    how: Literal["named", "read", "topic", "nothing", "common"] = old_name_of("match_type")
    act: Literal["boost", "mute", "only", "forget"]
    nats: float


class ProfileAnswer(ResponseSchema):
    """What sets a person's taste apart, by attribute, and what they changed."""

    profile: dict[str, list[TasteValueOut]]
    changes: list[PreferenceOut]
    clause_matches: list[ClauseMatchOut]
    """What became of each part of the wish in this request."""
    understood: list[ClauseMatchOut] = old_name_of("clause_matches")
    refused: list[RefusalOut]
    """What was not done, as it is not allowed: a profile is made of what the person did, and
    `less_like` is recorded as events."""
