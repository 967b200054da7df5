"""`foretaste keys`, `tenants` and `serve`, as typed."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.cli import main as cli
from foretaste.cli.worker import THREAD_VARIABLES
from foretaste.serve.http.keys import Keyring


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "foretaste.toml").write_text("")
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.app, [*words, "--workspace", str(folder)])


def good(folder: Path, *words: str) -> str:
    result = run(folder, *words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(folder: Path, *words: str) -> str:
    result = run(folder, *words)
    assert result.exit_code == 2, result.stdout
    assert result.stderr.startswith("error: ")
    return result.stderr


def opens(folder: Path, secret: str) -> bool:
    with SqlStore(folder / STORE_FILE) as store:
        return Keyring(lambda: store.keys).find_key(secret) is not None


def test_a_key_for_the_metrics_is_not_said_to_name_users(workspace: Path) -> None:
    result = run(workspace, "keys", "create", "prometheus", "--scope", "metrics")
    assert result.exit_code == 0
    assert "may: metrics. It opens nothing of anybody. Keep it" in " ".join(result.stderr.split())


def test_a_key_from_its_making_to_its_end(workspace: Path) -> None:
    assert "no key yet" in good(workspace, "keys", "list")
    secret = good(workspace, "keys", "create", "shop front").strip()
    assert opens(workspace, secret)
    key = secret.split("_")[1]
    listed = good(workspace, "keys", "list")
    assert "shop front" in listed
    assert "events" in listed
    assert secret not in listed
    after = good(workspace, "keys", "rotate", key).strip()
    assert opens(workspace, secret)
    assert opens(workspace, after)
    assert "good until" in good(workspace, "keys", "list")
    assert f"key {key} is revoked" in good(workspace, "keys", "revoke", key)
    assert not opens(workspace, secret)
    assert opens(workspace, after)
    assert "revoked" in good(workspace, "keys", "list")


def test_as_json(workspace: Path) -> None:
    made = json.loads(
        good(workspace, "keys", "create", "a", "--scope", "admin", "--days", "1", "--json")
    )
    assert opens(workspace, made["secret"])
    assert made["scopes"] == ["admin"]
    (told,) = json.loads(good(workspace, "keys", "list", "--json"))["keys"]
    assert told["id"] == made["id"]
    assert not {"secret", "hash"} & told.keys()
    again = json.loads(good(workspace, "keys", "rotate", made["id"], "--overlap", "0", "--json"))
    assert opens(workspace, again["secret"])
    assert not opens(workspace, made["secret"])


def test_which_users_a_key_names(workspace: Path) -> None:
    made = run(workspace, "keys", "create", "page")
    assert made.stdout.startswith("ft_"), "the key alone, for scripts"
    assert len(made.stdout.splitlines()) == 1
    assert "only with a token that your server has signed" in made.stderr
    assert f"signed with fts_{made.stdout.split('_')[1]}_" in made.stderr
    server_key = run(workspace, "keys", "create", "server", "--user-access", "open")
    assert "It names any user" in server_key.stderr
    assert "fts_" not in server_key.stderr
    told = json.loads(good(workspace, "keys", "list", "--json"))["keys"]
    assert [key["user_access"] for key in told] == ["signed", "open"]
    assert "fts_" not in good(workspace, "keys", "list", "--json")
    again = json.loads(good(workspace, "keys", "rotate", told[0]["id"], "--json"))
    assert again["signing_secret"].startswith(f"fts_{again['id']}_")
    assert run(workspace, "keys", "create", "a", "--user-access", "all").exit_code == 2


def test_what_is_refused(workspace: Path, tmp_path: Path) -> None:
    assert "did you mean 'events'?" in refused(workspace, "keys", "create", "a", "--scope", "event")
    assert "there is no tenant 'acme'" in refused(
        workspace, "keys", "create", "a", "--tenant", "acme"
    )
    assert "no key has this id" in refused(workspace, "keys", "revoke", "nothing")
    assert "is no workspace" in refused(tmp_path / "nowhere", "keys", "list")
    assert "foretaste keys create" in refused(workspace, "serve", "--host", "0.0.0.0")


def test_a_tenant_and_its_key(workspace: Path) -> None:
    assert "foretaste keys create" in good(workspace, "tenants", "create", "acme")
    assert (workspace / "tenants" / "acme" / STORE_FILE).exists()
    secret = good(workspace, "keys", "create", "a", "--tenant", "acme").strip()
    with SqlStore(workspace / STORE_FILE) as store:
        key = Keyring(lambda: store.keys).find_key(secret)
        assert key is not None
        assert key.tenant == "acme"
    assert "acme" in good(workspace, "tenants", "list")
    told = json.loads(good(workspace, "tenants", "list", "--json"))["tenants"]
    assert [one["name"] for one in told] == ["default", "acme"]
    assert "already" in refused(workspace, "tenants", "create", "acme")


def test_a_tenants_folder_is_a_workspace(workspace: Path, files: Path) -> None:
    good(workspace, "tenants", "create", "acme")
    folder = workspace / "tenants" / "acme"
    good(folder, "import", "--items", str(files / "items.csv"))
    told = json.loads(good(workspace, "tenants", "list", "--json"))["tenants"]
    assert [one["items"] for one in told] == [0, 20]


def test_the_form_of_the_log(workspace: Path) -> None:
    result = run(workspace, "serve", "--log-format", "yaml")
    assert result.exit_code == 2
    assert "FORETASTE_SERVE__LOG_FORMAT" not in os.environ


@pytest.mark.parametrize(
    ("settings", "environment", "threads"),
    [
        ("", {}, "1"),
        ("", {"OMP_NUM_THREADS": "2"}, "2"),
        ("[language]\nthreads = 3\n", {"OMP_NUM_THREADS": "2"}, "3"),
    ],
)
def test_a_service_computes_with_one_thread_unless_told_otherwise(
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    environment: dict[str, str],
    threads: str,
) -> None:
    """What is in the environment when PyTorch is imported."""
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "8")  # so that it is put back afterwards, as it was
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    seen: dict[str, str | None] = {}

    def serve(*_: object, **__: object) -> None:
        seen.update({name: os.environ.get(name) for name in THREAD_VARIABLES})

    monkeypatch.setattr("foretaste.serve.run.serve", serve)
    (workspace / "foretaste.toml").write_text(settings)
    good(workspace, "serve")
    assert seen == dict.fromkeys(THREAD_VARIABLES, threads)
