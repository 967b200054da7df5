"""In: what an item says its picture is: a data URL, a web address, a file. Out: its bytes."""

import binascii
import os
import stat
from base64 import b64decode
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from foretaste.language.media.decode_process import UnusablePicture
from foretaste.language.media.fetch import fetch_picture
from foretaste.language.media.settings import ImageSettings

NO_FETCHING = "it is at a web address, and images.fetch is false"
NO_FOLDER = "it is a file, and images.folder is not set"
KEY_BYTES = 16


def digest(*parts: str | bytes) -> bytes:
    """A key of the cache."""
    state = blake2b(digest_size=KEY_BYTES)
    for part in parts:
        state.update(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass"))
        state.update(b"\0")
    return state.digest()


class PictureSource:
    """Where pictures may come from, as the settings say."""

    def __init__(
        self,
        settings: ImageSettings,
        workspace: Path,
        fetch: Callable[..., bytes] = fetch_picture,
    ) -> None:
        """workspace: what a relative `images.folder` is in."""
        self._settings, self._fetch = settings, fetch
        folder = settings.folder
        self._folder = None if folder is None else (workspace / Path(folder).expanduser()).resolve()

    @property
    def is_open(self) -> bool:
        """Whether the settings let files or addresses be read."""
        return self._folder is not None or self._settings.fetch

    @staticmethod
    def is_address(reference: str) -> bool:
        """Whether it must be fetched."""
        return reference[:8].lower().startswith(("http://", "https://", "//"))

    @staticmethod
    def is_data(reference: str) -> bool:
        """Whether it is the picture itself."""
        return reference[:5].lower() == "data:"

    def key(self, reference: str) -> bytes:
        """Stays the same for as long as the picture does, without reading it; an address is taken
        to be of one picture for good. Raises UnusablePicture where it may not be read.
        """
        if self.is_data(reference):
            return digest("data", reference)
        if self.is_address(reference):
            if not self._settings.fetch:
                raise UnusablePicture(NO_FETCHING)
            return digest("address", reference)
        path, status = self._file(reference)
        assert self._folder is not None
        name = path.relative_to(self._folder)  # so that the whole workspace can be moved
        return digest("file", os.fsencode(name), str((status.st_size, status.st_mtime_ns)))

    def read(self, reference: str) -> bytes:
        """Its bytes. Raises UnusablePicture."""
        if self.is_data(reference):
            content = _data_bytes(reference)
        elif self.is_address(reference):
            address = f"https:{reference}" if reference.startswith("//") else reference
            settings = self._settings
            content = self._fetch(
                address, timeout=settings.timeout_seconds, max_bytes=settings.max_bytes
            )
        else:
            try:
                content = self._file(reference)[0].read_bytes()
            except OSError as error:
                raise UnusablePicture(f"it cannot be read: {error.strerror}") from None
        self._check_size(len(content))
        return content

    def _check_size(self, size: int) -> None:
        if size > self._settings.max_bytes:
            raise UnusablePicture(
                f"it has {size:,} bytes, more than images.max_bytes = {self._settings.max_bytes}"
            )

    def _file(self, reference: str) -> tuple[Path, os.stat_result]:
        """A regular file in the folder, whatever links lead to it. Raises UnusablePicture."""
        if self._folder is None:
            raise UnusablePicture(NO_FOLDER)
        name = unquote(reference[7:]) if reference[:7].lower() == "file://" else reference
        try:
            path = (self._folder / name).resolve()
            is_inside = path.is_relative_to(self._folder)
            status = path.stat() if is_inside else None
        except (OSError, ValueError, RuntimeError):
            raise UnusablePicture("there is no such file in images.folder") from None
        if status is None:
            raise UnusablePicture("its path leads out of images.folder")
        if not stat.S_ISREG(status.st_mode):
            raise UnusablePicture("it is no file")
        self._check_size(status.st_size)
        return path, status


def _data_bytes(reference: str) -> bytes:
    head, comma, body = reference.partition(",")
    try:
        if comma and head.lower().endswith(";base64"):
            return b64decode(unquote_to_bytes(body), validate=True)
        if comma:
            return unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        pass
    raise UnusablePicture("its data URL is not whole: expected data:image/jpeg;base64,…")
