"""In: events as JSON. Out: their form, for the OpenAPI, and what became of them.

Rows of a batch are checked one by one elsewhere (`behaviour.ingest`), so that a bad one does not
cost the others: for them there is only the description here.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from foretaste.behaviour.batch import BatchRejection, EventConflict
from foretaste.domain.consent import RefusalSource
from foretaste.domain.text_limits import MAX_TEXT_LENGTH
from foretaste.serve.schemas.renamed import old_name_of
from foretaste.serve.schemas.values import MAX_BATCH_ROWS, Id, RequestSchema, ResponseSchema

Text = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]


class EventRow(BaseModel):
    """One thing a person did."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    event_id: Id | None = None
    """Makes a retry safe: an id that is there already counts as a duplicate. Without one, every
    call makes new events; the answer has the ids they were given."""
    user: Id | None = None
    session: Id | None = None
    """An anonymous visit. An event has a user, a session or both."""
    item: Id | None = None
    """Absent for a search, and for an impression of a whole list, which `recommendation_id` names.
    """
    event_type: str | None = None
    """view, click, add_to_cart, purchase, return, rating, review, like, search, dislike, hide,
    impression, or one of your own in the settings. A return takes the person's last purchase of the
    item before it back."""
    kind: str | None = Field(
        default=None,
        description="The old name of `event_type`, for one release.",
        json_schema_extra={"deprecated": True},
    )
    at: str | float | None = None
    """ISO 8601 or seconds since 1970; without one, now."""
    value: float | None = None
    """The stars of a rating, the price of a purchase, the seconds of a view."""
    text: Text | None = None
    """The words of a review."""
    query: Text | None = None
    """The words of a search."""
    device: Text | None = None
    context: dict[str, Any] | None = None
    """At most 2,000 characters as JSON."""
    recommendation_id: str | None = None
    """The answer this came from."""
    position: int | None = Field(default=None, ge=1)
    """The place in that answer, from 1; without one it is looked up in the answer."""


AnyEvent = Annotated[Any, WithJsonSchema(EventRow.model_json_schema())]


class EventsBody(RequestSchema):
    """What people did."""

    events: list[AnyEvent] = Field(min_length=1, max_length=MAX_BATCH_ROWS)


class UnattributedOut(ResponseSchema):
    """An event that was taken but does not fit the list it names."""

    event_id: str
    recommendation_id: str
    problem: str


class UnrecordedOut(ResponseSchema):
    """An event that was left out, as its person does not let it be recorded."""

    index: int
    """Its place among those sent, from 0."""
    source: RefusalSource
    """Who refused: the `person`, for the `session`; nobody may for a `minor`; a `signal` of the
    browser (Sec-GPC, DNT); the `settings`."""
    text: str
    """For people, in the language of the request."""


class EventsAnswer(ResponseSchema):
    """What became of the events. Those accepted are on disk."""

    accepted: int
    """New."""
    duplicates: int
    """There already, by their event_id: the first use holds."""
    known: int = old_name_of("duplicates")
    rejected: list[BatchRejection]
    event_ids: list[str | None]
    """One an event, in the order sent; null where it was rejected or may not be recorded."""
    unattributed: list[UnattributedOut]
    """Events that were taken and whose `recommendation_id` is unknown, or whose item or place is
    not that of the list."""
    conflicts: list[EventConflict]
    """Of the duplicates, those that say something else than the first event with their `event_id`.
    """
    unrecorded: list[UnrecordedOut]
    """Events that were left out, as their person does not let them be recorded: nothing is wrong
    with them, and nothing is kept of them."""
