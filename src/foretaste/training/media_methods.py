"""Pictures and clips of one workspace: what is known of items, and questions with one. A part of
`loop.Foretaste`.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Protocol

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Item
from foretaste.domain.media import AUDIO, IMAGE, MediaSpace
from foretaste.errors import ForetasteError, InputError
from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.jpeg import as_jpeg
from foretaste.language.media.kinds import Reach
from foretaste.language.media.source import is_full_address
from foretaste.prepare.media_spaces import ItemMedia
from foretaste.training.encode import DataEncoder

COVER_SIDE = 96
"""Pixels of the longer side of a cover in a notebook."""
MediaContent = bytes | str | PathLike[str]
"""The bytes of a picture or clip, the path of a file, or a web address."""


class MediaWorkspace(Protocol):
    """What pictures and clips need of the loop."""

    @property
    def data_encoder(self) -> DataEncoder: ...
    @property
    def store(self) -> SqlStore: ...


class MediaMethods:
    """What a workspace knows of pictures and clips."""

    def known_media(
        self: MediaWorkspace, items: Sequence[Item], spaces: Sequence[MediaSpace] | None
    ) -> ItemMedia:
        """The rows of items in the spaces of pictures, clips and vectors, as far as they
        are known.
        """
        return self.data_encoder.media.known(items, spaces)

    def look_at_media(self: MediaWorkspace, items: Sequence[Item], reach: Reach) -> ItemMedia:
        """The same, looked at now as far as `reach`."""
        return self.data_encoder.media.read(items, None, reach=reach)

    def media_queries(
        self: MediaWorkspace, image: MediaContent | None = None, audio: MediaContent | None = None
    ) -> Mapping[str, str]:
        """A picture, a clip, or both as a question has them, `Request.media_queries`: bytes, the
        path of a file, or a web address where `images.fetch` or `audio.fetch` lets it be fetched.
        Raises InputError for what is none, MissingExtra without what reads it.
        """
        queries: dict[str, str] = {}
        for space, content in ((IMAGE, image), (AUDIO, audio)):
            if content is not None:
                queries |= self.data_encoder.media.query(space, _bytes(self, space, content))
        return queries

    def cover(self: MediaWorkspace, item: str) -> str | None:
        """The cover of an item as a small JPEG in a data URL, for notebooks; None where there is
        none to be had without fetching it.
        """
        try:
            stored_item = self.store.item(item)
            if stored_item is None or stored_item.image is None:
                return None
            pixels = self.data_encoder.media.pictures.decode_reference(stored_item.image)
        except (UnusableMedia, ForetasteError):
            return None
        content = as_jpeg(pixels, COVER_SIDE)
        return f"data:image/jpeg;base64,{b64encode(content).decode()}"


def _bytes(workspace: MediaWorkspace, space: str, content: MediaContent) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str) and is_full_address(content):
        return workspace.data_encoder.media.fetch_query(space, content)
    try:
        return Path(content).read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"{space}: the file cannot be read: {error}") from None
