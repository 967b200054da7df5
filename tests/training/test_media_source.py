"""Items with pictures and vectors, from the import to the list: trained on, searched by picture,
looked at when they are new, and told of where they cannot be read.
"""

import io
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from foretaste import Foretaste
from foretaste.domain.data import Item
from foretaste.errors import InputError
from foretaste.training.media_methods import COVER_SIDE
from foretaste.training.media_report import media_lines
from language.media.pictures import as_bytes, picture
from language.media.shop import cover


@pytest.fixture
def shop(pictured: Path, tmp_path: Path) -> Iterator[Foretaste]:
    copytree(pictured, tmp_path / "w")
    loop = Foretaste.open(tmp_path / "w")
    yield loop
    loop.close()


def theme(item: str) -> str:
    return item.partition("-")[0]


def test_pictures_and_vectors_are_experts_of_the_model(shop: Foretaste) -> None:
    assert shop.catch_up().product.names == ("popularity", "media:image", "media:vector:mood")
    recommended = shop.recommend("u1", n=5)
    assert {theme(entry.id) for entry in recommended.items} == {"space"}


def test_what_could_not_be_read_is_told_after_the_training(shop: Foretaste) -> None:
    (version,) = shop.models.versions()
    lines = media_lines(version.metrics["media"])
    assert lines[0] == "pictures: read of 19 items"
    assert lines[1] == "vectors 'mood': read of 20 items"
    assert "space-9: space-9.jpg: it is no picture that is read here" in "\n".join(lines)


def test_pictures_that_nobody_said_where_to_find_are_told_of(
    trained: Path, items: pd.DataFrame
) -> None:
    shop = Foretaste.open(trained)
    shop.add(items=items.assign(image=[f"{item}.jpg" for item in items["id"]]))
    lines = media_lines(shop.train().metrics["media"])
    shop.close()
    assert lines[0].startswith("pictures of 20 items were not read: name their folder")
    assert media_lines({"items": {"image": 3}}) == ["pictures: read of 3 items"]


@pytest.mark.parametrize("user", [None, "u1", "u2"])
def test_a_picture_finds_its_item(shop: Foretaste, user: str | None) -> None:
    photo = cover("kitchen-3").resize((60, 90))
    found = shop.search(user=user, image=as_bytes(photo, "JPEG", quality=40), n=3, explain=True)
    assert found.items[0].id == "kitchen-3"
    assert found.headline == "Like your picture"


def test_a_picture_may_be_a_file_and_have_words_beside(shop: Foretaste, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(as_bytes(cover("space-2")))
    found = shop.search("rocket", image=tmp_path / "photo.jpg")
    assert found.items[0].id == "space-2"


def test_the_next_page_of_a_picture_goes_on(shop: Foretaste) -> None:
    photo = as_bytes(cover("space-2"))
    whole = [entry.id for entry in shop.search(image=photo, n=8).items]
    first = shop.search(image=photo, n=4)
    second = shop.recommend(next_page_of=first.recommendation_id, n=4)
    assert [entry.id for entry in (*first.items, *second.items)] == whole


@pytest.mark.parametrize(
    ("image", "reason"),
    [(b"PK", "image: it is no picture"), (b"", "image: it is no picture"), ("gone.jpg", "image: ")],
)
def test_what_is_no_picture_is_an_error_that_says_so(
    shop: Foretaste, image: Any, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        shop.search(image=image)
    with pytest.raises(InputError, match="no text, image or audio"):
        shop.search()


def test_a_new_item_is_looked_at_beside_and_then_found(shop: Foretaste, tmp_path: Path) -> None:
    shop.search(image=as_bytes(cover("space-2")))
    new = picture(77)
    data = f"data:image/jpeg;base64,{b64encode(as_bytes(new)).decode()}"
    shop.store.put_items([Item("new", "Something new", image=data)])
    assert shop.catch_up().unread == ()  # who catches up waits for pictures too
    assert shop.search(image=as_bytes(new), n=1).items[0].id == "new"


def test_an_item_whose_picture_changed_is_looked_at_again(shop: Foretaste) -> None:
    shop.catch_up()
    data = f"data:image/jpeg;base64,{b64encode(as_bytes(picture(78))).decode()}"
    item = shop.store.item("space-1")
    assert item is not None
    shop.store.change_item("space-1", lambda own: Item(own.id, own.title, image=data))
    assert shop.search(image=as_bytes(picture(78)), n=1).items[0].id == "space-1"


def test_a_model_with_pictures_answers_where_nothing_looks_at_them(
    pictured: Path, tmp_path: Path
) -> None:
    copytree(pictured, tmp_path / "w")
    loop = Foretaste.open(tmp_path / "w", settings={"images.encoder": ""})
    assert len(loop.recommend("u1", n=5).items) == 5
    loop.close()


def test_covers_are_shown_in_a_notebook(shop: Foretaste) -> None:
    page = shop.rank(["space-3", "space-9", "kitchen-1"])._repr_html_()
    covers = re.findall(
        r'<img class="cover" src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)">', page
    )
    titles = [item.title for name in ("space-3", "kitchen-1") if (item := shop.store.item(name))]
    assert sorted(text for _, text in covers) == sorted(f"Picture of {title}" for title in titles)
    image = Image.open(io.BytesIO(b64decode(covers[0][0])))
    assert max(image.size) == COVER_SIDE


def test_where_no_item_has_a_cover_there_is_no_column_of_them(trained: Path) -> None:
    loop = Foretaste.open(trained)
    page = loop.recommend("u1", n=3)._repr_html_()
    loop.close()
    assert "<img" not in page
    assert "picture</th>" not in page
