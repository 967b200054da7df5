"""Nothing is looked at or listened to twice. In: items with pictures or clips; out: a vector each,
and what could not be read, with the reason.

A file is known by where it is (a file by its size and time, an address by itself), that by its
content, and its vector by content and encoder: so the same picture in two places, or under another
encoder, is not fetched or decoded for nothing. What is no picture or clip is remembered too, and
what was said of one that was read in part.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from foretaste.domain.data import Floats, Item
from foretaste.domain.media import MediaFailure
from foretaste.domain.ports import MediaEncoder, Progress, no_progress
from foretaste.errors import MissingExtra
from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.kinds import MediaFileSettings, MediaKind, Reach
from foretaste.language.media.source import KEY_BYTES, ReferenceReader, check_size, digest
from foretaste.language.side_by_side import SharedReading
from foretaste.language.vectors import VectorFile

AWAY_SECONDS = 86_400.0
"""After so long an address that gave nothing is asked again, but for a training, which asks at
once."""
SHARED_COMMITS = 8
"""Commits in one where many read, so that they need not wait for one another often."""
DecodedT = TypeVar("DecodedT", bound=np.ndarray[Any, Any])
OpenedT = TypeVar("OpenedT", covariant=True)


class MediaDecoder(Protocol[OpenedT]):
    """What opens files of a kind."""

    @property
    def limits(self) -> str:
        """What decides whether a file can be decoded."""

    @property
    def extent(self) -> str:
        """How much of a file is decoded; "" where all of it is."""

    def decode(self, content: bytes) -> tuple[OpenedT, str]:
        """(what it holds, what is to be said about it). Raises UnusableMedia."""

    def close(self) -> None:
        """Let go of processes."""


@dataclass(frozen=True)
class MediaVectors:
    """What was seen or heard of some items."""

    vectors: Floats
    """[items, dim], of length 1; zero where nothing was read."""
    failures: tuple[MediaFailure, ...]
    unread: tuple[int, ...]
    """Of the items those with pictures or clips that were left for later."""
    peaks: tuple[bytes, ...] = ()
    """[items], of clips the peaks of their landmarks; empty where nothing was read."""


@dataclass(frozen=True)
class PeakFinder(Generic[DecodedT]):
    """What finds the peaks of what was decoded, beside the encoder."""

    version: str
    """Names how: others cannot be compared with them."""
    find: Callable[[DecodedT], bytes]


class MediaReader(Generic[DecodedT]):
    """The pictures or the clips of items, by one encoder. Safe to share between threads."""

    def __init__(
        self,
        kind: MediaKind,
        settings: MediaFileSettings,
        decoder: MediaDecoder[DecodedT],
        open_encoder: Callable[[], MediaEncoder[DecodedT]],
        references: Callable[[Item], Sequence[str]],
        files: ReferenceReader,
        cache: Path,
        clock: Callable[[], float] = time.time,
        shared: SharedReading[DecodedT] | None = None,
        peak_finder: PeakFinder[DecodedT] | None = None,
    ) -> None:
        """references: what an item says its pictures or clips are. cache: the file of vectors.
        shared: encodes where there is much; files are opened here in any case. peak_finder: of
        clips.
        """
        self.kind, self.source = kind, files
        self._settings, self._decoder, self._references = settings, decoder, references
        self._open_encoder, self._cache_path, self._clock = open_encoder, cache, clock
        self._shared, self.peak_finder = shared, peak_finder
        self._opened: MediaEncoder[DecodedT] | None = None
        self._file: VectorFile | None = None

    @property
    def encoder(self) -> MediaEncoder[DecodedT]:
        """What reads them. Raises WeightsError or MissingExtra where it cannot be had."""
        if self._opened is None:
            self._opened = self._open_encoder()
        return self._opened

    @property
    def is_opened(self) -> bool:
        """Whether the encoder has been needed."""
        return self._opened is not None

    def can_read(self, items: Sequence[Item]) -> bool:
        """Whether any of these has a picture or clip that the settings let be read. Raises
        MissingExtra where they name some and nothing is there to read them.
        """
        if not self._settings.encoder or not any(map(self._references, items)):
            return False
        if self.source.is_open:
            return bool(self.encoder.dim)
        if not any(self.source.is_data(name) for item in items for name in self._references(item)):
            return False
        try:
            return bool(self.encoder.dim)
        except MissingExtra:
            return False  # nobody asked for it: the items only bring them along

    def count(self, items: Sequence[Item]) -> int:
        """Items that have a picture or clip, read or not."""
        return sum(bool(self._references(item)) for item in items)

    def read(
        self, items: Sequence[Item], progress: Progress = no_progress, *, reach: Reach = "all"
    ) -> MediaVectors:
        """What is beyond `reach` is left for later."""
        references = [self._references(item) for item in items]
        results = _ReadResults(dict.fromkeys(name for names in references for name in names))
        self._find_known(results)
        if reach != "all":
            self._find_away(results)
        if reach != "cache":
            self._read_missing(results, progress, may_fetch=reach != "files")
        vectors = np.zeros((len(items), self.encoder.dim), np.float32)
        failures, unread = [], []
        for row, (item, names) in enumerate(zip(items, references, strict=True)):
            own_vectors = [results.vectors[name] for name in names if name in results.vectors]
            if own_vectors:
                mean = np.mean(own_vectors, axis=0)
                vectors[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
            failures += [
                MediaFailure(
                    item.id, name, results.reasons[name], is_partial=name in results.vectors
                )
                for name in names
                if name in results.reasons
            ]
            if any(name in results.missing for name in names):
                unread.append(row)
        peaks = tuple(
            next((results.peaks.get(name, b"") for name in own), b"") for own in references
        )
        return MediaVectors(vectors, tuple(failures), tuple(unread), peaks)

    def read_content(self, content: bytes) -> tuple[Floats, bytes]:
        """([dim], peaks), of one picture or clip; nothing is kept. Raises UnusableMedia."""
        check_size(len(content), self.kind, self._settings)
        encoder = self.encoder
        decoded, _ = self._decoder.decode(content)
        peaks = b"" if self.peak_finder is None else self.peak_finder.find(decoded)
        return np.asarray(encoder.encode([decoded])[0]), peaks

    def fetch(self, address: str) -> bytes:
        """What is at a web address, if the settings let it be fetched. Raises UnusableMedia."""
        self.source.key(address)
        return self.source.read(address)

    def decode_reference(self, reference: str) -> DecodedT:
        """What an item says its picture or clip is, decoded; nothing is fetched for it. Raises
        UnusableMedia.
        """
        if self.source.is_address(reference):
            raise UnusableMedia("it is at a web address")
        return self._decoder.decode(self.source.read(reference))[0]

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
        extent = (self._decoder.extent,) if self._decoder.extent else ()
        return digest(self.kind.noun, self.encoder.fingerprint, *extent, content_key)

    def _peaks_key(self, content_key: bytes) -> bytes:
        version = "" if self.peak_finder is None else self.peak_finder.version
        return digest("peaks", version, self._decoder.extent, content_key)

    def _reason_key(self, content_key: bytes) -> bytes:
        return digest(f"no {self.kind.noun}", self._decoder.limits, content_key)

    def _find_known(self, results: "_ReadResults") -> None:
        """Fill in what is in the cache."""
        for name in list(results.missing):
            try:
                results.missing[name] = self.source.key(name)
            except UnusableMedia as reason:
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

    def _fill(self, results: "_ReadResults", names_by_content: dict[bytes, list[str]]) -> None:
        """What is known of these contents, which are taken out of the mapping if they were read; of
        a clip that was read before its peaks were looked for, the vector, and it stays.
        """
        by_reason = {self._reason_key(content): content for content in names_by_content}
        reasons = {by_reason[key]: reason for key, reason in self._cache.find(list(by_reason))}
        by_key = {self._vector_key(content): content for content in names_by_content}
        peaks = self._known_peaks(list(names_by_content))
        for key, stored in self._cache.find(list(by_key)):
            if len(stored) == 4 * self.encoder.dim:
                content = by_key[key]
                note = reasons.pop(content, b"").decode()
                vector, own_peaks = np.frombuffer(stored, np.float32), peaks.get(content)
                for name in names_by_content[content]:
                    results.see(name, vector, own_peaks, note)
                if own_peaks is not None:
                    del names_by_content[content]
        for content, reason in reasons.items():
            for name in names_by_content[content]:
                results.fail(name, reason.decode())

    def _known_peaks(self, contents: Sequence[bytes]) -> dict[bytes, bytes]:
        """Of those of which they are known; of pictures none are looked for."""
        if self.peak_finder is None:
            return dict.fromkeys(contents, b"")
        by_key = {self._peaks_key(content): content for content in contents}
        return {by_key[key]: stored for key, stored in self._cache.find(list(by_key))}

    def _find_away(self, results: "_ReadResults") -> None:
        """Addresses that gave nothing a while ago."""
        names = {_away_key(name): name for name in results.missing if self.source.is_address(name)}
        for key, stored in self._cache.find(list(names)):
            at, _, reason = stored.decode().partition(" ")
            if float(at) > self._clock() - AWAY_SECONDS:
                results.fail(names[key], reason)

    def _read_missing(
        self, results: "_ReadResults", progress: Progress, *, may_fetch: bool
    ) -> None:
        """The rest, some at a time; what was read is kept at once."""
        names = [name for name in results.missing if may_fetch or not self.source.is_address(name)]
        done, size = 0, self.kind.files_per_commit
        if self._shared is not None and self._shared.is_on:
            size *= SHARED_COMMITS
        for start in range(0, len(names), size):
            batch = names[start : start + size]
            self._read_batch(results, batch)
            done += len(batch)
            progress(self.kind.task, done, len(names))

    def _read_batch(self, results: "_ReadResults", names: Sequence[str]) -> None:
        contents: dict[bytes, list[str]] = {}
        decoded: dict[bytes, tuple[DecodedT, str]] = {}
        entries: dict[bytes, bytes] = {}
        raw: dict[bytes, bytes] = {}
        for name in names:
            location_key = results.missing[name]
            try:
                content = self.source.read(name)
            except UnusableMedia as reason:  # it may be there next time
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
            if content_key not in unknown or results.is_unusable(contents[content_key][0]):
                continue  # the same was read in another place
            try:
                decoded[content_key] = self._decoder.decode(content)
            except UnusableMedia as reason:
                entries[self._reason_key(content_key)] = str(reason).encode()
                for name in contents[content_key]:
                    results.fail(name, str(reason))
        vector_by_key = {key: results.vectors.get(contents[key][0]) for key in decoded}
        new = [key for key, vector in vector_by_key.items() if vector is None]
        if new:
            rows = self._encode([decoded[key][0] for key in new])
            vector_by_key.update(zip(new, rows, strict=True))
        for content_key, vector in vector_by_key.items():
            assert vector is not None
            numbers, note = decoded[content_key]
            entries[self._vector_key(content_key)] = vector.tobytes()
            peaks = b""
            if self.peak_finder is not None:
                peaks = entries[self._peaks_key(content_key)] = self.peak_finder.find(numbers)
            if note:
                entries[self._reason_key(content_key)] = note.encode()
            for name in contents[content_key]:
                results.see(name, vector, peaks, note)
        self._cache.add(entries)

    def _encode(self, inputs: Sequence[DecodedT]) -> Floats:
        if self._shared is not None and self._shared.is_worth(len(inputs)):
            return self._shared.encode(self.encoder, inputs)
        return self.encoder.encode(inputs)


def _away_key(address: str) -> bytes:
    return digest("away", address)


class _ReadResults:
    """Files by what items call them: read, unusable, or missing, with the key of their place."""

    def __init__(self, names: Sequence[str] | dict[str, None]) -> None:
        self.missing: dict[str, bytes] = dict.fromkeys(names, b"")
        self.vectors: dict[str, Floats] = {}
        self.peaks: dict[str, bytes] = {}
        self.reasons: dict[str, str] = {}
        """Why one was not read, or what is to be said of it."""

    def see(self, name: str, vector: Floats, peaks: bytes | None, note: str = "") -> None:
        """peaks: None where they are not known, and it stays missing for them."""
        self.vectors[name] = vector
        if peaks is not None:
            self.missing.pop(name, None)
            self.peaks[name] = peaks
        if note:
            self.reasons[name] = note

    def is_unusable(self, name: str) -> bool:
        """Whether it is known that nothing can be read of it."""
        return name in self.reasons and name not in self.vectors

    def fail(self, name: str, reason: str) -> None:
        self.missing.pop(name, None)
        if name not in self.vectors:  # else only its peaks could not be looked for
            self.reasons[name] = reason
