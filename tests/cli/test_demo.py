"""The demo: the whole story on a cut-down copy, and (slow) on the bundled data."""

import gzip
import shutil
import sqlite3
from importlib.resources import files
from pathlib import Path

import pytest

from foretaste.cli import demo
from foretaste.config.load import load_config
from foretaste.domain.data import Recommendation, Recommended
from foretaste.errors import InputError
from foretaste.recipes import write

KEPT_PEOPLE = {"395", "167", "477", "448", "337", "15", "30"}
"""Few people with much science fiction, and two with much of everything."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like foretaste/data with the ratings of a few people of the first 2,000 films."""
    folder = tmp_path_factory.mktemp("data") / "ml-small"
    folder.mkdir()
    source = files("foretaste.data") / "ml-small"
    kept = set()
    with gzip.open(str(source / "items.csv.gz"), "rt") as read:
        lines = [
            line for n, line in enumerate(read) if n < 400 or ("Animation" in line and n < 900)
        ]
        kept = {line.split(",", 1)[0] for line in lines}
    with gzip.open(folder / "items.csv.gz", "wt") as written:
        written.writelines(lines)
    with gzip.open(str(source / "ratings.csv.gz"), "rt") as read:
        head, *rows = read
    cells = [(row, *row.split(",")[:2]) for row in rows]
    with gzip.open(folder / "ratings.csv.gz", "wt") as written:
        written.write(head)
        written.writelines(r for r, user, item in cells if user in KEPT_PEOPLE and item in kept)
    return folder.parent


@pytest.fixture
def quick(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "files", lambda _: small)
    monkeypatch.setenv("FORETASTE_MODEL__SEQUENCE__EPOCHS", "2")
    monkeypatch.setenv("FORETASTE_LANGUAGE__THREADS", "1")


STEPS = ("1  Behaviour", "2  Prepare", "3  Language", "4  Model", "5  Generate", "7  Feedback")


def known(folder: Path) -> int:
    """Texts that have been read."""
    with sqlite3.connect(folder / "cache" / "vectors.sqlite") as file:
        (rows,) = file.execute("SELECT count(*) FROM vectors").fetchone()
    return int(rows)


@pytest.mark.usefixtures("quick")
def test_the_whole_story_and_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    demo.run(folder)
    text = capsys.readouterr().out
    told = [line for line in text.splitlines() if line.startswith(STEPS)]
    assert [line.startswith(step) for line, step in zip(told, STEPS, strict=True)] == [True] * 6
    assert "Data quality" in text
    assert "What is popular" in text
    assert demo.QUERY in text
    assert "clicks “" in text
    assert f"recommend {demo.USER} --explain --workspace {folder}" in text
    assert max(map(len, text.split("Go on with it")[0].splitlines())) <= 80
    read = known(folder)
    demo.run(folder)
    again = capsys.readouterr().out
    assert "starting afresh" in again
    assert text.splitlines()[3:5] == again.splitlines()[4:6]  # as many are added as the first time
    # no item is read again; a query that a busy machine had no time for may be read now
    assert known(folder) - read <= 3


def test_a_workspace_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    write("video", tmp_path)
    before = (tmp_path / "foretaste.toml").read_text()
    with pytest.raises(InputError, match="a workspace of your own"):
        demo.run(tmp_path)
    assert (tmp_path / "foretaste.toml").read_text() == before
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("")
    with pytest.raises(InputError, match="is not empty"):
        demo.run(other)


def test_the_settings_are_the_video_recipe_and_the_demos_own(tmp_path: Path) -> None:
    (tmp_path / "foretaste.toml").write_text(demo.demo_settings())
    config = load_config(tmp_path)
    assert config.name == demo.DEMO_NAME
    assert config.model.sequence.dim == 64
    assert config.behaviour.rating_range == (0.5, 5.0)


def test_two_lists_side_by_side() -> None:
    def ranked(*ids: str) -> Recommendation:
        return Recommendation(
            "r",
            "m",
            tuple(
                Recommended(item, position, 0.0, f"{item.upper()}, The")
                for position, item in enumerate(ids, 1)
            ),
        )

    assert list(demo.side_by_side(ranked("a", "b", "c"), ranked("c", "b", "d", "a"))) == [
        ("1", "The A", "The C", "up 2"),
        ("2", "The B", "The B", ""),
        ("3", "The C", "The D", "new"),
    ]


@pytest.mark.slow
def test_the_demo_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo.run(tmp_path / "demo")
    text = capsys.readouterr().out
    assert "9,066 films" in text
    assert "2001: A Space Odyssey" in text
    shutil.rmtree(tmp_path / "demo")
