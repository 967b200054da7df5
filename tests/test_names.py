"""The names of the package say what they hold; `tools/names.py` counts those that do not."""

import ast
from pathlib import Path

import pytest
from tools.names import Names, bound_names, constant_names, names_in

REPOSITORY = Path(__file__).parents[1]
MAX_VAGUE_SHARE = 0.01
MAX_VAGUE_CONSTANTS = 10


@pytest.fixture(scope="module")
def names() -> Names:
    return names_in(REPOSITORY / "src")


def test_few_names_are_vague(names: Names) -> None:
    assert names.count > 10_000
    assert names.vague_share <= MAX_VAGUE_SHARE, dict(names.vague)


def test_few_constants_say_nothing(names: Names) -> None:
    assert sum(map(len, names.constants.values())) <= MAX_VAGUE_CONSTANTS, dict(names.constants)


def test_no_class_name_stands_for_two_classes(names: Names) -> None:
    assert names.shared_classes == {}


def test_no_module_name_stands_three_times(names: Names) -> None:
    assert names.shared_modules == {}


def test_what_is_counted(tmp_path: Path) -> None:
    source = (
        "__all__ = []\nMOST = 1\n"
        "class Found:\n    told: int\n"
        "def add(one, rows):\n    found = [each for each in rows]\n    return found\n"
    )
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "list.py").write_text(source)
    (tmp_path / "b" / "list.py").write_text("class Found:\n    pass\n")
    (tmp_path / "list.py").write_text("FIRST, MOST_ROWS = 1, 2\n")
    names = names_in(tmp_path)
    assert set(names.vague) == {"MOST", "Found", "told", "one", "found", "each"}
    assert set(names.constants) == {"MOST"}
    assert set(names.shared_classes) == {"Found"}
    assert set(names.shared_modules) == {"list"}
    module = ast.parse("FIRST, MOST_ROWS = 1, 2\n")
    assert [name for name, _ in bound_names(module)] == ["FIRST", "MOST_ROWS"]
    assert list(constant_names(module.body[0])) == ["FIRST", "MOST_ROWS"]
