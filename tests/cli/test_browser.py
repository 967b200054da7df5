"""The page is opened once the service answers."""

import socket
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from foretaste.cli.browser import open_when_ready, page_address
from foretaste.cli.demo import DEMO_NAME, is_trained
from serve.workspace import listening, until


class StartingService(BaseHTTPRequestHandler):
    """Ready from the second question on."""

    questions = 0

    def do_GET(self) -> None:
        StartingService.questions += 1
        self.send_response(200 if self.questions > 1 else 503)
        self.end_headers()


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in which a stand-in for the browser writes what it is to open."""
    path = tmp_path / "opened"
    script = tmp_path / "browser.py"
    script.write_text(f"import sys; open({str(path)!r}, 'w').write(sys.argv[1])")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {script} %s")
    return path


def test_it_waits_until_the_service_is_ready(opened: Path) -> None:
    StartingService.questions = 0
    with listening(StartingService) as address:
        assert open_when_ready(f"{address}/", seconds=60)
    until(lambda: opened.exists() and opened.read_text() != "", "opened")
    assert opened.read_text() == f"{address}/"
    assert StartingService.questions == 2


def test_a_service_that_never_answers_opens_nothing(opened: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert not open_when_ready(page_address(unused.getsockname()[1]), seconds=0.3)
    assert not opened.exists()


def test_only_the_trained_demo_is_not_trained_again(trained: Path, tmp_path: Path) -> None:
    assert not is_trained(tmp_path / "nothing")
    assert not is_trained(trained), "somebody's own workspace is not the demo's"
    settings = trained / "foretaste.toml"
    rest = settings.read_text(encoding="utf-8") if settings.exists() else ""
    settings.write_text(f'name = "{DEMO_NAME}"\n{rest}', encoding="utf-8")
    assert is_trained(trained)
