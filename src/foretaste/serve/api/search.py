"""Searching, in words, by a picture or by a clip. In: a checked body. Out: a list."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import Response

from foretaste.errors import InputError
from foretaste.language.media.source import is_full_address
from foretaste.serve.api.lists import LIST_ROUTE_OPTIONS, ServiceDep, list_response
from foretaste.serve.docs.examples import request_examples
from foretaste.serve.http.accept_language import LanguageDep
from foretaste.serve.http.body import MediaRoute
from foretaste.serve.http.media_form import FORM_MEDIA_TYPE
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas import SearchBody

v1 = APIRouter(prefix="/v1", route_class=MediaRoute)
FORM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "image": {"type": "string", "format": "binary"},
        "audio": {"type": "string", "format": "binary"},
        "query": {"type": "string"},
        "user": {"type": "string"},
        "n": {"type": "integer"},
    },
}
"""Of the form; every other field of the body may be in it too."""


@v1.post(
    "/search",
    openapi_extra={"requestBody": {"content": {FORM_MEDIA_TYPE: {"schema": FORM_SCHEMA}}}},
    **LIST_ROUTE_OPTIONS,
)
def search(
    body: Annotated[SearchBody, Body(openapi_examples=request_examples("search"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """What answers a search, in words, by a picture, by a clip, or by all of them. It is not
    recorded; send a `search` event to have it count.

    Who types an article number finds that item first: its id, or an attribute such as an EAN.

    A picture is `image`, a clip of sound `audio`: as base64, a data URL, or a file of a form (`curl
    -F image=@photo.jpg -F n=5`), or a web address where the settings let such be fetched. Nothing
    of it is kept but 2.5 kB of numbers by which the next page is found. It needs a model that was
    trained with pictures, or with clips.
    """
    image, audio = _content("image", body.image), _content("audio", body.audio)
    queries = service.workspace.media_queries(image, audio)
    return list_response(service, body, user_access, language, media_queries=queries)


def _content(field: str, text: str | None) -> bytes | str | None:
    """The bytes, or the address they are at. Raises InputError for what is neither."""
    if text is None or is_full_address(text):
        return text
    head, comma, data = text.partition(",")
    encoded = data if comma and head.lower().startswith("data:") else text
    try:
        return b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(
            f"{field}: it is neither base64 nor a data URL nor a web address; send its bytes as "
            "base64, or as a file of a form"
        ) from None
