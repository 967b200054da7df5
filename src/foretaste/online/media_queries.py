"""In: a request with pictures, clips or vectors of the caller's. Out: them as vectors, by space."""

from collections.abc import Mapping

from foretaste.domain.arrays import Array
from foretaste.domain.data import Request
from foretaste.domain.landmarks import decode_peaks
from foretaste.domain.media import AUDIO, AUDIO_MATCH, IMAGE, decode_query
from foretaste.errors import InputError
from foretaste.online.snapshot import Snapshot

NOT_TRAINED = {
    IMAGE: "image: the model that answers was trained without pictures; set images.folder or "
    "images.fetch, and train again",
    AUDIO: "audio: the model that answers was trained without clips; set audio.folder or "
    "audio.fetch, and train again",
}


def media_queries_of(request: Request, snapshot: Snapshot) -> Mapping[str, Array]:
    """Space → [dim], what is to be looked or sounded like; of the space of landmarks the peaks of
    the clip. Raises InputError where no expert knows it.
    """
    queries: dict[str, Array] = {}
    for space, text in request.media_queries.items():
        if space == AUDIO_MATCH:
            if AUDIO_MATCH in snapshot.product.names:  # versions of before have no such expert
                queries[space] = decode_peaks(text)
            continue
        if f"media:{space}" not in snapshot.product.names:
            raise InputError(NOT_TRAINED[space])
        queries[space] = decode_query(text)
    return queries
