"""A place that hosts share, a folder or a bucket: model versions go in and come out with the hashes
that they were written with.

    <place>/<version>/manifest.json    last written, first deleted: a version is there when it is
                      <file>           what the manifest names, and the model card
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foretaste.domain.files import FOLDER_MODE, file_sha256, sync_to_disk
from foretaste.domain.object_storage import SCHEME, BucketAddress, open_bucket
from foretaste.errors import InputError, ModelError
from foretaste.model.version_files import CARD_FILE, sync_folder, version_name

MANIFEST_FILE = "manifest.json"
_COPY_BYTES = 8 << 20


class ShareStorage:
    """The versions at one place."""

    def __init__(self, place: str) -> None:
        """place: a folder, or `s3://bucket/prefix`. Raises InputError where it is neither."""
        from pyarrow import fs  # a tenth of a second that others do not need

        self.place = place
        if place.startswith(f"{SCHEME}://"):
            address = BucketAddress.of(place)
            self._files, self._root = open_bucket(address), address.path
            return
        if "://" in place:
            raise InputError(f"model.share = '{place}' is neither a folder nor s3://bucket/prefix")
        self._files, self._root = fs.LocalFileSystem(), str(Path(place).absolute())

    def publish(self, folder: Path) -> None:
        """Put a version there, unless it is. folder: its own, by its name. Raises ModelError where
        it cannot be written.
        """
        manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        with self._reached("written"):
            if self._has(folder.name):
                return
            self._files.create_dir(f"{self._root}/{folder.name}", recursive=True)
            card = [CARD_FILE] if (folder / CARD_FILE).exists() else []
            for name in (*manifest["sha256"], *card, MANIFEST_FILE):
                self._put(folder / name, f"{self._root}/{folder.name}/{name}")

    def fetch(self, name: str, folder: Path) -> None:
        """A version into a folder, file by file, each checked; what is there already and right is
        not fetched again. Raises ModelError where it is not there, or not as it was written.
        """
        folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        with self._reached("read"):
            if not self._has(name):
                raise ModelError(f"model {name} is not in {self.place}; publish it again")
            self._get(name, MANIFEST_FILE, folder)
            manifest = self._manifest(name, folder)
            for file, expected in manifest["sha256"].items():
                path = folder / file
                if not path.exists() or file_sha256(path) != expected:
                    self._get(name, file, folder)
                if file_sha256(path) != expected:
                    path.unlink()
                    raise ModelError(f"model {name}: {file} in {self.place} is damaged")
            if self._is_file(f"{self._root}/{name}/{CARD_FILE}"):
                self._get(name, CARD_FILE, folder)
        sync_folder(folder)

    def delete(self, name: str) -> None:
        """A version; nothing where it is not there."""
        with self._reached("written"):
            if self._has(name):
                self._files.delete_file(f"{self._root}/{name}/{MANIFEST_FILE}")
                self._files.delete_dir(f"{self._root}/{name}")

    def _has(self, name: str) -> bool:
        return self._is_file(f"{self._root}/{name}/{MANIFEST_FILE}")

    def _is_file(self, path: str) -> bool:
        return bool(self._files.get_file_info(path).is_file)

    def _manifest(self, name: str, folder: Path) -> dict[str, Any]:
        try:
            manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
            is_intact = version_name(manifest) == name
        except (ValueError, KeyError, TypeError, OverflowError):
            is_intact = False
        if not is_intact:
            raise ModelError(f"model {name}: {MANIFEST_FILE} in {self.place} is damaged")
        return manifest

    def _put(self, path: Path, target: str) -> None:
        copy_stream = self._files.open_output_stream(target, compression=None)
        with copy_stream as copy, path.open("rb") as source:
            shutil.copyfileobj(source, copy, _COPY_BYTES)

    def _get(self, name: str, file: str, folder: Path) -> None:
        source_path = f"{self._root}/{name}/{file}"
        with (
            self._files.open_input_stream(source_path) as source,
            (folder / file).open("wb") as copy,
        ):
            shutil.copyfileobj(source, copy, _COPY_BYTES)
        sync_to_disk(folder / file)

    @contextmanager
    def _reached(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ModelError(f"{self.place} cannot be {verb}: {error}") from error
