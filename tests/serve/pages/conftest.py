"""The shop window in a real Chromium, on a real service."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Item

from ..workspace import serving
from .visitor import Visitor

MARKUP = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
ENDLESS = "Endless " + "word" * 2500
RIGHT_TO_LEFT = "שלום עולם \u202eevil\u202c 🚀🪐"
HOSTILE = (
    Item(id="hostile/<1>", title=MARKUP, attributes={"theme": (MARKUP,)}),
    Item(id="hostile-2", title=ENDLESS, attributes={"theme": ("space",)}),
    Item(id="hostile-3", title=RIGHT_TO_LEFT, attributes={"theme": ("{{ 7 * 7 }}",)}),
)
Open = Callable[..., Visitor]


@pytest.fixture(scope="session")
def shop_folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with items whose titles are meant to break a page."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("shop") / "workspace"))
    with SqlStore(folder / STORE_FILE) as store:
        store.put_items(HOSTILE)
    return folder


@pytest.fixture(scope="session")
def shop(shop_folder: Path) -> Iterator[httpx.Client]:
    """The service that all of these tests look at: each is a visitor of its own."""
    with serving(shop_folder) as client:
        yield client


@pytest.fixture
def open_shop(browser: Any, shop: httpx.Client) -> Iterator[Open]:
    """Open the shop window as somebody who has never been there."""
    visitors: list[Visitor] = []

    def opened(address: str = "/", *, url: str | None = None, **context: Any) -> Visitor:
        visitor = Visitor(browser, url or str(shop.base_url), address, **context)
        visitors.append(visitor)
        return visitor

    yield opened
    for visitor in visitors:
        visitor.close()
    assert [problem for visitor in visitors for problem in visitor.problems] == []
