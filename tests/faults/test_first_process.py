"""As the first process of a container it ends when it is told to, whatever it is doing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

UNSHARE = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"]
PROGRAM = "from foretaste.cli.main import main; main()"


def can_unshare() -> bool:
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


pytestmark = pytest.mark.skipif(not can_unshare(), reason="no namespaces of processes here")


def test_it_ends_at_a_signal_before_anything_is_loaded(tmp_path: Path) -> None:
    settings = tmp_path / "foretaste.toml"
    os.mkfifo(settings)  # whoever reads it waits for whoever writes it
    command = [*UNSHARE, sys.executable, "-c", PROGRAM, "serve", "--workspace", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as outer:
        try:
            with settings.open("w"):  # it is at its settings now
                children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text()
                os.kill(int(children), signal.SIGTERM)
                assert outer.wait(timeout=30) == 128 + signal.SIGTERM
        finally:
            outer.kill()
