"""The pages where there is nothing to show yet, and where the service goes away meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from foretaste.loop import Foretaste

from ..workspace import SETTINGS, items, serving
from .conftest import Open

BROKEN_ROW = "user_id,item_id,event_type,timestamp\n,space-3,click,15 November 2023\n"
GOOD_ROW = "user_id,item_id,event_type,timestamp\np1,space-3,click,2023-11-15\n"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service of a workspace with settings alone."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "foretaste.toml").write_text(SETTINGS)
    with serving(folder, ready=False) as client:
        yield client


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service with items and a broken import beside a good one, that nobody has trained."""
    folder = tmp_path_factory.mktemp("untrained")
    (folder / "foretaste.toml").write_text(SETTINGS)
    files: dict[str, Path] = {}
    for name, rows in (("good", GOOD_ROW), ("broken", GOOD_ROW + BROKEN_ROW.splitlines()[1])):
        files[name] = tmp_path_factory.mktemp("files") / f"{name}.csv"
        files[name].write_text(rows)
    loop = Foretaste.open(folder)
    loop.store.put_items(items())
    for file in files.values():
        loop.add(events=file)
    loop.close()
    with serving(folder, ready=False) as client:
        yield client


def test_an_untrained_shop_says_what_to_do(open_shop: Open, untrained: httpx.Client) -> None:
    visitor = open_shop(url=str(untrained.base_url))
    assert "foretaste train" in visitor.see('.empty:has-text("There is no model yet")').inner_text()
    assert visitor.page.locator(".skeleton:visible").count() == 0
    assert visitor.page.locator(".page-problem:visible").count() == 0
    visitor.press('.empty a:has-text("What came in")')
    assert "refused" in visitor.see('td:has-text("broken.csv")').inner_text()


def test_the_console_shows_a_person_whom_no_model_knows(
    open_shop: Open, untrained: httpx.Client
) -> None:
    visitor = open_shop("/console/people#user=p1", url=str(untrained.base_url), locale="de-DE")
    assert "noch kein Modell" in visitor.see("#list-heading ~ .notice").inner_text()
    assert visitor.see(".timeline strong").inner_text()
    assert visitor.texts(".toast") == []
    visitor.go("/console")
    assert "noch kein Modell" in visitor.see(".verdict.bad p").inner_text()


def test_an_import_without_a_note_has_no_box(open_shop: Open, untrained: httpx.Client) -> None:
    visitor = open_shop("/console/data", url=str(untrained.base_url))
    visitor.see('td:has-text("good.csv")')
    visitor.see('#notes-heading ~ .panel h3:has-text("broken.csv")')
    assert visitor.texts("#notes-heading ~ .panel h3") == ["broken.csv"]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("data", "No events yet"),
        ("people", "Nobody has done anything yet"),
        ("catalogue", "The catalogue is empty"),
        ("model", "There is no model yet"),
    ],
)
def test_an_empty_console_says_that_it_is_empty(
    open_shop: Open, empty: httpx.Client, page: str, text: str
) -> None:
    visitor = open_shop(f"/console/{page}", url=str(empty.base_url))
    visitor.see(f'main :text("{text}")')
    assert visitor.page.locator(".plot:visible").count() == 0, "a drawing of nothing"
    assert visitor.violations() == []


def test_the_console_looks_again_when_the_service_is_back(open_shop: Open) -> None:
    visitor = open_shop("/console")
    visitor.see(".verdict h2")
    visitor.context.set_offline(True)
    visitor.see('.notice.wrong:has-text("The service does not answer")')
    assert "does not answer" in visitor.see(".verdict.bad h2").inner_text()
    visitor.context.set_offline(False)
    visitor.page.wait_for_selector(".console-page > .notice.wrong", state="hidden")
    assert "does not answer" not in visitor.see(".verdict h2").inner_text()


def test_a_search_is_asked_again_when_the_service_is_back(open_shop: Open) -> None:
    visitor = open_shop()
    visitor.choose()
    visitor.context.set_offline(True)
    visitor.enter("#search", "rocket")
    visitor.see(".page-problem")
    visitor.context.set_offline(False)
    visitor.see(".results .card")
    visitor.page.wait_for_selector(".page-problem", state="hidden")
