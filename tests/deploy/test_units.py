"""The units of systemd: taken by it, closed, and with commands that there are."""

import re
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from .test_image import parses

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"), key=lambda path: path.stem)
PROGRAM = "/opt/foretaste/.venv/bin/foretaste"
HARDENING = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "StateDirectory": "foretaste",
    "User": "foretaste",
}


def section(path: Path, name: str = "Service") -> dict[str, str]:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys as they are written
    parser.read(path)
    return dict(parser[name])


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_a_service_is_closed_and_runs_a_command_of_ours(path: Path) -> None:
    settings = section(path)
    assert settings.items() >= HARDENING.items()
    words = re.search(rf"{PROGRAM} ([^'\n]*)", settings["ExecStart"])
    assert words is not None
    parses(shlex.split(words[1]))


def test_there_is_a_timer_for_the_backup() -> None:
    names = ["foretaste", "foretaste-backup", "foretaste-consume@", "foretaste-worker"]
    assert [path.stem for path in SERVICES] == names
    assert section(UNITS / "foretaste-backup.timer", "Timer")["Persistent"] == "true"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_systemd_takes_them(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        text = path.read_text().replace(PROGRAM, "/bin/true")  # which must be there to be taken
        (tmp_path / path.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
