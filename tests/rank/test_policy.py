"""The operator's policy: over any catalogue and any question, on every path to a list."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretaste.behaviour.store import SqlStore
from foretaste.config.load import load_config
from foretaste.domain.data import (
    EVENT_TYPE_WEIGHTS,
    Degradation,
    Event,
    Item,
    Recommendation,
    Request,
    Term,
    User,
)
from foretaste.domain.preference import Preference
from foretaste.errors import SettingsError
from foretaste.model.product import ProductOfExperts
from foretaste.model.product_scorer import SharedScorer
from foretaste.model.request_facts import REQUEST_FACTS
from foretaste.online.slate import SlateBuilder
from foretaste.online.snapshot import Snapshot
from foretaste.prepare.catalogue_builder import GrowingCatalogue, build_catalogue
from foretaste.prepare.interactions import build_user_context
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.rank.policy import Policy, PolicyContext, PolicyTextChecker, age_in_years
from foretaste.rank.policy_settings import AgeSettings, MutualExclusion, PolicySettings
from foretaste.rank.settings import RankSettings

from .shop import index_of

NOW = 1_790_000_000.0  # 2026-09-21
AGE = AgeSettings(item_attribute="cert", limits={"R": 17}, unknown_user_age=13)
POLICY = PolicySettings(
    sensitive=({"genre": "erotica"},),
    mutually_exclusive=(MutualExclusion(first={"genre": "beer"}, second={"genre": "baby"}),),
    age=AGE,
)
LIMITS = {(): 0, ("R",): 17, ("12",): 12, ("odd",): 18, ("12", "R"): 17}
AGES = {"child": 8, "teen": 17, "grown": 30, "born": 36, "stranger": 13, "pupil": 7, None: 13}
USERS = [
    User("child", {"age": ("8",)}),
    User("teen", {"age": ("17",)}),
    User("grown", {"age": ("30",)}),
    User("born", {"age": ("1990-09-21",)}),
    User("stranger", {"age": ("secret",)}),
    User("pupil", {"birth_year": ("2018",)}),
]
GENRES = ("erotica", "beer", "baby", "plain")
SIZE = 12
NAMES = [f"i{n}" for n in range(SIZE)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    with SqlStore(tmp_path_factory.mktemp("policy") / "behaviour.db") as store:
        store.put_users(USERS)
        store.add_events(
            [Event(f"e{n}", "click", 1.0 + n, user="grown", item=f"i{n}") for n in range(3)]
        )
        yield store


def snapshot_of(items: Sequence[Item]) -> Snapshot:
    """These items and a model that says nothing."""
    return Snapshot(
        version="v",
        created=0.0,
        product=ProductOfExperts((), np.zeros((len(REQUEST_FACTS), 0), np.float32)),
        kinds=tuple(EVENT_TYPE_WEIGHTS),
        weights=EVENT_TYPE_WEIGHTS,
        read=lambda some: np.zeros((len(some), 2), np.float32),
        cataloguing=GrowingCatalogue.of(items, np.zeros((len(items), 2), np.float32)),
        shelf=ItemAvailability.of(items),
        event=0,
        revision=0,
    )


catalogues = st.lists(
    st.tuples(st.sets(st.sampled_from(GENRES), max_size=2), st.sampled_from(sorted(LIMITS))),
    min_size=SIZE,
    max_size=SIZE,
)
some = st.sampled_from(NAMES)
rules = st.lists(
    st.one_of(
        st.fixed_dictionaries({"pin": some, "at": st.integers(1, 6)}),
        st.just({"promote": {"genre": "beer"}, "percent": 50}),
        st.just({"quota": {"genre": "baby"}, "min_items": 3}),
        st.just({"boost": {"genre": "erotica"}, "by": 100}),
    ),
    max_size=3,
)
questions = st.fixed_dictionaries(
    {},
    optional={
        "user": st.sampled_from([one for one in AGES if one]),
        "query": st.sampled_from(["a film", "erotica for two", "a beer"]),
        "items": st.lists(some, max_size=2).map(tuple),
        "filter": st.sampled_from([{}, {"genre": ["erotica", "plain"]}, {"genre": "baby"}]),
        "rules": rules.map(tuple),
        "explore": st.sampled_from([0.0, 0.5, 1.0]),
        "diversity": st.sampled_from([0.0, 0.5]),
        "candidates": st.lists(some, min_size=1, max_size=8).map(tuple),
        "window": st.just(NOW),
    },
)


def stock_of(rows: Any) -> Snapshot:
    items = {
        name: Item(name, f"Title {name}", attributes={"genre": tuple(sorted(kinds)), "cert": cert})
        for name, (kinds, cert) in zip(NAMES, rows, strict=True)
    }
    # so that every attribute is one
    items["all"] = Item("all", hidden=True, attributes={"genre": GENRES, "cert": ("R",)})
    return snapshot_of(list(items.values()))


def answered(
    slates: SlateBuilder, snapshot: Snapshot, request: Request, scores: Any, way: str
) -> Recommendation:
    """One list, by the score of everything or when the snapshot is older than the store."""
    scorer = SharedScorer(np.append(scores, 0).astype(np.float32))
    page = slates.page_request(request, None, {})
    question = slates.question(page, slates.user_context(page.request, snapshot), snapshot)
    slate = slates.slate(page, question, scorer, np.random.default_rng(0))
    degraded = None
    if way == "late":
        slate = slates.on_offer(slate, question, snapshot)
        degraded = Degradation("popularity", "busy")
    recommendation = slates.recommendation(question, snapshot, slate, degraded)
    slates.keep(page.request, recommendation)
    return recommendation


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(catalogues, questions, st.permutations(range(SIZE)), st.sampled_from(["whole", "late"]))
def test_what_the_operator_will_not_have_is_in_no_list(
    store: SqlStore, rows: Any, asked: dict[str, Any], order: list[int], way: str
) -> None:
    stock = stock_of(rows)
    store.put_items(list(stock.items.values()))
    lists = SlateBuilder(
        store, RankSettings(policy=POLICY, hide_seen=False), EVENT_TYPE_WEIGHTS, lambda: NOW
    )
    request = Request(**{"n": 5, "now": NOW, **asked})
    pages = [answered(lists, stock, request, order, way)]
    if request.candidates is None and request.window is None:
        again = Request(next_page_of=pages[0].recommendation_id, n=5, now=NOW)
        pages.append(answered(lists, stock, again, order, way))
    lists.log.close()

    shown = [stock.items[one.id] for page in pages for one in page]
    seeds = [stock.items[one] for one in request.items]
    wanted = (
        "erotica" in (request.query or "")
        or "erotica" in request.filter.get("genre", ())
        or any("erotica" in one.attributes["genre"] for one in seeds)
    )
    for item in shown:
        assert LIMITS[item.attributes["cert"]] <= AGES[request.user]
        assert wanted or "erotica" not in item.attributes["genre"]
    beer, baby = (
        {one.id for one in [*shown, *seeds] if kind in one.attributes["genre"]}
        for kind in ("beer", "baby")
    )
    for item in shown:  # an item that is both is by itself no pair
        others = {one.id for one in [*shown, *seeds]} - {item.id}
        assert not (item.id in beer and baby & others)
        assert not (item.id in baby and beer & others)
    for page in pages:
        for one in page:
            assert not any("erotica" in reason for reason in one.reason)


ITEMS = [
    Item("red", "The Red Night", attributes={"genre": ("erotica",), "cert": ("R",)}),
    Item("ale", "Ale", attributes={"genre": ("beer",)}),
    Item("cot", "A Cot", attributes={"genre": ("baby",)}),
    Item("war", "War at Sea", attributes={"genre": ("plain",), "cert": ("R",)}),
]
INDEX = FilterIndex(
    build_catalogue(ITEMS, np.zeros((4, 2), np.float32)), ItemAvailability.of(ITEMS)
)


@pytest.fixture
def lists(store: SqlStore) -> Iterator[SlateBuilder]:
    store.put_items(ITEMS)
    found = SlateBuilder(store, RankSettings(policy=POLICY), EVENT_TYPE_WEIGHTS, lambda: NOW)
    yield found
    found.log.close()


def question(lists: SlateBuilder, **asked: Any) -> Any:
    snapshot, request = snapshot_of(ITEMS), Request(now=NOW, **asked)
    page = lists.page_request(request, None, {})
    return lists.question(page, lists.user_context(request, snapshot), snapshot)


def test_generated_words_are_checked(lists: SlateBuilder) -> None:
    def faults(text: str, **asked: Any) -> tuple[str, ...]:
        one = question(lists, **asked)
        return lists.policy.text_violations(text, one.index, one.policy_context)

    assert faults("A quiet evening with A Cot, and warm seas.") == ()
    assert "sensitive (genre: erotica)" in faults("Tales of erotica.", user="grown")[0]
    assert faults("Tales of erotica.", user="grown", query="erotica") == ()
    assert "names “War at Sea”" in faults("Try War at Sea tonight.", user="child")[0]
    assert faults("Try War at Sea tonight.", user="grown") == ()
    assert faults("Warm War at Seaside.", user="child") == ()
    assert "together" in faults("Beers for the baby.", user="grown")[0]


def test_a_title_of_one_word_is_told_from_the_word() -> None:
    censor = PolicyTextChecker((), (), ["Taken", "Love Story", "Up"])

    for text in ("Taken together with Heat.", "It is taken. Taken alone.", "Up and up.", "I love"):
        assert censor(text) == (), text
    for text in ("Try “taken”.", "If you liked Taken, go on.", "A love story.", "Heat, (Taken)."):
        assert "may not be shown" in censor(text)[0], text


def test_a_title_that_another_item_has_may_be_said(lists: SlateBuilder, store: SqlStore) -> None:
    one = question(lists, user="child")
    twins = [*ITEMS, Item("war-2", "War at Sea", attributes={"genre": ("plain",)})]
    index = FilterIndex(
        build_catalogue(twins, np.zeros((5, 2), np.float32)), ItemAvailability.of(twins)
    )

    assert lists.policy.text_violations("Try War at Sea.", one.index, one.policy_context)
    assert not lists.policy.text_violations("Try War at Sea.", index, one.policy_context)


def test_what_was_done_with_sensitive_items_is_no_taste(
    lists: SlateBuilder, store: SqlStore
) -> None:
    store.add_events([Event("s1", "click", 9.0, user="teen", item="red")])
    store.add_events([Event("s2", "click", 8.0, user="teen", item="war")])
    assert [ITEMS[one].id for one in question(lists, user="teen").user_context.item] == ["war"]
    asked = question(lists, user="teen", query="erotica").user_context
    assert [ITEMS[one].id for one in asked.item] == ["war", "red"]
    terms = [
        Term("content", 1.0, event="red"),
        Term("attribute:genre", 1.0, feature="genre: erotica"),
        Term("content", 1.0, event="my search for erotica"),
        Term("content", 1.0, event="war"),
    ]
    assert [one.event for one in lists.policy.allowed_terms(terms, INDEX)] == ["war"]


def test_a_person_may_ask_once_and_for_all(lists: SlateBuilder, store: SqlStore) -> None:
    change = Preference("genre: erotica", {"genre": "erotica"}, "boost", 1.0, None, 1.0)
    places = INDEX.item_indices(["red"])
    for user, nats, barred in (("grown", 1.0, False), ("grown", -1.0, True), ("teen", 1.0, False)):
        store.put_preferences(
            user, None, [Preference(change.name, change.filter, "boost", nats)], None
        )
        one = question(lists, user=user)
        assert lists.policy.barred_items(one.index, one.policy_context)[places] == [barred]
        store.put_preferences(user, None, [], None)


@pytest.mark.parametrize(
    ("told", "years"),
    [
        ("30", 30),
        (30, 30),
        ("1990", 35),
        ("1990-09-22", 35),
        ("1990-09-21", 36),
        ("2027-01-01", None),
        ("-4", None),
        ("old", None),
        (None, None),
        (True, None),
    ],
)
def test_ages_as_people_state_them(told: Any, years: int | None) -> None:
    assert age_in_years(told, NOW) == years


@pytest.mark.parametrize(
    ("attributes", "years"),
    [
        ({"is_kids": ("true",)}, 8),
        ({"Kinderprofil": ("ja",)}, 8),
        ({"profile_type": ("Kids",)}, 8),
        ({"is_kids": ("true",), "age": ("12",)}, 12),
        ({"is_kids": ("true",), "age": ("45",)}, 8),
        ({"is_kids": ("false",)}, 99),
        ({"profile_type": ("adult",)}, 99),
        ({"kids": ("1",)}, 99),
    ],
)
def test_a_profile_of_a_child_has_its_limit(
    attributes: dict[str, tuple[str, ...]], years: int
) -> None:
    """`is_kids` is no age, so nothing was kept from such a profile."""
    policy = Policy(PolicySettings(age=AGE.model_copy(update={"unknown_user_age": 99})))
    context = build_user_context([], {}, {}, [], now=NOW, taste=attributes)
    assert policy.user_age(PolicyContext(Request(), context, now=NOW)) == years
    asked = {name: values[0] for name, values in attributes.items()}
    unknown = build_user_context([], {}, {}, [], now=NOW)
    if "age" not in attributes:
        asking = PolicyContext(Request(context=asked), unknown, now=NOW)
        assert policy.user_age(asking) == years


@pytest.mark.parametrize("column", ["age_rating", "maturity_rating", "FSK"])
def test_an_age_limit_under_another_name_bars(column: str) -> None:
    """A policy of age that found no column would keep nothing from a child."""
    settings = AgeSettings(item_attribute="age_rating", limits={"TV-MA": 17})
    items = [Item(f"i{n}", attributes={column: (word,)}) for n, word in enumerate(("TV-MA", "6"))]
    assert Policy._minimum_ages(index_of(items), settings).tolist() == [17, 6]


def test_an_attribute_that_no_item_has_is_told(
    lists: SlateBuilder, caplog: pytest.LogCaptureFixture
) -> None:
    one = question(lists)
    slips = PolicySettings(sensitive=({"gener": "x"},), age=AgeSettings(item_attribute="ceert"))
    assert not Policy(slips).barred_items(one.index, one.policy_context).any()
    assert "unknown attribute 'gener'; did you mean 'genre'?" in caplog.text
    assert "'ceert'" in caplog.text


def test_no_policy_bars_nothing() -> None:
    policy = Policy(PolicySettings())
    assert policy.exclusive_pairs(INDEX) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('sensitive = [{ genre = "x", about = { gt = 1 } }]', "topics have no order"),
        ("[[rank.policy.mutually_exclusive]]\nfirst = { a = 1 }", "second"),
        ("[rank.policy.age]\nattribut = 'x'", "attribut"),
    ],
)
def test_a_fault_in_the_settings_is_told(tmp_path: Path, text: str, says: str) -> None:
    head = "" if text.startswith("[") else "[rank.policy]\n"
    (tmp_path / "foretaste.toml").write_text(head + text)
    with pytest.raises(SettingsError, match=says):
        load_config(tmp_path, {})


def test_the_reason_of_a_rule_does_not_name_what_is_sensitive() -> None:
    sensitive = Term("rule", 4.6, feature="boosted, genre: plain, erotica")
    plain = Term("rule", 1.0, feature="boosted, genre: plain")

    assert Policy(POLICY).allowed_terms([sensitive, plain], INDEX) == [plain]


class Counted(tuple[str, ...]):
    """Ids that count how often one of them is read."""

    reads = 0

    def __getitem__(self, place: Any) -> Any:
        Counted.reads += 1
        return super().__getitem__(place)

    def __iter__(self) -> Iterator[str]:
        Counted.reads += len(self)
        return super().__iter__()


def test_the_reasons_of_a_list_do_not_go_through_the_catalogue() -> None:
    """However many items are sensitive, only those that reasons name are looked at."""
    items = [
        Item(str(n), attributes={"genre": (("erotica", "plain")[n % 2],)}) for n in range(1000)
    ]
    shelf = build_catalogue(items, np.zeros((1000, 2), np.float32))
    index = FilterIndex(replace(shelf, ids=Counted(shelf.ids)), ItemAvailability.of(items))
    policy = Policy(POLICY)
    terms = [Term("content", 1.0, event=str(n)) for n in (3, 4, 5, 2000)]
    policy.allowed_terms(terms, index)

    Counted.reads = 0
    for _ in range(10):
        assert [term.event for term in policy.allowed_terms(terms, index)] == ["3", "5", "2000"]

    assert Counted.reads <= 10 * len(terms)
