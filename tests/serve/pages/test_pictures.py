"""Each view of the shop window at both widths, light and dark: nothing is wider than the window, no
serious violation, and a picture in the folder that PICTURES names, for the documents.

`make picture` looks at the workspace in the folder `demo`; without it the tests have their own.
"""

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..workspace import serving
from .conftest import Open
from .visitor import DESK, PHONE, Visitor

DEMO = Path(__file__).parents[3] / "demo"
PICTURES = os.environ.get("PICTURES")
COLORS = 128
WIDTHS = {"desk": DESK, "phone": PHONE}
SCHEMES = ("light", "dark")
VIEWS = ("choose", "pick", "shelves", "why", "taste", "talk", "search", "item")
SHOWN = {("choose", "desk", "light"), ("shelves", "desk", "dark"), ("why", "desk", "light")}
SHOWN |= {("item", "desk", "light"), ("search", "desk", "dark"), ("shelves", "phone", "light")}
"""Those of which a picture is kept."""


@pytest.fixture(scope="module")
def address(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if PICTURES is None or not DEMO.exists():
        yield str(shop.base_url)
        return
    folder = Path(shutil.copytree(DEMO, tmp_path_factory.mktemp("pictures") / "workspace"))
    with serving(folder) as client:
        yield str(client.base_url)


def show(visitor: Visitor, view: str) -> None:
    """Go to a view, as a visitor would."""
    page = visitor.page
    visitor.see("#shelves .card")
    visitor.see(".people .person:not(.new)")
    if view == "choose":
        return
    if view == "pick":
        visitor.press(".person.new")
        visitor.see(".pick-card .cover > *")
        page.locator(".pick-card").nth(2).click()
        return
    visitor.choose(2)
    if view == "shelves":
        visitor.press('#shelves [data-shelf="for_you"] .card-actions button')
        visitor.see(".news-words li")
    elif view == "why":
        visitor.press('#shelves [data-shelf="for_you"] .card-why')
        visitor.see("#why .bars .bar")
    elif view == "taste":
        visitor.press(".who-words .button")
        visitor.see("#taste .taste-row")
    elif view == "talk":
        visitor.press(".talk-button")
        visitor.press("#talk .chip")
        visitor.see("#talk .turn-item")
    elif view == "search":
        page.fill("#search", "comedy" if PICTURES else "rocket")
        page.press("#search", "Enter")
        visitor.see(".results .card")
        page.evaluate("document.activeElement.blur()")
    elif view == "item":
        visitor.press('#shelves [data-shelf="for_you"] .card-link')
        visitor.see(".item .shelf .card")


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", sorted(WIDTHS))
def test_picture(open_shop: Open, address: str, width: str, scheme: str, view: str) -> None:
    visitor = open_shop(url=address, viewport=WIDTHS[width], color_scheme=scheme)
    show(visitor, view)
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.overflow() <= 0
    assert visitor.violations() == []
    if PICTURES is not None and (view, width, scheme) in SHOWN:
        keep(visitor.page.screenshot(), Path(PICTURES) / f"shop-{view}-{width}.png")


def keep(screenshot: bytes, path: Path) -> None:
    """As a small PNG with a palette."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(screenshot)) as picture:
        small = picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
