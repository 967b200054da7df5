"""In: which events are to be as if they had not been. Out: what became of each."""

from pydantic import Field

from foretaste.serve.schemas.values import MAX_BATCH_ROWS, Id, RequestSchema, ResponseSchema


class TakeBackRow(RequestSchema):
    """One event that is taken back."""

    event_id: Id
    """As it was sent with the event, or as `/v1/events` answered."""
    user: Id | None = None
    """As in the event. Needed where a page sent it, as are the session and the key: the ids of a
    page's key hold for it and the person whom the event names."""
    session: Id | None = None
    """As in the event."""
    key: str | None = None
    """The id of the page's key that sent the event, where a server takes it back."""


class TakeBackBody(RequestSchema):
    """Events that are taken back: a refund, a mistaken hide."""

    events: list[TakeBackRow] = Field(min_length=1, max_length=MAX_BATCH_ROWS)


class TakeBackAnswer(ResponseSchema):
    """What became of them."""

    taken_back: int
    """They were there and are gone."""
    duplicates: int
    """They were taken back or erased before."""
    unknown: list[str]
    """Ids that no event ever had, of the sender's."""
    pending: list[str]
    """What still counts them, and until when; empty where nothing does."""
