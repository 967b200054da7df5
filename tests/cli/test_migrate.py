"""`foretaste migrate`, as typed."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from foretaste.behaviour.schema import HEAD_REVISION
from foretaste.cli import main as cli


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.app, ["migrate", *words, "--workspace", str(folder)])


def test_it_says_what_became_of_the_tables(tmp_path: Path) -> None:
    (tmp_path / "foretaste.toml").write_text("")
    assert f"made the tables, revision {HEAD_REVISION}" in run(tmp_path).stdout
    assert f"have revision {HEAD_REVISION} already" in run(tmp_path).stdout
    report = json.loads(run(tmp_path, "--json").stdout)
    assert report == {
        "tenants": [{"tenant": "default", "old_revision": HEAD_REVISION, "revision": HEAD_REVISION}]
    }


def test_a_mistyped_folder_gets_no_store(tmp_path: Path) -> None:
    assert "is no workspace" in run(tmp_path).stderr
    assert list(tmp_path.iterdir()) == []
