import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, ImportResult, Item, RejectedRow
from foretaste.domain.store import EventColumns
from foretaste.prepare.clean import clean
from foretaste.prepare.interactions import LoadReport, build_interactions
from foretaste.prepare.language_text import percent
from foretaste.prepare.plots import render_plots
from foretaste.prepare.report import QualityReport, measure_quality
from foretaste.prepare.settings import PrepareSettings

from .helpers import LETTERS, made, ml_small_items, ml_small_rows, row, sequences

NOW = 1.6e9
CATALOGUE = [Item(letter, f"Item {letter}") for letter in LETTERS]
EVIL = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def real() -> QualityReport:
    items = ml_small_items()
    index = {item.id: place for place, item in enumerate(items)}
    found, gathering = build_interactions(ml_small_rows(), index, EVENT_TYPE_WEIGHTS)
    found, cleaning = clean(found, PrepareSettings())
    return measure_quality(found, items, cleaning=cleaning, gathering=gathering, sample=100)


def of(*rows: EventColumns, items: Sequence[Item] = CATALOGUE) -> QualityReport:
    return measure_quality(made(*rows), items, sample=0)


def test_the_counts_of_real_data(real: QualityReport) -> None:
    assert (real.users, real.items, real.events, real.positive_events) == (
        671,
        9066,
        100_004,
        100_004,
    )
    assert real.event_type_counts == {"rating": 100_004}
    assert real.density == pytest.approx(100_004 / (671 * 9066))
    assert real.repeats == 0
    assert real.quantiles()[0] == 20
    assert real.quantiles()[-1] == 2391
    assert not real.order_only
    assert real.timeline is not None
    assert real.timeline.unit == "month"
    assert real.timeline.counts.sum() == 100_004
    assert real.no_events == real.no_text == 0
    assert real.cleaning.bots == 0, "people who rate hundreds of films in minutes are no robots"


def test_the_text_is_a_screen_long(real: QualityReport) -> None:
    lines = real.text().splitlines()
    assert 15 <= len(lines) <= 30
    assert max(map(len, lines)) <= 160
    assert "1995-01-09 to 2016-10-16" in real.text()
    assert "median 71 items" in real.text()


def test_a_page_needs_nothing_from_outside(real: QualityReport, tmp_path: Path) -> None:
    path = tmp_path / "quality.html"
    made_page = real.html(path)
    assert path.read_text(encoding="utf-8") == made_page
    assert made_page.count("<svg") == 3
    assert not re.findall(r'(?:src|href)="(?!#)(?!http://www.w3.org)[^"]*"', made_page)
    assert "var(--accent)" in made_page
    assert not re.search("#010203|#040506|#070809", made_page), "a colour that no theme can change"
    assert made_page == real.html(), "the same data give the same page"
    tags = Tags()
    tags.feed(made_page)
    assert tags.open == []


class Tags(HTMLParser):
    """Holds the tags that are open; fails on one that closes another."""

    EMPTY = frozenset(("meta", "br", "link", "use", "path"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag


def test_everything_from_the_data_is_escaped() -> None:
    weights = {**EVENT_TYPE_WEIGHTS, EVIL: 1.0}
    rows = [row("ann", "a", NOW, EVIL), row("ann", "b", NOW + 9e6), row("ann", "b", 0, EVIL * 2)]
    found, gathering = build_interactions(rows, LETTERS, weights)
    items = [Item("a", EVIL, texts={EVIL: EVIL}, attributes={EVIL: (EVIL,)}), *CATALOGUE[1:]]
    reject = RejectedRow(EVIL, 3, EVIL, EVIL, EVIL, EVIL)
    q = measure_quality(
        found,
        items,
        gathering=gathering,
        imports=[ImportResult(EVIL, 4, 3, 0, [reject], 1, EVIL)],
        sample=0,
    )
    page = q.html(list_checks=[{"code": "same", "message": EVIL, "remedy": EVIL}])
    assert page.count(f"<li>{escape(EVIL)}<br>") == 1
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5
    assert EVIL in q.text(), "the terminal shows it as it is"


def test_the_long_tail_by_hand() -> None:
    even = of(*(row("ann", letter, NOW) for letter in LETTERS))
    assert even.tail.gini == pytest.approx(0)
    assert even.tail.top_10_percent == pytest.approx(0.1)
    one = of(*(row(f"p{n}", "a", NOW) for n in range(9)))
    assert one.tail.gini == pytest.approx(15 / 16)
    assert one.tail.top_10_percent == pytest.approx(1)
    assert one.tail.curve[-1] == 1
    assert np.all(np.diff(one.tail.curve) >= 0)


def test_repeats_density_and_refusals_by_hand() -> None:
    q = of(
        row("ann", "a", NOW),
        row("ann", "a", NOW + 5),
        row("ann", "b", NOW, "hide"),
        row("bob", "c", NOW, "review", text="nice"),
        row("bob", None, NOW, "search", query="x"),
        row(None, "d", NOW, session="s"),
    )
    assert (q.users, q.sessions, q.events, q.positive_events, q.negative_events) == (3, 1, 6, 4, 1)
    assert (q.searches, q.reviews) == (1, 1)
    assert q.repeats == pytest.approx(1 / 4)
    assert q.density == pytest.approx(3 / (3 * 16))
    assert sorted(q.lengths.tolist()) == [1, 1, 2]
    assert q.no_events == 13
    assert "3 (1 anonymous sessions)" in q.text()


def test_the_order_of_tied_ends_is_told() -> None:
    q = of(
        *(row("ann", letter, NOW) for letter in "abc"),
        *(row("bob", letter, NOW + at) for at, letter in enumerate("abc")),
        *(row("cat", letter, NOW) for letter in "ab"),
    )
    assert q.tied_ends == 0.5
    assert "The last two items of 50 % of users have the same time" in q.text()


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(3_600, "hour"), (9e5, "day"), (4e7, "week"), (3e8, "month"), (1e9, "year")],
)
def test_the_timeline_has_every_unit_and_every_event(seconds: float, unit: str) -> None:
    timeline = of(
        row("ann", "a", NOW), row("ann", "b", NOW + seconds), row("bob", "a", NOW)
    ).timeline
    assert timeline is not None
    assert timeline.unit == unit
    assert timeline.counts.sum() == 3
    assert timeline.counts[0] == 2
    assert timeline.counts[-1] == 1
    assert len(timeline.starts) == len(timeline.counts) <= 400


def test_orders_are_flagged_and_not_drawn_as_time() -> None:
    q = measure_quality(sequences(ann="abc"), CATALOGUE, sample=0)
    assert q.order_only
    assert q.timeline is None
    assert "only an order" in q.text()
    assert "time" not in render_plots(q)


def test_what_was_made_of_a_column_is_none_of_the_file() -> None:
    attributes = {"price": ("3",), "price_band": ("0-10",), "price_currency": ("€",)}
    q = of(row("ann", "a", NOW), items=[Item("a", "A", attributes=attributes), Item("b", "B")])
    assert q.missing == {"price": 0.5, "title": 0.0}


def test_missing_columns_and_texts() -> None:
    items = [
        Item("a", "A", texts={"plot": "p"}, attributes={"genre": ("x",), "praised_for": ("fit",)}),
        Item("b", "B", texts={"plot": " "}, image="b.png", attributes={"variant_group": ("b",)}),
        Item("c", attributes={"genre": ()}),
        Item("d"),
    ]
    q = of(row("ann", "a", NOW), row("ann", "c", NOW), items=items)
    assert q.missing == {"plot": 0.75, "genre": 0.75, "image": 0.75, "title": 0.5}
    assert (q.no_text, q.no_events, q.silent) == (2, 2, 1)
    assert any("50 % of items have no text: new ones" in warning for warning in q.warnings)
    assert any("plot is missing in 75 % of items" in warning for warning in q.warnings)


def test_what_did_not_go_in_is_told() -> None:
    rejects = [
        RejectedRow("e.csv", 2, "kind", "clik", "unknown event type 'clik'", "expected view")
    ] * 2
    q = measure_quality(
        made(row("ann", "a", NOW)),
        CATALOGUE,
        sample=0,
        gathering=LoadReport(
            read=9,
            kept_events=1,
            weightless=3,
            unknown_item=2,
            charges=1,
            empty=1,
            unknown_event_types={"wink": 2},
        ),
        imports=[
            ImportResult(
                "e.csv", 12, 9, 0, rejects, 3, "rejects/e.csv", ["column x was left alone"]
            )
        ],
    )
    said = q.text()
    for words in (
        "3 events that weigh nothing",
        "2 events with items not in the catalogue",
        "1 event of charges such as postage",
        "1 event with neither",
        "2 events of unknown event type 'wink'",
        "2 rows: unknown event type 'clik'",
        "1 row: not named here",
        "3 of 12 rows read were rejected; they are in rejects/e.csv.",
        "! e.csv: column x was left alone",
    ):
        assert words in said
    page = q.html()
    assert "3 of 12 rows read were rejected" in page
    assert "2 events of unknown event type &#39;wink&#39;" in page


def test_other_languages_are_a_warning_for_the_built_in_encoder() -> None:
    titles = ["Das Leben der Anderen", "Der Untergang", "Der Himmel über Berlin"] * 3
    items = [Item(str(n), title) for n, title in enumerate(titles)]
    q = measure_quality(made(row("ann", "a", NOW)), items)
    assert any("not in English" in warning for warning in q.warnings)
    assert "German" in q.text()


def test_nothing_at_all_is_a_report_too() -> None:
    q = measure_quality(made(), [])
    assert q.warnings == [
        "Nothing was taken: there is nothing to learn from. Import items and events first."
    ]
    assert "no events" in q.text()
    assert "<svg" not in q.html()


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.384, "38 %"),
        (0.0162, "1.6 %"),
        (0.00055, "0.055 %"),
        (0.996, "99.6 %"),
    ],
)
def test_percent(share: float, said: str) -> None:
    assert percent(share) == said
