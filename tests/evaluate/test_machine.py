import json
import os
import re
import subprocess
import sys
from pathlib import Path

from foretaste.evaluate.machine import checked_out_commit, describe_machine


def test_it_says_what_a_reader_of_a_figure_needs(tmp_path: Path) -> None:
    said = describe_machine(tmp_path, ["numpy", "no-such-library"])
    assert said["cpu"]
    assert isinstance(said["cores"], int)
    assert said["cores"] >= 1
    assert said["python"] == ".".join(map(str, sys.version_info[:3]))
    libraries = said["libraries"]
    assert isinstance(libraries, dict)
    assert list(libraries) == ["numpy"]
    assert said["commit"] is None
    assert json.loads(json.dumps(said)) == said


def git(folder: Path, *words: str) -> None:
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(folder), "PATH": os.environ["PATH"]}
    for role in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{role}_NAME": "ann", f"GIT_{role}_EMAIL": "ann@example.org"}
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, env=who)


def test_the_commit_is_marked_when_files_are_changed(tmp_path: Path) -> None:
    git(tmp_path, "init")
    assert checked_out_commit(tmp_path) is None, "no commit yet"
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-m", "a")
    clean = checked_out_commit(tmp_path)
    assert clean is not None
    assert re.fullmatch("[0-9a-f]{12}", clean)
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    (results / "quality.json").write_text("1")
    git(tmp_path, "add", "benchmarks")
    git(tmp_path, "commit", "-m", "results")
    clean = checked_out_commit(tmp_path)
    (results / "quality.json").write_text("2")
    assert checked_out_commit(tmp_path) == clean, "what a bench writes is not what it measured"
    (tmp_path / "a").write_text("2")
    assert checked_out_commit(tmp_path) == f"{clean}+"
