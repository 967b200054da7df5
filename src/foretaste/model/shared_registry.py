"""The versions of a host that shares its models with others: published to a common place, fetched
from there, and live on all hosts or on none.

A version is proposed by whoever promotes it. Each host fetches it into its own folder, loads it
once beside the one that answers, and says whether it can. When the rule is met it is live, and each
host follows within a second or two (`follow`, which the service calls all the time).
"""

import fcntl
import logging
import os
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from foretaste.domain.store import FactStore
from foretaste.errors import ForetasteError, ModelError, VersionError
from foretaste.model.artefacts import PARTIAL_SUFFIX, ModelRegistry
from foretaste.model.canary import Canary
from foretaste.model.settings import ModelSettings
from foretaste.model.share_state import (
    FORGET_SECONDS,
    HostReport,
    Proposal,
    ShareDecision,
    ShareState,
)
from foretaste.model.share_storage import ShareStorage

log = logging.getLogger(__name__)

REPORT_SECONDS = 5.0
"""Between two signs of life."""
RETRY_SECONDS = 30.0
"""After which a host tries again to load what it could not."""
POLL_SECONDS = 0.2
FOLLOW_LOCK_FILE = ".following.lock"
FETCHED_FILE = ".fetched"
"""Beside the files of a version that came from the common place."""

TryLoading = Callable[[str], object]
"""Loads a version of this host's folder. Raises ForetasteError where it cannot."""


class SharedModelRegistry(ModelRegistry):
    """The folder of versions of one host among several."""

    def __init__(
        self,
        folder: Path,
        store: FactStore,
        settings: ModelSettings,
        try_loading: TryLoading,
        *,
        host: str | None = None,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """store: that of all hosts. Raises InputError where the place is none."""
        super().__init__(folder)
        self._store, self._settings, self._try_loading = store, settings, try_loading
        self._clock, self._wait = clock, wait
        self._storage = ShareStorage(settings.share or "")
        self.host = host or f"{socket.gethostname()}:{folder.parent}"
        self._retry_at = 0.0
        self._kept_state: ShareState | None = None  # whose versions are here
        self._keep_again_at = float("inf")  # some could not be fetched

    # Told to all hosts

    def promote(self, name: str) -> None:
        """Have all hosts load a version, and make it live on all, by the rule.

        Raises VersionError where there is none of that name, ModelError where hosts cannot load it
        and the rule says that it is live nowhere then, or another is being promoted.
        """
        name = self.current_name(name)
        if name not in [version.name for version in self.versions()]:
            super().promote(name)  # says what is wrong with it
        self._storage.publish(self.folder / name)
        now = self._clock()
        proposal = Proposal(name, now, now + self._settings.share_seconds)

        def propose(state: ShareState) -> ShareState:
            other = state.proposal
            if other is not None and other.version != name and now < other.until + REPORT_SECONDS:
                raise ModelError(f"model {other.version} is being promoted; wait for it to end")
            withdrawn = tuple(other for other in state.withdrawn if other != name)
            return replace(state, proposal=proposal, decision=None, withdrawn=withdrawn)

        ShareState.update(self._store, propose)
        self._vote(name)
        decision = self._decision(proposal)
        if decision.problem is not None:
            raise ModelError(f"model {name} is live nowhere: {decision.problem}")
        super().promote(name)
        self._report(live=name)
        self._prune_storage()

    def rollback(self) -> str:
        """Make the version before live again, on all hosts. → its name."""
        names_before = ShareState.load(self._store).live_before
        if not names_before:
            raise VersionError("there is no earlier model version to roll back to")
        self._fetch(names_before[-1])

        def roll_back(state: ShareState) -> ShareState:
            if state.live_before != names_before:
                raise ModelError("another version was promoted this moment; look again")
            return replace(state, live=names_before[-1], live_before=names_before[:-1])

        ShareState.update(self._store, roll_back)
        super().promote(names_before[-1])
        self._report(live=names_before[-1])
        return names_before[-1]

    def set_canary(self, canary: Canary | None) -> None:
        """Also on all other hosts, each of which answers with it where it can load it."""
        super().set_canary(canary)
        if canary is not None:
            self._storage.publish(self.folder / canary.version)
        ShareState.update(self._store, partial(replace, canary=canary))

    def _replace(self, old_name: str, new_name: str) -> str:
        """Also on all other hosts: the old one may hold what somebody had erased."""
        successor = super()._replace(old_name, new_name)
        is_shared = old_name in ShareState.load(self._store).versions
        if is_shared and successor != old_name:
            self._storage.publish(self.folder / successor)
            ShareState.update(self._store, lambda state: state.with_withdrawn(old_name, successor))
            self._storage.delete(old_name)
        return successor

    def delete_older(self, at: float) -> None:
        """Also on all other hosts, and at the common place."""
        super().delete_older(at)
        state = ShareState.load(self._store)
        for name in state.versions - {state.live}:
            if not (self.folder / name).is_dir():
                self._storage.delete(name)
                ShareState.update(self._store, partial(ShareState.without, version=name))

    # Heard from others

    def follow(self) -> None:
        """Do what the hosts have agreed on, and say whether this one can load what is proposed. One
        process of a host does at a time.
        """
        with self._following() as is_first:
            if not is_first:
                return
            self._give_sign()
            state = ShareState.load(self._store)
            if state.proposal is not None:
                if self._own_report().voted_on != state.proposal.version:
                    self._vote(state.proposal.version)
                state = self._decide()
            self._take_over(state)

    def host_problems(self) -> list[str]:
        state, now = ShareState.load(self._store), self._clock()
        problems = [text for report in self._reports() if (text := report.problem_text(state, now))]
        if state.decision is not None and state.decision.problem is not None:
            refused = state.decision
            problems.append(f"model {refused.version} is live nowhere: {refused.problem}")
        return problems

    def host_counts(self) -> dict[str, int]:
        state, now = ShareState.load(self._store), self._clock()
        return dict(Counter(report.condition(state, now) for report in self._reports()))

    def _reports(self) -> list[HostReport]:
        """What each host says, this one too, by name."""
        names = ShareState.load(self._store).hosts
        reports = [HostReport.load(self._store, name) for name in names]
        return [report for report in reports if report is not None]

    def _vote(self, name: str) -> bool:
        """Say whether this host can load a version. → whether it can."""
        problem = None
        try:
            self._fetch(name)
            self._try_loading(name)
        except ForetasteError as error:
            problem = str(error)
        except Exception as error:  # such as memory that does not suffice
            log.exception("while loading model %s", name)
            problem = f"{type(error).__name__}: {error}"
        if problem is not None:
            log.error("model %s cannot answer here: %s", name, problem)
        self._report(voted_on=name, problem=problem)
        return problem is None

    def _decision(self, proposal: Proposal) -> ShareDecision:
        """Wait for what comes of it."""
        while (state := self._decide()).proposal == proposal:
            self._wait(POLL_SECONDS)
            self._give_sign()
        decision = state.decision
        if decision is None or decision.version != proposal.version:
            raise ModelError("another version was proposed meanwhile; look at what is live")
        return decision

    def _decide(self) -> ShareState:
        reports = {report.name: report for report in self._reports()}
        rule, now = self._settings.share_rule, self._clock()
        return ShareState.update(self._store, lambda state: state.decided(reports, rule, now))

    def _take_over(self, state: ShareState) -> None:
        """Make what is live for all live here, and keep the same versions as all."""
        live, report = state.live, self._own_report()
        if live == self.live_name():
            if report.live != live:
                self._report(live=live)
        elif live is not None and self._clock() >= self._retry_at:
            is_ready = report.voted_on == live and report.problem is None
            if is_ready or self._vote(live):
                super().promote(live)
                self._report(live=live)
            else:
                self._retry_at = self._clock() + RETRY_SECONDS
        if state != self._kept_state or self._clock() >= self._keep_again_at:
            self._keep_versions(state)

    def _keep_versions(self, state: ShareState) -> None:
        """Have those that were live before, so that an erasure on any host finds all of them; and
        delete what was fetched and is none of them, or may not be kept.
        """
        self._kept_state, self._keep_again_at = state, float("inf")
        names = {*state.live_before, *([state.canary.version] if state.canary else [])}
        try:
            for name in sorted(names):
                self._fetch(name)
            if self.canary() != state.canary:
                super().set_canary(state.canary)
        except ModelError as error:
            self._keep_again_at = self._clock() + RETRY_SECONDS
            log.warning("%s", error)
        fetched_names = {path.parent.name for path in self.folder.glob(f"[!.]*/{FETCHED_FILE}")}
        for name in {*state.withdrawn, *(fetched_names - state.versions)} - {self.live_name()}:
            if (self.folder / name).is_dir():
                with self._versions_lock():
                    self._delete(name)

    def _fetch(self, name: str) -> None:
        """Into the folder of versions, in one step, unless it is there."""
        if (self.folder / name).is_dir():
            return
        partial_path = self.folder / f".{name}{PARTIAL_SUFFIX}"  # a next attempt goes on in it
        self._storage.fetch(name, partial_path)
        (partial_path / FETCHED_FILE).touch()
        with self._versions_lock():
            if not (self.folder / name).exists():
                os.replace(partial_path, self.folder / name)
        shutil.rmtree(partial_path, ignore_errors=True)

    def _own_report(self) -> HostReport:
        report = HostReport.load(self._store, self.host)
        return report or HostReport(self.host, 0.0, self.live_name())

    def _give_sign(self) -> None:
        if self._clock() - self._own_report().at >= REPORT_SECONDS:
            self._report()

    def _report(self, **changes: Any) -> None:
        """Say it of this host, and that it is there."""
        now = self._clock()
        replace(self._own_report(), at=now, **changes).save(self._store)
        if self.host in ShareState.load(self._store).hosts:
            return

        def with_this_host(state: ShareState) -> ShareState:
            hosts = {report.name for report in self._reports() if now - report.at < FORGET_SECONDS}
            return replace(state, hosts=tuple(sorted(hosts | {self.host})))

        ShareState.update(self._store, with_this_host)

    def _prune_storage(self) -> None:
        """Delete the oldest that were live before, beyond those that are kept."""
        names = ShareState.load(self._store).live_before
        old_names = names[: max(len(names) - max(self._settings.max_versions, 1), 0)]
        try:
            for name in old_names:
                self._storage.delete(name)
        except ModelError as error:  # the next promotion tries again
            log.warning("%s", error)
        else:
            ShareState.update(self._store, lambda state: state.without_older(old_names))

    @contextmanager
    def _following(self) -> Iterator[bool]:
        """→ whether this process is the one that follows now."""
        self.folder.mkdir(0o750, parents=True, exist_ok=True)
        with (self.folder / FOLLOW_LOCK_FILE).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)


def open_registry(
    folder: Path, store: FactStore, settings: ModelSettings, try_loading: TryLoading
) -> ModelRegistry:
    """The versions of a workspace, shared with other hosts where the settings say so."""
    if settings.share is None:
        return ModelRegistry(folder)
    return SharedModelRegistry(folder, store, settings, try_loading)
