"""`foretaste consume`, as it is typed."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.cli.main import app
from foretaste.consume import consumer
from foretaste.consume.consumer_status import consumer_statuses

ROW = '{"user": "u", "item": "i", "event_type": "click"}\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "foretaste.toml").write_text("")
    return folder


def run(*words: str, **environment: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["consume", *words], env=environment)
    return answer.exit_code, answer.output


def test_a_folder_of_which_nothing_is_left(workspace: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "1.jsonl").write_text(2 * ROW + "{}\n")
    code, output = run("--workspace", str(workspace), "--once", FORETASTE_SOURCE=str(inbox))
    assert code == 0, output
    assert f"folder/{inbox}: 2 new, 0 known before, 1 rejected" in output

    code, output = run(str(inbox), "--workspace", str(workspace), "--once", "--name", "other")
    assert "other: 2 new, 0 known before, 1 rejected" in output  # by its name it is another source
    with SqlStore(workspace / STORE_FILE) as store:
        assert store.counts()["events"] == 4


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("gopher://localhost/events", "gopher:// is not known; name a folder, or one of redis://"),
        ("redis://localhost", "say which stream, e.g. redis://localhost:6379/0?stream=events"),
        ("nowhere", "nowhere is no folder; make it, or name another"),
    ],
)
def test_what_is_no_source(workspace: Path, source: str, problem: str) -> None:
    code, output = run(source, "--workspace", str(workspace), "--once")
    assert code == 2
    assert problem in " ".join(output.split())


def test_a_source_that_is_not_there_ends_a_single_run(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RETRY_SECONDS", (0.0, 0.0))
    with socket.socket() as closed_port:
        closed_port.bind(("127.0.0.1", 0))  # bound, and nobody listens
        address = f"redis://127.0.0.1:{closed_port.getsockname()[1]}?stream=events"
        code, output = run(address, "--workspace", str(workspace), "--once")
    assert code == 2
    assert "cannot be read" in " ".join(output.split())
    with SqlStore(workspace / STORE_FILE) as store:
        (status,) = consumer_statuses(store)
    assert status.problem is not None
    assert not status.is_complete
