"""What views are called is kept, for the words of reasons."""

from pathlib import Path

import pytest

from foretaste.behaviour.view_words import verb_of_columns, view_verb
from foretaste.loop import Foretaste


@pytest.mark.parametrize(
    ("file", "verb"),
    [
        ("user,item,at,event_type\nann,a,2026-01-01,listen\nbob,a,2026-01-02,Listened\n", "listen"),
        ("user,item,at,event_type\nann,a,2026-01-01,play\nbob,a,2026-01-02,purchase\n", "play"),
        ("user,item,at,event_type\nann,a,2026-01-01,play\nbob,a,2026-01-02,view\n", None),
        ("listener,item,played_at\nann,a,2026-01-01\nbob,a,2026-01-02\n", "listen"),
        ("user,item,at\nann,a,2026-01-01\n", None),
    ],
)
def test_a_file_tells_what_people_did(tmp_path: Path, file: str, verb: str | None) -> None:
    (tmp_path / "events.csv").write_text(file, encoding="utf-8")
    shop = Foretaste.open(tmp_path / "shop")
    try:
        shop.add(events=tmp_path / "events.csv")
        assert view_verb(shop.store) == verb
    finally:
        shop.close()


def test_columns_tell_it_by_their_words() -> None:
    assert verb_of_columns(["listener", "ms_played"]) == "listen"
    assert verb_of_columns(["user", "item", "at"]) is None
