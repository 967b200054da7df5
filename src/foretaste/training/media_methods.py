"""Pictures of one workspace: what is known of items, and questions with a picture. A part of
`loop.Foretaste`.
"""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Protocol

from foretaste.domain.data import Item
from foretaste.domain.media import IMAGE, MediaSpace, encode_query
from foretaste.errors import InputError
from foretaste.language.media.pictures import Reach
from foretaste.prepare.media_spaces import ItemMedia
from foretaste.training.encode import DataEncoder

Picture = bytes | str | PathLike[str]
"""The bytes of a picture, or the path of a file."""


class MediaWorkspace(Protocol):
    """What pictures need of the loop."""

    @property
    def data_encoder(self) -> DataEncoder: ...


class MediaMethods:
    """What a workspace knows of pictures."""

    def known_media(
        self: MediaWorkspace, items: Sequence[Item], spaces: Sequence[MediaSpace] | None
    ) -> ItemMedia:
        """The rows of items in the spaces of pictures and vectors, as far as they are known."""
        return self.data_encoder.media.known(items, spaces)

    def look_at_media(self: MediaWorkspace, items: Sequence[Item], reach: Reach) -> ItemMedia:
        """The same, looked at now as far as `reach`."""
        return self.data_encoder.media.read(items, None, reach=reach)

    def media_queries(self: MediaWorkspace, image: Picture) -> Mapping[str, str]:
        """A picture as a question has it, `Request.media_queries`. Raises InputError for what is
        none, MissingExtra without what looks at it.
        """
        if not isinstance(image, bytes):
            try:
                image = Path(image).read_bytes()
            except (OSError, ValueError) as error:
                raise InputError(f"image: the file cannot be read: {error}") from None
        return {IMAGE: encode_query(self.data_encoder.media.query(image))}
