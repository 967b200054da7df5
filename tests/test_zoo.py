"""The zoo of data: its sets have the property they are named for, and a verdict needs evidence."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.datasets import Absent
from benchmarks.zoo import lists, public, synthetic
from benchmarks.zoo.__main__ import keep
from benchmarks.zoo.dataset import (
    DAY,
    END,
    Dataset,
    last_events,
    persons,
    protocols,
    share_of_people,
    shift_to_age,
)
from benchmarks.zoo.judging import verdict
from benchmarks.zoo.neighbours import ItemNeighbours
from benchmarks.zoo.rows import DATASETS, QUICK, VARIED, Row, every_row, select_rows
from benchmarks.zoo.running import Outcome, run
from benchmarks.zoo.synthetic import SYNTHETIC
from benchmarks.zoo.table import lines, record, summary

from foretaste import recipes
from foretaste.evaluate.metrics import Interval
from foretaste.prepare.splits import split_by_time, split_leave_one_out
from prepare.helpers import LETTERS, made, row, sequences

ITEMS = len(LETTERS)


def data(*rows: tuple[str | None, str, str, float]) -> Dataset:
    """Of (user, session, item, time)."""
    events = pd.DataFrame(rows, columns=["user", "session", "item", "at"])
    return Dataset(events, pd.DataFrame({"id": events["item"].unique()}))


TWO_YEARS = 2 * 365 * DAY
SMALL = data(
    ("ann", "s1", "a", TWO_YEARS),
    (None, "s2", "b", TWO_YEARS + 10),
    ("ann", "s3", "c", TWO_YEARS + 20),
    ("ann", "s3", "d", TWO_YEARS + 30),
)


def test_whoever_has_no_user_id_is_a_session() -> None:
    assert list(persons(SMALL.events)) == ["user ann", "session s2", "user ann", "user ann"]


def test_a_share_of_people_keeps_the_whole_catalogue_and_all_that_they_did() -> None:
    half = share_of_people(SMALL, 0.5)

    assert persons(half.events).nunique() == 1
    assert len(half.events) in (1, 3)
    assert len(half.items) == 4
    assert half.events.equals(share_of_people(SMALL, 0.5).events)


def test_the_last_events_are_the_newest_of_each_person() -> None:
    assert list(last_events(SMALL, 2).events["item"]) == ["b", "c", "d"]


def test_an_age_is_a_shift_by_whole_days() -> None:
    now = 1.7e9
    older = shift_to_age(SMALL, 365, now).events["at"]
    shift = older - SMALL.events["at"]

    assert shift.nunique() == 1
    assert shift[0] % DAY == 0
    assert 365 * DAY <= now - older.max() < 366 * DAY


def test_a_mere_order_has_no_age() -> None:
    order = Dataset(SMALL.events.assign(at=[0.0, 1.0, 2.0, 3.0]), SMALL.items)
    assert shift_to_age(order, 365, 1.7e9) is order


def test_an_order_written_as_seconds_of_a_later_year_is_no_time() -> None:
    rows = [
        {"user": f"user {n}", "item": f"item {place}", "kind": "view", "at": END + place}
        for n in range(20)
        for place in range(3 + n % 4)
    ]
    data = Dataset(pd.DataFrame(rows), pd.DataFrame({"id": [f"item {n}" for n in range(6)]}))
    assert protocols(data) == ("leave-one-out",)
    newest = last_events(data, 2)
    assert protocols(newest) == (), "nobody has three events"
    assert newest.events.groupby("user")["item"].agg(list)["user 3"] == ["item 4", "item 5"]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ([1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3], ("time", "leave-one-out")),
        ([1e9] * 4, ("leave-one-out",)),
        ([0.0, 1.0, 2.0, 3.0], ("leave-one-out",)),
    ],
)
def test_time_judges_where_there_are_times(at: list[float], expected: tuple[str, ...]) -> None:
    assert protocols(Dataset(SMALL.events.assign(at=at), SMALL.items)) == expected


def test_nothing_judges_one_event_a_person_without_times() -> None:
    single = last_events(Dataset(SMALL.events.assign(at=[0.0, 1.0, 2.0, 3.0]), SMALL.items), 1)
    assert protocols(single) == ()


# invented sets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SYNTHETIC)
def test_invented_events_are_of_items_there_are_and_always_the_same(name: str) -> None:
    first, second = SYNTHETIC[name](), SYNTHETIC[name]()

    assert first.events.equals(second.events)
    assert first.items.equals(second.items)
    assert first.items["id"].is_unique
    assert set(first.events["item"]) <= set(first.items["id"])
    assert first.events["at"].is_monotonic_increasing


def test_the_order_of_an_invented_catalogue_does_not_tell_what_is_popular() -> None:
    data = SYNTHETIC["groceries"]()
    counts = data.events["item"].value_counts()
    places = pd.Series(range(len(data.items)))
    assert abs(places.corr(data.items["id"].map(counts), method="spearman")) < 0.2


def test_books_are_mostly_unread_and_readers_keep_to_a_theme() -> None:
    books = SYNTHETIC["books"]()
    own = books.events["user"].map(books.tastes) == books.events["item"].map(books.clusters)

    assert len(books.items) == 10_000
    assert books.items["title"].is_unique
    assert 16_500 <= len(books.events) <= 17_500
    assert 2_900 <= books.events["item"].nunique() <= 3_100
    assert books.events["user"].nunique() == 800
    assert own.mean() > 0.95


def test_groceries_have_staples_repeats_and_items_bought_once() -> None:
    events = SYNTHETIC["groceries"]().events
    counts = events["item"].value_counts()

    assert 38_000 <= len(events) <= 40_000
    assert counts.iloc[0] > 20 * counts.median() / 10
    assert (counts == 1).sum() == 7
    assert events.duplicated(["user", "item"]).mean() > 0.1


def test_only_repeats_are_one_item_a_person() -> None:
    events = SYNTHETIC["only-repeats"]().events
    assert (events.groupby("user")["item"].nunique() == 1).all()


def test_only_new_items_are_taken_once_each() -> None:
    data = SYNTHETIC["only-new"]()
    assert data.events["item"].is_unique
    assert len(data.items) == 2 * len(data.events)


def test_a_large_catalogue_is_hardly_taken() -> None:
    large = synthetic.large_catalogue()
    assert (len(large.items), large.events["item"].nunique()) == (50_000, 100)


def test_reviews_without_users_are_refused_with_the_reason() -> None:
    with pytest.raises(Absent, match="no user is made up"):
        public.clothing()


# lists -----------------------------------------------------------------------------------------


def test_how_alike_lists_are() -> None:
    rankings = [["a", "b"], ["a", "c"], ["d", "e"]]

    assert lists.commonest(rankings) == pytest.approx(2 / 3)
    assert lists.commonest(rankings, top=1) == pytest.approx(2 / 3)
    assert lists.overlap(rankings) == pytest.approx((0.5 + 0 + 0) / 3)
    assert lists.overlap([["a"]]) == 0
    assert lists.commonest([]) == 0


def test_the_share_of_rare_items() -> None:
    assert lists.rare_shares([0, 1, 2, 6]) == [0.25, 0.5, 0.75, 0.75]
    assert lists.rare_shares([]) == [0, 0, 0, 0]
    heavy_user_and_light_user = np.array([0, 0, 0, 4])
    assert lists.rare_shares([0, 0, 0, 9], heavy_user_and_light_user) == [0.5, 0.5, 0.5, 0.5]


def test_the_share_of_the_own_cluster() -> None:
    rankings = {"ann": ["a", "b"], "ben": ["b", "b"], "cleo": ["a"]}
    clusters, tastes = {"a": "x", "b": "y"}, {"ann": "x", "ben": "y"}

    assert lists.own_share(rankings, clusters, tastes) == pytest.approx(3 / 4)
    assert lists.own_share(rankings, clusters, {}) is None


def test_events_are_counted_up_to_the_moment_of_the_case() -> None:
    histories = made(
        *(row("ann", "a", at) for at in range(6)),
        row("ben", "b", 6),
        row("ben", "a", 7),
        row("cleo", "c", 8),
        row("cleo", "a", 9),
    )
    split = split_by_time(histories, valid_share=0.1, test_share=0.3)

    counts = lists.counts_before(split.test, timed=True, served=split.service_interactions)
    by_then = dict(zip(split.test.target_rows.tolist(), counts.tolist(), strict=True))
    assert [by_then[case] for case in sorted(by_then)] == [6, 0, 7]

    counts = lists.counts_before(split.test, timed=False, served=split.service_interactions)
    assert sorted(counts.tolist()) == [0, 6, 6]


# the other library -----------------------------------------------------------------------------


def test_item_neighbours_score_what_the_same_people_took() -> None:
    histories = sequences(ann="ab", ben="ab", cleo="cd", dora="cde")
    model = ItemNeighbours(histories, ITEMS)
    scores = model.score([histories.user_context(0, 1)])  # ann took a

    assert scores.shape == (1, ITEMS)
    assert scores[0].argmax() == LETTERS["b"]
    assert scores[0, LETTERS["c"]] == pytest.approx(1e-6)  # as popular as any, and no more
    assert scores[0, LETTERS["e"]] < scores[0, LETTERS["c"]]


def test_item_neighbours_of_a_stranger_are_the_most_popular() -> None:
    histories = sequences(ann="ab", ben="b", cleo="bc")
    scores = ItemNeighbours(histories, ITEMS).score([histories.user_context(0, 0)])
    assert scores[0].argmax() == LETTERS["b"]


def test_item_neighbours_need_no_events() -> None:
    histories = split_leave_one_out(sequences(ann="abc")).train.filter_rows(np.zeros(1, np.bool_))
    assert not ItemNeighbours(histories, ITEMS).score([histories.user_context(0, 0)]).any()


# verdicts and rows -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "differing", "expected"),
    [
        (0.0, 0.0, 0, "ok"),
        (0.01, 0.02, 50, "ok"),
        (-0.01, 0.02, 50, "~"),
        (-0.02, 0.0, 50, "~"),
        (-0.02, -0.01, 50, "BELOW"),
        (-0.02, -0.01, 5, "~"),
    ],
)
def test_below_is_said_for_certain_alone(
    low: float, high: float, differing: int, expected: str
) -> None:
    assert verdict(Interval((low + high) / 2, low, high), differing) == expected


def test_rows_are_every_set_and_some_at_every_age_with_every_recipe() -> None:
    rows = list(every_row())

    assert len(set(rows)) == len(rows)
    assert {r.data for r in rows} == set(DATASETS)
    for name in VARIED:
        varied = [r for r in rows if r.data == name]
        assert {r.settings for r in varied} == {"defaults", *recipes.NAMES}
        assert {"day", "year", "ten years"} <= {r.age for r in varied}
    assert set(QUICK) <= set(rows)


def test_a_set_is_selected_by_its_name_or_with_all_its_cuts() -> None:
    assert {r.data for r in select_rows(["books"], quick=False)} == {"books"}
    assert {r.data for r in select_rows(["ml-1m"], quick=False)} == {
        f"ml-1m/{cut}" for cut in ("1%", "3%", "10%", "30%", "last-1", "last-2", "last-5")
    }
    assert select_rows(["ml-small/10%"], quick=True) == [
        r for r in QUICK if r.data == "ml-small/10%"
    ]


def test_a_set_that_there_is_not_is_named() -> None:
    with pytest.raises(Absent, match="no set 'bokos'"):
        select_rows(["books", "bokos"], quick=True)


def test_what_breaks_is_a_failure_of_its_row(tmp_path: Path) -> None:
    outcome = Outcome(Row("books", "year", "shop"))
    with outcome.step("evaluate time"):
        raise ValueError("broken")

    text, well = summary([outcome])
    assert not well
    assert text[-1].strip() == ("FAILED books, year, shop: evaluate time: ValueError: broken")
    assert "broken" in "".join(lines(outcome))
    keep(tmp_path / "zoo.json", outcome.row, record(outcome))
    results = json.loads((tmp_path / "zoo.json").read_text())
    assert results["books, year, shop"]["row"] == {
        "data": "books",
        "age": "year",
        "settings": "shop",
    }


@pytest.mark.slow
def test_a_row_from_import_to_lists(tmp_path: Path) -> None:
    outcome = run(Row("same-item", "year", "shop"), tmp_path / "vectors.sqlite")

    assert outcome.failures == []
    assert [judgement.verdict for judgement in outcome.judgements] == ["ok"]
    assert outcome.lists is not None
    assert outcome.lists.people == 50
    assert len(outcome.lists.rare) == len(outcome.rare_next) == 4
