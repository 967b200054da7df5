"""`foretaste batch`, as typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from foretaste.cli.main import app


def run(folder: Path, *words: str) -> Result:
    arguments = ["batch", *words, "--processes", "1", "--workspace", str(folder)]
    return CliRunner().invoke(app, arguments)


def test_the_lists_of_the_people_in_a_file(trained: Path, tmp_path: Path) -> None:
    people, out = tmp_path / "people.txt", tmp_path / "lists.jsonl"
    people.write_text("u7\nu3\n\nu7\n")
    words = ("--people", str(people), "--out", str(out), "-n", "2", "--reasons")
    result = run(trained, *words, "--filter", '{"genre": "space"}', "--language", "de")

    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    assert f"the lists of 2 people are in {out}" in result.stderr
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["user"] for line in lines] == ["u7", "u3"]
    items = [item for line in lines for item in line["items"]]
    assert len(items) == 4
    assert all(item["id"].startswith("space-") for item in items)
    texts = {text for item in items for text in item.get("reasons", ())}
    assert any(" and " not in text and "ie " in text for text in texts), texts


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--out", "lists.doc"), "does not say a format by its end"),
        (("--out", "lists.csv", "--filter", '{"gen": "space"}'), "gen"),
        (("--out", "lists.csv", "--placement", "nowhere"), "nowhere"),
        (("--out", "lists.csv", "--people", "nobody.txt"), "names nobody"),
        (("--out", "lists.csv", "--people", "missing.txt"), "cannot be read"),
        (("--out", "lists.csv", "--ray", "auto"), "--ray and --processes exclude each other"),
    ],
    ids=str,
)
def test_what_is_wrong_is_one_line(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nobody.txt").write_text("\n")
    result = run(trained, *words)

    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if not line.startswith("Making")]
    assert line.startswith("error: ")
    assert problem in line
    assert not list(tmp_path.glob("lists.*"))
