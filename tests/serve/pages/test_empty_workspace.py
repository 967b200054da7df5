"""What the pages say on the first day: settings are there, but no items, no events and no model."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ..workspace import SETTINGS, serving
from .conftest import Open


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service without data. It has no key, so that this machine may do everything."""
    folder: Path = tmp_path_factory.mktemp("empty")
    (folder / "foretaste.toml").write_text(SETTINGS)
    with serving(folder, ready=False) as client:
        yield client


def test_the_shop_window_says_what_is_missing_and_promises_nothing(
    open_shop: Open, empty: httpx.Client
) -> None:
    visitor = open_shop(url=str(empty.base_url))
    assert "foretaste train" in visitor.see(".empty").inner_text()
    assert visitor.texts(".skeleton") == [], "nothing comes where there is no model"


def test_what_is_missing_is_said_in_the_language_of_the_page(
    open_shop: Open, empty: httpx.Client
) -> None:
    visitor = open_shop("/console", url=str(empty.base_url), locale="de-DE")
    assert "es gibt noch kein Modell" in visitor.see(".verdict").inner_text()
    tiles = {tile.split("\n")[0]: tile.split("\n")[1] for tile in visitor.texts(".tile")}
    assert tiles["Ein Training läuft"] == "nein"
    assert tiles["Seit dem letzten Training"] == "nie"
    assert tiles["Wartet in Warteschlangen und Ordnern"] == "keine"


@pytest.mark.parametrize(
    ("address", "text"),
    [("/console/people", "Nobody has done anything yet"), ("/console/catalogue", "is empty")],
)
def test_an_empty_list_says_why_and_what_to_do(
    open_shop: Open, empty: httpx.Client, address: str, text: str
) -> None:
    visitor = open_shop(address, url=str(empty.base_url))
    visitor.see(f'.finder p:has-text("{text}")')
