"""Faults put into the riskiest modules, one at a time: how many do their own tests see?

`make mutants` runs it, with mutmut in an environment of its own: of each module a sample of its
mutants that is always the same, or all of them with `ALL=1`. Each mutant runs, in a fork of a
process that has imported everything, the tests of the module's own files that reach its function.
What came out of a module is kept at once in benchmarks/results/mutants.json, with the survivors by
file and line, so that a run can be ended and another go on with the modules that are missing;
benchmarks/equivalent_mutants.json says why a survivor is no gap.

The modules are copied to build/mutants/tree first, so nothing here is changed.
"""

import argparse
import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from itertools import dropwhile, zip_longest
from pathlib import Path
from typing import Any

from mutmut.configuration import config
from mutmut.mutation.file_mutation import mutate_file_contents

from benchmarks.datasets import REPOSITORY
from benchmarks.mutant_results import (
    ModuleResult,
    Mutant,
    area,
    keep,
    kept_results,
    rows_by_area,
    show,
)

TREE = REPOSITORY / "build" / "mutants" / "tree"
LOG = TREE.with_name("mutmut.log")
COPIED = ("src", "tests", "clients", "benchmarks", "tools", "pyproject.toml", "README.md")
TESTS: Mapping[str, tuple[str, ...]] = {
    "rank/conditions.py": ("rank/test_conditions.py", "rank/test_index.py"),
    "rank/filters.py": ("rank/test_filters.py",),
    "serve/http/access.py": ("serve/http/test_access.py",),
    "serve/http/limits.py": ("serve/http/test_limits.py",),
    "online/answer.py": ("online/test_answer.py",),
    "online/condition_lookup.py": ("online/test_condition_lookup.py",),
    "online/fallback.py": ("online/test_fallback.py",),
    "online/generation.py": ("online/test_generation.py",),
    "online/list_health.py": ("online/test_list_health.py",),
    "online/loading.py": ("online/test_loading.py",),
    "online/manager.py": ("online/test_manager.py",),
    "online/outage.py": ("online/test_outage.py",),
    "online/paging.py": ("online/test_paging.py",),
    "online/personal_limits.py": ("online/test_personal_limits.py",),
    "online/request_checks.py": ("online/test_request_checks.py",),
    "online/slate.py": ("online/test_slate.py", "online/test_same_lists.py"),
    "online/snapshot.py": ("online/test_snapshot.py", "online/test_same_lists.py"),
    "online/taste.py": ("online/test_taste.py",),
    "online/turns.py": ("online/test_turns.py",),
    "online/why_not.py": ("online/test_why_not.py",),
    "online/window_counts.py": ("online/test_window_counts.py",),
    "online/work_thread.py": ("online/test_work_thread.py",),
}
"""Module → the test files that are to see its mutants, the mirrored one first."""
SAMPLE, SEED = 60, 12
"""Mutants of each module at most, and what they are drawn by; a large sample holds the small."""
KILLED_SHARE = 0.85
"""Of each area at least."""
SECONDS_PER_MUTANT = 20
"""Time limit of a mutant beside twice the usual time of its tests; past it, it counts as killed."""
NOT_MUTATED = [r"^\s*log\.(debug|info|warning|error|exception)\("]
"""Lines whose words only the operator's log has."""
SURVIVED, TIMED_OUT = (0, 5, 33), (-24, 24, 36, 152, 255)
"""Exit codes: the tests pass or there are none; they took too long."""


def module_name(module: str) -> str:
    """rank/filters.py → foretaste.rank.filters"""
    return f"foretaste.{module.removesuffix('.py').replace('/', '.')}"


def list_mutants(module: str) -> list[Mutant]:
    """All that mutmut makes of the copy of a module, in its order."""
    config().do_not_mutate_patterns = NOT_MUTATED
    path = TREE / "src" / "foretaste" / module
    source = path.read_text(encoding="utf-8")
    generated = mutate_file_contents(str(path), source)
    lines, spans = generated.code.splitlines(), generated.line_span_by_function_name
    first_lines = _first_lines(source)

    def body(function: str, copy: str) -> list[str]:
        """Its lines from `def` on, under the function's own name."""
        text = [
            line.replace(copy, function) for line in lines[spans[copy].start - 1 : spans[copy].end]
        ]
        return list(dropwhile(lambda line: not re.match(r"\s*(async )?def ", line), text))

    mutants = []
    for name in generated.mutant_names:
        function = name.rpartition("__mutmut_")[0]
        original, mutated = body(function, f"{function}__mutmut_orig"), body(function, name)
        pairs = enumerate(zip_longest(original, mutated, fillvalue=""))
        row, (before, after) = next((row, pair) for row, pair in pairs if pair[0] != pair[1])
        mutants.append(
            Mutant(
                name=f"{module_name(module)}.{name}",
                file=f"src/foretaste/{module}",
                line=first_lines[function] + row,
                original=before.strip(),
                mutated=after.strip(),
            )
        )
    return mutants


def _first_lines(source: str) -> dict[str, int]:
    """Name of a function in mutmut → the line of its `def`."""
    lines = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines[f"x_{node.name}"] = node.lineno
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines[f"xǁ{node.name}ǁ{method.name}"] = method.lineno
    return lines


def draw_mutants(mutants: Sequence[Mutant], module: str, size: int | None) -> list[Mutant]:
    """A sample of a module's mutants, the same each time; all where no size is given."""
    order = list(range(len(mutants)))
    random.Random(f"{SEED} {module}").shuffle(order)
    return [mutants[number] for number in sorted(order[:size])]


# Running ------------------------------------------------------------------------------------------


def prepare_tree(module: str) -> None:
    """A copy of the project that mutmut may work in."""
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", "results")
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, TREE / name, ignore=ignored)
        else:
            shutil.copy2(source, TREE / name)
    settings = {
        "source_paths": ["src"],
        "only_mutate": [f"src/foretaste/{module}"],
        "do_not_mutate_patterns": NOT_MUTATED,
        "also_copy": [name for name in COPIED if name != "src"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": [f"tests/{test}" for test in TESTS[module]],
        "process_isolation": "forkserver",
        "timeout_constant": SECONDS_PER_MUTANT / 2,
        "timeout_multiplier": 2.0,
        "use_git_change_detection": False,
        "on_dependency_change": "ignore",
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    with (TREE / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["\n[tool.mutmut]", *lines]) + "\n")


def run_mutmut(names: Sequence[str]) -> None:
    """Run these mutants, one at a time; what mutmut prints goes into a log.

    Raises CalledProcessError where mutmut itself fails, or a test without any mutant.
    """
    mutated = TREE / "mutants"
    folders = [mutated / "src", mutated, mutated / "clients" / "python" / "src"]
    for folder in folders:  # Python looks for them once, when it starts
        folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TEST_WORKSPACES": str(TREE.parent / "workspaces"),
    }
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", "1", *names]
    with LOG.open("a", encoding="utf-8") as log:
        subprocess.run(command, cwd=TREE, env=environment, check=True, stdout=log, stderr=log)


def select_tests(module: str, names: Iterable[str]) -> None:
    """The tests of a function are those that reach it. Of a file with a fixture for the whole file
    they are all: what the fixture does is noted for the first of them alone. They are all, too,
    where none reaches it: a fixture of the whole run may have.
    """
    path = TREE / "mutants" / "mutmut-stats.json"
    stats = json.loads(path.read_text(encoding="utf-8"))
    tests_by_function = stats["tests_by_mangled_function_name"]
    tests = list(stats["duration_by_test"])
    whole_files = tuple(
        f"tests/{test}::"
        for test in TESTS[module]
        if 'scope="module"' in (TREE / "tests" / test).read_text(encoding="utf-8")
    )
    for function in {name.rpartition("__mutmut_")[0] for name in names}:
        direct = set(tests_by_function.get(function, ()))
        if not direct:
            tests_by_function[function] = tests
            continue
        reached = {test.partition("::")[0] + "::" for test in direct}
        whole = tuple(file for file in whole_files if file in reached)
        tests_by_function[function] = [
            test for test in tests if test in direct or test.startswith(whole)
        ]
    path.write_text(json.dumps(stats), encoding="utf-8")


def exit_codes(module: str) -> dict[str, int | None]:
    """Mutant → how its tests ended."""
    path = TREE / "mutants" / "src" / "foretaste" / f"{module}.meta"
    codes: dict[str, int | None] = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return codes


def measure(module: str, size: int | None) -> ModuleResult:
    """Run a sample of a module's mutants. size: None for all of them."""
    prepare_tree(module)
    mutants = list_mutants(module)
    drawn = draw_mutants(mutants, module, size)
    names = [mutant.name for mutant in drawn]
    run_mutmut(names[:1])  # notes which tests reach which function
    select_tests(module, names)
    run_mutmut(names)
    codes = exit_codes(module)
    survivors = [mutant for mutant in drawn if codes[mutant.name] in SURVIVED]
    return ModuleResult(
        module,
        all_mutants=len(mutants),
        mutants=len(drawn),
        killed=len(drawn) - len(survivors),
        timed_out=sum(codes[name] in TIMED_OUT for name in names),
        survivors=survivors,
    )


def measure_survivors(result: Mapping[str, Any]) -> ModuleResult:
    """What came out of a module, after its survivors were run once more with the tests of now.

    Raises ValueError where the module is not the one that they were made of.
    """
    module = result["module"]
    prepare_tree(module)
    by_name = {mutant.name: mutant for mutant in list_mutants(module)}
    kept = [
        Mutant(**{field.name: survivor[field.name] for field in fields(Mutant)})
        for survivor in result["survivors"]
    ]
    if any(by_name.get(mutant.name) != mutant for mutant in kept):
        raise ValueError(f"{module} has changed since; run its whole sample")
    names = [mutant.name for mutant in kept]
    run_mutmut(names[:1])
    select_tests(module, names)
    run_mutmut(names)
    codes = exit_codes(module)
    survivors = [mutant for mutant in kept if codes[mutant.name] in SURVIVED]
    return ModuleResult(
        module,
        all_mutants=result["all_mutants"],
        mutants=result["mutants"],
        killed=result["mutants"] - len(survivors),
        timed_out=result["timed_out"] + sum(codes[name] in TIMED_OUT for name in names),
        survivors=survivors,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="all mutants instead of a sample")
    parser.add_argument("--size", type=int, default=SAMPLE, help="mutants a module")
    parser.add_argument("--missing", action="store_true", help="only modules without a result")
    parser.add_argument("--survivors", action="store_true", help="only those of the last run")
    parser.add_argument("modules", nargs="*", help="only these, e.g. online/slate.py")
    options = parser.parse_args()
    failed = []
    for module in options.modules or TESTS:
        last = kept_results().get(module)
        if (options.missing and last) or (options.survivors and not (last and last["survivors"])):
            continue
        start = time.monotonic()
        try:
            result = (
                measure_survivors(last)
                if options.survivors and last
                else measure(module, None if options.all else options.size)
            )
        except (subprocess.CalledProcessError, KeyError, ValueError) as error:
            failed.append(module)
            print(f"{module}: {error}; see {LOG}", flush=True)
            continue
        keep(result, time.monotonic() - start, TESTS, SEED)
        show([asdict(result)])
    print()
    results = list(kept_results().values())
    show(results)
    rows = rows_by_area(results)
    areas = {area(module) for module in TESTS}
    short = [row["area"] for row in rows if row["area"] in areas and row["share"] < KILLED_SHARE]
    if failed or short:
        sys.exit(f"failed: {failed}; less than {KILLED_SHARE:.0%} killed: {', '.join(short)}")


if __name__ == "__main__":
    main()
