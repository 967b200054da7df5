"""What a notebook shows of each result: its figures, and hostile text as text."""

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import foretaste
from foretaste.domain.data import Event, Recommendation, Recommended, Term
from foretaste.domain.imports import (
    ImportRecords,
    ImportResult,
    ImportResults,
    RejectedRow,
    UndoCounts,
    UndoReceipt,
)
from foretaste.errors import MissingExtra
from foretaste.generate.profile import LikedValue, TasteProfile
from foretaste.loop import Foretaste
from foretaste.model.version import ModelVersion, ModelVersions
from foretaste.online.why_not import TermDifference, WhyNot

EVIL = "<script>alert('x')</script>{{ 7 * 7 }}"


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    with closing(foretaste.open(trained)) as shop:
        yield shop


def words(result: Any) -> str:
    html: str = result._repr_html_()
    assert html.startswith('<div class="foretaste"><style>')
    html = re.sub(r"<(style|svg)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_a_list_shows_titles_reasons_and_scores(shop: Foretaste) -> None:
    text = words(shop.recommend("u1", n=3))
    assert "[space] space-" in text
    assert "People who looked at" in text
    assert "Bars show" not in text


def test_an_explained_list_shows_its_terms_as_bars(shop: Foretaste) -> None:
    answer = shop.recommend("u1", n=3, explain=True)
    html = answer._repr_html_()
    bars = [float(width) for width in re.findall(r'<span class="bar".*?width:([\d.]+)%', html)]
    assert len(bars) > 6
    assert max(bars) == 50  # the largest fills its half
    assert "What follows the last item" in words(answer), "experts are told by what they do"
    assert "The orbit [space]" in words(answer), "events are told by their titles"
    assert answer.event_titles
    assert not shop.recommend("u1", n=3).event_titles


def test_small_terms_stand_together() -> None:
    terms = tuple(Term("content", nats, event=str(nats)) for nats in (9, -8, 7, 6, 5, 4, 1, 2))
    text = words(Recommendation("r", "m", (Recommended("a", 1, 26, terms=terms),)))
    assert "2 smaller ones +3.00" in text
    assert "−8.00" in text


def test_an_empty_list_says_so() -> None:
    assert "Nothing to recommend." in words(Recommendation("r", "m", ()))


def test_every_other_result_has_a_face(shop: Foretaste) -> None:
    version = shop.models.versions()[0]
    text = words(version)
    assert f"Model {version.name} live" in text
    assert "trained" in text
    assert "150 events, 20 items" in text
    assert "how far it is ahead of each part alone" in text
    assert version.name in words(shop.models.versions())
    assert "People 30 with any event" in words(shop.quality())
    profile = words(shop.profile("u1"))
    assert "genre" in profile
    assert "The " in profile, "events are told by their titles"
    assert "Why not The moon [space]?" in words(shop.why_not("space-0", "u1"))
    assert "nothing was imported yet" not in words(shop.imports())
    assert "items 20" in words(shop).lower()
    assert f"Model {version.name} answers" in words(shop)


def test_receipts_say_what_is_gone_and_what_is_not_yet(shop: Foretaste) -> None:
    user = "<b>Ann & co</b>"
    shop.record(
        [
            Event(name, "click", shop.clock(), user=user, item=item)
            for name, item in (("e1", "space-1"), ("e2", "space-2"), ("e3", "space-3"))
        ]
    )
    taken_back = shop.take_back_events(["e1", "never"])._repr_html_()
    assert "Taken back" in taken_back
    assert "events taken back" in taken_back
    assert "ids that no event ever had" in taken_back
    erased = shop.erase(user)._repr_html_()
    assert "“&lt;b&gt;Ann &amp; co&lt;/b&gt;” is forgotten" in erased
    assert '<td class="num">2</td><td>events</td>' in erased
    assert "your own backups" in erased
    assert "There was nothing" in shop.erase("nobody at all")._repr_html_()
    undone = UndoReceipt((3,), UndoCounts(events=1_200, left_items=2), ("v2",))._repr_html_()
    assert "Undone: import 3" in undone
    assert '<td class="num">1,200</td><td>events</td>' in undone
    assert "Counted anew: v2." in undone


def test_generated_content_is_shown_whole_and_can_be_read_again(shop: Foretaste) -> None:
    generation = shop.generate("u1", n=2)
    first = next(generation.passages)
    text = words(generation)
    assert first.wording.text in text
    assert words(generation) == text
    assert list(generation.passages) == []  # each comes once


def test_evaluations_and_imports(shop: Foretaste, items: pd.DataFrame) -> None:
    text = words(shop.evaluate())
    assert "Evaluation: leave-one-out" in text
    assert "lists by right, of 100" in text
    results = shop.add(items=items.assign(id="new-" + items["id"]))
    assert "frame 20 20 0 0" in words(results)
    assert "takes it back" in words(results)


def test_a_new_workspace_says_what_comes_next(tmp_path: Path, items: pd.DataFrame) -> None:
    with closing(foretaste.open(tmp_path / "new")) as shop:
        assert "Nothing is in it yet" in words(shop)
        shop.add(items=items)
        assert "train() makes one" in words(shop)
        assert words(shop.models.versions()).endswith("no model yet; train() makes one")
        assert words(ImportRecords()).endswith("nothing was imported yet")


def test_hostile_text_is_text(tmp_path: Path) -> None:
    item = Recommended(
        EVIL,
        1,
        1.0,
        title=EVIL,
        reason=(EVIL,),
        terms=(Term(EVIL, 1.0, EVIL, EVIL),),
        attributes={EVIL: (EVIL,)},
    )
    liked = LikedValue(EVIL, 0.5, 2.0, (EVIL,))
    reject = RejectedRow(EVIL, 1, EVIL, EVIL, EVIL, EVIL)
    version = ModelVersion(EVIL, 0.0, {}, {}, {"checks": [{"message": EVIL, "remedy": EVIL}]})
    frame = pd.DataFrame({EVIL: [EVIL, "b"], "item": ["x", "y"], "user": ["p", "q"]})
    with closing(foretaste.open(tmp_path / EVIL.replace("/", ""))) as shop:
        inspection = shop.inspect(events=frame)
        quality, name = shop.quality(), replace(version, metrics={})
    for result in (
        Recommendation("r", "m", (item,), headline=EVIL, event_titles={EVIL: EVIL}),
        TasteProfile({EVIL: (liked,)}, {EVIL: EVIL}),
        ImportResults([ImportResult(EVIL, 1, 0, 0, (reject,), 1, EVIL, (EVIL,), 1)]),
        WhyNot(EVIL, None, (), 1, 1.0, EVIL, (TermDifference(EVIL, 1.0, 2.0),), EVIL),
        version,
        ModelVersions([name]),
        inspection,
        shop,
    ):
        html = result._repr_html_()
        assert "<script" not in html, type(result)
        assert "&lt;script&gt;" in html, type(result)
        assert "{{ 7 * 7 }}" in html, type(result)
    assert "Data quality" in words(quality)


def test_names_that_are_columns_of_the_list_stay_apart() -> None:
    item = Recommended("a", 1, 1.0, attributes={"title": ("x", "y"), "score": ("9",)})
    table = Recommendation("r", "m", (item,)).to_pandas()
    assert table.loc[0, "score"] == 1.0
    assert table.loc[0, "title (attribute)"] == "x; y"
    assert Recommendation("r", "m", (item,)).terms_to_pandas().empty


def test_a_frame_of_polars_says_the_same_as_one_of_pandas() -> None:
    term = Term("popularity", 0.5, event="b", feature="genre: Drama")
    items = (
        Recommended("a", 1, 1.0, "Alien", attributes={"genre": ("Horror", "Space")}),
        Recommended("b", 2, 0.5, "Big", attributes={"year": ("1988",)}, terms=(term,)),
    )
    answer = Recommendation("r", "m", items, event_titles={"b": "Big"})
    table = answer.to_polars()
    assert table.columns == list(answer.to_pandas().columns)
    assert table["genre"].to_list() == ["Horror; Space", None]
    assert table["score: popularity"].to_list() == [None, 0.5]
    terms = answer.terms_to_polars()
    assert terms.columns == list(answer.terms_to_pandas().columns)
    assert terms.row(0) == (2, "b", "popularity", "b", "Big", "genre: Drama", 0.5)
    assert Recommendation("r", "m", ()).to_polars().is_empty()


def test_without_polars_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)  # as if it were not installed
    answer = Recommendation("r", "m", (Recommended("a", 1, 1.0),))
    with pytest.raises(MissingExtra, match=r"pip install 'foretaste\[polars\]'"):
        answer.to_polars()
    assert len(answer.to_pandas()) == 1
