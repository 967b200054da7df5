"""In: who signed in on which session. Out: whether that was new."""

from foretaste.serve.schemas.values import Answer, Body, Id


class IdentifyBody(Body):
    """Somebody is known now."""

    session: Id
    """The anonymous visit, as in its events."""
    user: Id
    """Who it is."""


class IdentifyAnswer(Answer):
    """What became of it."""

    new: bool
    """False where the session was this user's already."""
