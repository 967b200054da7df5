"""Which version answers some people beside the live one: `models/canary.json`, and who they are."""

import hashlib
import json
import os
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from foretaste.domain.files import sync_to_disk
from foretaste.errors import ModelError, VersionError
from foretaste.model.version_files import write_json

CANARY_FILE = "canary.json"


@dataclass(frozen=True, slots=True)
class Canary:
    """A version that is tried on some people."""

    version: str
    share: float
    """Of people, above 0 and at most 1."""

    def includes(self, person: str) -> bool:
        """Whether it answers somebody: always the same for one person and one canary."""
        digest = hashlib.blake2b(f"{self.version}\0{person}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < self.share * 2**64


class CanaryFile:
    """The file in a folder of versions. Every request asks: it is read again when it is another."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CANARY_FILE
        self._cached: tuple[tuple[int, int, int], Canary] | None = None

    def read(self) -> Canary | None:
        """None where there is none. Raises ModelError where the file cannot be read."""
        try:
            status = self._path.stat()
            identity = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._cached is None or self._cached[0] != identity:
                fields = json.loads(self._path.read_text(encoding="utf-8"))
                self._cached = identity, Canary(str(fields["version"]), float(fields["share"]))
            return self._cached[1]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{self._path} cannot be read; delete it") from error

    def write(self, canary: Canary | None) -> None:
        """In one step; None ends it."""
        if canary is None:
            with suppress(FileNotFoundError):
                self._path.unlink()
            return
        temporary_path = self._path.with_name(f".{uuid.uuid4().hex}.partial")
        write_json(temporary_path, asdict(canary))
        sync_to_disk(temporary_path)
        os.replace(temporary_path, self._path)


class CanaryVersions:
    """A folder of versions, one of which may be tried on some people."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._canary_file = folder, CanaryFile(folder)

    @property
    def folder(self) -> Path:
        """Where the versions are, each in a folder of its name."""
        return self._folder

    def current_name(self, name: str) -> str:
        """The name of a version that may have been replaced."""
        raise NotImplementedError

    def canary(self) -> Canary | None:
        """The version that is tried on some people; None where there is none."""
        canary = self._canary_file.read()
        return canary and replace(canary, version=self.current_name(canary.version))

    def set_canary(self, canary: Canary | None) -> None:
        """Try a version on some people, or end that. Raises VersionError where it is not there."""
        if canary is not None and not (self._folder / canary.version).is_dir():
            raise VersionError(f"no model version '{canary.version}'; see 'foretaste models list'")
        self._canary_file.write(canary)

    @property
    def tried_version(self) -> str | None:
        """The version of the canary; None also where nothing tells which it is."""
        try:
            canary = self.canary()
        except ModelError:  # whoever answers says so
            return None
        return None if canary is None else canary.version

    def end_canary(self, version: str) -> None:
        """It is tried on some no more, if it is this one: it answers everybody."""
        if self.tried_version == version:
            self._canary_file.write(None)
