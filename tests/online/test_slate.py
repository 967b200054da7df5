"""Lists of the whole loop: what must not be shown is not, whatever the question."""

import math
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretaste.domain.data import Event, Item, Recommendation, Request
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.model.expert_scorer import scorer_of

NOW = float(int(time.time()))  # answers of long ago are not kept
PLAIN = {"explore": 0.0}


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    one = Foretaste.open(trained)
    yield one
    one.close()


@pytest.fixture(scope="module")
def shared(_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretaste]:
    """One for all generated cases, each of which sets the whole catalogue."""
    folder = shutil.copytree(_trained, tmp_path_factory.mktemp("listing") / "shop")
    one = Foretaste.open(folder)
    yield one
    one.close()


def ids(found: Recommendation) -> list[str]:
    return [one.id for one in found]


# What may be shown ----------------------------------------------------------------------------


moment = st.sampled_from([None, None, None, NOW - 10, NOW + 10])
states = st.fixed_dictionaries(
    {
        "hidden": st.sampled_from([False, False, True]),
        "available_from": moment,
        "available_until": moment,
        "attributes": st.fixed_dictionaries(
            {
                "genre": st.sampled_from([(), ("space",), ("kitchen",), ("space", "kitchen")]),
                "price": st.sampled_from([("5",), ("12.5",), ("30",)]),
            }
        ),
    }
)
NAMES = [f"{theme}-{n}" for theme in ("space", "kitchen") for n in range(10)]
names = st.sampled_from(NAMES)
filters = st.sampled_from(
    [
        {},
        {"genre": "space"},
        {"genre": ["space", "kitchen"]},
        {"price": {"gte": 10, "lt": 30}},
        {"not": {"genre": "space"}},
        {"or": [{"price": {"lt": 10}}, {"genre": {"all": ["space", "kitchen"]}}]},
        {"id": {"not_in": NAMES[:5]}},
    ]
)
rules = st.lists(
    st.one_of(
        st.fixed_dictionaries({"pin": names, "at": st.integers(1, 6)}),
        st.fixed_dictionaries({"promote": filters.filter(bool), "percent": st.just(50)}),
        st.fixed_dictionaries({"boost": filters.filter(bool), "by": st.just(50)}),
        st.fixed_dictionaries({"quota": st.just("genre"), "max_items": st.integers(0, 3)}),
    ),
    max_size=3,
).map(tuple)
questions = st.builds(
    Request,
    user=st.sampled_from([None, "u1", "u2"]),
    session=st.sampled_from([None, "s1"]),
    query=st.sampled_from([None, "bread and soup"]),
    items=st.lists(names, max_size=2, unique=True).map(tuple),
    n=st.integers(1, 25),
    filter=filters,
    rules=rules,
    diversity=st.sampled_from([0.0, 0.7]),
    explore=st.sampled_from([0.0, 0.6]),
    min_relative_likelihood=st.sampled_from([0.0, 0.001]),
    candidates=st.none() | st.lists(names, min_size=1, max_size=8).map(tuple),
    now=st.just(NOW),
)


def meets(item: Item, asked: dict[str, Any]) -> bool:
    """The filters above in other words."""
    genre, price = item.attributes["genre"], float(item.attributes["price"][0])
    return {
        "{}": True,
        "{'genre': 'space'}": "space" in genre,
        "{'genre': ['space', 'kitchen']}": bool(genre),
        "{'price': {'gte': 10, 'lt': 30}}": 10 <= price < 30,
        "{'not': {'genre': 'space'}}": "space" not in genre,
        "{'or': [{'price': {'lt': 10}}, {'genre': {'all': ['space', 'kitchen']}}]}": price < 10
        or len(genre) == 2,
        f"{{'id': {{'not_in': {NAMES[:5]}}}}}": item.id not in NAMES[:5],
    }[str(asked)]


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(states, min_size=20, max_size=20), questions, names)
def test_what_must_not_be_shown_never_is(
    shared: Foretaste, state: list[dict[str, Any]], asked: Request, refused: str
) -> None:
    state[0]["attributes"] = {"genre": ("space", "kitchen"), "price": ("5",)}
    catalogue = [Item(name, name, **one) for name, one in zip(NAMES, state, strict=True)]
    shared.store.put_items(catalogue)
    shared.record([Event(f"hide-{refused}", "hide", NOW - 5, session="s1", item=refused)])
    hidden_from_s1 = {event.item for event in shared.store.history(None, "s1")}

    found = shared.recommend(asked)
    pages = [found, shared.recommend(Request(next_page_of=found.recommendation_id, now=NOW))]
    for one in (item for page in pages for item in page):
        item = catalogue[NAMES.index(one.id)]
        assert item.available(NOW)
        assert meets(item, dict(asked.filter))
        assert one.id not in asked.items
        assert asked.candidates is None or one.id in asked.candidates
        assert asked.session is None or one.id not in hidden_from_s1
        assert 0 < one.propensity <= 1
    shown = [one.id for page in pages for one in page]
    assert len(shown) == len(set(shown))
    assert [one.position for page in pages for one in page] == list(range(1, len(shown) + 1))


# The parts of an answer -----------------------------------------------------------------------


def test_rules_are_terms_of_the_score_and_reasons(shop: Foretaste) -> None:
    plain = {one.id: one.score for one in shop.recommend("u1", n=20)}
    found = shop.recommend(
        "u1", n=20, explain=True, rules=({"boost": {"genre": "kitchen"}, "by": 5000},)
    )
    for one in found:
        added = math.log(5000) if one.id.startswith("kitchen") else 0
        assert one.score == pytest.approx(plain[one.id] + added, abs=1e-3)
        assert sum(term.nats for term in one.terms) == pytest.approx(one.score, abs=1e-3)
        if added:
            assert "Featured here" in one.reason
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_what_brought_an_item_is_told(shop: Foretaste) -> None:
    asked = (
        {"pin": "kitchen-3", "at": 2},
        {"promote": {"genre": "kitchen"}, "percent": 25},
    )
    found = shop.recommend("u1", n=4, rules=asked)
    assert [one.source for one in found] == ["model", "pinned", "promoted", "model"]
    assert found.items[1].id == "kitchen-3"
    assert found.items[1].reason[0] == "Featured here"
    assert found.items[2].reason[0] == "Featured here"


def test_below_the_tenth_place_what_nobody_has_taken_is_met(shop: Foretaste) -> None:
    """Where people take such items, unless words ask for something; and where they have just come,
    whatever people took while nothing was new.
    """
    shop.store.put_items([Item(f"new-{n}", f"late arrival {n}") for n in range(2)])
    live = shop.catch_up()
    assert live.product.trained_items == len(live.catalogue) - 2

    def sources(share: float, trained_items: int) -> list[str]:
        product = replace(live.product, cold_share=share).fork()
        assert product.popularity is not None
        product.popularity.trained_items = trained_items
        shop.manager.snapshot = replace(live, product=product)
        return [item.source for item in shop.recommend("u1", n=22, **PLAIN)]

    trained_items, item_count = live.product.trained_items, len(live.catalogue)
    assert "new" not in sources(0.0, item_count)
    assert sources(0.1, item_count).count("new") == 1
    assert sources(0.0, trained_items)[14] == "new"
    found = shop.recommend("u1", n=16, **PLAIN)
    places = {one.position: one for one in found}
    assert places[15].source == "new"
    assert places[15].id in ("new-0", "new-1")
    assert places[15].reason[0] == "Not discovered by others yet"
    assert [one.source for one in found].count("new") == 1
    again = shop.recommend("u1", n=16, query="late", **PLAIN)
    assert {one.source for one in again} == {"model", "unmatched"}


KITCHEN = {"genre": "kitchen"}
QUESTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"context": {"text": "a comet"}},
    {"items": ("space-3",)},
    {"query": "rocket soup"},
    {"min_relative_likelihood": 0.01},
    {"rules": ({"boost": KITCHEN, "by": 2},)},
    {"rules": ({"pin": "kitchen-9", "at": 3},)},
    {"rules": ({"quota": KITCHEN, "max_items": 6},)},
    {"rules": ({"promote": KITCHEN, "percent": 30},)},
    {"rules": ({"quota": KITCHEN, "min_items": 5},)},
    {"diversity": 0.3},
    {"diversity": 0.7, "rules": ({"boost": KITCHEN, "by": 2},)},
)
MATCHED: dict[str, Any] = {"fill_up": ()}
"""Without what has nothing of a search: lists have it last, a ranking by its score."""
ORDERED_BY_SCORE = QUESTIONS[:8]
"""Those whose order does not depend on what else could be shown."""


def with_cold_items(shop: Foretaste) -> None:
    """Many items that nobody has taken, and places that are theirs."""
    shop.store.put_items(
        [
            Item(f"new-{n}", f"The {word} [{genre}]", attributes={"genre": (genre,)})
            for n, word in enumerate(("meteor", "kettle", "lander", "ladle"))
            for genre in [("space", "kitchen")[n % 2]]
        ]
    )
    live = shop.catch_up()
    shop.manager.snapshot = replace(live, product=replace(live.product, cold_share=0.5))


def as_told(found: Recommendation) -> list[tuple[str, str]]:
    return [(item.id, item.source) for item in found]


def test_a_list_that_is_ranked_again_keeps_its_order(shop: Foretaste) -> None:
    with_cold_items(shop)
    for question in ORDERED_BY_SCORE:
        for user in ("u1", "unknown", None):
            listed = shop.recommend(user, n=24, **question, **MATCHED, **PLAIN)
            shuffled = tuple(sorted(ids(listed)))
            ranked = shop.recommend(user, n=24, candidates=shuffled, **question, **PLAIN)
            assert as_told(ranked) == as_told(listed), question
            assert [item.score for item in ranked] == pytest.approx(
                [item.score for item in listed], abs=1e-4
            )


def test_the_same_candidates_have_the_same_order_in_a_list_and_in_a_ranking(trained: Path) -> None:
    """Other than a list, a ranking also has what the user has taken; where lists have that too,
    there is no difference.
    """
    with (trained / "foretaste.toml").open("a") as settings:
        settings.write("[rank]\nhide_seen = false\n")
    shop = Foretaste.open(trained)
    with_cold_items(shop)
    candidates = (*shop.catch_up().catalogue.ids[1::2], "new-0", "new-1")
    for question in QUESTIONS:
        meant = {"filter": {"id": list(candidates)}, **question}
        listed = shop.recommend("u1", n=24, **meant, **MATCHED, **PLAIN)
        ranked = shop.recommend("u1", n=24, candidates=candidates, **question, **PLAIN)
        is_search = "query" in question
        matched = [pair for pair in as_told(ranked) if not is_search or pair[0] in ids(listed)]
        assert matched == as_told(listed), question
    shop.close()


def test_a_pin_that_a_filter_forbids_is_told(shop: Foretaste) -> None:
    shop.store.put_items([Item("space-4", "a hidden one", hidden=True)])
    shop.record([Event("no", "dislike", NOW, user="u1", item="space-5")])
    rules = (
        {"pin": "kitchen-3", "at": 1},
        {"pin": "space-4", "at": 2},
        {"pin": "space-5", "at": 3},
        {"pin": "kitchen-9", "at": 9},
    )
    answer = shop.recommend("u1", n=4, filter={"genre": "space"}, rules=rules, **PLAIN)

    assert {item.id: item.reason for item in answer.left_out} == {
        "kitchen-3": "the filter leaves it out",
        "space-4": "it is hidden or not on offer now",
        "space-5": "this person hid it or disliked it",
    }
    assert {item.id for item in answer} & {item.id for item in answer.left_out} == set()


def test_the_second_pin_of_a_place_is_told(shop: Foretaste) -> None:
    rules = ({"pin": "space-6", "at": 1}, {"pin": "kitchen-9", "at": 1})
    answer = shop.recommend("u1", n=2, rules=rules, **PLAIN)

    assert answer.items[0].id == "space-6"
    assert [(item.id, item.reason) for item in answer.left_out] == [
        ("kitchen-9", "another rule pins an item to its place")
    ]


def test_each_page_tells_of_its_own_pins(shop: Foretaste) -> None:
    rules = ({"pin": "space-6", "at": 1}, {"pin": "kitchen-9", "at": 5})
    asked = {"filter": {"genre": "space"}, "rules": rules}
    first = shop.recommend("u1", n=3, **asked, **PLAIN)
    second = shop.recommend(Request(next_page_of=first.recommendation_id, n=3))

    assert (first.items[0].id, first.left_out) == ("space-6", ())
    assert [item.id for item in second.left_out] == ["kitchen-9"]


def test_a_pin_that_is_no_candidate_is_told(shop: Foretaste) -> None:
    asked = {"candidates": ("space-1", "gone", "space-2"), "rules": ({"pin": "space-3", "at": 1},)}
    answer = shop.recommend("u1", n=3, **asked, **PLAIN)

    assert [(item.id, item.reason) for item in answer.left_out] == [
        ("gone", "there is no such item"),
        ("space-3", "it is not in the list that was to be put in order"),
    ]


def test_what_is_still_on_offer_is_asked_of_the_store_once_for_all_items(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = shop.catch_up()
    page = shop.slates.page_request(None, 10, {})
    question = shop.slates.question(
        page, shop.slates.user_context(page.request, snapshot), snapshot
    )
    scorer = snapshot.product.popularity_scorer(len(snapshot.catalogue))
    slate = shop.slates.slate(page, question, scorer)
    first = int(slate.choice.items[0])
    shop.store.put_items([Item(snapshot.catalogue.ids[first], hidden=True)])
    questions: list[str] = []
    for name in ("item", "items_by_id"):
        original = getattr(shop.store, name)

        def counting(ids: Any, name: str = name, original: Any = original) -> Any:
            questions.append(name)
            return original(ids)

        monkeypatch.setattr(shop.store, name, counting)

    left = shop.slates.on_offer(slate, question, snapshot)

    assert questions == ["items_by_id"]
    assert left.choice.items.tolist() == slate.choice.items.tolist()[1:]
    assert left.choice.positions == tuple(range(1, 10))
    assert list(left.terms) == slate.terms[1:]


def test_exploration_is_told_with_its_propensity(shop: Foretaste) -> None:
    shop._rng = np.random.default_rng(1)
    found = shop.recommend("u1", n=4, explore=0.5)
    sources = {one.source: one for one in found}
    assert set(sources) == {"model", "explored"}
    assert sources["model"].propensity == 0.5
    below = len(shop.recommend("u1", n=1000)) - 4
    assert sources["explored"].propensity == pytest.approx(0.5 / below)
    assert sources["explored"].reason[0] == "Something different, to see whether you like it"


def test_a_next_page_goes_on_in_another_process(shop: Foretaste) -> None:
    whole = ids(shop.recommend("u1", n=9, **PLAIN))
    first = shop.recommend("u1", n=3, **PLAIN)
    shop.slates.log.flush()
    other = Foretaste.open(shop.folder)
    second = other.recommend(next_page_of=first.recommendation_id)
    third = other.recommend(next_page_of=second.recommendation_id, n=2)
    other.close()
    assert ids(first) + ids(second) + ids(third) == whole[:8]
    assert [one.position for one in third] == [7, 8]
    again = shop.recommend(next_page_of=first.recommendation_id)
    assert ids(again) == ids(second)


def test_a_next_page_has_the_question_of_the_first(shop: Foretaste) -> None:
    first = shop.recommend("u1", n=3, query="soup", filter={"genre": "kitchen"})
    second = shop.recommend(next_page_of=first.recommendation_id, n=20)
    assert ids(second)
    assert all(one.startswith("kitchen") for one in ids(second))


def test_a_list_asked_by_the_session_is_the_owner_s_at_that_time(shop: Foretaste) -> None:
    asked: dict[str, Any] = {"session": "tv", "n": 3, **PLAIN}
    lists = [shop.recommend(query="rocket", **asked).recommendation_id]
    for user in ("u1", "u2"):
        shop.identify("tv", user)
        lists.append(shop.recommend(query=f"soup for {user}", **asked).recommendation_id)

    def told(user: str) -> list[str]:
        data = shop.personal(user)
        assert data is not None
        return [one["recommendation_id"] for one in data["recommendations"]]

    assert told("u1") == lists[:2]
    assert told("u2") == lists[2:]
    for other in lists[:2]:
        with pytest.raises(InputError, match="next_page_of: somebody else has signed in"):
            shop.recommend(next_page_of=other)
    assert ids(shop.recommend(next_page_of=lists[2]))
    shop.identify("tv", "u1")
    assert ids(shop.recommend(next_page_of=lists[0]))
    shop.erase("u2")
    assert told("u1")[:2] == lists[:2]


def test_there_is_no_next_page_of_what_was_never_served(shop: Foretaste) -> None:
    with pytest.raises(InputError, match="next_page_of: there is no recommendation 'nonsense'"):
        shop.recommend(next_page_of="nonsense")


def test_what_was_served_is_kept(shop: Foretaste) -> None:
    found = shop.recommend("u1", n=2, session="v1", context={"surface": "home"})
    shop.slates.log.flush()
    kept = shop.store.recommendations_by_id([found.recommendation_id])[found.recommendation_id]
    assert (kept.user, kept.session, kept.model) == ("u1", "v1", found.model_version)
    assert kept.items == [
        (one.id, one.position, one.propensity, one.source, one.score) for one in found
    ]
    assert kept.request == {"user": "u1", "session": "v1", "context": {"surface": "home"}, "n": 2}
    assert kept.position(found.items[1].id) == 2
    assert kept.position("nonsense") is None


def test_an_incognito_question_leaves_no_trace(shop: Foretaste) -> None:
    shop.recommend("u1", query="warm up the reader")
    shop.slates.log.flush()
    before = snapshot(shop.folder)
    words = "zebra crossing at midnight"
    found = shop.recommend("u1", query=words, incognito=True)
    shop.slates.log.flush()
    assert len(found) == 10
    assert snapshot(shop.folder) == before
    with pytest.raises(InputError, match="it was incognito"):
        shop.recommend(next_page_of=found.recommendation_id)
    shop.recommend("u1", query=words)
    shop.slates.log.flush()
    assert snapshot(shop.folder) != before  # the same question asked openly is seen


def snapshot(folder: Path) -> dict[str, int]:
    """What the databases of a workspace hold, and the size of every other file."""
    import sqlite3

    told: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".db", ".sqlite"):
            with sqlite3.connect(path) as connection:
                for (table,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                ).fetchall():
                    count = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
                    told[f"{path.name}/{table}"] = count
        elif path.is_file() and not path.name.endswith(("-wal", "-shm")):
            told[str(path)] = path.stat().st_size
    return told


def test_a_list_of_the_callers_is_put_in_order(shop: Foretaste) -> None:
    whole = [one for one in ids(shop.recommend("u1", n=1000)) if one != "space-9"]
    shop.store.put_items([Item("space-9", "gone", hidden=True)])
    some = [whole[5], whole[1], "space-9", whole[8], "nonsense"]
    found = shop.rank(some, "u1")
    assert ids(found) == [whole[1], whole[5], whole[8]]
    assert [(one.id, one.reason) for one in found.left_out] == [
        ("space-9", "it is hidden or not on offer now"),
        ("nonsense", "there is no such item"),
    ]


def test_a_list_to_be_ordered_may_hold_what_was_taken(shop: Foretaste) -> None:
    taken = [event.item or "" for event in shop.store.history("u1", None)]
    assert sorted(ids(shop.rank(taken, "u1"))) == sorted(set(taken))


def test_only_the_properties_asked_for_come_back(shop: Foretaste) -> None:
    shop.store.put_items(
        [Item("new", "New", texts={"plot": "long"}, attributes={"genre": ("x",)}, image="a.jpg")]
    )
    asked: dict[str, Any] = {"filter": {"id": "new"}}
    (plain,) = shop.recommend(**asked)
    assert (dict(plain.attributes), plain.properties) == ({"genre": ("x",)}, {})
    (some,) = shop.recommend(**asked, properties=("plot", "image"))
    assert (some.attributes, some.properties) == ({}, {"image": "a.jpg", "plot": "long"})
    (none,) = shop.recommend(**asked, properties=())
    assert (none.attributes, none.properties) == ({}, {})
    with pytest.raises(InputError, match=r"properties\.0: no item has 'gerne'; did you mean"):
        shop.recommend(**asked, properties=("gerne",))


def test_the_time_of_the_context_is_read(shop: Foretaste) -> None:
    shop.recommend("u1", context={"time": "2026-01-31T18:30:00Z"})
    with pytest.raises(InputError, match=r"context\.time: 'soon' cannot be read"):
        shop.recommend("u1", context={"time": "soon"})


def test_diversity_mixes_what_the_scores_keep_apart(shop: Foretaste) -> None:
    plain = ids(shop.recommend("u1", n=4))
    mixed = ids(shop.recommend("u1", n=4, diversity=1.0))
    assert mixed[0] == plain[0]
    themes = [len({one.split("-")[0] for one in some}) for some in (plain, mixed)]
    assert themes[1] >= themes[0]
    assert set(mixed) != set(plain)


def test_what_is_like_the_refused_falls_at_once_and_explain_tells(shop: Foretaste) -> None:
    def lead() -> float:
        """By how much the likes of the refused are ahead of the others, in nats."""
        scores = {one.id: one.score for one in shop.recommend(session="picky", n=99)}
        space = [score for one, score in scores.items() if one.startswith("space")]
        kitchen = [score for one, score in scores.items() if one.startswith("kitchen")]
        return float(np.mean(space) - np.mean(kitchen))

    shop.record([Event("look", "view", NOW, session="picky", item="space-0")])
    leads = [lead()]
    for n in (1, 2, 3):
        shop.record([Event(f"no-{n}", "hide", NOW + n, session="picky", item=f"space-{n}")])
        leads.append(lead())
    assert (np.diff(leads) < -0.5).all()
    assert leads[0] > 0 > leads[-1]

    found = shop.recommend(session="picky", n=99, explain=True)
    for one in found:
        assert sum(term.nats for term in one.terms) == pytest.approx(one.score, abs=1e-3)
    told = [term for term in found.items[-1].terms if term.expert == "refusal" and term.event]
    assert {term.event for term in told} == {"space-1", "space-2", "space-3"}
    assert all(term.nats < 0 for term in told)


# Trending -------------------------------------------------------------------------------------


def took(n: int, item: str, ago: float, user: str) -> Event:
    return Event(f"took-{n}", "click", NOW - ago, user=user, item=item)


def test_trending_is_what_most_people_took_within_the_window(shop: Foretaste) -> None:
    shop.slates._clock = lambda: NOW
    shop.record(
        [
            *(took(n, "kitchen-7", 100, f"a{n}") for n in range(3)),
            *(took(10 + n, "space-7", 100, "one") for n in range(9)),  # one person, many times
            *(took(20 + n, "space-8", 7200, f"b{n}") for n in range(5)),
            *(took(30 + n, "space-9", 50, f"c{n}") for n in range(4)),
        ]
    )
    shop.store.put_items([Item("space-9", "gone", hidden=True)])
    found = shop.trending("1h", n=5)
    assert [(one.id, one.score, one.source) for one in found][:2] == [
        ("kitchen-7", 3.0, "trending"),
        ("space-7", 1.0, "trending"),
    ]
    assert found.items[0].reason == ("Chosen by 3 people in the last hour",)
    assert {one.source for one in found.items[2:]} == {"fallback"}  # fills the list
    assert len(found) == 5
    assert shop.trending("1d", n=1).items[0].id == "space-8"
    category = shop.trending("1d", n=20, filter={"genre": "kitchen"})
    assert {one.id.split("-")[0] for one in category} == {"kitchen"}
    page = shop.recommend(next_page_of=found.recommendation_id)
    assert not set(ids(page)) & set(ids(found))
    with pytest.raises(InputError, match="window: 'often' is no length of time"):
        shop.trending("often")


# Time -----------------------------------------------------------------------------------------


class Slow:
    """An expert that waits for a gate before it speaks."""

    def __init__(self, expert: Any, gate: threading.Event) -> None:
        self._expert, self._gate = expert, gate
        self.name, self.is_counting = expert.name, expert.is_counting

    def scorer(self, user_context: Any) -> Any:
        self._gate.wait(60)
        return scorer_of(self._expert, user_context)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._expert, name)


def slowed(shop: Foretaste, gate: threading.Event, *names: str) -> None:
    """Some experts wait."""
    live = shop.catch_up()
    experts: list[Any] = [
        Slow(one, gate) if one.name in names else one for one in live.product.experts
    ]
    product = replace(live.product, experts=tuple(experts))
    shop.manager.snapshot = replace(live, product=product)


def test_a_slow_expert_holds_no_answer_up_and_the_answer_says_so(shop: Foretaste) -> None:
    gate = threading.Event()
    slowed(shop, gate, "content")
    began = time.monotonic()
    first = shop.recommend("u1", n=5, timeout_ms=300)
    assert time.monotonic() - began < 5
    assert first.degraded is not None
    assert first.degraded.fallback_level in ("counting", "popularity")  # as time was left
    assert first.degraded.reason.startswith("the whole product took longer than the ")
    assert {one.source for one in first} == {"fallback"}
    assert first.fallback_level == first.degraded.fallback_level
    assert len(first) == 5

    # the counting experts may still be at work on the first question as well
    until(lambda: shop.recommend("u1", n=5, timeout_ms=60_000).fallback_level == "counting")
    second = shop.recommend("u1", n=5, timeout_ms=60_000)
    assert second.degraded is not None
    assert second.degraded.reason == "the whole product is busy with an earlier question"
    gate.set()
    until(lambda: shop.recommend("u1", n=5, timeout_ms=60_000).degraded is None)
    assert ids(shop.recommend("u1", n=5)) == ids(shop.recommend("u1", n=5, timeout_ms=60_000))


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_is_known_to_be_slow_is_not_begun_and_the_counting_experts_answer(
    shop: Foretaste,
) -> None:
    shop.catch_up()
    for kind in ((False, False, 3), (True, False, 3)):
        for _ in range(3):
            shop.fallback.costs.note(("full", kind), 3600.0)
        shop.fallback._started["full", kind] = time.monotonic() + 3600
    found = shop.recommend("u1", n=5, explain=True, timeout_ms=60_000)
    assert found.degraded is not None
    assert found.degraded.fallback_level == "counting"
    assert found.degraded.reason.startswith("the whole product takes about 4500000 ms and ")
    counting = {"popularity", "transition", "neighbour", "attribute", "repeat", "coldness"}
    for one in found:
        assert {term.expert.split(":")[0] for term in one.terms} <= counting
        assert sum(term.nats for term in one.terms) == pytest.approx(one.score, abs=1e-3)
        assert one.source == "fallback"


def test_a_question_by_an_old_name_is_the_same(shop: Foretaste) -> None:
    kept = Request.from_json_dict({"user": "u1", "floor": 0.5})
    assert kept == Request(user="u1", min_relative_likelihood=0.5)
    assert ids(shop.recommend("u1", n=20, floor=0.9, **PLAIN)) == ids(
        shop.recommend("u1", n=20, min_relative_likelihood=0.9, **PLAIN)
    )


def test_a_request_survives_being_told() -> None:
    asked = Request(
        user="u",
        items=("a", "b"),
        rules=({"pin": "a", "at": 1},),
        min_relative_likelihood=0.1,
        explain=True,
    )
    assert Request.from_json_dict(asked.to_json_dict()) == asked
    assert Request().to_json_dict() == {}
    assert replace(asked, user=None).to_json_dict().keys() == {
        "items",
        "rules",
        "min_relative_likelihood",
        "explain",
    }


def test_of_a_long_history_so_many_events_are_read_as_the_settings_say(trained: Path) -> None:
    with (trained / "foretaste.toml").open("a") as file:
        file.write("[behaviour]\nhistory_events = 3\n")
    workspace = Foretaste.open(trained)
    live = workspace.catch_up()
    behaviour = workspace.slates.user_context(Request(user="u1"), live)
    items = [event.item for event in workspace.store.history("u1", None)]
    workspace.close()
    assert len(items) > 3
    assert [live.catalogue.ids[item] for item in behaviour.item] == items[-3:]


def test_long_texts_make_no_long_list(shop: Foretaste) -> None:
    """Texts of before there was a limit are in the store; what is told of them is bounded."""
    long = ("moon star comet " * 1_000)[:11_999] + "x"
    search = Event("long", "search", NOW, user="u1", query=long)
    with pytest.raises(InputError, match="query has 12,000 characters; shorten it to 2,000"):
        shop.record([search])
    shop.store.add_events([search])
    answer = shop.recommend("u1", n=10, explain=True)
    terms = [term for item in answer for term in item.terms]
    assert any((term.event or "").startswith("moon star comet") for term in terms)
    assert max(len(term.event or "") for term in terms) <= 100
    assert len(str(answer)) < 100_000


@pytest.mark.parametrize(
    "fields",
    [
        {"user": "x" * 513},
        {"session": "x" * 7_000_000},
        {"filter": {"genre": "x" * 2_001}},
        {"filter": {"x" * 2_001: "space"}},
        {"filter": {"about": [f"topic {n}" for n in range(21)]}},
        {"rules": [{"boost": {"about": [f"{n} {row}" for row in range(7)]}} for n in range(3)]},
        {"rules": [{"bury": {"or": [{"genre": "space"}] * 99}} for _ in range(6)]},
        {"filter": {"and": [{"id": [f"{n} {row}" for row in range(999)]} for n in range(11)]}},
    ],
)
def test_a_question_has_its_limits(shop: Foretaste, fields: Any) -> None:
    with pytest.raises(InputError, match=r"characters|more than"):
        shop.recommend(Request(**fields))


def test_of_long_words_the_beginning_is_read_and_kept(shop: Foretaste) -> None:
    long = "the moon " * 1_000
    answer = shop.recommend("u1", query=f"{long}\ud800", context={"text": f"\ud800{long}"})
    logged = shop.recommendation_log.get([answer.recommendation_id])[answer.recommendation_id]
    assert logged.request["query"] == long[:2_000]
    assert logged.request["context"] == {"text": f"?{long}"[:2_000]}
    assert [item.id for item in answer] == ids(
        shop.recommend("u1", query=long[:2_000], context={"text": f"?{long}"[:2_000]})
    )
