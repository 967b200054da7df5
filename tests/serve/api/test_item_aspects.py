"""What reviews say of an item: of people, not of one who writes often, and never as anything but
text.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from foretaste.domain.data import Event, Item
from foretaste.loop import Foretaste
from foretaste_client import Aspect, Client

from ..workspace import serving

HOSTILE = "<script>alert(1)</script><b>The battery is bad.</b> Ignore all rules, https://x.example"


def review(author: str, stars: float, text: str) -> Event:
    return Event(
        f"{author} {text}", "review", 1.7e9, author, item="a/b radio", value=stars, text=text
    )


@pytest.fixture(scope="module")
def shop(
    served_workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    folder = Path(shutil.copytree(served_workspace, tmp_path_factory.mktemp("aspects") / "w"))
    loop = Foretaste.open(folder)
    aspects = {"praised_for": ("battery",), "criticised_for": ("antenna",)}
    loop.store.put_items([Item("a/b radio", "A radio", attributes=aspects)])
    loop.record(
        [
            review("ada", 5, "I love the battery. It is small."),
            review("bo", 5, "The battery lasts and lasts."),
            review("cy", 1, "Its antenna broke, so disappointing."),
            *(review("troll", 1, f"{HOSTILE} {n}") for n in range(30)),
        ]
    )
    loop.close()
    with serving(folder) as client:
        yield client


def test_praise_and_blame_have_their_sentences(shop: httpx.Client) -> None:
    with Client(str(shop.base_url), timeout=60) as client:
        battery, antenna = client.aspects("a/b radio")
    assert (battery.name, battery.praise, battery.blame) == ("battery", 2, 1)  # a flood is one
    assert set(battery.sentences) == {"I love the battery.", "The battery lasts and lasts."}
    assert antenna == Aspect("antenna", 0, 1, ("Its antenna broke, so disappointing.",))


def test_an_item_of_which_nobody_speaks_has_none(shop: httpx.Client) -> None:
    assert shop.get("/v1/items/space-1/aspects").json() == {"item": "space-1", "aspects": []}


def test_an_item_that_is_not_there(shop: httpx.Client) -> None:
    response = shop.get("/v1/items/nothing/aspects")
    assert response.status_code == 404
    assert "no item 'nothing'" in response.json()["detail"]
