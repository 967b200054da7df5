"""The list from scores, filters, rules, diversity and chance: what must hold whatever is asked."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.cold_pool import ColdPool
from foretaste.domain.data import Item
from foretaste.rank.conditions import parse_condition
from foretaste.rank.rules import parse_rules
from foretaste.rank.slate import Slate, SlateDraft

from .shop import film, index_of

GENRES = ("drama", "comedy", "odd")
IDS = [str(n) for n in range(12)]

some_filter = st.fixed_dictionaries({"genre": st.sampled_from([*GENRES, "no such"])})
one_rule = st.one_of(
    st.fixed_dictionaries({"boost": some_filter, "by": st.sampled_from([0.5, 2, 100])}),
    st.fixed_dictionaries({"bury": some_filter, "by": st.sampled_from([0.5, 2, 100])}),
    st.fixed_dictionaries({"pin": st.sampled_from(IDS[:4]), "at": st.integers(1, 12)}),
    st.fixed_dictionaries({"quota": st.just("genre"), "max_items": st.integers(0, 3)}),
    st.fixed_dictionaries({"quota": some_filter, "max_items": st.integers(0, 3)}),
    st.fixed_dictionaries({"quota": some_filter, "min_items": st.integers(1, 3)}),
    st.fixed_dictionaries({"promote": some_filter, "percent": st.sampled_from([1, 30, 100])}),
)
catalogues = st.lists(
    st.tuples(st.lists(st.sampled_from(GENRES), unique=True, max_size=2), st.floats(-9, 0)),
    min_size=4,
    max_size=12,
)


@dataclass(frozen=True)
class Case:
    items: list[Item]
    draft: SlateDraft
    asked: list[dict[str, Any]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rows = draw(catalogues)
    items = [film(str(n), "|".join(genres) or "none") for n, (genres, _) in enumerate(rows)]
    never = np.array(draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    hide = never | np.array(draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    asked = draw(st.lists(one_rule, max_size=4))
    draft = SlateDraft(
        scores=np.array([score for _, score in rows], np.float32),
        hidden=hide,
        never_shown=never,
        index=index_of(items),
        n=draw(st.integers(1, 14)),
        offset=draw(st.sampled_from([0, 0, 3])),
        diversity=draw(st.sampled_from([0.0, 0.5, 1.0])),
        min_relative_likelihood=draw(st.sampled_from([0.0, 0.1])),
        exploration_rate=draw(st.sampled_from([0.0, 0.5, 1.0])),
        exploration_pool=draw(st.integers(1, 6)),
    )
    for place, one in enumerate(parse_rules(asked)):
        one.apply(draft, f"rules.{place}")
    return Case(items, draft, asked)


def falling() -> SlateDraft:
    """Items 0 to 39, each a little less likely than the one before; nothing is hidden."""
    nothing = np.zeros(40, bool)
    items = [film(str(n), "drama") for n in range(40)]
    scores = -np.arange(40, dtype=np.float32)
    return SlateDraft(scores, nothing.copy(), nothing, index_of(items), n=40)


def none() -> np.random.Generator:
    raise AssertionError("nothing is drawn")


def made(case: Case, seed: int = 0) -> Slate:
    return case.draft.build_slate(lambda: np.random.default_rng(seed))


@settings(deadline=None, max_examples=150)
@given(cases())
def test_what_may_not_be_shown_is_not_shown_and_nothing_is_shown_twice(case: Case) -> None:
    choice = made(case)
    items = choice.items.tolist()

    assert len(set(items)) == len(items) <= case.draft.n
    for item, source in zip(items, choice.sources, strict=True):
        assert not case.draft.never_shown[item]
        assert not case.draft.hidden[item] or source == "pinned"
    first = case.draft.offset + 1
    assert choice.positions == tuple(range(first, first + len(items)))
    assert choice.scores.tolist() == case.draft.scores[choice.items].tolist()
    assert all(0 < odds <= 1 for odds in choice.propensities)


@settings(deadline=None, max_examples=150)
@given(cases())
def test_the_rules_hold(case: Case) -> None:
    choice = made(case)
    drawn = dict(zip(choice.items.tolist(), choice.sources, strict=True))
    for one in case.asked:
        if "max_items" in one:
            free = [item for item, source in drawn.items() if source != "pinned"]
            pinned = [item for item, source in drawn.items() if source == "pinned"]
            for kind, count in kinds(case, one["quota"], free).items():
                there = kinds(case, one["quota"], pinned)[kind]
                assert count <= max(one["max_items"] - there, 0)
        if "promote" in one and len(case.asked) == 1 and not case.draft.min_relative_likelihood:
            fits = case.draft.index.mask(parse_condition(one["promote"]))
            share = int(case.draft.n * one["percent"] / 100 + 0.5)
            given = sum(source == "promoted" for source in drawn.values())
            assert given <= share
            if given < share and len(drawn) == case.draft.n:
                left = fits & ~case.draft.hidden
                left[choice.items] = False
                assert not left.any() or case.draft.exploration_rate > 0


def kinds(case: Case, quota: Any, items: list[int]) -> Counter[str]:
    if isinstance(quota, str):
        return Counter(value for item in items for value in case.items[item].attributes[quota])
    mask = case.draft.index.mask(parse_condition(quota))
    return Counter("it" for item in items if mask[item])


@settings(deadline=None, max_examples=100)
@given(cases())
def test_the_same_chance_gives_the_same_list(case: Case) -> None:
    one, other = made(case, 5), made(case, 5)
    assert one.items.tolist() == other.items.tolist()
    assert one.propensities == other.propensities


def plain(n: int = 5, items: int = 40, **more: Any) -> SlateDraft:
    films = [film(str(one), GENRES[one % 3]) for one in range(items)]
    hide = np.zeros(items, bool)
    return SlateDraft(
        np.arange(items, 0, -1, dtype=np.float32), hide, hide, index_of(films), n, **more
    )


def test_a_floor_leaves_out_what_is_far_less_likely_than_the_best() -> None:
    draft = plain(n=20, min_relative_likelihood=float(np.exp(-3.5)))
    assert draft.build_slate(np.random.default_rng).items.tolist() == [0, 1, 2, 3]


def test_propensities_are_the_true_probabilities() -> None:
    """How often an item is at a place, over many draws, is what each answer says of it."""
    draft, rounds = plain(n=4, exploration_rate=0.3, exploration_pool=6), 4000
    rng = np.random.default_rng(11)
    seen: Counter[tuple[int, int]] = Counter()
    told: dict[tuple[int, int], float] = {}
    for _ in range(rounds):
        choice = draft.build_slate(lambda: rng)
        for item, place, odds in zip(
            choice.items.tolist(), choice.positions, choice.propensities, strict=True
        ):
            seen[item, place] += 1
            told.setdefault((item, place), odds)
            assert told[item, place] == odds
    for place in range(1, 5):
        assert told[place - 1, place] == pytest.approx(0.7)
        for item in range(4, 10):
            assert told[item, place] == pytest.approx(0.05)
        assert sum(told[item, place] for item in (place - 1, *range(4, 10))) == pytest.approx(1)
    for key, odds in told.items():
        spread = np.sqrt(odds * (1 - odds) / rounds)
        assert seen[key] / rounds == pytest.approx(odds, abs=5 * spread)


def test_chance_leaves_rules_alone() -> None:
    draft = plain(n=6, exploration_rate=1.0, exploration_pool=20)
    asked = [
        {"pin": "30", "at": 1},
        {"promote": {"genre": "odd"}, "percent": 17},
        {"quota": {"genre": "comedy"}, "max_items": 1},
    ]
    for one in parse_rules(asked):
        one.apply(draft, "rules")
    choice = draft.build_slate(lambda: np.random.default_rng(0))
    assert choice.items[0] == 30
    assert choice.sources[0] == "pinned"
    assert choice.propensities[0] == 1.0
    for item, source, odds in zip(
        choice.items.tolist(), choice.sources, choice.propensities, strict=True
    ):
        if source == "explored":
            assert item % 3 != 1  # no comedy is drawn: its quota is met
            assert odds < 1
        else:
            assert odds == 1.0


def test_the_first_places_may_be_kept_from_chance() -> None:
    draft = plain(n=10, exploration_rate=1.0, exploration_pool=20, unexplored_positions=5)
    choice = draft.build_slate(lambda: np.random.default_rng(0))
    assert choice.sources == ("model",) * 5 + ("explored",) * 5
    assert choice.propensities[:5] == (1.0,) * 5


def test_without_exploration_nothing_is_drawn() -> None:
    def rng() -> np.random.Generator:
        raise AssertionError("chance was asked")

    assert set(plain(exploration_rate=0.0).build_slate(rng).propensities) == {1.0}


def test_too_few_to_draw_from_leaves_the_list_as_it_is() -> None:
    draft = plain(n=5, items=8, exploration_rate=1.0)
    assert draft.build_slate(np.random.default_rng).sources == ("model",) * 5


def test_below_the_first_ten_every_fifth_place_is_for_what_nobody_has_taken() -> None:
    """The best of these first; those that come by their own scores keep their places."""
    new = np.zeros(40, bool)
    new[[3, 30, 35, 38, 39]] = True
    draft = falling()
    draft.cold_pools, draft.hidden[38] = (ColdPool(new, 0.2),), True
    draft.n = 32
    choice = draft.build_slate(none)
    rows = zip(choice.items.tolist(), choice.sources, strict=True)
    places = dict(zip(choice.positions, rows, strict=True))

    assert [places[place] for place in (15, 20, 25)] == [(30, "new"), (35, "new"), (39, "new")]
    assert places[4] == (3, "model")
    assert places[30][1] == "model"  # there are no more of them
    assert choice.sources.count("new") == 3
    assert choice.items[:10].tolist() == list(range(10))


def test_the_places_of_new_items_go_on_on_the_next_page() -> None:
    draft = falling()
    draft.cold_pools = (ColdPool(np.arange(40) >= 30, 0.5),)
    draft.n, draft.offset = 5, 10
    choice = draft.build_slate(none)

    assert choice.positions == (11, 12, 13, 14, 15)
    assert choice.sources == ("model", "new", "model", "new", "model")


def test_items_that_have_just_come_choose_before_those_that_were_always_there() -> None:
    """Where they are used up, the others have their own share, and no more."""
    draft = falling()
    arrived, untaken = np.arange(40) >= 38, np.arange(40) >= 30
    draft.cold_pools, draft.n = (ColdPool(arrived, 0.5), ColdPool(untaken, 0.1)), 30
    slate = draft.build_slate(none)
    rows = zip(slate.positions, slate.items.tolist(), slate.sources, strict=True)

    new_items = [(position, item) for position, item, source in rows if source == "new"]
    assert new_items == [(12, 38), (14, 39), (20, 30), (30, 31)]


@pytest.mark.parametrize(
    "changed",
    [
        {"cold_pools": (ColdPool(np.arange(40) >= 30, 0.0),)},
        {"cold_pools": ()},
        {"cold_pools": (ColdPool(np.arange(40) >= 30, 0.2),), "n": 10},
    ],
)
def test_without_places_for_new_items_the_scores_alone_decide(changed: dict[str, Any]) -> None:
    draft = falling()
    draft.n = 20
    for name, value in changed.items():
        setattr(draft, name, value)

    assert draft.build_slate(none).items.tolist() == list(range(draft.n))
