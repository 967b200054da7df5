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


def long_functions(source: str, most: int = FUNCTION) -> Iterator[str]:
    """`name: lines` of each that is too long."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            lines = (node.end_lineno or first) - first + 1
            if lines > most:
                yield f"{node.name}: {lines} lines"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_sizes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE
    assert list(long_functions(text)) == []


def test_the_whole_package_is_looked_at() -> None:
    assert len(FILES) > 50


def test_a_long_function_is_found_with_its_decorators() -> None:
    body = "\n".join("    pass" for _ in range(3))
    source = f"@wrapped\nasync def long():\n{body}\n\ndef short():\n    pass\n"
    assert list(long_functions(source, most=4)) == ["long: 5 lines"]
    assert list(long_functions(source, most=5)) == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = [
        str(path.relative_to(SOURCE))
        for path in FILES
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
