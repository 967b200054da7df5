"""Real processes and a real disk that faults can be made on."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Disk = Callable[[str], Path]

WORKER = """
[worker]
after_events = 20
min_compared_events = 20
tolerance = 10.0
lease_seconds = 1.0
nice = 1
"""


@pytest.fixture(scope="session")
def _made(served_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(served_workspace, tmp_path_factory.mktemp("faults") / "made"))
    with (folder / "foretaste.toml").open("a") as file:
        file.write(WORKER)
    return folder


@pytest.fixture
def workspace(_made: Path, tmp_path: Path) -> Path:
    """A trained workspace of one's own: 24 items, 200 events of 40 people."""
    return Path(shutil.copytree(_made, tmp_path / "workspace"))


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small disk of one's own in memory, by its size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted: list[Path] = []

    def made(size: str) -> Path:
        _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
        mounted.append(folder)
        return folder

    yield made
    for one in mounted:
        subprocess.run(["umount", "--lazy", str(one)], check=True)


@pytest.fixture
def bound(workspace: Path, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """The workspace seen in another place, where it may be only read ("ro") or written ("rw")."""
    folder = tmp_path / "bound"
    folder.mkdir()
    mounted: list[Path] = []

    def seen(how: str) -> Path:
        if not mounted:
            _mount("--bind", str(workspace), str(folder))
            mounted.append(folder)
        _mount("-o", f"remount,bind,{how}", str(folder))
        return folder

    yield seen
    for one in mounted:
        subprocess.run(["umount", "--lazy", str(one)], check=True)
