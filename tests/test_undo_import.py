"""An import is undone in one process; what answers in another notices."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from foretaste.cli.main import app
from foretaste.loop import Foretaste
from foretaste.online.snapshot import Snapshot


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    with closing(Foretaste.open(trained)) as opened:
        yield opened


def consumed(snapshot: Snapshot) -> float:
    popularity: Any = next(
        expert for expert in snapshot.product.experts if expert.name == "popularity"
    )
    return float(np.sum(popularity.taken))


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_answers_forgets_an_import(shop: Foretaste, tmp_path: Path) -> None:
    before = consumed(shop.catch_up())
    items = tmp_path / "more.csv"
    items.write_text("id,title,genre\nspace-x,The wrong moon,space\nspace-1,Not the star,space\n")
    events = tmp_path / "wrong.csv"
    rows = [f"w{n},space-{n % 10},click,{1_700_100_000 + n}" for n in range(40)]
    events.write_text("\n".join(["user,item,kind,at", *rows]))
    output = run("import", "-w", shop.folder, items, events)
    assert "import 2; 'foretaste imports undo 2' takes it back" in output
    assert consumed(shop.catch_up()) == before + 40
    assert "space-x" in shop.catch_up().items
    assert shop.rank(["space-x"], "u1")
    shop.train()
    output = run("imports", "undo", 2, "--yes", "-w", shop.folder)
    assert "40 events taken out" in output
    assert "1 items taken out" in output
    assert "1 items as they were before" in output
    snapshot = shop.catch_up()
    assert consumed(snapshot) == before, "the live model counts without them"
    assert snapshot.items["space-x"].hidden, "deleted items leave lists at once"
    assert snapshot.items["space-1"].title == "The star [space]"
    assert not shop.rank(["space-x"], "u1")
    assert shop.store.counts()["items"] == 20


def test_the_commands(shop: Foretaste, tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("user,item,kind,at\nu1,space-1,click,1700000000\n")
    assert "has taken the place" not in run("import", "--replace", "-w", shop.folder, events)
    events.write_text("user,item,kind,at\nann,space-1,click,1700000000\n")
    output = run("import", "--replace", "-w", shop.folder, events)
    assert "events.csv has taken the place of its import 2" in output
    assert "replaced" in run("imports", "list", "-w", shop.folder)
    assert '"replaced_by": 3' in run("imports", "list", "--json", "-w", shop.folder)
    assert str(events) in run("imports", "show", 3, "-w", shop.folder).replace("\n", "")
    assert '"state": "undone"' in run("imports", "show", 2, "--json", "-w", shop.folder)
    refused = CliRunner().invoke(app, ["imports", "undo", "3", "-w", str(shop.folder)])
    assert refused.exit_code == 2
    assert "add --yes" in refused.output
    unknown = CliRunner().invoke(app, ["imports", "undo", "9", "-y", "-w", str(shop.folder)])
    assert "there is no import 9" in unknown.output
    assert "1 events taken out" in run("imports", "undo", 3, 3, "--yes", "-w", shop.folder)
    assert "had been undone before" in run("imports", "undo", 3, "-y", "-w", shop.folder)


def test_in_python(shop: Foretaste) -> None:
    (result,) = shop.add(events=[{"user": "u1", "item": "space-1", "at": 1_700_000_000}])
    assert result.number == 2
    receipt = shop.undo_import(2)
    assert (receipt.numbers, receipt.counts.events) == ((2,), 1)
    assert len(receipt.recounted_versions) == 1
    assert [record.state for record in shop.imports()] == ["done", "undone"]


def test_without_its_catalogue_items_are_of_events_again(tmp_path: Path) -> None:
    """Then an item that only an event names is new, and not mistyped."""
    rows = range(20)
    items = [{"item": f"i{row % 4}", "title": f"Lamp {row % 4}"} for row in rows]
    log = [{**items[row], "user": f"u{row}", "at": f"2026-01-{row + 1:02d}"} for row in rows]
    with closing(Foretaste.open(tmp_path / "shop")) as shop:
        shop.add(events=log)
        shop.add(items=[{"id": "i1", "title": "Own lamp"}])
        assert shop.add(events=[{"user": "ann", "item": "new", "at": "2026-02-01"}])[0].rejected
        shop.undo_import(2)
        (again,) = shop.add(events=[{"user": "ann", "item": "new", "at": "2026-02-01"}])
        assert (again.added, again.rejected) == (1, 0)
