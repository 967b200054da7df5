"""`foretaste items` and `users`, as typed."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from foretaste.cli.main import app


def run(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--workspace", str(folder)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--workspace", str(folder)])
    assert result.exit_code == 2, result.stdout
    assert result.stderr.startswith("error: ")
    return result.stderr


def listed(folder: Path) -> set[str]:
    told: Any = json.loads(run(folder, "recommend", "u1", "-n", "50", "--json"))
    return {item["id"] for item in told["items"]}


def test_an_item_is_shown_changed_and_deleted(trained: Path) -> None:
    assert json.loads(run(trained, "items", "show", "space-8"))["genre"] == ["space"]
    assert "space-8" in listed(trained)
    told = json.loads(run(trained, "items", "set", "space-8", '{"hidden": true, "genre": null}'))
    assert told == {"id": "space-8", "title": "The sun [space]", "hidden": True}
    assert "space-8" not in listed(trained)

    assert run(trained, "items", "delete", "space-9", "nothing").startswith("deleted 1 of 2")

    assert "space-9" not in listed(trained)
    assert "no item 'space-9'" in refused(trained, "items", "show", "space-9")
    assert "no item 'x'" in refused(trained, "items", "set", "x", "{}")
    assert "put it in single quotes" in refused(trained, "items", "set", "space-1", "{hidden}")


def test_what_is_exported_can_be_imported(trained: Path, tmp_path: Path) -> None:
    lines, other = tmp_path / "items.jsonl", tmp_path / "other"
    run(trained, "items", "export", "--out", str(lines))
    assert len(lines.read_text().splitlines()) == 20

    run(other, "import", "--items", str(lines))

    assert run(other, "items", "export") == lines.read_text()


def test_a_user_is_set_told_everything_and_forgotten(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    path.write_text('{"id": "u1", "genre": "kitchen"}\n')
    run(trained, "import", "--users", str(path))
    assert json.loads(run(trained, "users", "show", "u1")) == {"id": "u1", "genre": ["kitchen"]}
    run(trained, "users", "set", "u1", '{"country": "NZ"}')
    assert json.loads(run(trained, "users", "export"))["country"] == ["NZ"]
    told = json.loads(run(trained, "users", "data", "u1"))
    assert len(told["events"]) == 5

    said = run(trained, "users", "erase", "u1")

    assert "erased of 'u1': events: 5; what was said of them: 1" in said
    assert "was counted anew without them" in said
    assert "'foretaste train'" in said
    assert "nothing kept of a user 'u1'" in refused(trained, "users", "data", "u1")
    assert "erased of 'u1': nothing more, as they were erased before" in run(
        trained, "users", "erase", "u1"
    )
    assert run(trained, "users", "erase", "u99").startswith("nothing is kept of 'u99'")


def test_a_dump_of_gorses_is_imported(tmp_path: Path) -> None:
    shop, path = tmp_path / "shop", tmp_path / "all.jsonl"
    rows: list[dict[str, Any]] = [
        {"UserId": "u", "Labels": {"genre": ["space"]}},
        {"ItemId": "i", "Categories": ["a"], "Comment": "The moon", "Labels": {"genre": "space"}},
        {"FeedbackType": "like", "UserId": "u", "ItemId": "i", "Timestamp": "2024-01-01T00:00:00Z"},
        {"FeedbackType": "star", "UserId": "u", "ItemId": "i", "Timestamp": "2024-01-02T00:00:00Z"},
        {"FeedbackType": "zap", "UserId": "u", "ItemId": "i", "Timestamp": "2024-01-01T00:00:00Z"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    result = CliRunner().invoke(app, ["import", "--gorse", str(path), "-w", str(shop)])

    assert result.exit_code == 0, result.stderr
    assert "unknown event type 'zap'" in result.stdout + result.stderr
    assert json.loads(run(shop, "items", "show", "i"))["title"] == "The moon"
    assert [one["kind"] for one in json.loads(run(shop, "users", "data", "u"))["events"]] == [
        "like",
        "like",
    ]
