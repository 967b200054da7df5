"""The privacy report names everything that there is, and says where it goes."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from foretaste.behaviour import schema
from foretaste.behaviour.export_files import titles_of_events, write_personal_data
from foretaste.behaviour.personal_register import TABLES, fact_record, file_record
from foretaste.behaviour.purge import ERASED_TABLES
from foretaste.cli.main import app
from foretaste.domain.data import Event, User
from foretaste.loop import Foretaste
from foretaste.workspace.privacy_report import privacy_report

REMEDY = "name it in behaviour/personal_register.py: what it holds, and whether it is of a person"


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(trained)
    loop.store.put_users([User("u1", {"country": ("=<b>de",)})])
    loop.record([Event("s", "search", 1.75e9, "u1", query="<b>moon</b>")])
    loop.recommend("u1")
    loop.steer("u1", wish="more space")
    yield loop
    loop.close()


def test_every_table_and_column_is_named_and_no_other() -> None:
    tables = {name: set(table.columns.keys()) for name, table in schema.metadata.tables.items()}
    named = {name: set(record.columns) for name, record in TABLES.items()}
    assert named == tables, REMEDY


def test_every_table_with_an_id_of_a_person_is_erased() -> None:
    """A table with a column of a person that no erasure knows would keep them."""
    names = {"user", "session", "owner", "who"}
    with_people = {
        table.name for table in schema.metadata.sorted_tables if names & set(table.columns.keys())
    }
    assert with_people <= {table.name for table in ERASED_TABLES}
    assert all(TABLES[name].personal_columns for name in with_people)


def test_every_fact_and_file_of_a_used_workspace_is_named(shop: Foretaste) -> None:
    shop.erase("u3")
    shop.train()
    unnamed = [name for name in shop.store.operator.fact_names() if fact_record(name) is None]
    assert unnamed == [], REMEDY
    files = [path.name for path in shop.folder.iterdir() if file_record(path.name) is None]
    assert files == [], REMEDY


def test_the_report_is_of_the_workspace_as_it_is(shop: Foretaste) -> None:
    report = privacy_report(shop)
    rows = {table.name: table.rows for table in report.tables}
    assert rows["events"] == 151
    assert report.attributes == ["country"]
    text = report.text()
    assert "90 days" in text
    assert "`query`: words of a search" in text
    assert json.loads(json.dumps(report.summary()))["attributes"] == ["country"]
    for html in (report.html(), report._repr_html_()):
        assert "words of a search" in html


def test_what_reaches_a_language_model_is_told_where_it_does(trained: Path) -> None:
    writer = {"kind": "endpoint", "url": "https://models.example/v1", "tools": True}
    settings = {f"language.writer.{name}": value for name, value in writer.items()}
    settings |= {"rank.keep_days": 7.0}
    for loop, is_on in (
        (Foretaste.open(trained), False),
        (Foretaste.open(trained, settings=settings), True),
    ):
        report = privacy_report(loop)
        models = [place for place in report.recipients if "Language model" in place.name]
        assert [place.is_on for place in models] == [is_on, is_on]
        assert ("models.example" in models[0].name) == is_on
        assert ("7 days" in report.text()) == is_on
        loop.close()


def test_whoever_else_gets_something_is_named_without_a_password(
    trained: Path,
) -> None:
    settings = {
        "ray.address": "10.0.0.5:6379",
        "serve.limits_server": "redis://shop:hunter2@limits.example/0",
    }
    loop = Foretaste.open(trained, settings=settings)
    loop.record([Event("v", "view", 1.75e9, "u1", item="space-1")])
    report = privacy_report(loop)
    names = [place.name for place in report.recipients if place.is_on]
    for place in ("10.0.0.5:6379", "Redis at limits.example"):
        assert any(place in name for name in names), place
    assert "hunter2" not in report.text()
    assert report.event_types == ["click", "view"], "those that there are, and no other"
    loop.close()


def test_somebody_can_take_their_data_along(shop: Foretaste, tmp_path: Path) -> None:
    data = shop.personal("u1")
    assert data is not None
    folder = tmp_path / "u1"
    titles = titles_of_events(shop.store, data)
    names = {path.name for path in write_personal_data(data, folder, "Shop", titles)}
    assert names >= {"data.json", "events.csv", "attributes.csv", "changes.csv", "index.html"}
    assert json.loads((folder / "data.json").read_text()) == json.loads(json.dumps(data))
    with (folder / "events.csv").open(newline="") as file:
        events = list(csv.DictReader(file))
    assert [row["event_id"] for row in events] == [event["event_id"] for event in data["events"]]
    assert [row["title"] for row in events] == [titles.get(row["item"], "") for row in events]
    assert events[0]["title"].startswith("The ")
    assert events[0]["time"] == "2023-11-14 22:30 UTC"
    page = (folder / "index.html").read_text()
    assert "=&lt;b&gt;de" in page
    assert "2025-06-15" in page
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_a_text_that_looks_like_a_formula_is_a_text(tmp_path: Path) -> None:
    event = {"event_id": "e", "query": "=HYPERLINK(1)", "value": -3.5}
    data = {"user": {"id": "@sum"}, "sessions": [], "events": [event]}
    data |= {"recommendations": [], "changes": [], "conversations": [], "consents": []}
    write_personal_data(data, tmp_path, "Shop")
    assert "'=HYPERLINK(1),-3.5" in (tmp_path / "events.csv").read_text()
    assert "'@sum" in (tmp_path / "attributes.csv").read_text()


def test_the_commands(trained: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments, "-w", str(trained)])
        assert result.exit_code == 0, result.output
        return result.output

    page = tmp_path / "privacy.html"
    assert "# What foretaste processes" in run("privacy-report", "--html", str(page))
    assert page.exists()
    assert json.loads(run("privacy-report", "--json"))["tables"]
    assert "index.html" in run("users", "data", "u1", "--folder", str(tmp_path / "u1"))
