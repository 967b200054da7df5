"""`foretaste chat`: one thing said, or line by line."""

import json
from pathlib import Path

from typer.testing import CliRunner

from foretaste.cli.main import app


def test_line_by_line_and_one_by_one(trained: Path) -> None:
    run = CliRunner()
    words = ["chat", "--workspace", str(trained), "--user", "u1"]
    done = run.invoke(app, words, input="only kitchen\n\nshow more\n")
    assert done.exit_code == 0, done.output
    assert "6. The" in done.stdout
    assert "filter {'genre': 'kitchen'}" in done.stderr
    name = done.stderr.split("--conversation ")[1].split()[0]
    done = run.invoke(app, [*words, "why the first?", "--conversation", name, "--json"])
    told = json.loads(done.stdout)
    assert told["conversation_id"] == name
    assert told["state"]["filter"] == {"genre": "kitchen"}
    done = run.invoke(app, [*words, "more", "--conversation", "another"])
    assert done.exit_code == 2
    assert "there is no conversation 'another'" in done.stderr
