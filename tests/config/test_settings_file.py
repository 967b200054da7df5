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
    kept_lines = [line for line in FILE.splitlines() if line and "dim" not in line]
    assert [line for line in text.splitlines() if line in kept_lines] == kept_lines
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
def test_in_whatever_form_they_are_written(text: str) -> None:
    tree = tomllib.loads(text)
    tree["model"].setdefault("sequence", {})["dim"] = 96
    assert tomllib.loads(with_settings(text, {"model.sequence.dim": 96})) == tree


@pytest.mark.parametrize("text", ["model = 3\n", "[model]\nsequence = [1]\n", "[model\n"])
def test_what_cannot_have_them_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "foretaste.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"write them by hand: model\.sequence\.dim = 96"):
        write_settings(tmp_path, {"model.sequence.dim": 96})
    assert path.read_text() == text
