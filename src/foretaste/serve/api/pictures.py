"""The cover of an item. In: its id. Out: a small JPEG, made anew, so that nothing of the file but
what it looks like is sent on.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.jpeg import as_jpeg
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import READ
from foretaste.serve.schemas.values import CheckedPathId

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)
MEDIA_TYPE = "image/jpeg"
HEADERS = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}


@v1.get(
    "/items/{item:path}/image",
    dependencies=[READ],
    tags=["catalogue"],
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
def item_image(
    item: Annotated[CheckedPathId, Path(description="The item's id, percent-encoded.")],
    service: ServiceDep,
) -> Response:
    """The cover of an item, where it is a file in `images.folder` or came with the item: a JPEG of
    384 pixels at most. One at a web address is not fetched for it; `image` of the item names it.
    """
    stored_item = service.workspace.store.item(item)
    if stored_item is None or stored_item.image is None:
        raise ProblemError("not-found", f"there is no picture of an item '{item}'")
    try:
        pixels = service.workspace.data_encoder.media.pictures.decode_reference(stored_item.image)
    except UnusableMedia as reason:
        raise ProblemError("not-found", f"the picture cannot be shown: {reason}") from None
    return Response(as_jpeg(pixels), media_type=MEDIA_TYPE, headers=HEADERS)
