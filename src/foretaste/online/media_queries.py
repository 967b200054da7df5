"""In: a request with pictures or vectors of the caller's. Out: them as vectors, by their space."""

from collections.abc import Mapping

from foretaste.domain.data import Floats, Request
from foretaste.domain.media import decode_query
from foretaste.errors import InputError
from foretaste.online.snapshot import Snapshot

NO_PICTURES = (
    "image: the model that answers was trained without pictures; set images.folder or "
    "images.fetch, and train again"
)


def media_queries_of(request: Request, snapshot: Snapshot) -> Mapping[str, Floats]:
    """Space → [dim], what is to be looked like. Raises InputError where no expert knows it."""
    if any(f"media:{space}" not in snapshot.product.names for space in request.media_queries):
        raise InputError(NO_PICTURES)
    return {space: decode_query(text) for space, text in request.media_queries.items()}
