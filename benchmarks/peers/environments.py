"""Requirements in; a virtual environment that has them out, made once and kept.

Peers cannot share one: RecBole wants NumPy below 2, Foretaste at least 2.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""One thread: CPU seconds then do not depend on how many cores were free."""

UNSET = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


class Failed(Exception):
    """An installation or a run that did not work: what was done, and its last error line."""


@dataclass(frozen=True)
class Environment:
    """What a peer is installed from."""

    name: str
    requirements: tuple[str, ...]
    variables: Mapping[str, str]

    def python(self, folder: Path) -> Path:
        """Its Python, installed if it is not there.

        Raises Failed where the installation fails; what was made stays, so that a repeat is quick.
        """
        home = folder / self.name
        stamp = home / "requirements.txt"
        asked = "\n".join(self.requirements) + "\n"
        python = home / "bin" / "python"
        if stamp.exists() and stamp.read_text() == asked:
            return python
        home.mkdir(parents=True, exist_ok=True)
        log = home / "install.log"
        log.unlink(missing_ok=True)
        call([sys.executable, "-m", "venv", str(home)], log, doing="making the environment")
        pip = [str(python), "-m", "pip", "install", "--quiet", "--progress-bar", "off"]
        index = os.environ.get("TORCH_INDEX")
        torch = [one for one in self.requirements if one.startswith("torch==")]
        if index and torch:  # another build of torch, as in the Makefile
            call([*pip, "--index-url", index, *torch], log, doing="installing torch")
        call([*pip, *self.requirements], log, doing="installing")
        stamp.write_text(asked)
        return python


OWN = Environment("own", (), {})
"""Foretaste's environment, for what is written in NumPy and SciPy alone."""

IMPLICIT = Environment("implicit", ("implicit==0.7.3",), {})

LIGHTFM = Environment("lightfm", ("lightfm-next==1.19.0",), {})

RECTOOLS = Environment(
    "rectools", ("rectools[torch]==0.19.0", "torch==2.13.0", "numpy<2.3", "scikit-learn==1.9.1"), {}
)

RECBOLE = Environment(
    "recbole",
    ("recbole==1.2.1", "torch==2.13.0", "setuptools<81", "numpy<2", "scipy<1.13", "pandas<2.3"),
    {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"},  # its checkpoints hold its own classes
)


def call(
    words: Sequence[str],
    log: Path,
    *,
    doing: str,
    variables: Mapping[str, str] | None = None,
    at: Path | None = None,
) -> None:
    """Run to the end, with what it prints appended to the log.

    at: the folder it works in. Raises Failed where it does not end well.
    """
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    environment = {**kept, **THREADS, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **(variables or {})}
    with log.open("a", encoding="utf-8") as file:
        done = subprocess.run(words, stdout=file, stderr=file, env=environment, cwd=at, check=False)
    if done.returncode == -signal.SIGXCPU:
        raise Failed(f"{doing}: stopped at the limit of CPU seconds, well past the cap")
    if done.returncode:
        raise Failed(f"{doing}: {last_error(log) or f'exit code {done.returncode}'}")


def last_error(log: Path) -> str:
    """The last line that names an error, else the last line; addresses and folders left out."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line]
    errors = [line for line in lines if re.search(r"error|exception|killed", line, re.IGNORECASE)]
    line = (errors or lines or [""])[-1]
    line = re.sub(r"\w+://\S+", "<address>", line)
    return re.sub(r"(?<![\w.])/\S+/", "…/", line)[:300]
