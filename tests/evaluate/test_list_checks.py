"""Each fault of a list is named, with what to do; lists as they should be are passed over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from foretaste.domain.data import Recommended, Term
from foretaste.evaluate.list_checks import (
    BLOCKING_CODES,
    CHECKS,
    MIN_SAMPLE_SIZE,
    ListWarning,
    check_lists,
)
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.shown_lists import ListSample, MeasuredQuality, ShownList

PEOPLE, LENGTH, ITEMS = 40, 10, 400
GENRES = ("drama", "comedy", "crime", "sport")


def item(number: int, score: float, terms: Sequence[Term] = (), reason: str = "") -> Recommended:
    return Recommended(
        id=f"i{number}",
        position=1,
        score=score,
        reason=(reason,) if reason else (),
        terms=tuple(terms),
    )


def own_terms(person: int, number: int) -> list[Term]:
    """As of a healthy list: what the person took, what is popular, a genre."""
    return [
        Term("transition", 1.0, event=f"past {person}"),
        Term("popularity", 0.4, feature="popularity"),
        Term("attribute:genre", 0.3, feature=f"genre: {GENRES[number % 4]}"),
        Term("popularity", -6.0, feature="average item"),
    ]


def healthy(people: int = PEOPLE) -> ListSample:
    """Everybody has ten items of their own; three people share some of them."""
    lists = []
    for person in range(people):
        numbers = [(person * 7 + place) % ITEMS for place in range(LENGTH)]
        lists.append(
            ShownList(
                5,
                tuple(
                    item(number, -1.0 - 0.1 * place, own_terms(person, number))
                    for place, number in enumerate(numbers)
                ),
            )
        )
    stranger = ShownList(0, tuple(item(number, -number / 9) for number in range(LENGTH)))
    return ListSample(
        lists=[*lists, stranger],
        length=LENGTH,
        showable=ITEMS,
        events={f"i{number}": 1 + number % 20 for number in range(ITEMS)},
        events_lately={f"i{number}": 1 + number % 3 for number in range(ITEMS)},
        attributes={f"i{number}": {"genre": (GENRES[number % 4],)} for number in range(ITEMS)},
        usual_hardly_taken_share=0.1,
        measured=MeasuredQuality("transition", Interval(0.01, -0.002, 0.02), 500),
    )


def changed(sample: ListSample, change: Any) -> ListSample:
    """With each item as `change(person, place, item)` makes it."""
    lists = [
        row._replace(
            items=tuple(change(person, place, shown) for place, shown in enumerate(row.items))
        )
        for person, row in enumerate(sample.lists)
    ]
    return replace(sample, lists=lists)


def codes(sample: ListSample) -> list[str]:
    return [warning.code for warning in check_lists(sample)]


def only(sample: ListSample) -> ListWarning:
    """The one warning there is."""
    (warning,) = check_lists(sample)
    return warning


def test_lists_as_they_should_be_are_passed_over() -> None:
    assert check_lists(healthy()) == ()


def test_the_same_list_for_everybody() -> None:
    sample = changed(healthy(), lambda _, place, shown: replace(shown, id=f"i{place + 10}"))
    warning = only(sample)
    assert warning.code == "same-list"
    assert "first 5 items of two people 100% are in common" in warning.message


def test_the_same_in_another_order_is_the_same_list() -> None:
    def turned(person: int, place: int, shown: Recommended) -> Recommended:
        return replace(shown, id=f"i{(place + person) % 5 + 10 if place < 5 else place + 100}")

    assert codes(changed(healthy(), turned)) == ["same-list"]


def test_half_of_a_list_in_common_is_not_the_same_list() -> None:
    def half(person: int, place: int, shown: Recommended) -> Recommended:
        return replace(shown, id=f"i{place + 10}") if place < 2 else shown

    assert check_lists(changed(healthy(), half)) == ()


def test_in_a_small_catalogue_chance_makes_nobody_the_same() -> None:
    """Six items: whatever order they come in, lists of six hold the same."""
    sample = replace(healthy(), showable=6)

    def six(person: int, place: int, shown: Recommended) -> Recommended:
        return replace(shown, id=f"i{(place + person) % 6}")

    sample = changed(sample, six)
    sample = replace(
        sample,
        lists=[shown._replace(items=shown.items[:6]) for shown in sample.lists],
        events={f"i{number}": 20 for number in range(6)},
    )
    assert check_lists(sample) == ()


def test_tied_scores() -> None:
    sample = changed(healthy(), lambda _, place, shown: replace(shown, score=7.45 + place * 1e-4))
    warning = only(sample)
    assert warning.code == "tied-scores"
    assert warning.message.startswith("100% of the places")


def test_places_that_no_score_gave_are_in_no_tie() -> None:
    sample = changed(
        healthy(), lambda _, place, shown: replace(shown, score=0.0, source="explored")
    )
    assert check_lists(sample) == ()


def test_one_reason_for_all() -> None:
    def new(person: int, place: int, shown: Recommended) -> Recommended:
        terms = (Term("newness", 7.46, feature="new item"), Term("content", 0.1, event="past"))
        return replace(shown, terms=terms, reason=("it is new, few have taken it yet",))

    warning = only(changed(healthy(), new))
    assert warning.code == "one-reason"
    assert "“it is new, few have taken it yet”" in warning.message
    assert "7.46" not in warning.message


@pytest.mark.parametrize(
    "term",
    [
        Term("sequence", 5.0, feature="whole history"),
        Term("transition", 5.0, event="what they took"),
    ],
)
def test_a_reason_of_the_persons_own_is_not_one_for_all(term: Term) -> None:
    assert (
        check_lists(changed(healthy(), lambda _, place, shown: replace(shown, terms=(term,)))) == ()
    )


def test_popularity_is_one_reason_whichever_expert_says_so() -> None:
    def popular(person: int, place: int, shown: Recommended) -> Recommended:
        terms = [
            Term(name, 1.0, feature="popularity") for name in ("popularity", "transition", "new")
        ]
        return replace(shown, terms=tuple(terms), reason=("it is popular",))

    assert codes(changed(healthy(), popular)) == ["one-reason"]


def test_items_hardly_taken() -> None:
    sample = replace(healthy(), events={})
    warning = only(sample)
    assert warning.code == "hardly-taken"
    assert "100% of what is shown was chosen at most 2 times" in warning.message
    assert "really choose next it is 10%" in warning.message


@pytest.mark.parametrize(
    ("shown", "taken", "tells"),
    [
        (0.10, 0.06, False),
        (0.30, 0.02, True),
        (0.30, 0.20, False),
        (0.50, 0.20, True),
        (0.90, 0.80, False),
        (0.97, 0.80, True),  # only 3 % are well known, of what people take 20 %
        (1.00, None, False),
    ],
)
def test_how_much_above_life_is_too_much(shown: float, taken: float | None, tells: bool) -> None:
    sample = healthy()
    ids = sorted({shown.id for shown in sample.shown_items})
    places = [shown.id for shown in sample.shown_items]
    rare: set[str] = set()
    for name in ids:  # as many items as come nearest to the share
        if sum(map(places.count, rare)) / len(places) < shown:
            rare.add(name)
    events = {name: 0 if name in rare else 20 for name in ids}
    sample = replace(sample, events=events, usual_hardly_taken_share=taken)
    assert codes(sample) == (["hardly-taken"] if tells else [])


def test_below_its_best_expert_for_certain() -> None:
    ahead = {"neighbour": [-0.02, -0.03, -0.01], "repeat": [-0.01, -0.03, 0.01]}
    warning = only(replace(healthy(), measured=MeasuredQuality.of({"cases": 500, "ahead": ahead})))
    assert warning.code == "below-expert"
    assert '“What goes with the last items” ("neighbour" in model.experts) alone' in warning.message
    assert "-0.0200 [-0.0300, -0.0100]" in warning.message
    within = {"neighbour": [-0.02, -0.05, 0.001]}
    assert (
        check_lists(
            replace(healthy(), measured=MeasuredQuality.of({"cases": 500, "ahead": within}))
        )
        == ()
    )
    assert (
        check_lists(replace(healthy(), measured=MeasuredQuality.of({"cases": 19, "ahead": ahead})))
        == ()
    )


def test_the_fit_says_why_it_fell_back() -> None:
    cause = "'neighbour' alone ranked the validation events better"
    ahead = {"neighbour": [0.0, 0.0, 0.0]}
    warning = only(
        replace(healthy(), measured=MeasuredQuality.of({"cases": 500, "ahead": ahead}, cause))
    )
    assert warning.code == "fallback"
    assert cause in warning.message


def test_people_with_nothing() -> None:
    sample = healthy()
    lists = [
        shown._replace(items=()) if place < 8 else shown for place, shown in enumerate(sample.lists)
    ]
    warning = only(replace(sample, lists=lists))
    assert warning.code == "empty-lists"
    assert warning.message.startswith("8 of 41 people would get fewer than 5 of 10 items; 8 lists")
    assert "400 items may be shown" in warning.remedy


def test_people_who_took_all_there_is_are_told_apart() -> None:
    sample = healthy()
    lists = [
        ShownList(395, shown.items[:1]) if place < 8 else shown
        for place, shown in enumerate(sample.lists)
    ]
    assert "rank.hide_seen = false" in only(replace(sample, lists=lists)).remedy


def test_a_stranger_with_nothing() -> None:
    sample = healthy()
    sample = replace(sample, lists=[*sample.lists[:-1], ShownList(0, ())])
    assert only(sample).message.startswith("A person who comes for the first time")


def test_a_few_people_who_took_nearly_all_are_let_pass() -> None:
    sample = healthy()
    lists = [
        shown._replace(items=()) if place < 2 else shown for place, shown in enumerate(sample.lists)
    ]
    assert check_lists(replace(sample, lists=lists)) == ()


def test_a_short_catalogue_gives_short_lists_and_no_warning() -> None:
    sample = replace(healthy(), showable=5)
    lists = [shown._replace(items=shown.items[:3]) for shown in sample.lists]
    assert check_lists(replace(sample, lists=lists)) == ()


def test_a_column_that_decides_everything() -> None:
    def by_cost(person: int, place: int, shown: Recommended) -> Recommended:
        return replace(
            shown,
            terms=(
                Term("attribute:cost_band", 1.5, feature=f"cost_band: {person % 16}"),
                Term("transition", 1.0, event="past"),
            ),
        )

    warning = only(changed(healthy(), by_cost))
    assert warning.code == "one-attribute"
    assert "“cost” alone decides" in warning.message
    assert "choose by cost, leave" in warning.remedy
    assert "model.attribute.columns" in warning.remedy


def test_a_value_that_fills_the_lists() -> None:
    sample = healthy()
    attributes: Mapping[str, Mapping[str, Sequence[str]]] = {
        name: {
            "brand": ("Acme",)
            if name in {shown.id for shown in sample.shown_items[:300]}
            else ("other",)
        }
        for name in sample.attributes
    }
    rare = {name: 1 if values["brand"] == ("Acme",) else 9 for name, values in attributes.items()}
    sample = replace(sample, attributes=attributes, events_lately=rare)
    warning = only(sample)
    assert warning.code == "one-attribute"
    assert "brand “Acme”" in warning.message


def test_a_value_that_people_take_as_often_is_no_fault() -> None:
    sample = healthy()
    attributes = {name: {"brand": ("Acme",)} for name in sample.attributes}
    assert check_lists(replace(sample, attributes=attributes)) == ()


def test_of_few_people_it_is_said_that_they_are_few() -> None:
    sample = changed(
        healthy(MIN_SAMPLE_SIZE - 1),
        lambda _, place, shown: replace(shown, id=f"i{place}", score=1.0),
    )
    assert codes(sample) == ["too-few-people"]
    assert "19 people have a history: too few people to judge" in only(sample).message
    assert codes(replace(sample, lists=[ShownList(3, ())] * 3)) == [
        "empty-lists",
        "too-few-people",
    ]


def test_no_list_at_all_is_no_error() -> None:
    assert codes(replace(healthy(), lists=[])) == ["too-few-people"]


def test_the_worst_comes_first_and_every_code_is_one_of_a_check() -> None:
    sample = changed(
        healthy(),
        lambda _, place, shown: replace(
            shown, id=f"i{place}", score=1.0, terms=(Term("newness", 2.0, feature="new item"),)
        ),
    )
    sample = replace(
        sample,
        events={},
        measured=MeasuredQuality("repeat", Interval(-0.2, -0.3, -0.1), 99, "too few"),
    )
    names = codes(sample)
    assert names == [
        "below-expert",
        "same-list",
        "tied-scores",
        "one-reason",
        "hardly-taken",
        "fallback",
    ]
    assert set(names) >= BLOCKING_CODES
    assert len(CHECKS) == 11


def test_a_warning_is_what_json_can_hold() -> None:
    summary = ListWarning("same-list", "All are alike.", "Look.").summary()
    assert summary == {"code": "same-list", "message": "All are alike.", "remedy": "Look."}


def test_lists_no_better_than_what_is_popular_are_said_to_be_so() -> None:
    def measured(cases: int, low: float) -> MeasuredQuality | None:
        ahead = {"popularity": [0.01, low, 0.03], "transition": [0.01, low, 0.03]}
        return MeasuredQuality.of({"cases": cases, "ahead": ahead})

    warning = only(replace(healthy(), measured=measured(300, -0.001)))

    assert warning.code == "weak-data"
    assert "300 events" in warning.message
    assert check_lists(replace(healthy(), measured=measured(300, 0.001))) == ()
    assert check_lists(replace(healthy(), measured=measured(99, -0.001))) == ()


def test_repeats_that_lists_leave_out_are_told() -> None:
    warning = only(replace(healthy(), hidden_repeats=0.63))

    assert warning.code == "hidden-repeats"
    assert warning.message.startswith("63% of what people chose lately")
    assert "rank.hide_seen = false" in warning.remedy
    assert check_lists(replace(healthy(), hidden_repeats=0.1)) == ()
    assert check_lists(replace(healthy(), hidden_repeats=None)) == ()
