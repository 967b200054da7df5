"""In: what a person lets be done with what they do. Out: what may be done now, and who says so."""

from pydantic import Field, StrictBool

from foretaste.domain.consent import Purpose, RefusalSource
from foretaste.serve.schemas.values import MAX_BATCH_ROWS, Id, RequestSchema, ResponseSchema


class RefusalOut(ResponseSchema):
    """What is not done, as it was not allowed."""

    purpose: Purpose
    source: RefusalSource
    """Who refused: the `person`, for the `session`, this `request`; nobody may for a `minor`; a
    `signal` of the browser (Sec-GPC, DNT); the `settings`; `unknown` while it cannot be told."""
    text: str
    """For people, in the language of the request."""


class ConsentBody(RequestSchema):
    """What is said; what is left out stays, null takes what was said back."""

    record: StrictBool | None = None
    """Whether what they do, and the lists they are given, may be kept."""
    personalise: StrictBool | None = None
    """Whether lists may be made from what they did."""
    train: StrictBool | None = None
    """Whether what others are shown may be learnt from it, from the next training on."""
    share: StrictBool | None = None
    """Whether a language model behind `language.writer.url` may read their words."""
    minor: StrictBool | None = None
    """That the person is a minor: none of the four is done, and they have no more years than a
    minor. Only with an `admin` key."""


class ConsentRow(ConsentBody):
    """The same of one of many; of whom by either a user or a session."""

    user: Id | None = None
    session: Id | None = None


class ConsentsBody(RequestSchema):
    """What many people say."""

    consents: list[ConsentRow] = Field(min_length=1, max_length=MAX_BATCH_ROWS)


class ConsentsAnswer(ResponseSchema):
    """What became of it."""

    changed: int
    """Users and sessions; all that were sent, as it is all or none."""


class PurposeState(ResponseSchema):
    """Whether something may be done now."""

    purpose: Purpose
    allowed: bool
    source: RefusalSource | None = None
    """Who refused; null where it is allowed."""
    text: str | None = None
    """The refusal for people, in the language of the request; null where it is allowed."""


class ConsentAnswer(ResponseSchema):
    """What may be done with what the person does."""

    purposes: list[PurposeState]
    minor: bool
    statements: dict[str, bool]
    """What was said for this person, or for this session, by purpose; headers are not in it."""
