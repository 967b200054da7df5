"""The console in a real Chromium, on a real service that asks for keys."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Event, Item
from foretaste.loop import Foretaste
from foretaste.serve.http.keys import create_key

from ...workspace import SETTINGS, add_version, serving
from ..visitor import Visitor

MARKUP = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
ODD_USER = "<b>u&1</b> שלום 🚀"
Open = Callable[..., Visitor]


@pytest.fixture(scope="session")
def console_folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two versions of the model, and names that are meant to break a page."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("console") / "workspace"))
    (folder / "foretaste.toml").write_text(SETTINGS + "[serve]\nrequests_per_second = 0\n")
    loop = Foretaste.open(folder)
    loop.store.put_items(
        [
            Item(
                "hostile/<1>", title=MARKUP, texts={"plot": MARKUP}, attributes={"theme": (MARKUP,)}
            ),
            Item("endless", title="Endless " + "word" * 2500),
            Item("shining", title="Shining, The"),
        ]
    )
    loop.record([Event("odd", "review", 1_700_100_000.0, ODD_USER, item="space-1", text=MARKUP)])
    clicks = tmp_path_factory.mktemp("import") / "clicks.csv"
    clicks.write_text(
        "user_id,item_id,event_type,timestamp,weather\nnewcomer,space-3,click,2023-11-15,rain\n"
        "newcomer,space-99999,click,2023-11-15,sun\n"
    )
    loop.add(events=clicks)
    broken = clicks.with_name("broken.csv")
    broken.write_text(
        "user_id,item_id,event_type,timestamp\ncareless,space-3,click,2023-11-15\n"
        "careless,,click,2023-11-15T10:00:00Z\ncareless,space-3,teleport,2023-11-15\n"
        'careless,"space-3,click,2023-11-15\n'
    )
    loop.add(events=broken)
    add_version(loop)
    loop.close()
    return folder


@pytest.fixture(scope="session")
def console_keys(console_folder: Path) -> dict[str, str]:
    """A secret by name."""
    with SqlStore(console_folder / STORE_FILE) as store:
        return {
            name: create_key(store.keys, name, scopes, now=0.0)[1]
            for name, scopes in {"admin": ["admin"], "read": ["read"], MARKUP: ["read"]}.items()
        }


@pytest.fixture(scope="session")
def console(console_folder: Path, console_keys: dict[str, str]) -> Iterator[httpx.Client]:
    """The service that all of these tests look at, asked as an admin."""
    with serving(console_folder) as client:
        client.headers["X-API-Key"] = console_keys["admin"]
        yield client


@pytest.fixture
def open_console(
    browser: Any, console: httpx.Client, console_keys: dict[str, str]
) -> Iterator[Open]:
    """Open a page of the console with a key."""
    visitors: list[Visitor] = []

    def opened(address: str, key: str | None = "admin", **context: Any) -> Visitor:
        visitor = Visitor(browser, str(console.base_url), "/healthz", **context)
        visitors.append(visitor)
        if key is not None:
            secret = console_keys.get(key, key)
            visitor.page.evaluate(f"sessionStorage.setItem('foretaste.key', '{secret}')")
        visitor.go(address)
        return visitor

    yield opened
    for visitor in visitors:
        visitor.close()
    assert [problem for visitor in visitors for problem in visitor.problems] == []
