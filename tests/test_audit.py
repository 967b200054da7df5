"""What `make audit` says of what pip-audit found, or did not get to see."""

from typing import Any

from tools.audit import verdict

FLAW = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}


def package(name: str, *flaws: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": list(flaws)}


def skipped(name: str) -> dict[str, Any]:
    return {"name": name, "skip_reason": "not found"}


def test_a_vulnerability_fails_the_check_and_says_what_to_do() -> None:
    code, told = verdict({"dependencies": [package("a"), package("b", FLAW)]}, "")
    assert code == 1
    assert "b 1.0: PYSEC-1, mended in 2.0" in told


def test_nothing_found() -> None:
    code, told = verdict({"dependencies": [package("a")]}, "")
    assert (code, told) == (
        0,
        "audited 1 of 1 packages of the lock; no known vulnerabilities in those audited",
    )


def test_no_answer_is_no_failure_and_no_comfort() -> None:
    code, told = verdict(None, "connection refused")
    assert code == 0
    assert told.startswith("NOT AUDITED")
    assert "connection refused" in told


def test_packages_that_the_service_has_not_got_are_not_called_safe() -> None:
    code, told = verdict({"dependencies": [skipped("a"), skipped("b")]}, "")
    assert code == 0
    assert "audited 0 of 2" in told
    assert "NOT AUDITED: 2" in told
    assert "no known" not in told
