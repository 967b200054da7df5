"""The votes of hosts in, whether a version is live out."""

import json
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.model.share_state import (
    HostReport,
    Proposal,
    ShareRule,
    ShareState,
    verdict_of,
)

NOW = 1_800_000_000.0


def reports(votes: str, silent: str = "") -> dict[str, HostReport]:
    """A letter a host: r can load it, f cannot, - has not said. silent: hosts without a sign."""
    hosts = {}
    for number, vote in enumerate(votes):
        name = f"web-{number}"
        hosts[name] = HostReport(
            name,
            NOW - (60.0 if str(number) in silent else 1.0),
            voted_on="new" if vote in "rf" else "old",
            problem="no memory" if vote == "f" else None,
        )
    return hosts


@pytest.mark.parametrize(
    ("rule", "votes", "verdict", "late_verdict"),
    [
        ("all", "rrr", "taken", "taken"),
        ("all", "rr-", None, "refused"),
        ("all", "rf-", "refused", "refused"),
        ("most", "rr-", "taken", "taken"),
        ("most", "rf-", None, "refused"),
        ("most", "rf", "refused", "refused"),
        ("most", "rrff", "refused", "refused"),
        ("any", "rff", "taken", "taken"),
        ("any", "r-f", None, "taken"),
        ("any", "fff", "refused", "refused"),
        ("any", "---", None, "refused"),
    ],
)
def test_the_rules(
    rule: ShareRule, votes: str, verdict: str | None, late_verdict: str | None
) -> None:
    proposal = Proposal("new", NOW - 10, NOW + 50)
    names = {None: None, "": "taken"}
    for now, expected in ((NOW, verdict), (NOW + 50, late_verdict)):
        hosts = {
            name: HostReport(name, now, voted_on=report.voted_on, problem=report.problem)
            for name, report in reports(votes).items()
        }
        found = verdict_of(proposal, hosts, rule, now)
        assert names.get(found, "refused") == expected, found


def test_a_host_that_is_silent_is_not_waited_for() -> None:
    proposal = Proposal("new", NOW - 10, NOW + 50)
    assert verdict_of(proposal, reports("rr-"), "all", NOW) is None
    assert verdict_of(proposal, reports("rr-", silent="2"), "all", NOW) == ""
    assert verdict_of(proposal, reports("rrf", silent="2"), "all", NOW) == ""


def test_why_it_is_refused() -> None:
    proposal = Proposal("new", NOW - 70, NOW)
    assert verdict_of(proposal, reports("rf-"), "all", NOW) == (
        "web-1: no memory; web-2 has not said whether it can load it"
    )


def test_the_state_is_kept_and_changed_by_one_at_a_time(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "behaviour.db") as store:
        assert ShareState.load(store) == ShareState()
        reads = []

        def promote(state: ShareState) -> ShareState:
            reads.append(state.live)
            if len(reads) == 1:  # another host is faster
                ShareState.update(store, lambda state: state.with_live("b"))
            return state.with_live("c")

        ShareState.update(store, lambda state: state.with_live("a"))
        state = ShareState.update(store, promote)
        assert (reads, state.live, state.live_before) == (["a", "b"], "c", ("a", "b"))
        state = ShareState.update(store, lambda state: state.with_withdrawn("b", "b2"))
        assert (state.live_before, state.withdrawn) == (("a", "b2"), ("b",))
        assert ShareState.load(store) == state
        store.put_meta_text("model-share:web-9", json.dumps({"of another": "version"}))
        assert HostReport.load(store, "web-9") is None
