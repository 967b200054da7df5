"""Settings are written where they stand, and what else is in the file stays."""

import tomllib
from pathlib import Path

import pytest

from foretaste.config.load import load_config
from foretaste.config.settings_file import with_settings, write_settings
from foretaste.errors import SettingsError

FILE = """# of our shop
name = "shop"

[model.sequence]  # the network
dim = 64  # was 128
epochs = 8
[rank]
n = 5
"""


def test_the_other_lines_and_comments_stay() -> None:
    changes = {
        "model.sequence.dim": 192,
        "model.sequence.dropout": 0.25,
        "model.content.decay": 0.5,
    }
    text = with_settings(FILE, changes)
    assert "dim = 192  # was 128" in text
    assert [line for line in FILE.splitlines() if "dim" not in line] == [
        line
        for line in text.splitlines()
        if not line.startswith(("dim", "dropout", "decay", "[model.content]"))
    ][: len(FILE.splitlines()) - 1]
    tree = tomllib.loads(text)
    assert tree["model"] == {
        "sequence": {"dim": 192, "epochs": 8, "dropout": 0.25},
        "content": {"decay": 0.5},
    }
    assert tree["rank"] == {"n": 5}


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    write_settings(tmp_path, {"model.sequence.dim": 64})
    write_settings(tmp_path, {"model.sequence.dim": 96})
    assert load_config(tmp_path).model.sequence.dim == 96
    assert [path.name for path in tmp_path.iterdir()] == ["foretaste.toml"]


@pytest.mark.parametrize(
    "text",
    [
        "model.sequence.dim = 64\n",
        "[model]\nsequence = { dim = 64 }\n",
        '[model.sequence]\n"dim" = 64\n',
        '[model.language]\nbackbone = """\n[model.sequence]\n"""\n',
    ],
    ids=["dotted", "inline", "quoted", "text"],
)
def test_another_form_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "foretaste.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"write them by hand: model\.sequence\.dim = 96"):
        write_settings(tmp_path, {"model.sequence.dim": 96})
    assert path.read_text() == text
