"""`foretaste plan`."""

import json

from typer.testing import CliRunner, Result

from foretaste.cli.main import app

SHOP = "--items 12000 --events-per-day 20000 --requests-per-second 20"


def run(*words: str, users: int = 20_000) -> Result:
    return CliRunner().invoke(app, ["plan", "--users", str(users), *SHOP.split(), *words])


def test_for_people() -> None:
    result = run()
    assert result.exit_code == 0
    assert "memory of a training" in result.stdout
    assert "one machine with SQLite will do" in result.stderr


def test_as_json() -> None:
    plan = json.loads(run("--json").stdout)
    assert plan["load"]["items"] == 12000
    assert {"title", "low", "high", "unit", "note"} == set(plan["estimates"][0])


def test_a_shop_without_users_is_refused() -> None:
    result = run(users=0)
    assert result.exit_code == 2
    assert "users: 0; give a number above 0" in result.stderr
