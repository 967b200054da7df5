"""Stage 3 of one workspace, beside words. In: items; out: what they look like, as vectors by space,
and what could not be looked at.

A new modality is a reader like `language.media.pictures.PictureReader`, and one line where
`MediaSource` asks its readers.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from foretaste.config.load import Config
from foretaste.domain.arrays import QuantizedVectors, Vectors
from foretaste.domain.data import Floats, Item
from foretaste.domain.media import IMAGE, MediaFailure, MediaSpace
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.errors import InputError, MissingExtra, WeightsError
from foretaste.language.media.decode_process import UnusablePicture
from foretaste.language.media.pictures import PictureReader, Reach
from foretaste.prepare.catalogue_builder import ITEMS_PER_READ, MAX_FULL_PRECISION_ITEMS
from foretaste.prepare.media_spaces import ItemMedia, joined, own_spaces

log = logging.getLogger(__name__)


class MediaSource:
    """What looks at items, and what they bring along."""

    def __init__(self, config: Config, folder: Path, progress: Progress = no_progress) -> None:
        self._progress = progress
        self.pictures = PictureReader(config.images, folder, folder / "cache" / "pictures.sqlite")
        self._is_missing_told = False

    def close(self) -> None:
        """Let go of files and processes."""
        self.pictures.close()

    def read(
        self,
        items: Sequence[Item],
        spaces: Sequence[MediaSpace] | None = None,
        *,
        reach: Reach = "all",
    ) -> ItemMedia:
        """The spaces of these items. spaces: those there are; None finds them out. reach: pictures
        beyond it are left for later.
        """
        media = own_spaces(items, spaces)
        is_wanted = spaces is None or any(space.name == IMAGE for space in spaces)
        if is_wanted and self._can_look(items, strictly=reach == "all"):
            media = joined(self._pictures(items, reach), media)
        return media

    def known(self, items: Sequence[Item], spaces: Sequence[MediaSpace] | None) -> ItemMedia:
        """What is known of them already: nobody waits for a picture."""
        return self.read(items, spaces, reach="cache")

    def _can_look(self, items: Sequence[Item], *, strictly: bool) -> bool:
        try:
            return self.pictures.can_look(items)
        except (MissingExtra, WeightsError) as error:
            if strictly:
                raise
            if not self._is_missing_told:  # who answers goes on without pictures
                log.error("pictures are not looked at: %s", error)
                self._is_missing_told = True
            return False

    def _pictures(self, items: Sequence[Item], reach: Reach) -> ItemMedia:
        failures: list[MediaFailure] = []
        unread: list[str] = []

        def block(part: Sequence[Item]) -> Floats:
            seen = self.pictures.read(part, self._progress, reach=reach)
            failures.extend(seen.failures)
            unread.extend(part[row].id for row in seen.unread)
            return seen.vectors

        vectors: Vectors
        if len(items) <= MAX_FULL_PRECISION_ITEMS:
            vectors = block(items)
        else:
            starts = range(0, len(items), ITEMS_PER_READ)
            parts = (block(items[start : start + ITEMS_PER_READ]) for start in starts)
            vectors = QuantizedVectors.from_blocks(parts, len(items))
        space = MediaSpace(IMAGE, self.pictures.encoder.fingerprint, vectors)
        return ItemMedia((space,), tuple(failures), tuple(unread))

    def query(self, content: bytes) -> Floats:
        """[dim], of a picture that somebody asks with. Raises InputError with the reason."""
        try:
            return self.pictures.look(content)
        except UnusablePicture as reason:
            raise InputError(f"image: {reason}; send a JPEG, PNG, WebP or AVIF") from None

    @property
    def joint_text_encoder(self) -> TextEncoder | None:
        """Of a joint model what reads words into the space of pictures; None where there is none,
        or nobody has asked for pictures.
        """
        if not self.pictures.source.is_open and not self.pictures.is_opened:
            return None
        return self.pictures.encoder.text_encoder if self._can_open() else None

    def _can_open(self) -> bool:
        try:
            return bool(self.pictures.encoder.dim)
        except (MissingExtra, WeightsError):
            return False
