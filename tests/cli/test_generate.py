import json
from pathlib import Path

from typer.testing import CliRunner, Result

from foretaste.cli.main import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_features_items_and_words_are_printed(trained: Path) -> None:
    found = run("generate", "--user", "u1", "-n", 2, "-w", trained)

    assert found.exit_code == 0, found.stderr
    assert "genre: space (" in found.stdout
    assert found.stdout.count("\n    ") == 2  # a line for each item


def test_a_query_or_a_context_alone_will_do(trained: Path) -> None:
    for option in ("--query", "--context"):
        found = run("generate", option, "a rainy evening", "-w", trained, "--json")
        told = json.loads(found.stdout)
        assert told["title"]["text"].startswith("For “a rainy evening”")
        assert len(told["lines"]) == len(told["recommendation"]["items"]) == 10


def test_why_not_says_what_is_missing(trained: Path) -> None:
    found = run("why-not", "kitchen-1", "--user", "u1", "-n", 2, "-w", trained)
    assert found.exit_code == 0, found.stderr
    assert "By its score it is at place" in found.stdout
    assert "the last shown" in found.stdout

    asked = ("--user", "u1", "--filter", '{"genre": "space"}', "--json", "-w", trained)
    told = json.loads(run("why-not", "kitchen-1", *asked).stdout)
    assert told["filters"] == ["the filter leaves it out"]

    missing = run("why-not", "nowhere", "-w", trained)
    assert missing.exit_code == 2
    assert "there is no item 'nowhere'" in missing.stderr
