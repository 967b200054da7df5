import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .workspace import serving

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(scope="session")
def trained(served_workspace: Path) -> Path:
    """A trained workspace; copy it before changing it."""
    return served_workspace


@pytest.fixture(scope="session")
def shared(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace that `client` serves."""
    return Path(shutil.copytree(trained, tmp_path_factory.mktemp("serve") / "shared"))


@pytest.fixture(scope="session")
def client(shared: Path) -> Iterator[httpx.Client]:
    """A client of one server for all tests: each has people and items of its own."""
    with serving(shared) as found:
        yield found


@pytest.fixture
def copied(trained: Path, tmp_path: Path) -> Path:
    """A trained workspace of one's own."""
    return Path(shutil.copytree(trained, tmp_path / "workspace"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of a module; each opens a context of its own.

    Not for the session: while Playwright is there, an event loop runs in this thread, and no other
    test can run one.
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install one, e.g. apt-get install chromium")
    with api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


Refusal = Callable[..., str]


@pytest.fixture
def refusal(client: httpx.Client) -> Refusal:
    """Send what must be refused; → the detail, of a problem document with all its parts."""

    def refused(path: str, status: int, kind: str, *, method: str = "POST", **sent: object) -> str:
        answer = client.request(method, path, **sent)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        return checked(answer, kind)

    return refused


def checked(answer: httpx.Response, kind: str) -> str:
    """The detail of a problem document that has all it must have."""
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == f"urn:foretaste:problem:{kind}"
    assert told["status"] == answer.status_code
    assert told["title"]
    assert told["request_id"] == answer.headers["x-request-id"]
    detail = told["detail"]
    assert isinstance(detail, str)
    assert detail
    return detail
