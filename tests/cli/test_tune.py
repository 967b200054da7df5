"""`foretaste tune`, as typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from foretaste.cli.main import app
from foretaste.config.load import load_config

SMOOTHING = "model.transition.smoothing"


@pytest.fixture
def folder(trained: Path) -> Path:
    """A workspace whose lists are much better with other settings."""
    with (trained / "foretaste.toml").open("a") as settings:
        settings.write('[model]\nexperts = ["transition"]\n[model.transition]\nsmoothing = 1e6\n')
    return trained


def run(folder: Path, *words: str) -> Result:
    arguments = ["tune", *words, "--setting", f"{SMOOTHING}=1..1000000", "--seeds", "1"]
    return CliRunner().invoke(app, [*arguments, "--workspace", str(folder)])


def test_what_is_better_is_said_and_written_where_it_is_wanted(folder: Path) -> None:
    result = run(folder, "--trials", "3")
    assert result.exit_code == 0, result.stderr
    assert "as they are" in result.stdout
    assert "The new set is better by" in result.stdout
    assert f"{SMOOTHING} = " in result.stdout
    assert load_config(folder).model.transition.smoothing == 1e6

    written = run(folder, "--trials", "3", "--write", "--json")
    summary = json.loads(written.stdout)
    assert summary["written"] is True
    assert len(summary["trials"]) == 4
    best = summary["settings"][SMOOTHING]
    assert load_config(folder).model.transition.smoothing == best < 1e4

    worse = run(folder, "--trials", "1", "--write")  # from where it is now
    assert "nothing is written" in worse.stderr
    assert load_config(folder).model.transition.smoothing == best


def test_what_is_wrong_is_one_line(folder: Path) -> None:
    for words, problem in (
        (("--setting", "rank.n=1,2"), "cannot be searched"),
        (("--ray", "auto", "--processes", "2"), "exclude each other"),
        (("--trials", "0"), "--trials 0"),
        (("--setting", f"{SMOOTHING}=1,2"), "given twice"),
    ):
        result = run(folder, *words)
        assert result.exit_code == 2
        assert result.stderr.startswith("error: ")
        assert problem in result.stderr
