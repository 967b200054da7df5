"""Searching, in words or by a picture. In: a checked body. Out: a list."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import Response

from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.serve.api.lists import LIST_ROUTE_OPTIONS, ServiceDep, list_response
from foretaste.serve.docs.examples import request_examples
from foretaste.serve.http.accept_language import LanguageDep
from foretaste.serve.http.body import PictureRoute
from foretaste.serve.http.picture_form import FORM_MEDIA_TYPE
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas import SearchBody

v1 = APIRouter(prefix="/v1", route_class=PictureRoute)
FORM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "image": {"type": "string", "format": "binary"},
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
    """What answers a search, in words, by a picture, or both. It is not recorded; send a `search`
    event to have it count.

    A picture is `image`: as base64, a data URL, or a file of a form (`curl -F image=@photo.jpg -F
    n=5`). Nothing of it is kept but 2.5 kB of numbers by which the next page is found. It needs a
    model that was trained with pictures.
    """
    queries = {} if body.image is None else picture_queries(service.workspace, body.image)
    return list_response(service, body, user_access, language, media_queries=queries)


def picture_queries(workspace: Foretaste, image: str) -> Mapping[str, str]:
    """Raises InputError for what is no picture."""
    head, comma, data = image.partition(",")
    text = data if comma and head.lower().startswith("data:") else image
    try:
        content = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(
            "image: it is neither base64 nor a data URL; send the bytes of a picture as base64, "
            "or as a file of a form"
        ) from None
    return workspace.media_queries(content)
