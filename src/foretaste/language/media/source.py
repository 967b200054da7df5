"""In: what an item says its picture or clip is (a data URL, a web address, a file). Out: bytes."""

import binascii
import os
import stat
from base64 import b64decode
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.fetch import fetch_media
from foretaste.language.media.kinds import MediaFileSettings, MediaKind

KEY_BYTES = 16


def digest(*parts: str | bytes) -> bytes:
    """A key of the cache."""
    state = blake2b(digest_size=KEY_BYTES)
    for part in parts:
        state.update(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass"))
        state.update(b"\0")
    return state.digest()


class ReferenceReader:
    """Reads pictures or clips from where the settings say that they may come from."""

    def __init__(
        self,
        kind: MediaKind,
        settings: MediaFileSettings,
        workspace: Path,
        fetch: Callable[..., bytes] = fetch_media,
    ) -> None:
        """workspace: what a relative `folder` of the settings is in."""
        self._kind, self._settings, self._fetch = kind, settings, fetch
        folder = settings.folder
        self._folder = None if folder is None else (workspace / Path(folder).expanduser()).resolve()

    @property
    def is_open(self) -> bool:
        """Whether the settings let files or addresses be read."""
        return self._folder is not None or self._settings.fetch

    @staticmethod
    def is_address(reference: str) -> bool:
        """Whether it must be fetched."""
        return is_full_address(reference) or reference.startswith("//")

    @staticmethod
    def is_data(reference: str) -> bool:
        """Whether it is the picture or clip itself."""
        return reference[:5].lower() == "data:"

    def key(self, reference: str) -> bytes:
        """Stays the same for as long as the content does, without reading it; an address is taken
        to be of one content for good. Raises UnusableMedia where it may not be read.
        """
        if self.is_data(reference):
            return digest("data", reference)
        if self.is_address(reference):
            if not self._settings.fetch:
                raise UnusableMedia(
                    f"it is at a web address, and {self._kind.table}.fetch is false"
                )
            return digest("address", reference)
        path, status = self._file(reference)
        assert self._folder is not None
        name = path.relative_to(self._folder)  # so that the whole workspace can be moved
        return digest("file", os.fsencode(name), str((status.st_size, status.st_mtime_ns)))

    def read(self, reference: str) -> bytes:
        """Its bytes. Raises UnusableMedia."""
        if self.is_data(reference):
            content = _data_bytes(reference, self._kind)
        elif self.is_address(reference):
            address = f"https:{reference}" if reference.startswith("//") else reference
            settings = self._settings
            content = self._fetch(
                address,
                self._kind,
                timeout=settings.timeout_seconds,
                max_bytes=settings.max_bytes,
            )
        else:
            try:
                content = self._file(reference)[0].read_bytes()
            except OSError as error:
                raise UnusableMedia(f"it cannot be read: {error.strerror}") from None
        self._check_size(len(content))
        return content

    def _check_size(self, size: int) -> None:
        check_size(size, self._kind, self._settings)

    def _file(self, reference: str) -> tuple[Path, os.stat_result]:
        """A regular file in the folder, whatever links lead to it. Raises UnusableMedia."""
        if self._folder is None:
            raise UnusableMedia(f"it is a file, and {self._kind.table}.folder is not set")
        name = unquote(reference[7:]) if reference[:7].lower() == "file://" else reference
        try:
            path = (self._folder / name).resolve()
            is_inside = path.is_relative_to(self._folder)
            status = path.stat() if is_inside else None
        except (OSError, ValueError, RuntimeError):
            raise UnusableMedia(f"there is no such file in {self._kind.table}.folder") from None
        if status is None:
            raise UnusableMedia(f"its path leads out of {self._kind.table}.folder")
        if not stat.S_ISREG(status.st_mode):
            raise UnusableMedia("it is no file")
        self._check_size(status.st_size)
        return path, status


def is_full_address(text: str) -> bool:
    """Whether it is a web address with its scheme: what begins with // may be base64."""
    return text[:8].lower().startswith(("http://", "https://"))


def check_size(size: int, kind: MediaKind, settings: MediaFileSettings) -> None:
    """Raises UnusableMedia for more bytes than a picture or clip may have."""
    if size > settings.max_bytes:
        raise UnusableMedia(
            f"it has {size:,} bytes, more than {kind.table}.max_bytes = {settings.max_bytes}"
        )


def _data_bytes(reference: str, kind: MediaKind) -> bytes:
    head, comma, body = reference.partition(",")
    try:
        if comma and head.lower().endswith(";base64"):
            return b64decode(unquote_to_bytes(body), validate=True)
        if comma:
            return unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        pass
    raise UnusableMedia(f"its data URL is not whole: expected data:{kind.example_type};base64,…")
