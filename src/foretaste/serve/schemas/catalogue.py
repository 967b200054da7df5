"""In: items as JSON. Out: their form, for the OpenAPI, and what became of them.

As with events, rows are checked one by one elsewhere (`intake`).
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from foretaste.serve.problems import Rejected
from foretaste.serve.schemas.values import BATCH, Answer, Body, Id


class ItemRow(BaseModel):
    """One piece of content. Any further field is a text or an attribute of one or more values."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    id: Id
    title: str | None = None
    image: str | None = None
    """The path or the address of a picture."""
    audio: str | None = None
    available_from: str | float | None = None
    """ISO 8601 or seconds since 1970."""
    available_until: str | float | None = None
    hidden: bool | None = None
    """Keeps it out of every answer."""


AnyItem = Annotated[Any, WithJsonSchema(ItemRow.model_json_schema())]


class ItemsBody(Body):
    """What there is to recommend. An item that is there already is replaced as a whole."""

    items: list[AnyItem] = Field(min_length=1, max_length=BATCH)


class ItemsAnswer(Answer):
    """What became of the items. They are in the next answer."""

    accepted: int
    """New or changed."""
    known: int
    """There already, exactly so."""
    rejected: list[Rejected]
