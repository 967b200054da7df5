"""A request in; whether the canary answers it, and by which snapshot.

The canary is kept fresh by a `ModelManager` of its own, beside that of the live version. While it
is being loaded, or where it cannot be, the live version answers everybody.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from foretaste.domain.data import Request
from foretaste.domain.patience import BESIDE, patience
from foretaste.errors import ForetasteError, ModelError
from foretaste.model.artefacts import ModelRegistry
from foretaste.online.fallback import Budget
from foretaste.online.manager import ModelManager, Newest
from foretaste.online.slate import SlateBuilder

log = logging.getLogger(__name__)

LOAD_RETRY_SECONDS = 60.0
"""After so long a canary that could not be loaded is tried again."""


class CanaryRegistry(ModelRegistry):
    """The folder of versions as if the canary were live, and nothing else there."""

    def live_name(self) -> str | None:
        canary = self.canary()
        return None if canary is None else canary.version

    def serving_order(self) -> list[str]:
        version = self.live_name()
        return [] if version is None else [version]


class CanaryAnswers:
    """What answers those who have the canary."""

    def __init__(
        self,
        folder: Path,
        make_manager: Callable[[ModelRegistry], ModelManager],
        make_slates: Callable[[], SlateBuilder],
    ) -> None:
        """folder: of the versions. make_slates: its index of filters is of one catalogue."""
        self._live_models, self._models = ModelRegistry(folder), CanaryRegistry(folder)
        self._make_manager, self._make_slates = make_manager, make_slates
        self._parts: tuple[ModelManager, SlateBuilder] | None = None
        self._loader: threading.Thread | None = None
        self._failed_at = float("-inf")  # monotonic
        self.problem: str | None = None
        """Why it answers nobody."""

    def newest(self, request: Request, budget: Budget) -> tuple[Newest, SlateBuilder] | None:
        """The snapshot of the canary, where it answers this person; else None."""
        try:
            parts = self._parts_for(request.user or request.session)
            return None if parts is None else (parts[0].newest(budget), parts[1])
        except ModelError as error:
            self._fail(error)
            return None

    def close(self) -> None:
        """Wait a little for what is under way."""
        if self._loader is not None:
            self._loader.join(5.0)
        self._drop()

    def _parts_for(self, person: str | None) -> tuple[ModelManager, SlateBuilder] | None:
        canary = self._models.canary()
        if canary is None or canary.version == self._live_models.live_name():
            self._drop()
            return None
        if person is None or not canary.includes(person):
            return None
        if self._parts is None or self._parts[0].snapshot is None:
            self._begin_loading()
            return None
        return self._parts

    def _begin_loading(self) -> None:
        is_loading = self._loader is not None and self._loader.is_alive()
        if is_loading or time.monotonic() < self._failed_at + LOAD_RETRY_SECONDS:
            return
        self._loader = threading.Thread(target=self._load, name="canary", daemon=True)
        self._loader.start()

    def _load(self) -> None:
        parts = self._make_manager(self._models), self._make_slates()
        try:
            with patience(BESIDE):
                parts[0].caught_up()
        except ForetasteError as error:
            self._fail(error)
        except Exception as error:  # a thread that dies would tell nobody
            log.exception("while loading the canary")
            self._fail(error)
        else:
            self._parts, self.problem = parts, None

    def _fail(self, error: Exception) -> None:
        if str(error) != self.problem:  # else it has been told, and each request asks
            log.error("the canary answers nobody: %s", error)
        self._failed_at, self.problem = time.monotonic(), str(error)
        self._drop()

    def _drop(self) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            parts[0].close()
