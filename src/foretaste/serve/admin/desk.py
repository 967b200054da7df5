"""What the addresses of an operator keep between requests: another version of the model, loaded for
comparing; and measurements of the data, made by processes of their own.

Never more than one version besides those that answer, and never more than one measurement at a
time: whoever asks meanwhile is told to wait.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from foretaste.errors import ModelError, VersionError, did_you_mean
from foretaste.online.list_changes import VersionLists
from foretaste.serve.service import Service

log = logging.getLogger("foretaste.serve")

KEEP_SECONDS = 600.0
"""Seconds after which a version that nobody compares any more is let go."""
MEASURE_SECONDS = 1800.0
"""Seconds that a measurement of the data may take."""


@dataclass
class _Compared:
    identity: tuple[int, str, int]
    """Which workspace as it is open now, which version, how many erasures it knows of."""
    lists: VersionLists


@dataclass
class DataMeasurement:
    """The data-quality report of a workspace."""

    state: Literal["measuring", "ready", "failed"]
    position: tuple[int, int]
    """Of the store when it was begun: (newest event, newest revision of an item)."""
    measured_at: float = 0.0
    report: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


class OperatorDesk:
    """Shared by all requests of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._comparing = threading.Lock()  # held while a version is loaded
        self._compared: _Compared | None = None
        self._timer: threading.Timer | None = None
        self._measurements: dict[Path, DataMeasurement] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._measuring = threading.Lock()
        self._is_closed = False

    def version_lists(self, service: Service, version: str) -> VersionLists:
        """What makes lists by a version. Raises ModelError where it cannot be loaded, VersionError
        where there is none of it.
        """
        workspace = service.workspace
        snapshot = workspace.manager.snapshot
        if snapshot is not None and snapshot.version == version:
            return VersionLists(workspace, workspace.slates, snapshot)
        names = [known_version.name for known_version in workspace.models.versions()]
        if workspace.models.current_name(version) not in names:
            raise VersionError(f"no model version '{version}'; {did_you_mean(version, names)}")
        with self._comparing:
            compared = self._compared
            erasures = workspace.store.erasure_count()  # somebody erased is not in it any more
            if compared is None or compared.identity != (id(workspace), version, erasures):
                self._compared = compared = None  # before another is in memory as well
                lists = VersionLists(
                    workspace,
                    workspace.slate_builder(workspace.store),
                    workspace.at_snapshot(version),
                )
                compared = _Compared((id(workspace), version, erasures), lists)
            compared.lists = replace(
                compared.lists, snapshot=compared.lists.snapshot.caught_up(workspace.store)
            )
            self._compared = compared
            self._let_go_later()
            return compared.lists

    def _let_go_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(KEEP_SECONDS, self._let_go)
        self._timer.daemon = True
        self._timer.start()

    def _let_go(self) -> None:
        with self._comparing:
            self._compared = None

    def quality(self, service: Service, *, is_renewed: bool = False) -> DataMeasurement:
        """The newest measurement of the data; begun, if there is none.

        is_renewed: measure anew if the data have changed since.
        """
        workspace = service.workspace
        position = workspace.store.log_position()
        with self._lock:
            measurement = self._measurements.get(workspace.folder)
            is_due = measurement is None or (
                is_renewed and measurement.state != "measuring" and measurement.position != position
            )
            if measurement is None or is_due:
                measurement = DataMeasurement("measuring", position)
                self._measurements[workspace.folder] = measurement
                threading.Thread(
                    target=self._measure,
                    args=(workspace.folder, measurement, service.now),
                    name="measure-data",
                    daemon=True,
                ).start()
            return measurement

    def close(self) -> None:
        """End what is under way."""
        with self._lock:
            self._is_closed, self._compared = True, None
            if self._timer is not None:
                self._timer.cancel()
            if self._process is not None:
                self._process.kill()

    def _measure(self, folder: Path, measurement: DataMeasurement, now: Any) -> None:
        try:
            with self._measuring:
                output = self._run(folder)
            measurement.report = json.loads(output)
            measurement.measured_at, measurement.state = now(), "ready"
        except (ModelError, OSError, ValueError, subprocess.SubprocessError) as error:
            if not self._is_closed:
                log.error("the data could not be measured: %s", error)
            measurement.problem = str(error)
            measurement.measured_at, measurement.state = now(), "failed"

    def _run(self, folder: Path) -> bytes:
        """What the process says; it has the lowest priority, so lists come first."""
        command = [sys.executable, "-m", "foretaste.serve.admin.quality_process", str(folder)]
        with self._lock:
            if self._is_closed:
                raise OSError("the service is being closed")
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        try:
            output, problem = process.communicate(timeout=MEASURE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        finally:
            with self._lock:
                self._process = None
        if process.returncode:
            lines = problem.decode("utf-8", "replace").strip().splitlines() or ["it was stopped"]
            raise OSError(lines[-1])
        return output
