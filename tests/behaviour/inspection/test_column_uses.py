"""What an import says of the columns."""

from pathlib import Path

import pytest

from foretaste.errors import SettingsError
from foretaste.loop import Foretaste

ITEMS = """id,title,year,genres,runtime,votes
1,Heat,1995,Crime|Drama,170,900
2,Alien,1979,Horror|Sci-Fi,117,800
3,Big,1988,Comedy,104,700
"""


def test_the_import_and_the_inspection_say_the_types(tmp_path: Path) -> None:
    table = tmp_path / "films.csv"
    table.write_text(ITEMS)
    lines: list[str] = []
    loop = Foretaste.open(tmp_path / "workspace")
    try:
        inspection = loop.inspect(items=table)
        loop.add(items=table, announce=lines.extend)
    finally:
        loop.close()
    assert lines[0] == ("films.csv: items; id, title, year, genres (list), runtime (duration)")
    uses = {use.column: use.use_and_type for use in inspection.files[0].columns}
    assert uses["year"] == "attribute: year"
    assert uses["genres"] == "attribute: list"
    assert uses["votes"] == "left out"


def test_a_type_in_the_settings_says_what_a_column_is_for(tmp_path: Path) -> None:
    workspace, table = tmp_path / "workspace", tmp_path / "films.csv"
    workspace.mkdir()
    table.write_text(ITEMS)
    (workspace / "foretaste.toml").write_text(
        '[behaviour.features]\nyear = {type = "category"}\nruntime = {type = "id"}\n'
        'votes = {type = "number", unit = "votes"}\n'
    )
    loop = Foretaste.open(workspace)
    try:
        loop.add(items=table)
        film = next(item for _, item in loop.store.items())
        assert set(film.attributes) == {"year", "genres", "votes"}
        catalogue = loop.catalogue({film.id: film})
    finally:
        loop.close()
    types = {feature.column: feature.feature_type for feature in catalogue.features}
    assert types["year"] == "category"
    assert types["votes"] == "number"


def test_a_wrong_type_is_told_with_the_right_ones(tmp_path: Path) -> None:
    (tmp_path / "foretaste.toml").write_text('[behaviour.features.year]\ntype = "years"\n')
    with pytest.raises(SettingsError, match=r"behaviour.features.year.*'category', 'list'"):
        Foretaste.open(tmp_path)


def test_what_is_neither_liked_nor_disliked_is_shown_as_it_is_imported(tmp_path: Path) -> None:
    table = tmp_path / "log.csv"
    rows = [f"u{n},i{n % 3},{int(n % 4 == 0)},{1_700_000_000 + n}" for n in range(20)]
    table.write_text("\n".join(["user,item,like,ts", *rows]))
    loop = Foretaste.open(tmp_path / "shop", settings={"behaviour.default_event_type": "click"})
    try:
        inspection = loop.inspect(events=table)
        loop.add(events=table)
        imported_types = {event.kind for _, event in loop.store.events()}
    finally:
        loop.close()
    opinions = next(use for use in inspection.files[0].columns if use.column == "like")
    assert opinions.samples == ("0 → click", "1 → like")
    assert opinions.readable == 1.0
    assert imported_types == {"click", "like"}
