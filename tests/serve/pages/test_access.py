"""The shop window of a service with keys: what it says of a missing, a wrong and a weak one."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.serve.http.keys import create_key

from ..workspace import running, serving
from .conftest import Open
from .visitor import Visitor

Keys = dict[str, str]


@pytest.fixture(scope="module")
def locked(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Keys]]:
    """(address of a service with keys, the keys)"""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("locked") / "workspace"))
    scopes = {
        "page": ["read", "events"],
        "read": ["read"],
        "events": ["events"],
        "admin": ["admin"],
    }
    with SqlStore(folder / STORE_FILE) as store:
        keys = {name: create_key(store.keys, name, of, now=0.0)[1] for name, of in scopes.items()}
    with serving(folder) as client:
        yield str(client.base_url), keys


def enter(visitor: Visitor, key: str) -> None:
    visitor.see("#key")
    visitor.enter("#key", key)


def test_without_a_key_it_says_which_to_enter(open_shop: Open, locked: tuple[str, Keys]) -> None:
    url, keys = locked
    visitor = open_shop(url=url)
    assert "asks for a key" in visitor.see(".key-form h2").inner_text()
    assert "read and events" in visitor.see(".key-form").inner_text()
    assert visitor.violations() == []
    enter(visitor, "ft_nobody_has_this")
    visitor.see(".key-form h2:has-text('does not know this key')")
    enter(visitor, keys["events"])
    visitor.see(".key-form h2:has-text('may not do that')")
    enter(visitor, keys["page"])
    visitor.see("#shelves .card")
    assert visitor.page.evaluate("Object.values(localStorage).join()").find(keys["page"]) == -1
    visitor.page.reload()
    visitor.see("#shelves .card")
    other_tab = visitor.context.new_page()
    other_tab.goto(url)
    other_tab.locator("#key").wait_for()


def test_with_the_key_of_a_page_one_is_somebody_new(
    open_shop: Open, locked: tuple[str, Keys]
) -> None:
    url, keys = locked
    visitor = open_shop(url=url)
    enter(visitor, keys["page"])
    visitor.see("text=People to choose from are shown with a key of the scope admin")
    assert visitor.texts(".person:not(.new)") == []
    visitor.begin()
    liked = visitor.titles("for_you")[0]
    visitor.press(f'#shelves [data-shelf="for_you"] [aria-label="Like: {liked}"]')
    visitor.see(f".news-text:has-text('You liked {liked}')")


def test_a_key_that_only_reads_says_so_at_the_first_click(
    open_shop: Open, locked: tuple[str, Keys]
) -> None:
    url, keys = locked
    visitor = open_shop(url=url)
    enter(visitor, keys["read"])
    visitor.press("#shelves .card-actions button")
    visitor.see(".toast:has-text('This key can only read')")
    visitor.press(".toast .button:has-text('Enter a key')")
    enter(visitor, keys["admin"])
    visitor.choose()


@pytest.mark.slow
def test_a_service_killed_amid_a_click_loses_nothing(
    open_shop: Open, trained: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "workspace"))
    with running(folder, "serve", "--port", "0") as first:
        url = first.address
        port = url.rpartition(":")[2]
        visitor = open_shop(url=url)
        visitor.begin()
        hidden = visitor.titles("for_you")[0]

        def kill(route: Any) -> None:
            first.process.kill()
            route.continue_()

        visitor.page.route("**/v1/events", kill)
        visitor.press(f'#shelves [data-shelf="for_you"] [aria-label="Hide: {hidden}"]')
        visitor.see(".page-problem")
        first.process.wait()
    visitor.page.unroute("**/v1/events")
    with running(folder, "serve", "--port", port) as second:
        assert second.address == url
        visitor.until("() => !document.querySelector('.page-problem').checkVisibility()")
        visitor.see('#shelves [data-shelf="for_you"] .card')
        assert hidden not in visitor.titles()
        with SqlStore(folder / STORE_FILE) as store:
            kinds = [event.kind for event in store.history(None, visitor.session, 20)]
    assert kinds.count("hide") == 1, "sent again once it could be, and counted once"
    assert kinds.count("like") == 3
