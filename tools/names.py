"""In: Python source. Out: the names that say nothing to whoever has not read the file.

    python tools/names.py [PATH …]        default: src

Four kinds are counted: names that are a bare pronoun, participle or adverb (`found`, `told`);
module constants of one bare word (`LONGEST`); a class name that stands for several classes; a
module name that stands three times or more. `tests/test_names.py` holds the level.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PRONOUNS = """
it this that these those one ones other others such same both all each none some most more least
less few fewer many much enough rest whole mine ours theirs us them themselves whose who whom which
what thing things stuff matter
"""
PARTICIPLES = """
found told said asked given taken seen shown known kept left made met wanted needed heard spoken
come gone began begun stood held placed looked noted counted drawn sent got written chosen picked
called named listed
"""
ADVERBS = """
here there where when then again anew once before after behind ahead apart away near far late early
soon ready why how good bad wrong strange way ways place places answer everything nothing something
anything
"""
VAGUE_WORDS = frozenset(" ".join((PRONOUNS, PARTICIPLES, ADVERBS)).split())
"""Without what is a standard name where it stands: `put`, `any`, `used`, `unknown`, `right`."""
CONSTANT_WORDS = """
LONGEST SHORTEST DEEPEST MOST LEAST FEW FEWEST MANY ENOUGH FAR NEAR DRAWN CHUNK DAY HOUR WEEK TOP
TEN LIST WHY WHAT WHO KNOWN USUAL PLACED NEVER KEPT WAIT ONCE PRECISE EXACT EXHAUSTIVE AGAIN PAUSE
PATIENCE FRESH STALE NOTED REMEMBERED LOOKED SHARE SAFETY MARGIN UNKNOWN PART LEARNT COPIED
"""
VAGUE_CONSTANTS = frozenset(CONSTANT_WORDS.split())
MAX_MODULES_OF_A_NAME = 2
SHARED_MODULE_NAMES = frozenset(("settings",))


class Names:
    """The names bound in some files, and where."""

    def __init__(self, paths: list[Path]) -> None:
        self.count = 0
        self.vague: dict[str, list[str]] = defaultdict(list)
        self.constants: dict[str, list[str]] = defaultdict(list)
        self._classes: dict[str, list[str]] = defaultdict(list)
        self._modules: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._add(path, ast.parse(path.read_text(encoding="utf-8")))

    @property
    def vague_share(self) -> float:
        """Of all bound names, those of `VAGUE_WORDS`."""
        return sum(map(len, self.vague.values())) / max(self.count, 1)

    @property
    def shared_classes(self) -> dict[str, list[str]]:
        """Class names of several classes."""
        return {name: lines for name, lines in self._classes.items() if len(lines) > 1}

    @property
    def shared_modules(self) -> dict[str, list[str]]:
        """Module names of three modules or more."""
        return {
            name: files
            for name, files in self._modules.items()
            if len(files) > MAX_MODULES_OF_A_NAME and name not in SHARED_MODULE_NAMES
        }

    def _add(self, path: Path, module: ast.Module) -> None:
        if path.name != "__init__.py":
            self._modules[path.stem].append(str(path))
        for name, line in bound_names(module):
            self.count += 1
            is_special = name.startswith("__") and name.endswith("__")
            if not is_special and name.strip("_").lower() in VAGUE_WORDS:
                self.vague[name].append(f"{path}:{line}")
        for statement in module.body:
            if isinstance(statement, ast.ClassDef):
                self._classes[statement.name].append(f"{path}:{statement.lineno}")
            for name in constant_names(statement):
                if name.strip("_") in VAGUE_CONSTANTS:
                    self.constants[name].append(f"{path}:{statement.lineno}")


def bound_names(module: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, line) of each variable, parameter, function and class."""
    for node in ast.walk(module):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno


def constant_names(statement: ast.stmt) -> Iterator[str]:
    """The names in capitals that a statement of a module binds."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    for target in targets:
        for element in target.elts if isinstance(target, ast.Tuple) else [target]:
            if isinstance(element, ast.Name) and element.id.isupper():
                yield element.id


def names_in(folder: Path) -> Names:
    """The names of all Python files of a folder."""
    return Names(sorted(folder.rglob("*.py")))


def main() -> None:
    """Print them."""
    for folder in map(Path, sys.argv[1:] or ["src"]):
        names = names_in(folder)
        vague_count = sum(map(len, names.vague.values()))
        print(f"{folder}: {names.count} names, {vague_count} vague ({names.vague_share:.1%})")
        for title, table in (
            ("vague", names.vague),
            ("constants that say nothing", names.constants),
            ("one name, several classes", names.shared_classes),
            ("one name, three modules or more", names.shared_modules),
        ):
            for name, lines in sorted(table.items(), key=lambda row: -len(row[1])):
                print(f"  {title}: {name} ×{len(lines)}, {', '.join(lines[:3])}")


if __name__ == "__main__":
    main()
