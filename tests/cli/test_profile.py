"""`foretaste profile`: seen, changed, in a terminal and as JSON."""

import json
from pathlib import Path

from typer.testing import CliRunner

from foretaste.cli.main import app

run = CliRunner()


def told(workspace: Path, *words: str) -> str:
    done = run.invoke(app, ["profile", "u1", "--workspace", str(workspace), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_changes_are_made_shown_and_taken_back(trained: Path) -> None:
    shown = told(trained, "--mute", '{"genre": "kitchen"}', "--more", '{"about": "moon"}')
    assert "genre: kitchen" in shown
    assert "never" in shown
    assert "about: moon" in shown
    assert "2.7 times as likely" in shown
    listed = run.invoke(app, ["recommend", "u1", "-w", str(trained), "-n", "20", "--json"])
    assert {one["id"].split("-")[0] for one in json.loads(listed.stdout)["items"]} == {"space"}
    told(trained, "--remove", '{"genre": "kitchen"}', "--less-like", "space-9")
    found = json.loads(told(trained, "--wish", "nothing about soup", "--json"))
    assert {one["name"]: one["act"] for one in found["changes"]} == {
        "about: moon": "boost",
        "about: soup": "mute",
    }
    assert found["understood"][0]["how"] == "topic"
    assert json.loads(told(trained, "--reset", "--json"))["changes"] == []


def test_what_cannot_be_read(trained: Path) -> None:
    for words, says in (
        (("--mute", "genre"), "--mute: not JSON"),
        (("--more", '{"genr": "x"}'), "did you mean 'genre'?"),
        (("--less-like", "nothing"), "there is no item 'nothing'"),
    ):
        done = run.invoke(app, ["profile", "u1", "--workspace", str(trained), *words])
        assert done.exit_code == 2
        assert says in done.stderr
