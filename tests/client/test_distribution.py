"""foretaste-client, built and installed alone, works without foretaste and what that needs."""

import email.parser
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import foretaste
import foretaste_client
from serve.workspace import serving

REPOSITORY = Path(__file__).parents[2]
PROJECT = REPOSITORY / "clients" / "python"

PROGRAM = """
import importlib.util, json, sys
from foretaste_client import Client, ServiceError

assert importlib.util.find_spec("foretaste") is None, "foretaste is installed as well"
assert importlib.util.find_spec("numpy") is None
with Client(sys.argv[1], timeout=60) as shop:
    recommendation = shop.recommend("p1", n=2, explain=True)
    assert [item.position for item in recommendation] == [1, 2]
    assert recommendation.items[0].terms
    result = shop.events([{"user": "p1", "item": recommendation.items[0].id, "kind": "click"}])
    try:
        shop.item("nothing")
    except ServiceError as error:
        print(json.dumps([result.accepted, error.status]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it declares, linked from this environment: nothing is
    fetched.
    """
    folder = tmp_path_factory.mktemp("alone")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    for name in required(declared["dependencies"]):
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.parts[0] != ".."}:
            if top != "__pycache__":
                (packages / top).symlink_to(Path(str(installed.locate_file(top))).resolve())
    return python


def required(texts: list[str]) -> set[str]:
    """The names of these requirements and of all that they need."""
    names: set[str] = set()
    waiting = list(texts)
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        if name not in names:
            names.add(name)
            waiting += needs
    return names


def test_it_is_used_without_foretaste(python: Path, served_workspace: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(served_workspace, tmp_path / "workspace")
    with serving(folder) as client:
        done = subprocess.run(
            [python, "-I", "-c", PROGRAM, str(client.base_url)], capture_output=True, text=True
        )
    assert (done.stdout.strip(), done.returncode) == ("[1, 404]", 0), done.stderr


def test_it_needs_httpx_and_pydantic_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as contents:
        [name] = [name for name in contents.namelist() if name.endswith("/METADATA")]
        metadata = email.parser.Parser().parsestr(contents.read(name).decode())
        names = contents.namelist()
    requirements = [Requirement(text).name for text in metadata.get_all("Requires-Dist", [])]
    assert requirements == ["httpx", "pydantic"]
    assert metadata["Name"] == "foretaste-client"
    assert {"foretaste_client/py.typed", "foretaste_client/__init__.py"} <= set(names)
    assert all(name.startswith("foretaste_client") for name in names)


def test_both_distributions_have_one_version() -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert declared["version"] == foretaste_client.__version__ == foretaste.__version__


def test_both_have_the_same_licence() -> None:
    assert (PROJECT / "LICENSE").read_bytes() == (REPOSITORY / "LICENSE").read_bytes()
