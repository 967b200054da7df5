"""Who may read the files of a workspace: its owner and its group, whatever the shell allows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from faults.nursery import Nursery
from foretaste.loop import Foretaste

COMMANDS = """\
init shop --workspace made
import --items items.csv --events events.csv --workspace made
keys create page --workspace made
tenants create acme --workspace made
backup made.zip --workspace made
restore made.zip --workspace restored
"""
PROGRAM = """\
import os, sys
from foretaste.cli.main import main
umask = int(sys.argv[1], 8)
for line in sys.stdin:
    os.umask(umask)
    sys.argv[1:] = line.split()
    try:
        main()
    except SystemExit as end:
        assert not end.code, (line, end.code)
"""


def forbidden_modes(folder: Path) -> dict[str, str]:
    """Path → mode, of what somebody else on the machine can read or the group can write."""
    return {
        path.relative_to(folder.parent).as_posix(): f"{path.stat().st_mode & 0o777:o}"
        for path in (folder, *folder.rglob("*"))
        if path.stat().st_mode & 0o027
    }


RunCommands = Callable[[str, str], None]


@pytest.fixture
def run_commands(nursery: Nursery, tmp_path: Path) -> RunCommands:
    """Each line as `foretaste` does, in one process with this umask."""

    def run(lines: str, umask: str) -> None:
        done = nursery.run_script(PROGRAM, umask, text=lines, folder=tmp_path)
        assert done.returncode == 0, done.stderr

    return run


def test_no_command_makes_a_file_that_others_may_read(
    run_commands: RunCommands, tmp_path: Path
) -> None:
    (tmp_path / "items.csv").write_text("id,title\na,An item\n")
    (tmp_path / "events.csv").write_text(
        "user,item,event_type,timestamp\nu,a,view,2026-01-01\n,,,\n"
    )
    run_commands(COMMANDS, "000")

    files = {path.name for path in (tmp_path / "made").rglob("*") if path.is_file()}
    assert {"foretaste.toml", "behaviour.db", "keys-required"} <= files
    assert any("rejects" in path.parts for path in (tmp_path / "made").rglob("*.jsonl"))
    assert forbidden_modes(tmp_path / "made") == {}
    assert forbidden_modes(tmp_path / "restored") == {}


def test_a_stricter_shell_is_heard(run_commands: RunCommands, tmp_path: Path) -> None:
    run_commands("init shop --workspace made\n", "077")
    assert (tmp_path / "made" / "foretaste.toml").stat().st_mode & 0o777 == 0o600


def test_a_program_makes_no_folder_that_others_may_enter(trained: Path, tmp_path: Path) -> None:
    folders = [path for path in trained.rglob("*") if path.is_dir()]
    assert {"models", "cache"} <= {path.name for path in folders}
    assert [path for path in folders if path.stat().st_mode & 0o027] == []
    shop = Foretaste.open(tmp_path / "another")
    shop.close()
    assert (tmp_path / "another").stat().st_mode & 0o777 == 0o750
