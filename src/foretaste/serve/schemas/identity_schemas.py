"""In: who signed in on which session. Out: whether that was new."""

from foretaste.serve.schemas.values import Id, RequestSchema, ResponseSchema


class IdentifyBody(RequestSchema):
    """Somebody is known now."""

    session: Id
    """The anonymous visit, as in its events."""
    user: Id
    """Who it is."""


class IdentifyAnswer(ResponseSchema):
    """What became of it."""

    new: bool
    """False where the session was this user's already."""
