"""Nothing is looked at twice. In: items with pictures; out: a vector each, and what could not be
looked at, with the reason.

A picture is known by where it is (a file by its size and time, an address by itself), that by its
content, and its vector by content and encoder: so the same picture in two places, or under another
encoder, is not fetched or decoded for nothing. What is no picture is remembered too.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from foretaste.domain.data import Floats, Item
from foretaste.domain.media import MediaFailure
from foretaste.domain.ports import Bytes, MediaEncoder, Progress, no_progress
from foretaste.errors import MissingExtra
from foretaste.language.media.decode_process import UnusablePicture
from foretaste.language.media.decoder import PictureDecoder
from foretaste.language.media.open import open_image_encoder
from foretaste.language.media.settings import ImageSettings
from foretaste.language.media.source import KEY_BYTES, PictureSource, digest
from foretaste.language.vectors import VectorFile

PICTURES_PER_COMMIT = 32
"""Pictures looked at between two commits: what a kill -9 can lose."""
TASK = "looking at pictures"
AWAY_SECONDS = 86_400.0
"""After so long an address that gave no picture is asked again, but for a training, which asks at
once."""
Reach = Literal["cache", "files", "new", "all"]
"""Which pictures are looked at: those in the cache alone; files besides; addresses besides that$
were not asked in vain lately; all."""


@dataclass(frozen=True)
class PictureVectors:
    """What was seen of some items."""

    vectors: Floats
    """[items, dim], of length 1; zero where nothing was seen."""
    failures: tuple[MediaFailure, ...]
    unread: tuple[int, ...]
    """Of the items those with pictures that were left for later."""


class PictureReader:
    """The pictures of items, by one encoder. Safe to share between threads."""

    def __init__(
        self,
        settings: ImageSettings,
        workspace: Path,
        cache: Path,
        source: PictureSource | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._cache_path, self._clock = settings, cache, clock
        self.source = source or PictureSource(settings, workspace)
        self._decoder = PictureDecoder(settings.max_pixels)
        self._opened: MediaEncoder | None = None
        self._file: VectorFile | None = None

    @property
    def encoder(self) -> MediaEncoder:
        """What looks at them. Raises WeightsError or MissingExtra where it cannot be had."""
        if self._opened is None:
            self._opened = open_image_encoder(self._settings)
        return self._opened

    @property
    def is_opened(self) -> bool:
        """Whether the encoder has been needed."""
        return self._opened is not None

    def can_look(self, items: Sequence[Item]) -> bool:
        """Whether any of these has a picture that the settings let be looked at. Raises
        MissingExtra where they name pictures and nothing is there to look at them.
        """
        if not self._settings.encoder or not any(item.image for item in items):
            return False
        if self.source.is_open:
            return bool(self.encoder.dim)
        if not any(self.source.is_data(item.image or "") for item in items):
            return False
        try:
            return bool(self.encoder.dim)
        except MissingExtra:
            return False  # nobody asked for it: the items only bring their pictures along

    def read(
        self, items: Sequence[Item], progress: Progress = no_progress, *, reach: Reach = "all"
    ) -> PictureVectors:
        """What is beyond `reach` is left for later."""
        references = [item.images[: self._settings.max_per_item] for item in items]
        results = _LookResults(dict.fromkeys(name for names in references for name in names))
        self._find_known(results)
        if reach != "all":
            self._find_away(results)
        if reach != "cache":
            self._look_at(results, progress, may_fetch=reach != "files")
        vectors = np.zeros((len(items), self.encoder.dim), np.float32)
        failures, unread = [], []
        for row, (item, names) in enumerate(zip(items, references, strict=True)):
            picture_vectors = [results.vectors[name] for name in names if name in results.vectors]
            if picture_vectors:
                mean = np.mean(picture_vectors, axis=0)
                vectors[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
            failures += [
                MediaFailure(item.id, name, results.failures[name])
                for name in names
                if name in results.failures
            ]
            if any(name in results.missing for name in names):
                unread.append(row)
        return PictureVectors(vectors, tuple(failures), tuple(unread))

    def look(self, content: bytes) -> Floats:
        """[dim], of one picture, of which nothing is kept. Raises UnusablePicture."""
        if len(content) > self._settings.max_bytes:
            raise UnusablePicture(
                f"it has {len(content):,} bytes, more than images.max_bytes = "
                f"{self._settings.max_bytes}"
            )
        encoder = self.encoder
        return np.asarray(encoder.encode([self._decoder.decode(content)])[0])

    def cover(self, reference: str) -> Bytes:
        """[height, width, 3], of what an item says its picture is; nothing is fetched for it.
        Raises UnusablePicture.
        """
        if self.source.is_address(reference):
            raise UnusablePicture("it is at a web address")
        return self._decoder.decode(self.source.read(reference))

    def close(self) -> None:
        """Let go of the file and of the process that decodes."""
        self._decoder.close()
        if self._file is not None:
            self._file.close()

    @property
    def _cache(self) -> VectorFile:
        if self._file is None:
            self._file = VectorFile(self._cache_path)
        return self._file

    def _vector_key(self, content_key: bytes) -> bytes:
        return digest("picture", self.encoder.fingerprint, content_key)

    def _failure_key(self, content_key: bytes) -> bytes:
        return digest("no picture", str(self._settings.max_pixels), content_key)

    def _find_known(self, results: "_LookResults") -> None:
        """Fill in what is in the cache."""
        for name in list(results.missing):
            try:
                results.missing[name] = self.source.key(name)
            except UnusablePicture as reason:
                results.fail(name, str(reason))
        location_keys = list(set(results.missing.values()))
        contents = {
            key: content
            for key, content in self._cache.find(location_keys)
            if len(content) == KEY_BYTES
        }
        names_by_content: dict[bytes, list[str]] = {}
        for name, location_key in results.missing.items():
            if location_key in contents:
                names_by_content.setdefault(contents[location_key], []).append(name)
        self._fill(results, names_by_content)

    def _fill(self, results: "_LookResults", names_by_content: dict[bytes, list[str]]) -> None:
        """What is known of these contents."""
        by_key = {self._vector_key(content): content for content in names_by_content}
        for key, stored in self._cache.find(list(by_key)):
            if len(stored) == 4 * self.encoder.dim:
                for name in names_by_content.pop(by_key[key]):
                    results.see(name, np.frombuffer(stored, np.float32))
        by_key = {self._failure_key(content): content for content in names_by_content}
        for key, stored in self._cache.find(list(by_key)):
            for name in names_by_content[by_key[key]]:
                results.fail(name, stored.decode())

    def _find_away(self, results: "_LookResults") -> None:
        """Addresses that gave no picture a while ago."""
        names = {_away_key(name): name for name in results.missing if self.source.is_address(name)}
        for key, stored in self._cache.find(list(names)):
            at, _, reason = stored.decode().partition(" ")
            if float(at) > self._clock() - AWAY_SECONDS:
                results.fail(names[key], reason)

    def _look_at(self, results: "_LookResults", progress: Progress, *, may_fetch: bool) -> None:
        """The rest, some at a time; what was looked at is kept at once."""
        names = [name for name in results.missing if may_fetch or not self.source.is_address(name)]
        done = 0
        for start in range(0, len(names), PICTURES_PER_COMMIT):
            batch = names[start : start + PICTURES_PER_COMMIT]
            self._look_at_batch(results, batch)
            done += len(batch)
            progress(TASK, done, len(names))

    def _look_at_batch(self, results: "_LookResults", names: Sequence[str]) -> None:
        contents: dict[bytes, list[str]] = {}
        pixels: dict[bytes, Bytes] = {}
        entries: dict[bytes, bytes] = {}
        raw: dict[bytes, bytes] = {}
        for name in names:
            location_key = results.missing[name]
            try:
                content = self.source.read(name)
            except UnusablePicture as reason:  # it may be there next time
                results.fail(name, str(reason))
                if self.source.is_address(name):
                    entries[_away_key(name)] = f"{self._clock()} {reason}".encode()
                continue
            content_key = digest(content)
            contents.setdefault(content_key, []).append(name)
            raw[content_key] = content
            entries[location_key] = content_key
        self._fill(results, unknown := dict(contents))
        for content_key, content in raw.items():
            if content_key not in unknown or contents[content_key][0] in results.failures:
                continue  # the same picture was looked at in another place
            try:
                pixels[content_key] = self._decoder.decode(content)
            except UnusablePicture as reason:
                entries[self._failure_key(content_key)] = str(reason).encode()
                for name in contents[content_key]:
                    results.fail(name, str(reason))
        if pixels:
            rows = self.encoder.encode(list(pixels.values()))
            for content_key, row in zip(pixels, rows, strict=True):
                entries[self._vector_key(content_key)] = row.tobytes()
                for name in contents[content_key]:
                    results.see(name, row)
        self._cache.add(entries)


def _away_key(address: str) -> bytes:
    return digest("away", address)


class _LookResults:
    """Pictures by what items call them: seen, failed, or missing, with the key of their place."""

    def __init__(self, names: Sequence[str] | dict[str, None]) -> None:
        self.missing: dict[str, bytes] = dict.fromkeys(names, b"")
        self.vectors: dict[str, Floats] = {}
        self.failures: dict[str, str] = {}

    def see(self, name: str, vector: Floats) -> None:
        self.missing.pop(name, None)
        self.vectors[name] = vector

    def fail(self, name: str, reason: str) -> None:
        self.missing.pop(name, None)
        self.failures[name] = reason
