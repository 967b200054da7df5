"""No file of the package is too long to be read at once, and no function is longer than a page."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "foretaste"
FILE = 400
"""Lines."""
FUNCTION = 60
"""Lines, with decorators and docstring."""
FILES = sorted(SOURCE.rglob("*.py"))


@pytest.fixture(scope="module")
def modules() -> dict[str, tuple[str, ast.Module]]:
    """Name of each file → its text, and what it says."""
    texts = {str(path.relative_to(SOURCE)): path.read_text(encoding="utf-8") for path in FILES}
    return {name: (text, ast.parse(text)) for name, text in texts.items()}


def long_functions(tree: ast.Module, most: int = FUNCTION) -> Iterator[str]:
    """`name: lines` of each that is too long."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            lines = (node.end_lineno or first) - first + 1
            if lines > most:
                yield f"{node.name}: {lines} lines"


def test_no_file_is_too_long(modules: dict[str, tuple[str, ast.Module]]) -> None:
    lines = {name: len(text.splitlines()) for name, (text, _) in modules.items()}
    assert {name: count for name, count in lines.items() if count > FILE} == {}


def test_no_function_is_too_long(modules: dict[str, tuple[str, ast.Module]]) -> None:
    functions = {name: list(long_functions(tree)) for name, (_, tree) in modules.items()}
    assert {name: found for name, found in functions.items() if found} == {}


def test_the_whole_package_is_looked_at() -> None:
    assert len(FILES) > 50


def test_a_long_function_is_found_with_its_decorators() -> None:
    body = "\n".join("    pass" for _ in range(3))
    tree = ast.parse(f"@wrapped\nasync def long():\n{body}\n\ndef short():\n    pass\n")
    assert list(long_functions(tree, most=4)) == ["long: 5 lines"]
    assert list(long_functions(tree, most=5)) == []


def test_every_module_opens_with_a_sentence(modules: dict[str, tuple[str, ast.Module]]) -> None:
    assert [name for name, (_, tree) in modules.items() if not ast.get_docstring(tree)] == []
