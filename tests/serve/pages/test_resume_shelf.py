"""“Continue watching” on the start page, with a bar that says how far somebody got."""

import shutil
from pathlib import Path

import httpx

from ..workspace import serving
from .conftest import Open

RESUME = "#shelves [data-shelf='resume']"


def test_what_was_begun_is_the_first_shelf_with_a_bar(
    open_shop: Open, shop_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(shop_folder, tmp_path / "video"))
    settings = folder / "foretaste.toml"
    more = '\n[rank.resume]\nbelow = 0.9\n[reasons]\nactivity = "watch"\n'
    settings.write_text(settings.read_text() + more)
    with serving(folder) as service:
        visitor = open_shop(url=str(service.base_url))
        visitor.begin()
        assert visitor.titles("resume") == [], "nothing was begun yet"
        item = visitor.page.locator("#shelves .card-link").first.get_attribute("href")
        assert item is not None
        stop(service, visitor.session, item.removeprefix("#/item/"), 0.42)
        visitor.page.reload()
        visitor.see(f"{RESUME} .card")
        first = visitor.page.locator("#shelves [data-shelf]").first
        assert first.get_attribute("data-shelf") == "resume"
        assert first.locator("h2").inner_text() == "Continue watching"
        assert visitor.texts(f"{RESUME} .card-why") == ["You stopped at 42 %"]
        bar = visitor.see(f"{RESUME} progress")
        assert bar.evaluate("bar => bar.value") == 0.42
        assert bar.get_attribute("aria-label") == "You stopped at 42%"
        assert visitor.page.locator("#shelves progress").filter(visible=True).count() == 1
        assert visitor.violations() == []
        stop(service, visitor.session, item.removeprefix("#/item/"), 1.0)
        visitor.page.reload()
        visitor.see("#shelves [data-shelf='for_you'] .card")
        assert visitor.titles("resume") == []


def stop(service: httpx.Client, session: str, item: str, share: float) -> None:
    """The player tells where this visitor stopped."""
    event = {"session": session, "item": item, "event_type": "view", "value": share}
    assert service.post("/v1/events", json={"events": [event]}).json()["accepted"] == 1
