"""In: items and users as JSON. Out: their form, for the OpenAPI, and what became of them.

As with events, rows are checked one by one elsewhere (`behaviour.ingest`).
"""

import base64
import binascii
import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, WithJsonSchema

from foretaste.behaviour.batch import BatchRejection
from foretaste.behaviour.values import CellError, check_storable
from foretaste.serve.schemas.event_schemas import EventRow, Text
from foretaste.serve.schemas.preference_schemas import PreferenceOut
from foretaste.serve.schemas.renamed import old_name_of
from foretaste.serve.schemas.values import (
    MAX_BATCH_ROWS,
    MAX_ITEMS,
    Id,
    RequestSchema,
    ResponseSchema,
)


class ItemRow(BaseModel):
    """One piece of content. Any further field is a text, an attribute of one or more values, or a
    vector of one's own: a list of 8 numbers or more.

    A value has at most 2,000 characters; all texts and values together have at most 100,000.
    """

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    id: Id
    title: Text | None = None
    image: str | list[str] | None = None
    """A picture or several, the cover first: addresses, paths within `images.folder`, or data
    URLs."""
    audio: str | None = None
    """A clip of sound: an address, a path within `audio.folder`, or a data URL."""
    available_from: str | float | None = None
    """ISO 8601 or seconds since 1970."""
    available_until: str | float | None = None
    hidden: bool | None = None
    """Keeps it out of every answer."""


class UserRow(BaseModel):
    """A person. Any further field is an attribute; one that is named like an items' attribute is a
    stated taste in it.
    """

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    id: Id


AnyItem = Annotated[Any, WithJsonSchema(ItemRow.model_json_schema())]
AnyUser = Annotated[Any, WithJsonSchema(UserRow.model_json_schema())]


class ItemsBody(RequestSchema):
    """What there is to recommend. An item that is there already is replaced as a whole."""

    items: list[AnyItem] = Field(min_length=1, max_length=MAX_BATCH_ROWS)


class UsersBody(RequestSchema):
    """Who people are. A user who is there already is replaced as a whole."""

    users: list[AnyUser] = Field(min_length=1, max_length=MAX_BATCH_ROWS)


class ItemsAnswer(ResponseSchema):
    """What became of the items. They are in the next answer."""

    accepted: int
    """New or changed."""
    duplicates: int
    """There already, exactly so."""
    known: int = old_name_of("duplicates")
    rejected: list[BatchRejection]


class UsersAnswer(ResponseSchema):
    """What became of the users. The next answer knows of them."""

    accepted: int
    """New or changed."""
    duplicates: int
    """There already, exactly so."""
    known: int = old_name_of("duplicates")
    rejected: list[BatchRejection]


def decode_cursor(text: str) -> str:
    """The id that a cursor stands for; "" is where a list begins."""
    if not text:
        return ""
    try:
        payload = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
        if isinstance(payload, list) and len(payload) == 1 and isinstance(payload[0], str):
            return check_storable(payload[0], "the cursor")
    except (ValueError, binascii.Error, RecursionError, CellError):
        pass
    raise ValueError("this is no cursor of ours; leave it out to begin anew")


def encode_cursor(last_id: str) -> str:
    """What a caller sends back to go on past an id; not to be read by them."""
    return base64.urlsafe_b64encode(json.dumps([last_id]).encode()).rstrip(b"=").decode()


class PageQuery(RequestSchema):
    """Which part of a long list, in the address."""

    n: Annotated[int, Field(ge=1, le=MAX_ITEMS)] = 100
    cursor: Annotated[str, Field(max_length=4000), AfterValidator(decode_cursor)] = ""
    """That of the answer before; it holds although items come and go meanwhile."""


class ItemsPage(ResponseSchema):
    """A part of the catalogue, in the order of the ids."""

    items: list[ItemRow]
    cursor: str | None = None
    """Send it with the next call; absent at the end."""


class UsersPage(ResponseSchema):
    """A part of the people, in the order of the ids."""

    users: list[UserRow]
    cursor: str | None = None
    """Send it with the next call; absent at the end."""


class AspectOut(ResponseSchema):
    """What reviews say of one thing about an item."""

    name: str
    """In the singular, as reviews have it: “battery”."""
    praise: int
    """Authors who praise it."""
    blame: int
    """Authors who criticise it."""
    sentences: list[str]
    """That say so, without markup, of several authors."""


class AspectsAnswer(ResponseSchema):
    """What people praise and blame in an item, the most spoken of first."""

    item: str
    aspects: list[AspectOut]


class DeletedAnswer(ResponseSchema):
    """What became of it."""

    deleted: StrictBool
    """False where there was no such item, also because it was deleted before."""


class ErasureCountsOut(ResponseSchema):
    """How much was kept, and is no longer."""

    events: int
    sessions: int
    recommendations: int
    """Answers they were given."""
    attributes: int
    changes: int
    """That they made to their lists."""
    conversations: int
    consents: int
    """What they had said that may be done with what they do."""


class ErasureAnswer(ResponseSchema):
    """The receipt."""

    user: str
    erased: ErasureCountsOut
    recounted_versions: list[str]
    """The versions of the model whose counts were taken anew without them, by their new names. The
    live one is among them where there is a model."""
    recounted: list[str] = old_name_of("recounted_versions")
    pending: list[str]
    """What may still hold something of them, and until when."""
    receipt: dict[str, Any] | None = None
    """The same, signed (Ed25519), to be given out; `foretaste verify` checks it. null for somebody
    of whom nothing was ever kept."""
    waits: list[str] = old_name_of("pending")


class ErasureState(ResponseSchema):
    """What has become of an erasure by now."""

    receipt_id: str
    erased_at: float
    """Seconds since 1970."""
    due: list[str]
    """What may still hold something of the person, and until when."""
    completion: dict[str, Any] | None = None
    """The receipt that closes the first one, signed; null while something is due."""
    key: dict[str, str]
    """The public key that receipts are signed with."""


class LoggedRecommendationOut(ResponseSchema):
    """An answer they were given."""

    recommendation_id: str
    at: float
    request: dict[str, Any]
    items: list[list[Any]]
    """item, position, propensity, source, score"""


class ConversationOut(ResponseSchema):
    """A conversation with them, as it was left."""

    conversation_id: str
    at: float
    state: dict[str, Any]


class ConsentStatementOut(ResponseSchema):
    """One thing that was said of what may be done."""

    purpose: str
    """record, personalise, train, share; or minor."""
    allowed: bool
    session: str | None = None
    """The session it is said for; null for the person."""
    by_signal: bool
    """Whether a header of the browser said it."""
    at: float


class UserExportOut(ResponseSchema):
    """All that is kept of a user."""

    user: UserRow
    sessions: list[str]
    """On which they were identified."""
    events: list[EventRow]
    changes: list[PreferenceOut]
    """What they changed about their lists."""
    recommendations: list[LoggedRecommendationOut]
    conversations: list[ConversationOut]
    consents: list[ConsentStatementOut]
    """What they said may be done with what they do, and headers of their browser that count."""
