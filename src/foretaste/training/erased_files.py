"""In: a workspace after an erasure. Out: its files written anew, without copies of what is gone.

SQLite overwrites what it deletes, but not the copies that it left where it once moved a row to
another page of its file.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from foretaste.domain.erasure_store import ErasureStore
from foretaste.errors import ForetasteError
from foretaste.training.encode import DataEncoder

log = logging.getLogger(__name__)


class FileWorkspace(Protocol):
    """What is needed of the loop."""

    @property
    def store(self) -> ErasureStore: ...
    @property
    def data_encoder(self) -> DataEncoder: ...


def rewrite_files(workspace: FileWorkspace) -> None:
    """Where an erasure left that to do, and it takes no longer than some seconds."""
    if workspace.store.pages_are_due():
        try_step(workspace.data_encoder.rewrite_cache)
        try_step(workspace.store.rewrite_pages)


def try_step(step: Callable[[], bool]) -> bool:
    """Whether a step after an erasure is done, as it says itself; it may fail."""
    try:
        return step()
    except ForetasteError as error:
        log.error("left to do after an erasure: %s", error)
        return False
