"""The pages that are made from the code are as the code is, and leave nothing out."""

from pathlib import Path

import pytest
from tools.reference import DOCS, INNER, METHODS, PAGES, python_page
from typer.testing import CliRunner

from foretaste.cli.main import app
from foretaste.config.load import Config
from foretaste.config.settings_reference import explain_setting, setting_groups
from foretaste.errors import InputError
from foretaste.loop import Foretaste

OPTIONAL_TABLES = {
    "rank.policy.age",
    "rank.extras",
    "rank.freshness",
    "rank.replenish",
    "rank.resume",
    "rank.series",
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_fresh(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == PAGES[name](), "run 'make api-docs'"


def test_every_public_method_is_on_the_page_or_an_inner_one() -> None:
    public = {name for name in dir(Foretaste) if not name.startswith("_")}
    assert public == {name for names in METHODS.values() for name in names} | INNER


def test_every_setting_says_what_it_does() -> None:
    entries = [entry for group in setting_groups() for entry in group.entries]
    assert len(entries) > 150
    assert [entry.key for entry in entries if not entry.description] == []
    assert [entry.key for entry in entries if "value" in entry.type_text.split()] == []
    assert [group.heading for group in setting_groups() if not group.description] == []


def test_every_setting_that_is_read_is_there() -> None:
    keys = {entry.key for group in setting_groups() for entry in group.entries}

    def flat(tree: dict[str, object], path: str = "") -> set[str]:
        names: set[str] = set()
        for name, value in tree.items():
            inner = value if isinstance(value, dict) and value else None
            names |= flat(inner, f"{path}{name}.") if inner else {f"{path}{name}"}
        return names

    named = {
        "behaviour.files",
        "behaviour.features",
        "behaviour.value",
        "rank.policy.mutually_exclusive",
        "rank.floors",
        "rank.exposure",
        "placements",
    }
    assert flat(Config().model_dump()) - named <= keys | OPTIONAL_TABLES


def test_the_python_page_has_signatures_and_fields() -> None:
    page = python_page()
    assert "recommend(request=None, *, n=None, **fields) → Recommendation" in page
    assert "### `Recommendation`" in page
    assert "| `headline` |" in page
    assert "object at 0x" not in page


def test_a_setting_is_found_by_its_key_its_group_or_its_last_name() -> None:
    assert [entry.key for entry in explain_setting("model.sequence.epochs")] == [
        "model.sequence.epochs"
    ]
    assert len(explain_setting("model.sequence")) > 10
    assert [entry.key for entry in explain_setting("half_life_days")] == [
        "model.popularity.half_life_days",
        "model.impression.half_life_days",
    ]
    assert explain_setting("[model.sequence] epochs")[0].default == "24"
    with pytest.raises(InputError, match="no setting 'epoch'; did you mean 'epochs'"):
        explain_setting("epoch")


def test_the_command_says_what_is_set(tmp_path: Path) -> None:
    def output(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["settings", *arguments, "-w", str(tmp_path)])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "every setting is as it comes" in output()
    (tmp_path / "foretaste.toml").write_text("[model.sequence]\nepochs = 8\n")
    assert output() == "model.sequence.epochs = 8\n"
    assert "model.sequence.epochs = 8 (here; else 24)" in output("epochs")
    assert "training stops when" in output("model.sequence")
    wrong = CliRunner().invoke(app, ["settings", "nothing-such", "-w", str(tmp_path)])
    assert wrong.exit_code == 2
    assert "there is no setting 'nothing-such'" in wrong.stderr
