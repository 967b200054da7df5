"""In: a request with pictures, clips or vectors of the caller's. Out: them as vectors, by space."""

from collections.abc import Mapping

from foretaste.domain.data import Floats, Request
from foretaste.domain.media import AUDIO, IMAGE, decode_query
from foretaste.errors import InputError
from foretaste.online.snapshot import Snapshot

NOT_TRAINED = {
    IMAGE: "image: the model that answers was trained without pictures; set images.folder or "
    "images.fetch, and train again",
    AUDIO: "audio: the model that answers was trained without clips; set audio.folder or "
    "audio.fetch, and train again",
}


def media_queries_of(request: Request, snapshot: Snapshot) -> Mapping[str, Floats]:
    """Space → [dim], what is to be looked or sounded like. Raises InputError where no expert knows
    it.
    """
    for space in request.media_queries:
        if f"media:{space}" not in snapshot.product.names:
            raise InputError(NOT_TRAINED[space])
    return {space: decode_query(text) for space, text in request.media_queries.items()}
