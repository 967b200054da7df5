"""`foretaste doctor`, and what `train` and `report` say of the lists, as typed."""

import json
from pathlib import Path

from markupsafe import escape
from typer.testing import CliRunner, Result

from foretaste.cli.main import app

POPULAR = '[model]\nexperts = ["popularity"]\n'


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--workspace", str(folder)])


def test_nothing_wrong(trained: Path) -> None:
    result = run(trained, "doctor")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "nothing wrong found: 31 lists looked at"
    assert "  different items  20" in lines
    health = json.loads(run(trained, "doctor", "--json").stdout)
    assert set(health) == {"version", "figures", "warnings"}
    assert (health["warnings"], health["figures"]["distinct_items"]) == ([], 20)
    report = run(trained, "report").stdout
    assert "Lists of the live model\nnothing wrong found; 'foretaste doctor'" in report


def test_something_wrong_is_told_by_all_and_is_exit_code_1(trained: Path, tmp_path: Path) -> None:
    (trained / "foretaste.toml").write_text(POPULAR)
    train = run(trained, "train")
    assert train.exit_code == 0, train.stderr
    model, warning, *_ = train.stdout.splitlines()
    assert "is live; trained in" in model
    assert warning.startswith("warning: ")

    result = run(trained, "doctor")
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "has one and the same reason, whoever asks: “" in words
    assert "Nothing that a person did counts." in words
    assert "nothing wrong" not in words

    as_json = run(trained, "doctor", "--json")
    assert as_json.exit_code == 1
    checks = json.loads(as_json.stdout)["warnings"]
    assert all(set(check) == {"code", "message", "remedy"} for check in checks)
    assert "one-reason" in [check["code"] for check in checks]

    report = " ".join(run(trained, "report").stdout.split("Lists of the live model")[1].split())
    assert all(" ".join(check["message"].split()) in report for check in checks)
    run(trained, "report", "--html", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8").replace("&nbsp;", " ")
    assert all(escape(check["message"]) in page for check in checks)


def test_without_a_model_there_is_nothing_to_look_at(trained: Path) -> None:
    (trained / "models" / "live.json").unlink()
    result = run(trained, "doctor")
    assert result.exit_code == 2
    assert "there is no model yet; run 'foretaste train'" in result.stderr
    assert "Lists of the live model" not in run(trained, "report").stdout
