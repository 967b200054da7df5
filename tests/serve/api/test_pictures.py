"""The cover of an item, made anew and small."""

import io
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from PIL import Image

from foretaste.domain.data import Item
from foretaste.loop import Foretaste
from language.media.pictures import as_bytes, picture
from language.media.shop import cover

from ..workspace import serving

DATA = f"data:image/png;base64,{b64encode(as_bytes(picture(5, (900, 600)), 'PNG')).decode()}"


@pytest.fixture(scope="module")
def shop(pictured: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = Path(copytree(pictured, tmp_path_factory.mktemp("covers") / "w"))
    (folder.parent / "secret.jpg").write_bytes(as_bytes(picture(6)))
    loop = Foretaste.open(folder)
    loop.store.put_items(
        [
            Item("a/b c", "With its picture", image=DATA),
            Item("escape", "Outside", image="../secret.jpg"),
            Item("web", "Elsewhere", image="https://example.com/a.jpg"),
            Item("bare", "Without"),
        ]
    )
    loop.close()
    with serving(folder) as client:
        yield client


def test_a_file_is_shown(shop: httpx.Client) -> None:
    response = shop.get("/v1/items/space-3/image")
    assert response.headers["content-type"] == "image/jpeg"
    shown = np.asarray(Image.open(io.BytesIO(response.content)), float)
    assert np.abs(shown - np.asarray(cover("space-3"), float)).mean() < 8


def test_a_picture_that_came_with_the_item_is_shown_small(shop: httpx.Client) -> None:
    response = shop.get(f"/v1/items/{quote('a/b c', safe='')}/image")
    assert Image.open(io.BytesIO(response.content)).size == (384, 256)


@pytest.mark.parametrize("item", ["space-9", "escape", "web", "bare", "nobody"])
def test_what_cannot_be_shown_is_not_found(shop: httpx.Client, item: str) -> None:
    response = shop.get(f"/v1/items/{item}/image")
    assert response.status_code == 404
    assert "picture" in response.json()["detail"]
