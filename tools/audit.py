"""In: requirements.lock. Out: the known vulnerabilities of what is in it, and exit code 1 if any.

pip-audit asks the advisory service of PyPI. Where that cannot be reached, or does not know the
packages, nothing has been audited: that is said, and is no failure of the check.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"


def verdict(report: dict[str, Any] | None, said: str) -> tuple[int, str]:
    """(exit code, what to print) from pip-audit's report, None where it wrote none."""
    if report is None:
        return 0, f"NOT AUDITED: pip-audit got no answer from the advisory service: {said}"
    packages = report["dependencies"]
    asked = [one for one in packages if "skip_reason" not in one]
    found = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {_mended(flaw)}"
        for one in asked
        for flaw in one["vulns"]
    ]
    told = f"audited {len(asked)} of {len(packages)} packages of the lock"
    if len(asked) < len(packages):
        told += f"; NOT AUDITED: {len(packages) - len(asked)} that the advisory service has not got"
    if found:
        return 1, "\n".join([told, *found])
    return 0, f"{told}; no known vulnerabilities in those audited" if asked else told


def _mended(flaw: dict[str, Any]) -> str:
    return ", ".join(flaw["fix_versions"]) or "no version yet"


def audited(lock: Path) -> tuple[dict[str, Any] | None, str]:
    """(pip-audit's report or None, the last line that it said)."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock)]
        command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "10"]
        command += ["--format", "json", "--output", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return (json.loads(out.read_text()) if out.exists() else None), said


def main(arguments: Sequence[str]) -> int:
    """Audit a lock and say what came of it."""
    code, told = verdict(*audited(Path(arguments[0]) if arguments else LOCK))
    print(told)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
