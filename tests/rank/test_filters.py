"""Filters: what may not be shown is not shown, whatever is asked of whatever catalogue."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Event, Item, Request
from foretaste.domain.preference import Preference
from foretaste.errors import InputError
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.prepare.interactions import build_user_context
from foretaste.rank.filters import (
    FILTERS,
    HARD_FILTERS,
    FilterContext,
    ItemAvailability,
    consumed_items,
    earlier_page_items,
    excluded_items,
    filter_mismatches,
    muted_items,
    negative_feedback_items,
    non_candidates,
    policy_barred_items,
    seed_items,
    unavailable_items,
)
from foretaste.rank.index import FilterIndex
from foretaste.rank.policy import Policy
from foretaste.rank.policy_settings import AgeSettings, PolicySettings

KIND_CODES = tuple(kind for kind, weight in EVENT_TYPE_WEIGHTS.items() if weight)
GENRES = ("drama", "comedy", "odd")


@dataclass(frozen=True)
class Case:
    """Everything that was asked, as a person would tell it."""

    items: tuple[Item, ...]
    events: tuple[Event, ...]
    request: Request
    now: float
    hide_seen: bool

    def question(self) -> FilterContext:
        index = {item.id: place for place, item in enumerate(self.items)}
        one = build_user_context(
            self.events,
            index,
            EVENT_TYPE_WEIGHTS,
            KIND_CODES,
            now=self.now,
            seeds=self.request.items,
        )
        shelf = ItemAvailability.of(self.items)
        vectors = np.zeros((len(self.items), 2), np.float32)
        offer = FilterIndex(build_catalogue(self.items, vectors), shelf)
        return FilterContext(self.request, one, offer, self.hide_seen, self.now)

    def allowed(self, item: Item) -> bool:
        """The rules again, in other words."""
        mine = [e for e in self.events if e.item == item.id and EVENT_TYPE_WEIGHTS[e.kind] != 0]
        taken = any(EVENT_TYPE_WEIGHTS[event.kind] > 0 for event in mine)
        last = max(mine, key=lambda event: event.at, default=None)
        refused = last is not None and EVENT_TYPE_WEIGHTS[last.kind] < 0
        matches = all(
            set(item.attributes.get(column, ())) & set(values)
            for column, values in self.request.filter.items()
        )
        return (
            item.available(self.now)
            and not (taken and self.hide_seen)
            and not refused
            and item.id not in self.request.items
            and matches
        )


moment = st.one_of(st.none(), st.integers(0, 10).map(float))
items = st.lists(
    st.builds(
        lambda genres, year, start, stop, hidden: (genres, year, start, stop, hidden),
        st.lists(st.sampled_from(GENRES), unique=True, max_size=2),
        st.sampled_from(["1990", "2000", ""]),
        moment,
        moment,
        st.booleans(),
    ),
    min_size=2,
    max_size=10,
).map(
    lambda rows: (
        # the first has every column, so that no request names an unknown one
        Item("0", attributes={"genre": ("drama",), "year": ("1990",)}),
        *(
            Item(
                str(n),
                attributes={"genre": tuple(genres), "year": (year,) if year else ()},
                available_from=start,
                available_until=stop,
                hidden=hidden,
            )
            for n, (genres, year, start, stop, hidden) in enumerate(rows, 1)
        ),
    )
)
kinds = st.sampled_from(["view", "purchase", "hide", "dislike", "impression"])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    some = draw(items)
    ids = st.sampled_from([item.id for item in some])
    events = draw(st.lists(st.tuples(ids, kinds), max_size=8))
    wanted = draw(
        st.dictionaries(
            st.sampled_from(["genre", "year"]),
            st.lists(
                st.sampled_from([*GENRES, "1990", "2000", "no such"]), min_size=1, max_size=2
            ).map(tuple),
            max_size=2,
        )
    )
    return Case(
        items=some,
        events=tuple(
            Event(f"e{at}", kind, float(at), user="u", item=item)
            for at, (item, kind) in enumerate(events)
        ),
        request=Request(
            user="u", items=tuple(draw(st.lists(ids, max_size=2, unique=True))), filter=wanted
        ),
        now=float(draw(st.integers(0, 10))),
        hide_seen=draw(st.booleans()),
    )


@settings(deadline=None, max_examples=100)
@given(cases())
def test_exactly_what_may_be_shown_is_left(case: Case) -> None:
    hidden = excluded_items(case.question())

    # seeds count as views, so an item asked about is seen; it is left out as a seed all the same
    assert [item.id for item, out in zip(case.items, hidden, strict=True) if not out] == [
        item.id for item in case.items if case.allowed(item)
    ]


@settings(deadline=None, max_examples=50)
@given(cases())
def test_each_filter_says_yes_or_no_of_every_item_or_names_some(case: Case) -> None:
    for rule in FILTERS:
        found = rule(case.question())
        if found.dtype == np.bool_:
            assert found.shape == (len(case.items),)
        else:
            assert set(found.tolist()) <= set(range(len(case.items)))


def simple(*items: Item, events: tuple[Event, ...] = (), **asked: object) -> FilterContext:
    given = {"request": Request(user="u"), "now": 5.0, "hide_seen": True, **asked}
    return Case(items, events, **given).question()  # type: ignore[arg-type]


@pytest.mark.parametrize(("now", "shown"), [(2.9, False), (3.0, True), (6.9, True), (7.0, False)])
def test_an_item_is_there_from_its_first_moment_up_to_its_last(now: float, shown: bool) -> None:
    item = Item("a", available_from=3.0, available_until=7.0)

    assert unavailable_items(simple(item, now=now)).tolist() == [not shown]
    assert item.available(now) is shown


def test_seen_items_come_back_where_the_operator_wants_it() -> None:
    events = (Event("e", "view", 1.0, user="u", item="a"),)

    assert consumed_items(simple(Item("a"), Item("b"), events=events)).tolist() == [0]
    assert not len(consumed_items(simple(Item("a"), events=events, hide_seen=False)))


def test_what_was_refused_comes_back_when_it_is_taken_again() -> None:
    refusal = Event("1", "hide", 1.0, user="u", item="a")
    again = Event("2", "view", 2.0, user="u", item="a")
    shown = simple(Item("a"), events=(refusal, again), hide_seen=False)

    assert excluded_items(simple(Item("a"), events=(refusal,), hide_seen=False)).tolist() == [True]
    assert excluded_items(shown).tolist() == [False]


def test_an_unknown_attribute_is_named_with_the_nearest() -> None:
    item = Item("a", attributes={"genre": ("drama",)})
    asked = Request(user="u", filter={"gerne": ("drama",)})

    with pytest.raises(InputError, match="filter: unknown attribute 'gerne'; did you mean 'genre'"):
        excluded_items(simple(item, request=asked))
    with pytest.raises(InputError, match="no item has an attribute"):
        excluded_items(simple(Item("a"), request=asked))


def test_one_of_the_values_is_enough_in_each_of_the_columns() -> None:
    items = [
        Item("a", attributes={"genre": ("drama", "odd"), "year": ("1990",)}),
        Item("b", attributes={"genre": ("comedy",), "year": ("1990",)}),
        Item("c", attributes={"genre": ("drama",), "year": ("2000",)}),
        Item("d"),
    ]
    wanted = Request(user="u", filter={"genre": ("odd", "comedy"), "year": ("1990",)})

    assert excluded_items(simple(*items, request=wanted)).tolist() == [False, False, True, True]


FILMS = (
    Item("a", attributes={"genre": ("drama",), "cert": ("18",)}),
    Item("b", attributes={"genre": ("comedy",), "cert": ("6",)}),
    Item("c", attributes={"genre": ("drama",), "cert": ("6",)}),
    Item("d", attributes={"genre": ("odd",), "cert": ("6",)}),
)


def test_a_question_without_wishes_leaves_nothing_out() -> None:
    """Nor does it look at every item for that."""
    context = simple(*FILMS)
    for candidate_filter in FILTERS:
        filtered_items = candidate_filter(context)
        assert not filtered_items.any()
        if candidate_filter is not unavailable_items:
            assert filtered_items.dtype != np.bool_
            assert filtered_items.shape == (0,)


def test_what_the_user_mutes_is_left_out() -> None:
    mute = Preference("genre: drama", {"genre": "drama"}, "mute")
    only = Preference("genre: odd", {"genre": "odd"}, "only")
    boost = Preference("genre: odd", {"genre": "odd"}, "boost", nats=9.0)
    context = simple(*FILMS)
    for preferences, left_out in (
        ((mute,), [True, False, True, False]),
        ((only,), [True, True, True, False]),
        ((mute, only), [True, True, True, False]),
        ((boost,), [False] * 4),
    ):
        steered = replace(context, preferences=preferences)
        assert muted_items(steered).tolist() == left_out
        assert excluded_items(steered, HARD_FILTERS).tolist() == left_out


def test_the_policy_looks_at_who_asks_what() -> None:
    settings = PolicySettings(
        sensitive=({"genre": "odd"},),
        age=AgeSettings(item_attribute="cert", limits={}, unknown_user_age=16),
    )
    context = replace(simple(*FILMS), policy=Policy(settings))
    assert policy_barred_items(context).tolist() == [True, False, False, True]
    grown = replace(context, user_context=replace(context.user_context, taste={"age": ("40",)}))
    assert policy_barred_items(grown).tolist() == [False, False, False, True]
    asked = replace(context, request=replace(context.request, filter={"genre": "odd"}))
    assert policy_barred_items(asked).tolist() == [True, False, False, False]


def test_of_a_list_that_is_put_in_order_nothing_else_is_shown() -> None:
    asked = replace(Request(user="u"), candidates=("c", "gone", "a"))
    assert non_candidates(simple(*FILMS, request=asked)).tolist() == [False, True, False, True]
    nothing = replace(asked, candidates=())
    assert non_candidates(simple(*FILMS, request=nothing)).tolist() == [True] * 4


def test_items_asked_about_and_those_of_earlier_pages_are_named_by_position() -> None:
    context = simple(*FILMS, request=Request(user="u", items=("d", "b")))
    seeds = seed_items(context)
    earlier = earlier_page_items(replace(context, earlier_item_ids=("c", "gone", "a")))
    assert sorted(seeds.tolist()) == [1, 3]
    assert sorted(earlier.tolist()) == [0, 2]
    assert seeds.dtype == earlier.dtype == np.int32
    assert excluded_items(replace(context, earlier_item_ids=("c",))).tolist() == [
        False,
        True,
        True,
        True,
    ]


def test_a_filter_leaves_out_what_does_not_meet_it() -> None:
    asked = Request(user="u", filter={"genre": "drama"})
    assert filter_mismatches(simple(*FILMS, request=asked)).tolist() == [False, True, False, True]


def test_only_what_was_refused_last_counts_as_refused() -> None:
    events = tuple(
        Event(str(at), kind, float(at), user="u", item=item)
        for at, (item, kind) in enumerate(
            [("a", "hide"), ("b", "hide"), ("a", "view"), ("c", "view"), ("c", "dislike")]
        )
    )
    refused = negative_feedback_items(simple(*FILMS, events=events))
    assert sorted(refused.tolist()) == [1, 2]
    assert refused.dtype == np.int32
    taken = negative_feedback_items(simple(*FILMS, events=(events[2],)))
    assert taken.shape == (0,)


def test_a_pin_gets_past_what_was_seen_and_past_nothing_else() -> None:
    seen = Event("1", "view", 1.0, user="u", item="a")
    refused = Event("2", "hide", 2.0, user="u", item="b")
    context = simple(*FILMS, events=(seen, refused))
    assert excluded_items(context).tolist() == [True, True, False, False]
    assert excluded_items(context, HARD_FILTERS).tolist() == [False, True, False, False]
