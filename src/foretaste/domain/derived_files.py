"""What is made of a model's items when it is first loaded, kept in files that the next load maps.

In: what makes arrays; out: the arrays, made now and written, or found where they were written. So a
large catalogue is read and indexed once a version, and not at every start of every process.

    <folder>/complete.json     what it was made of and up to where; the rest counts once it is there
             <name>.safetensors, <name>.json, and files of others

A folder is written aside and renamed when whole. It holds nothing that cannot be made again.
"""

import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from foretaste.domain.arrays import Array
from foretaste.domain.files import FOLDER_MODE
from foretaste.domain.mapped_arrays import mapped_arrays, write_arrays

log = logging.getLogger(__name__)

COMPLETE_FILE = "complete.json"
PARTIAL_SUFFIX = ".partial"
STALE_SECONDS = 86_400.0
"""After which nobody writes a folder any more."""


class DerivedFiles:
    """One folder of them. Without one all is made in memory each time."""

    def __init__(self, folder: Path | None = None, source: Mapping[str, Any] | None = None) -> None:
        """source: all that the files depend on; those that were made of something else are made
        again.
        """
        self._folder, self._source = folder, json.loads(json.dumps(source))
        self.facts = self._stored_facts()
        """What was said of the files when they were complete; None before."""
        self._partial_folder: Path | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the files are there, and nothing needs to be made."""
        return self.facts is not None

    @property
    def is_writable(self) -> bool:
        """Whether there is a folder that they can be put into."""
        if self._folder is None:
            return False
        parents = (self._folder, *self._folder.parents)
        return os.access(next(path for path in parents if path.exists()), os.W_OK)

    def again(self) -> "DerivedFiles":
        """The same folder, to be written anew."""
        files = DerivedFiles(self._folder, self._source)
        files.facts = None
        return files

    def arrays(self, name: str, make: Callable[[], Mapping[str, Array]]) -> Mapping[str, Array]:
        """The arrays of this name, mapped and not to be written to."""
        if self._folder is None:
            return make()
        arrays: Mapping[str, Array] = {}

        def write(path: Path) -> None:
            nonlocal arrays
            arrays = make()
            write_arrays(path, arrays)

        path = self.file(f"{name}.safetensors", write)
        return arrays or make() if path is None else mapped_arrays(path)

    def value(self, name: str, make: Callable[[], Any]) -> Any:
        """The same of what JSON can hold."""
        path = self.file(f"{name}.json", lambda path: _write_json(path, make()))
        return make() if path is None else json.loads(path.read_text(encoding="utf-8"))

    def file(self, name: str, write: Callable[[Path], None]) -> Path | None:
        """The file of this name; None where there is no folder, or no room in it."""
        if self._folder is None:
            return None
        try:
            if not self.is_complete and self._partial_folder is None:
                self._partial_folder = self._new_folder()
            path = (self._partial_folder or self._folder) / name
            if not path.exists():
                aside = _aside(path)
                write(aside)
                os.replace(aside, path)
        except OSError as error:
            log.warning("what a model is loaded with is not kept in files: %s", error)
            self.discard()
            self._folder = None
            return None
        return path

    def complete(self, facts: Mapping[str, Any]) -> None:
        """All is written that is needed to load: from now on it counts, and what is asked for later
        is put beside it. What is mapped stays where it is.
        """
        if self._folder is None or self._partial_folder is None:
            return
        try:
            sizes = {path.name: path.stat().st_size for path in self._partial_folder.iterdir()}
            described = {"source": self._source, "facts": facts, "sizes": sizes}
            _write_json(self._partial_folder / COMPLETE_FILE, described)
            remove_derived(self._folder)
            os.replace(self._partial_folder, self._folder)
            self._partial_folder, self.facts = None, facts
        except OSError as error:  # somebody else was faster
            log.info("%s: %s", self._folder, error)
            self.discard()
            self._folder = None

    def discard(self) -> None:
        """Away with what was written so far; who has it mapped goes on reading it."""
        if self._partial_folder is not None:
            shutil.rmtree(self._partial_folder, ignore_errors=True)
            self._partial_folder = None

    def _stored_facts(self) -> Mapping[str, Any] | None:
        if self._folder is None:
            return None
        try:
            described = json.loads((self._folder / COMPLETE_FILE).read_text(encoding="utf-8"))
            facts: Mapping[str, Any] = described["facts"]
            sizes = described["sizes"].items()
            is_whole = all((self._folder / name).stat().st_size == size for name, size in sizes)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return facts if is_whole and described["source"] == self._source else None

    def _new_folder(self) -> Path:
        assert self._folder is not None
        folder = _aside(self._folder)
        folder.mkdir(FOLDER_MODE, parents=True)
        for leftover in folder.parent.glob(f".*{PARTIAL_SUFFIX}"):  # of a kill
            if leftover.stat().st_mtime < time.time() - STALE_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)
        return folder


IN_MEMORY = DerivedFiles()
"""Keeps nothing."""


def remove_derived(folder: Path) -> None:
    """In one step, if it is there. Whoever has it mapped goes on reading it."""
    aside = _aside(folder)
    try:
        os.replace(folder, aside)
    except FileNotFoundError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}{PARTIAL_SUFFIX}")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
