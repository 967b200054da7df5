import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.evaluate.evaluation import Evaluation
from foretaste.evaluate.list_checks import ListWarning
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.report_page import EvaluationReport
from foretaste.evaluate.report_words import (
    calibration_words,
    certainty,
    difference_words,
    measured_text,
    quality_rows,
    verdict,
)

from .helpers import cases
from .models import DOWN, SIZE, UP, Expert, Product, judged
from .shops import items, shop

POPULAR = Expert("popularity", np.arange(SIZE, dtype=np.float32))
HOSTILE = [
    "<script>alert('x')</script>",
    '"><img src=x onerror=alert(1)>',
    "a" * 10_000,
    "\u202eright to left",
    "{{ 7 * 7 }} {% raw %}",
    "</style><b>out</b>",
    "🎬 & 'quotes'",
]
MACHINE = {
    "cpu": "<b>cpu",
    "cores": 2,
    "memory_gb": None,
    "system": "",
    "python": "3",
    "libraries": {"foretaste": "1"},
    "commit": None,
}


def evaluation(titles: list[str] | None = None) -> Evaluation:
    held = cases(*([place % SIZE, (place + 1) % SIZE] for place in range(40)))
    goods = items(SIZE)
    if titles:
        goods = [replace(item, title=titles[n % len(titles)]) for n, item in enumerate(goods)]
    return judged(held, Product(POPULAR, DOWN), place=shop(held, goods))


def report(measured: Evaluation, **fields: object) -> EvaluationReport:
    values = {"service": "Lamps", "created": 1.7e9, "machine": MACHINE, "settings": {}} | fields
    return EvaluationReport(evaluation=measured, **values)  # type: ignore[arg-type]


def words(html: str) -> str:
    """What stands on the page, without markup and styles."""
    html = re.sub(r"<(style|svg)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_the_page_says_what_was_measured_and_how_good_it_is() -> None:
    text = words(report(evaluation()).html())
    assert "Of each of 40 people, the last thing they chose was kept back." in text
    assert "Of 100 people, 100 find what they really chose next" in text
    assert "What is popular the same list for everybody" in text
    assert "Ten people, drawn by chance" in text
    assert "No model answers yet" in text
    for heading in (
        "For whom, and for which items",
        "What the lists hold",
        "How this page was made",
    ):
        assert heading in text


def test_nothing_is_loaded_from_elsewhere() -> None:
    page = report(evaluation()).html()
    assert not re.findall(r'(?:src|href)="(?!#)|url\((?!#)|@import', page)
    assert "<script" not in page
    assert len(page) < 150_000


def test_hostile_titles_are_text() -> None:
    warning = ListWarning("x", "<script>message", "<script>remedy")
    made = report(
        evaluation(HOSTILE),
        service="</title><script>",
        settings={"model.x": "<script>"},
        live_model="<script>",
        warnings=[warning],
    )
    for html in (made.html(), made._repr_html_()):
        assert "<script" not in html
        assert "<img" not in html
        assert "<b>out" not in html
        assert "<b>cpu" not in html
        assert "{{ 7 * 7 }}" in html, "a title is no template"
        assert "&lt;script&gt;alert(" in html
        assert html.count("</style>") == html.count("<style")


def test_ids_of_people_are_not_on_the_page() -> None:
    held = cases([1, 2], [3, 4])
    secret = replace(held.interactions, users=("anna@example.org", "ben@example.org"))
    measured = judged(
        replace(held, interactions=secret), Product(UP), place=shop(held, items(SIZE))
    )
    assert "example.org" not in report(measured).html()


def test_it_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    page = report(evaluation()).html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    assert page.startswith("<!doctype html>")


def test_a_notebook_shows_it_within_its_own_page() -> None:
    html = report(evaluation())._repr_html_()
    assert html.startswith('<div class="foretaste">')
    assert "<body" not in html
    selectors = re.findall(r"(?:^|})\s*([^{}@]+){", html.split("<style>")[1].split("</style>")[0])
    assert selectors
    assert all(".foretaste" in selector for selector in selectors), "a style would leak out"


def test_the_figures_are_json() -> None:
    summary = report(evaluation()).summary()
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["machine"] == MACHINE


def test_without_matplotlib_the_reliability_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "<svg" in report(evaluation()).html()
    for name in ("foretaste.evaluate.reliability_plot", "foretaste.display.svg"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = report(evaluation()).html()
    assert "<svg" not in page
    assert "expected, of 100" in page


def test_the_time_protocol_is_told_otherwise() -> None:
    measured = replace(evaluation(), protocol="time")
    assert "The last tenth of all that people chose" in measured_text(measured)
    assert "40 choices of 40 people" in measured_text(measured)
    assert verdict(measured).startswith("Of 100 choices, 100 are in the list of ten.")


def test_a_difference_is_called_certain_only_where_it_is() -> None:
    held = cases(*([place % SIZE, (place + 1) % SIZE] for place in range(40)))
    better = certainty(judged(held, Product(POPULAR)))
    worse = certainty(judged(cases(*([0, 29] for _ in range(40))), Product(POPULAR)))
    same = certainty(judged(held, Product(POPULAR, listens_to=0)))
    assert better is not None
    assert worse is not None
    assert same is not None
    assert better.startswith("That is more than chance")
    assert worse.startswith("That is worse than what is popular")
    assert same.startswith("The difference may be chance")
    assert certainty(judged(held, Product(UP))) is None


@pytest.mark.parametrize(
    ("margin", "said"),
    [
        (Interval(0.02, 0.01, 0.03), "0.0200 lower (0.0100 to 0.0300)"),
        (Interval(-0.02, -0.03, -0.01), "0.0200 higher (0.0100 to 0.0300)"),
        (Interval(0.01, -0.01, 0.03), "no certain difference (−0.0300 to +0.0100)"),
    ],
)
def test_a_margin_in_words(margin: Interval, said: str) -> None:
    assert difference_words(margin) == said


def test_popularity_and_the_best_part_come_first() -> None:
    names = [row.name for row in quality_rows(evaluation())]
    assert names == ["Foretaste", "What is popular", "down"]
    alone = quality_rows(judged(cases([1, 2], [2, 3]), Product(POPULAR)))
    assert [row.note for row in alone][1] == "the same list for everybody; the best single part"


@pytest.mark.parametrize(
    ("ratio", "said"), [(1.0, "right on average"), (1.5, "too sure"), (0.5, "too careful")]
)
def test_probabilities_in_words(ratio: float, said: str) -> None:
    assert said in str(calibration_words({"ratio@10": ratio, "cases": 5}))


def test_of_probabilities_that_were_not_measured_nothing_is_said() -> None:
    assert calibration_words({}) is None
    assert calibration_words({"ratio@10": None, "cases": 3}) is None


def test_a_single_item_and_no_lists_make_a_page_too() -> None:
    bare = judged(cases([1, 2]), Product(UP))
    page = words(report(bare).html())
    assert "Of each of 1 person" in page
    assert "Ten people" not in page
