"""Nothing in; what this machine is out, to be printed beside every figure measured on it."""

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from foretaste.domain.cores import core_count

Description = dict[str, str | int | dict[str, str] | None]

RESULTS_FOLDER = "benchmarks/results"
"""What benches write."""
LIBRARIES = ("foretaste", "numpy", "scipy", "pandas", "torch", "transformers")


def describe_machine(folder: Path, libraries: Sequence[str] = LIBRARIES) -> Description:
    """cpu, cores (that this process may use), memory_gb, system, python, libraries, commit.

    folder: whose git commit is meant; None outside a repository or without git, and with a
    `+` at its end where files are changed.
    """
    return {
        "cpu": _cpu(),
        "cores": core_count(),
        "memory_gb": _memory(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "libraries": _versions(libraries),
        "commit": checked_out_commit(folder),
    }


def _cpu() -> str:
    """The model of the processor, as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _memory() -> int | None:
    """In GB, rounded; None where the system does not say."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)
    except (AttributeError, OSError, ValueError):
        return None


def _versions(libraries: Sequence[str]) -> dict[str, str]:
    """Of those installed; read from their metadata, so nothing heavy is imported."""
    version_by_library = {}
    for name in libraries:
        try:
            version_by_library[name] = version(name)
        except PackageNotFoundError:
            continue
    return version_by_library


def checked_out_commit(folder: Path) -> str | None:
    """The commit checked out in `folder`, short, with a `+` where tracked files are changed."""
    head = _git(folder, "rev-parse", "--short=12", "HEAD")
    if head is None:
        return None
    # a bench writes its results while it runs: they do not change what was measured
    changed = _git(
        folder, "status", "--porcelain", "--untracked-files=no", "--", ".", f":!{RESULTS_FOLDER}"
    )
    return head + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        completed = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return completed.stdout.strip()
