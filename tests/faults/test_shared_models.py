"""Two hosts, a workspace and a service process each, with one PostgreSQL and one folder for models:
a version that is promoted on one answers on both, and one that either cannot load on none.
"""

import json
import shutil
from functools import partial
from pathlib import Path

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.model.version_files import version_name
from serve.workspace import DEADLINE, until, until_ready

from .nursery import Nursery


@pytest.fixture
def hosts(workspace: Path, tmp_path: Path, empty_postgres: str) -> tuple[Path, Path]:
    """Of which the second has no model yet."""
    with SqlStore(empty_postgres) as store:
        store.fill_from(workspace / STORE_FILE)
    with (workspace / "foretaste.toml").open("a") as file:
        file.write(f'[behaviour]\ndatabase = "{empty_postgres}"\n')
        file.write(f'[model]\nshare = "{tmp_path / "share"}"\n')
    (workspace / STORE_FILE).unlink()
    other = Path(shutil.copytree(workspace, tmp_path / "other"))
    shutil.rmtree(other / "models")
    return workspace, other


def only_version(workspace: Path) -> str:
    return str(json.loads((workspace / "models" / "live.json").read_text())["live"])


def copy_of(workspace: Path, version: str, note: str) -> str:
    """The same model as another version."""
    folder = workspace / "models"
    manifest = json.loads((folder / version / "manifest.json").read_text())
    manifest["metrics"]["note"] = note
    name = version_name(manifest)
    shutil.copytree(folder / version, folder / name)
    (folder / name / "manifest.json").write_text(json.dumps(manifest))
    return name


def answers_with(client: httpx.Client, version: str) -> bool:
    model = client.get("/readyz").json().get("model", {})
    return bool(model.get("version") == version)


def promote(nursery: Nursery, workspace: Path, version: str) -> tuple[int, str]:
    with nursery.start(workspace, "models", "promote", version) as command:
        return command.wait(), command.log


def test_live_on_both_or_on_none(nursery: Nursery, hosts: tuple[Path, Path]) -> None:
    first, second = hosts
    version = only_version(first)
    with (
        nursery.start(first, "serve", "--port", "0") as one,
        nursery.start(second, "serve", "--port", "0") as two,
        httpx.Client(base_url=one.address, timeout=DEADLINE) as here,
        httpx.Client(base_url=two.address, timeout=DEADLINE) as there,
    ):
        until_ready(here)
        code, said = promote(nursery, first, version)
        assert code == 0, said
        until_ready(there)
        assert answers_with(there, version)

        newer = copy_of(first, version, "newer")
        assert promote(nursery, first, newer)[0] == 0
        for client in (here, there):
            until(partial(answers_with, client, newer), "the newer version")
        lists = [
            client.post("/v1/recommend", json={"user": "p3", "n": 5}).json()
            for client in (here, there)
        ]
        assert lists[0]["items"] == lists[1]["items"]
        assert {answer["model_version"] for answer in lists} == {newer}

        broken = copy_of(first, version, "broken")
        shutil.copytree(first / "models" / broken, second / "models" / broken)
        (second / "models" / broken / "sequence.json").write_text("{}")
        code, said = promote(nursery, first, broken)
        assert (code, "live nowhere" in said, "sequence.json is damaged" in said) == (2, True, True)
        for client in (here, there):
            assert answers_with(client, newer)
            (problem,) = client.get("/readyz").json()["model"]["host_problems"]
            assert f"model {broken} is live nowhere" in problem
        assert 'foretaste_model_hosts{state="current",tenant="default"} 2.0' in metrics(here)

    with nursery.start(second, "doctor") as doctor:
        assert doctor.wait() == 1
        assert f"warning: model {broken} is live nowhere" in " ".join(doctor.log.split())


def metrics(client: httpx.Client) -> str:
    return client.get("/metrics").text
