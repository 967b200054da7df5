"""Stage 3 of one workspace, beside words. In: items; out: what they look and sound like, as vectors
by space, and what could not be read.

A new modality is a `MediaKind`, what makes its `MediaReader` in `language.media.readers`, and its
place in `MediaSource.readers`.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.config.load import Config
from foretaste.domain.arrays import QuantizedVectors, Vectors
from foretaste.domain.cluster import Cluster
from foretaste.domain.data import Floats, Item
from foretaste.domain.landmarks import encode_peaks
from foretaste.domain.media import (
    AUDIO,
    AUDIO_MATCH,
    IMAGE,
    MediaFailure,
    MediaSpace,
    encode_query,
)
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.errors import InputError, MissingExtra, WeightsError
from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.kinds import Reach
from foretaste.language.media.reader import MediaReader
from foretaste.language.media.readers import clip_reader, picture_reader
from foretaste.prepare.catalogue_builder import ITEMS_PER_READ, MAX_FULL_PRECISION_ITEMS
from foretaste.prepare.media_spaces import ItemMedia, joined, own_spaces

log = logging.getLogger(__name__)
SEND = {IMAGE: "send a JPEG, PNG, WebP or AVIF", AUDIO: "send an MP3, WAV, Ogg, FLAC or M4A"}


class MediaSource:
    """What looks at items and listens to them, and what they bring along."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        progress: Progress = no_progress,
        cluster: Cluster | None = None,
    ) -> None:
        """cluster: looks and listens where there is much."""
        self._progress = progress
        cache = folder / "cache"
        self.pictures = picture_reader(
            config.images, folder, cache / "pictures.sqlite", cluster=cluster
        )
        self.clips = clip_reader(config.audio, folder, cache / "clips.sqlite", cluster=cluster)
        self.readers: Mapping[str, MediaReader[Any]] = {IMAGE: self.pictures, AUDIO: self.clips}
        self._told_missing = set[str]()

    def close(self) -> None:
        """Let go of files and processes."""
        for reader in self.readers.values():
            reader.close()

    def read(
        self,
        items: Sequence[Item],
        spaces: Sequence[MediaSpace] | None = None,
        *,
        reach: Reach = "all",
    ) -> ItemMedia:
        """The spaces of these items. spaces: those there are; None finds them out. reach: files
        beyond it are left for later.
        """
        parts = []
        for name, reader in self.readers.items():
            is_wanted = spaces is None or any(space.name == name for space in spaces)
            if is_wanted and self._can_read(reader, items, strictly=reach == "all"):
                parts.append(self._read_space(reader, items, reach))
        return joined(*parts, own_spaces(items, spaces))

    def known(self, items: Sequence[Item], spaces: Sequence[MediaSpace] | None) -> ItemMedia:
        """What is known of them already: nobody waits for a picture or clip."""
        return self.read(items, spaces, reach="cache")

    def counts(self, items: Sequence[Item]) -> Mapping[str, int]:
        """Space → items that have a picture or clip, read or not."""
        return {name: reader.count(items) for name, reader in self.readers.items()}

    def _can_read(self, reader: MediaReader[Any], items: Sequence[Item], *, strictly: bool) -> bool:
        try:
            return reader.can_read(items)
        except (MissingExtra, WeightsError) as error:
            if strictly:
                raise
            if reader.kind.space not in self._told_missing:  # who answers goes on without them
                log.error("%s are not read: %s", reader.kind.plural, error)
                self._told_missing.add(reader.kind.space)
            return False

    def _read_space(
        self, reader: MediaReader[Any], items: Sequence[Item], reach: Reach
    ) -> ItemMedia:
        failures: list[MediaFailure] = []
        unread: list[str] = []
        peaks: list[bytes] = []

        def block(part: Sequence[Item]) -> Floats:
            media = reader.read(part, self._progress, reach=reach)
            failures.extend(media.failures)
            unread.extend(part[row].id for row in media.unread)
            peaks.extend(media.peaks)
            return media.vectors

        vectors: Vectors
        if len(items) <= MAX_FULL_PRECISION_ITEMS:
            vectors = block(items)
        else:
            starts = range(0, len(items), ITEMS_PER_READ)
            parts = (block(items[start : start + ITEMS_PER_READ]) for start in starts)
            vectors = QuantizedVectors.from_blocks(parts, len(items))
        spaces = [MediaSpace(reader.kind.space, reader.encoder.fingerprint, vectors)]
        if reader.peak_finder is not None:
            clips = np.array([*peaks, None], object)[:-1]  # of bytes alone it would make its own
            spaces.append(MediaSpace(AUDIO_MATCH, reader.peak_finder.version, clips))
        return ItemMedia(tuple(spaces), tuple(failures), tuple(unread))

    def query(self, space: str, content: bytes) -> Mapping[str, str]:
        """A picture or clip that is asked with, as `Request.media_queries` has it. Raises
        InputError with the reason.
        """
        try:
            vector, peaks = self.readers[space].read_content(content)
        except UnusableMedia as reason:
            raise InputError(f"{space}: {reason}; {SEND[space]}") from None
        queries = {space: encode_query(vector)}
        return queries | {AUDIO_MATCH: encode_peaks(peaks)} if peaks else queries

    def fetch_query(self, space: str, address: str) -> bytes:
        """The picture or clip at an address that somebody asks with, where the settings let it be
        fetched. Raises InputError with the reason.
        """
        try:
            return self.readers[space].fetch(address)
        except UnusableMedia as reason:
            raise InputError(f"{space}: {reason}; send its bytes") from None

    def joint_text_encoders(self) -> Mapping[str, TextEncoder]:
        """Space → of a joint model what reads words into it; without those that nobody has asked
        for.
        """
        encoders = {}
        for name, reader in self.readers.items():
            if (reader.source.is_open or reader.is_opened) and _can_open(reader):
                encoder = reader.encoder.text_encoder
                if encoder is not None:
                    encoders[name] = encoder
        return encoders


def _can_open(reader: MediaReader[Any]) -> bool:
    try:
        return bool(reader.encoder.dim)
    except (MissingExtra, WeightsError):
        return False
