"""What hosts that share their models tell one another, as facts in their common store: which
version is live, which is proposed, and whether each host can load it.

Whoever changes the common state swaps the text that it has read for another, so that of two who
decide at once one does.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from foretaste.domain.store import FactStore
from foretaste.model.canary import Canary

STATE_FACT = "model-share"
HOST_PREFIX = "model-share:"
"""Before the name of a host: what it says."""
SILENT_SECONDS = 20.0
"""Without a sign of life, after which a host is not waited for."""
FORGET_SECONDS = 86_400.0
"""After which it is not told of any more."""
MAX_WITHDRAWN_NAMES = 200

ShareRule = Literal["all", "most", "any"]


@dataclass(frozen=True, slots=True)
class HostReport:
    """What one host says of itself."""

    name: str
    at: float
    """Its last sign of life, seconds since 1970."""
    live: str | None = None
    """The version that it was told to answer with, and has."""
    voted_on: str | None = None
    """The version that it has tried to load last."""
    problem: str | None = None
    """Why it cannot load the one that was proposed, or fetch the one that is live."""

    def is_silent(self, now: float) -> bool:
        """now: seconds since 1970."""
        return now - self.at > SILENT_SECONDS

    def condition(self, state: "ShareState", now: float) -> str:
        """silent, failing, current or behind. now: seconds since 1970."""
        if self.is_silent(now):
            return "silent"
        asked_for = {state.live, state.proposal and state.proposal.version}
        if self.problem is not None and self.voted_on in asked_for:
            return "failing"  # of one that was refused the decision says so
        return "current" if self.live == state.live else "behind"

    def problem_text(self, state: "ShareState", now: float) -> str | None:
        """What it cannot do, in a sentence; None where all is well."""
        condition = self.condition(state, now)
        if condition == "failing":
            return f"{self.name} cannot load model {self.voted_on}: {self.problem}"
        if condition == "behind":
            return f"{self.name} answers with model {self.live}, and {state.live} is live"
        return None  # one that is silent was stopped, or says so by its own health

    def save(self, store: FactStore) -> None:
        """In place of what it said before."""
        store.put_meta_text(f"{HOST_PREFIX}{self.name}", json.dumps(asdict(self)))

    @classmethod
    def load(cls, store: FactStore, name: str) -> "HostReport | None":
        """None where it has said nothing, or another version of Foretaste wrote it."""
        try:
            return cls(**json.loads(store.meta_text(f"{HOST_PREFIX}{name}") or ""))
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version that is to be live, if the hosts can load it."""

    version: str
    at: float
    """Seconds since 1970."""
    until: float
    """When it is decided by the votes there are."""


@dataclass(frozen=True, slots=True)
class ShareDecision:
    """What the last proposal came to."""

    version: str
    at: float
    problem: str | None = None
    """Why it is live nowhere; None where it is."""


@dataclass(frozen=True, slots=True)
class ShareState:
    """What all hosts have in common."""

    live: str | None = None
    live_before: tuple[str, ...] = ()
    """Those that were live before, the last last."""
    proposal: Proposal | None = None
    decision: ShareDecision | None = None
    canary: Canary | None = None
    """The version that is tried on some people."""
    withdrawn: tuple[str, ...] = ()
    """Versions that no host may keep: others are in their place."""
    hosts: tuple[str, ...] = ()
    """All that were ever there, but for those that are long gone."""

    @classmethod
    def load(cls, store: FactStore) -> "ShareState":
        """As it is now."""
        return cls._of(store.meta_text(STATE_FACT))

    @classmethod
    def update(
        cls, store: FactStore, change: Callable[["ShareState"], "ShareState"]
    ) -> "ShareState":
        """Change it, whatever others change meanwhile. → as it is then."""
        while True:
            text = store.meta_text(STATE_FACT)
            state = cls._of(text)
            changed = change(state)
            if changed == state:
                return state
            if store.swap_meta_text(STATE_FACT, text, json.dumps(asdict(changed))):
                return changed

    @classmethod
    def _of(cls, text: str | None) -> "ShareState":
        fields: dict[str, Any] = {} if text is None else json.loads(text)
        for name, kind in (
            ("proposal", Proposal),
            ("decision", ShareDecision),
            ("canary", Canary),
        ):
            if fields.get(name) is not None:
                fields[name] = kind(**fields[name])
        for name in ("live_before", "withdrawn", "hosts"):
            fields[name] = tuple(fields.get(name, ()))
        return cls(**fields)

    @property
    def versions(self) -> frozenset[str]:
        """All that hosts are to have."""
        tried = [part.version for part in (self.canary, self.proposal) if part is not None]
        return frozenset([*tried, *self.live_before, *([self.live] if self.live else [])])

    def with_live(self, version: str) -> "ShareState":
        """With another version live."""
        is_canary = self.canary is not None and self.canary.version == version
        canary = None if is_canary else self.canary
        if version == self.live:
            return replace(self, canary=canary)
        names_before = [name for name in self.live_before if name != version]
        if self.live is not None:
            names_before.append(self.live)
        return replace(self, live=version, live_before=tuple(names_before), canary=canary)

    def without_older(self, names: Collection[str]) -> "ShareState":
        """Without some that were live before."""
        kept_names = tuple(name for name in self.live_before if name not in names)
        return replace(self, live_before=kept_names)

    def without(self, version: str) -> "ShareState":
        """With one that was live before, or is the canary, withdrawn."""
        names_before = tuple(name for name in self.live_before if name != version)
        is_canary = self.canary is not None and self.canary.version == version
        canary = None if is_canary else self.canary
        withdrawn = (*self.withdrawn, version)[-MAX_WITHDRAWN_NAMES:]
        return replace(self, live_before=names_before, canary=canary, withdrawn=withdrawn)

    def with_withdrawn(self, version: str, successor: str) -> "ShareState":
        """With one version in the place of another."""
        names_before = tuple(successor if name == version else name for name in self.live_before)
        live, canary = successor if self.live == version else self.live, self.canary
        if canary is not None and canary.version == version:
            canary = replace(canary, version=successor)
        withdrawn = (*self.withdrawn, version)[-MAX_WITHDRAWN_NAMES:]
        state = replace(self, live=live, live_before=names_before)
        return replace(state, canary=canary, withdrawn=withdrawn)

    def decided(
        self, reports: Mapping[str, HostReport], rule: ShareRule, now: float
    ) -> "ShareState":
        """With the proposal taken or refused, where that can be told yet. reports: of the hosts."""
        proposal = self.proposal
        if proposal is None:
            return self
        verdict = verdict_of(proposal, reports, rule, now)
        if verdict is None:
            return self
        decision = ShareDecision(proposal.version, now, verdict or None)
        state = replace(self, proposal=None, decision=decision)
        return state if verdict else state.with_live(proposal.version)


def verdict_of(
    proposal: Proposal, reports: Mapping[str, HostReport], rule: ShareRule, now: float
) -> str | None:
    """Why a proposal is refused, empty where it is taken; None while that cannot be told.

    A host that is silent is not waited for. One that has not said by the end whether it can load
    the version counts as one that cannot.
    """
    voters = [report for report in reports.values() if not report.is_silent(now)]
    votes = [report for report in voters if report.voted_on == proposal.version]
    failing_reports = [report for report in votes if report.problem is not None]
    ready_count, failing_count = len(votes) - len(failing_reports), len(failing_reports)
    if rule == "all":
        is_taken, is_refused = ready_count == len(voters), failing_count > 0
    elif rule == "most":
        half = len(voters) / 2
        is_taken, is_refused = ready_count > half, failing_count >= half
    else:
        is_complete = len(votes) == len(voters) or now >= proposal.until
        is_taken, is_refused = is_complete, failing_count == len(voters)
    if is_taken and ready_count:
        return ""
    if is_refused or now >= proposal.until:
        problems = [f"{report.name}: {report.problem}" for report in failing_reports]
        problems += [
            f"{report.name} has not said whether it can load it"
            for report in voters
            if report not in votes
        ]
        return "; ".join(problems) or "no host has tried to load it"
    return None
