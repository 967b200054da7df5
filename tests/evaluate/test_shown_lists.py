"""What lists have in common, and what their scores come from: worked out by hand."""

import pytest

from foretaste.domain.data import Recommended, Term
from foretaste.evaluate.shown_lists import (
    ListSample,
    MeasuredQuality,
    ShownList,
    causes,
    compared_positions,
    deciding_column,
    list_figures,
    overlap,
    sole_cause,
    tied_share,
    values_shown,
)


def shown(*names: str, scores: tuple[float, ...] = ()) -> ShownList:
    ranks = scores or tuple(-float(place) for place in range(len(names)))
    return ShownList(
        1,
        tuple(
            Recommended(name, place + 1, score)
            for place, (name, score) in enumerate(zip(names, ranks, strict=True))
        ),
    )


def with_terms(*terms: Term) -> Recommended:
    return Recommended("item", 1, 0.0, terms=terms)


def test_overlap_is_over_all_pairs() -> None:
    lists = [shown("a", "b"), shown("a", "c"), shown("d", "e")]
    assert overlap(lists, 2) == pytest.approx(1 / 6)  # of three pairs one has one of two in common
    assert overlap(lists, 1) == pytest.approx(1 / 3)
    assert overlap([shown("a", "b")] * 7, 2) == 1.0
    assert overlap([shown("a")], 2) == overlap([], 2) == overlap([shown(), shown()], 2) == 0.0


@pytest.mark.parametrize(("showable", "places"), [(0, 1), (5, 1), (12, 3), (20, 5), (9000, 5)])
def test_fewer_places_are_compared_where_there_are_few_items(showable: int, places: int) -> None:
    assert compared_positions(showable) == places


def test_ties_are_counted_within_a_list() -> None:
    tied = shown("a", "b", "c", "d", scores=(2.0, 1.001, 1.0, -3.0))
    apart = shown("a", "b", scores=(1.0, 2.0))
    assert tied_share([tied]) == 0.5
    assert tied_share([tied, apart]) == pytest.approx(2 / 6)
    assert tied_share([shown("a")]) == tied_share([]) == tied_share([shown()]) == 0.0


def test_causes_are_what_raises_a_score_above_the_average() -> None:
    terms = [
        Term("popularity", -6.0, feature="average item"),
        Term("popularity", 0.5, feature="popularity"),
        Term("transition", 0.25, feature="popularity"),
        Term("transition", 0.5, event="a"),
        Term("transition", -0.75, event="a"),
        Term("repeat", 3.0, feature="new"),
    ]
    assert causes(terms) == {("popularity", None, "popularity"): 0.75}
    assert causes(terms[:1]) == {}
    assert causes([terms[4], Term("popularity", -0.25, feature="popularity")]) == {
        ("transition", "a", None): 0.75,
        ("popularity", None, "popularity"): 0.25,
    }


def test_a_sole_cause_is_nobodys_own() -> None:
    new = Term("newness", 9.5, feature="new item")
    assert sole_cause(with_terms(new, Term("content", 0.5, event="a"))) == (
        "newness",
        None,
        "new item",
    )
    assert sole_cause(with_terms(new, Term("content", 2.5, event="a"))) is None
    assert sole_cause(with_terms(Term("content", 2.5, event="a"))) is None
    assert sole_cause(with_terms(Term("sequence", 2.5, feature="whole history"))) is None
    assert sole_cause(with_terms()) is None


def test_a_column_decides_with_all_its_values_and_events_together() -> None:
    parts = (
        Term("attribute:year", 0.5, event="a", feature="year: 1999"),
        Term("attribute:year", 0.5, event="b", feature="year: 1999"),
    )
    assert deciding_column(with_terms(*parts, Term("content", 0.9, event="a"))) == "year"
    assert deciding_column(with_terms(*parts, Term("content", 1.1, event="a"))) is None
    assert deciding_column(with_terms(Term("content", 1.1, event="a"))) is None


def sample() -> ListSample:
    return ListSample(
        lists=[shown("a", "b"), shown("a", "c")],
        length=2,
        showable=40,
        events={"a": 80, "b": 2, "d": 9},
        events_lately={"a": 8, "b": 2},
        attributes={
            "a": {"genre": ("drama", "crime")},
            "b": {"genre": ("drama",)},
            "c": {"genre": ("comedy",)},
        },
        usual_hardly_taken_share=0.25,
    )


def test_values_are_counted_by_place_and_by_event() -> None:
    assert list(values_shown(sample())) == [
        ("genre", "drama", 0.75, 1.0),
        ("genre", "crime", 0.5, 0.8),
        ("genre", "comedy", 0.25, 0.0),
    ]


def test_the_lists_in_numbers() -> None:
    numbers = list_figures(sample())
    assert (numbers.people, numbers.places, numbers.distinct_items) == (2, 4, 3)
    assert (numbers.overlap, numbers.tied_share) == (0.5, 0.0)
    assert (numbers.hardly_taken_share, numbers.usual_hardly_taken_share) == (0.5, 0.25)


def test_the_best_expert_is_the_one_least_behind() -> None:
    ahead = {"popularity": [0.1, 0.0, 0.2], "repeat": [-0.1, -0.2, 0.1], "content": [0.0, 0.0, 0.0]}
    measured = MeasuredQuality.of({"ahead": ahead, "cases": 7})
    assert measured is not None
    assert (measured.expert, measured.margin.low, measured.cases) == ("repeat", -0.2, 7)
    assert measured.fallback is None
    assert MeasuredQuality.of(None) is MeasuredQuality.of({"ahead": {}}) is None
    simpler = MeasuredQuality.of(None, "too few events")
    assert simpler is not None
    assert (simpler.margin.high, simpler.fallback) == (0.0, "too few events")
