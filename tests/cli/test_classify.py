"""`foretaste classify` as people type it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from foretaste.cli.classify import cell_parts
from foretaste.cli.main import app
from model.backbones import made

WORDS = ("river stone", "lunar rocket", "garden rose", "jazz piano")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wide table, one row of it without a click."""
    rows: list[dict[str, Any]] = [
        {
            "user": f"u{n}",
            "search_history": [f"{WORDS[n % 4]} {n % 7}", WORDS[n % 4]],
            "clicks": [f"{WORDS[n % 4].split()[0]}"],
            "bought": f"box of {WORDS[n % 4]}",
        }
        for n in range(48)
    ]
    rows[5]["clicks"] = []
    path = tmp_path_factory.mktemp("wide") / "people.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    backbone = made("bert", folder)
    (folder / "foretaste.toml").write_text(
        f'[model.classifier]\nbackbone = "{backbone}"\nepochs = 5\nbatch_size = 8\n'
        'learning_rate = 2e-3\nhead_rate = 1e-2\ndevice = "cpu"\n'
    )
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["classify", *map(str, words)])


def test_one_command_trains_measures_keeps_and_predicts(table: Path, workspace: Path) -> None:
    done = run(table, "-w", workspace, "--predict", table, "--json", "-n", 2)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)

    assert said["measured"]["rows"] == 47
    assert said["measured"]["classes"] == 4
    assert said["measured"]["accuracy_1"] > said["measured"]["frequent_1"]
    assert len(said["rows"]) == 48
    right = [row["items"][0]["id"] == WORDS[n % 4].split()[0] for n, row in enumerate(said["rows"])]
    assert sum(right) > 24
    assert len(said["rows"][0]["items"]) == 2
    assert "'clicks' is empty" in done.stderr


def test_another_column_then_new_rows_by_what_is_kept(
    table: Path, workspace: Path, tmp_path: Path
) -> None:
    trained = run(table, "-w", workspace, "--label", "bought")
    new = tmp_path / "new.csv"
    new.write_text("user,searchHistory\nx,lunar rocket|lunar rocket 3\ny,\n")
    done = run("-w", workspace, "--predict", new)

    assert trained.exit_code == 0, trained.output
    assert "most frequent" in trained.stdout
    assert done.exit_code == 0, done.output
    assert "box of lunar rocket" in " ".join(done.stdout.split())
    assert "1 rows were left out" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing to do; name a FILE"),
        (["{table}", "--label", "clcks"], "no column 'clcks', name one with --label; did you mean"),
        (["{table}", "--history", "queries"], "no column 'queries'"),
        (["--predict", "{table}"], "train one: 'foretaste classify FILE'"),
        (["nowhere.csv"], "is not there"),
    ],
)
def test_errors_are_one_line(table: Path, tmp_path: Path, words: list[str], said: str) -> None:
    done = run("-w", tmp_path, *(word.format(table=table) for word in words))

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("a|b", ("a", "b")),
        ('["a", "b"]', ("a", "b")),
        ([{"query": "a", "at": 3}, {"query": None, "text": "b"}, {"at": 3}], ("a", "b")),
        (31.0, ("31",)),
        (None, ()),
        ([["a"], " "], ()),
    ],
)
def test_cells(cell: object, found: tuple[str, ...]) -> None:
    assert cell_parts(cell, "|", ("query", "text")) == found
