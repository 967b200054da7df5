"""Covers of items in the shop window: files of the shop's, and from no other place than allowed."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import httpx
import pytest
from pydantic import ValidationError

from foretaste.config.serve_settings import ServeSettings

from ..workspace import serving
from .conftest import Open


@pytest.fixture(scope="module")
def covers(pictured: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = Path(copytree(pictured, tmp_path_factory.mktemp("covers") / "w"))
    with (folder / "foretaste.toml").open("a") as file:
        file.write('[serve]\nimage_origins = ["https://cdn.shop.example"]\n')
    with serving(folder) as client:
        yield client


def test_covers_that_are_files_are_shown(open_shop: Open, covers: httpx.Client) -> None:
    visitor = open_shop(url=str(covers.base_url))
    visitor.see('.cover img[src^="blob:"]')
    sizes = visitor.page.eval_on_selector_all(
        '.cover img[src^="blob:"]', "images => images.map(image => image.decode().then(() => 1))"
    )
    assert sizes


def test_pictures_come_from_where_the_settings_say(
    covers: httpx.Client, client: httpx.Client
) -> None:
    policies = [own.get("/").headers["content-security-policy"] for own in (covers, client)]
    assert "img-src 'self' data: blob: https://cdn.shop.example;" in policies[0]
    assert "img-src 'self' data: blob: https: http:;" in policies[1]


@pytest.mark.parametrize("origin", ["*", "https://a;script-src *", "ftp:", "https://a/b", "a.b"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="an origin is like"):
        ServeSettings(image_origins=(origin,))


def test_a_word_of_a_title_stands_on_one_line_of_its_cover(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.see(".shelf .cover")
    words = ["Amadeus", "Mammoth", "Mammoths", "Wonderful", "Homecoming", "Commandments"]
    lines = visitor.page.evaluate(
        """async (words) => {
          const script = document.querySelector('link[href$="covers.js"]');
          const { drawCover } = await import(script.href);
          await document.fonts.ready;
          const cover = document.createElement("div");
          cover.className = "cover";
          cover.style.width = "150px";
          document.body.append(cover);
          return words.map((title) => {
            drawCover(cover, { id: title, title, attributes: {} });
            const range = document.createRange();
            range.selectNodeContents(cover.querySelector(".cover-title"));
            return new Set([...range.getClientRects()].map((line) => line.top)).size;
          });
        }""",
        words,
    )
    assert dict(zip(words, lines, strict=True)) == dict.fromkeys(words, 1)
