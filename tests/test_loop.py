"""One turn of the loop and the next: a real store, a real language model, what a person sees."""

import itertools
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from foretaste.behaviour import raw_select
from foretaste.config.load import load_config
from foretaste.domain.arrays import QuantizedVectors
from foretaste.domain.data import Event, Item, Recommendation, Request, User
from foretaste.errors import ForetasteError, InputError, ModelError
from foretaste.loop import Foretaste

TOPICS = {
    "space": "A slow film about a rocket in space, part",
    "cooking": "Recipes for baking bread and cake at home, volume",
    "jazz": "Jazz piano and saxophone live in concert, record",
    "garden": "Growing roses and tulips in a small garden, book",
}
EACH = 10
NOW = 1_750_000_000.0
HOUR = 3600.0

SETTINGS = """
[language]
threads = 1
device = "cpu"

[model]
max_weight_cases = 300

[model.sequence]
dim = 16
layers = 1
length = 20
epochs = 6
check_every = 3
learning_rate = 2e-2
device = "cpu"
"""


def item(topic: str, number: int) -> Item:
    return Item(
        f"{topic}-{number}",
        f"{TOPICS[topic]} {number}",
        attributes={"topic": (topic,), "format": (("disc", "paper")[number % 2],)},
    )


ITEMS = [item(topic, number) for topic in TOPICS for number in range(EACH)]


def events(people: int = 60) -> list[Event]:
    """Everybody stays in a topic and takes its items in order, with a stray now and then."""
    rng = np.random.default_rng(5)
    found = []
    for person in range(people):
        topic, at = list(TOPICS)[person % 4], NOW - 90 * 24 * HOUR + person * HOUR
        start = int(rng.integers(EACH))
        for step in range(int(rng.integers(5, 8))):
            at += HOUR * float(rng.integers(2, 40))
            taken = f"{topic}-{(start + step) % EACH}"
            if rng.random() < 0.08:
                taken = ITEMS[int(rng.integers(len(ITEMS)))].id
            found.append(Event(f"{person}/{step}", "view", at, user=f"u{person}", item=taken))
    return found


Open = Callable[[Path], Foretaste]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def opened(folder: Path, settings: str = SETTINGS) -> Foretaste:
    """A workspace at a time that goes on a second a look."""
    folder.mkdir(exist_ok=True)
    if not (folder / "foretaste.toml").exists():
        (folder / "foretaste.toml").write_text(settings)
    ticks = itertools.count()
    return Foretaste(folder, load_config(folder, {}), clock=lambda: NOW + next(ticks))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a model; not to be changed."""
    shop = opened(tmp_path_factory.mktemp("loop") / "shop")
    shop.store.put_items(ITEMS)
    shop.record(events())
    shop.train()
    shop.close()
    return shop.folder


@pytest.fixture
def shop(trained: Path, tmp_path: Path) -> Iterator[Foretaste]:
    """A copy of it, to be changed at will."""
    shutil.copytree(trained, tmp_path / "shop")
    one = opened(tmp_path / "shop")
    yield one
    one.close()


@pytest.fixture(scope="module")
def quiet(trained: Path) -> Iterator[Foretaste]:
    """The workspace itself, only to be asked."""
    one = opened(trained)
    yield one
    one.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Foretaste]:
    one = opened(tmp_path / "empty")
    yield one
    one.close()


def ids(found: Recommendation) -> list[str]:
    return [one.id for one in found]


def topics(found: Recommendation) -> list[str]:
    return [one.id.split("-")[0] for one in found]


def took(name: str, *taken: str, session: str | None = None) -> list[Event]:
    """Views a second apart, by a person or in a visit."""
    user = None if session else name
    return [
        Event(f"{name}+{n}", "view", NOW + n, user=user, session=session, item=one)
        for n, one in enumerate(taken)
    ]


def scores(one: Foretaste, user: str, **asked: object) -> dict[str, float]:
    return {r.id: r.score for r in one.recommend(Request(user=user, n=1000, **asked))}  # type: ignore[arg-type]


# Ask ------------------------------------------------------------------------------------------


def test_what_is_trained_recommends(quiet: Foretaste) -> None:
    found = quiet.recommend("u0", n=8)
    history = [event.item for event in quiet.store.history("u0", None)]

    assert len(found) == 8
    assert found.model_version == quiet.models.live_name()
    assert [one.position for one in found] == list(range(1, 9))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert not set(ids(found)) & set(history)
    assert topics(found).count("space") >= 3
    assert all(one.title and one.attributes for one in found)


def test_the_next_in_the_order_comes_early(quiet: Foretaste) -> None:
    hits = 0
    for topic in TOPICS:
        quiet_request = Request(items=tuple(f"{topic}-{n}" for n in (2, 3, 4)), n=3)
        hits += f"{topic}-5" in ids(quiet.recommend(quiet_request))
    assert hits >= 3


def test_a_stranger_gets_a_list_too(quiet: Foretaste) -> None:
    assert len(quiet.recommend("nobody we know")) == 10
    assert len(quiet.recommend()) == 10
    assert len(quiet.recommend(session="a new visit")) == 10


def test_the_same_question_gets_the_same_answer_under_another_id(quiet: Foretaste) -> None:
    one, other = quiet.recommend("u3"), quiet.recommend("u3")

    assert one.items == other.items
    assert one.recommendation_id != other.recommendation_id


def test_the_terms_of_each_item_sum_to_its_score(quiet: Foretaste) -> None:
    for asked in ({}, {"query": "roses"}, {"items": ("jazz-1", "jazz-2")}):
        found = quiet.recommend("u1", explain=True, **asked)
        for one in found:
            total = sum(term.nats for term in one.terms)
            assert total == pytest.approx(one.score, rel=1e-4, abs=1e-3)
        assert any(one.reason for one in found)
        assert all(len(one.reason) <= 3 for one in found)


def test_reasons_come_with_every_list_and_terms_when_asked(quiet: Foretaste) -> None:
    plain, explained = quiet.recommend("u1"), quiet.recommend("u1", explain=True)

    assert any(one.reason for one in plain)
    assert all(one.terms == () for one in plain)
    assert all(one.terms for one in explained)
    assert ids(plain) == ids(explained)


def test_a_query_changes_the_list(quiet: Foretaste) -> None:
    plain = quiet.recommend("u0", n=5)
    asked = quiet.search("tulips and roses for a garden", "u0", n=5)

    assert topics(plain).count("garden") <= 1
    assert topics(asked) == ["garden"] * 5
    assert topics(quiet.search("something to bake", n=3)) == ["cooking"] * 3


@pytest.mark.parametrize(
    "query", ["", "   ", "roses " * 1700, "x" * 10_000, "\x00\x01\xff\x7f", "\ud83d", "???"]
)
def test_whatever_is_asked_there_is_a_list(quiet: Foretaste, query: str) -> None:
    found = quiet.search(query, "u0", n=5, explain=True)

    assert len(found) == 5
    for one in found:
        assert sum(term.nats for term in one.terms) == pytest.approx(one.score, abs=1e-2)


def test_a_profile_names_what_a_person_takes_and_from_where(quiet: Foretaste) -> None:
    found = quiet.profile("u0")

    assert [one.value for one in found["topic"]][:1] == ["space"]
    had = {event.item for event in quiet.store.history("u0", None)}
    assert set(found["topic"][0].events) <= had
    assert found["topic"][0].lift > 1
    assert not any(quiet.profile("nobody").values())


def test_the_text_of_the_context_is_a_query(quiet: Foretaste) -> None:
    asked = quiet.recommend("u0", n=3, context={"text": "tulips and roses", "page": 3})

    assert topics(asked) == ["garden"] * 3


def test_who_searches_may_find_what_they_had(quiet: Foretaste) -> None:
    had = [event.item for event in quiet.store.history("u0", None)]
    title = next(one.title for one in ITEMS if one.id == had[-1])

    assert had[-1] in ids(quiet.search(title, "u0", n=10))


def test_seeds_bring_their_like_and_are_left_out(quiet: Foretaste) -> None:
    assert ids(quiet.similar("jazz-3", "u0", n=5)) == ids(quiet.similar("jazz-3", user="u0", n=5))
    found = quiet.similar("jazz-3", n=5)

    assert topics(found).count("jazz") >= 4
    assert "jazz-3" not in ids(found)
    with pytest.raises(InputError, match="there is no item 'jazz-77'"):
        quiet.similar("jazz-77")


def test_a_filter_holds(quiet: Foretaste) -> None:
    wanted = {"topic": ("jazz", "garden"), "format": ("disc",)}
    found = quiet.recommend("u0", n=50, filter=wanted)

    assert len(found) > 5
    assert {one.attributes["format"] for one in found} == {("disc",)}
    assert set(topics(found)) <= {"jazz", "garden"}
    with pytest.raises(InputError, match="unknown attribute 'topics'; did you mean 'topic'"):
        quiet.recommend("u0", filter={"topics": ("jazz",)})


@pytest.mark.parametrize(("n", "got"), [(1, 1), (1000, 40), (100_000, 40)])
def test_a_list_is_as_long_as_asked_and_there_is(quiet: Foretaste, n: int, got: int) -> None:
    assert len(quiet.recommend(Request(n=n))) == got


@pytest.mark.parametrize("n", [0, -1, True, 2.5])
def test_no_number_of_items_is_refused(quiet: Foretaste, n: int) -> None:
    with pytest.raises(InputError, match="is no number of items; ask for 1 or more"):
        quiet.recommend("u0", n=n)
    with pytest.raises(InputError, match="is no number of items; ask for 1 or more"):
        quiet.recommend(Request(n=n))


# Feed back ------------------------------------------------------------------------------------


def test_a_list_asks_the_store_nothing_twice(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    read_rows = raw_select._rows

    def noted(connection: Any, sql: str, parameters: Any) -> list[Any]:
        if threading.current_thread() is threading.main_thread():  # others look on their own
            asked.append(f"{sql} {parameters}")
        return read_rows(connection, sql, parameters)

    shop.recommend("u3", session="visit")
    monkeypatch.setattr(raw_select, "_rows", noted)
    shop.recommend("u3", session="visit")
    assert len(asked) > 3
    assert [question for question, n in Counter(asked).items() if n > 1] == []


def test_an_event_changes_the_very_next_list(shop: Foretaste) -> None:
    before = shop.recommend("u0", n=5)
    shop.record(took("u0", "jazz-1", "jazz-2", "jazz-3"))
    after = shop.recommend("u0", n=5)

    assert topics(before).count("jazz") <= 1
    assert topics(after).count("jazz") >= 3
    assert not {"jazz-1", "jazz-2", "jazz-3"} & set(ids(after))


def test_a_first_event_is_enough(shop: Foretaste) -> None:
    shop.record(took("new", "garden-4"))

    assert topics(shop.recommend("new", n=5)).count("garden") >= 3


def test_an_event_told_twice_counts_once(shop: Foretaste) -> None:
    told = took("u0", "jazz-1")
    assert shop.record(told) == 1
    before = scores(shop, "u0")
    assert shop.record(told) == 0
    assert scores(shop, "u0") == before


def test_what_is_refused_goes_and_comes_back_when_taken_again(shop: Foretaste) -> None:
    first = shop.recommend("u0").items[0].id
    shop.record([Event("no", "hide", NOW, user="u0", item=first)])
    assert first not in ids(shop.recommend("u0", n=40))
    shop.record([Event("yes", "view", NOW + 1, user="u0", item=first)])
    assert first not in ids(shop.recommend("u0", n=40))  # now it is seen
    assert first in ids(shop.search("film", "u0", n=40))


def test_a_search_and_a_review_say_something(shop: Foretaste) -> None:
    plain = scores(shop, "new")
    shop.record([Event("s", "search", NOW, user="new", query="growing tulips")])
    searched = scores(shop, "new")
    review = Event("r", "review", NOW, user="u4", item="jazz-9", text="a lovely rose garden")
    shop.record([review])

    assert np.mean([searched[f"garden-{n}"] for n in range(9)]) > np.mean(
        [searched[f"jazz-{n}"] for n in range(9)]
    )
    assert searched != plain
    assert len(shop.recommend("u4", explain=True)) == 10


def test_what_others_do_counts_for_everyone(shop: Foretaste) -> None:
    before = scores(shop, "u0")
    for n in range(30):
        shop.record(took(f"crowd{n}", "cooking-1"))
    after = scores(shop, "u0")

    assert after["cooking-1"] - after["cooking-2"] > before["cooking-1"] - before["cooking-2"]


def test_a_visit_is_remembered_and_becomes_a_person(shop: Foretaste) -> None:
    visit = took("visit", "jazz-1", "jazz-2", session="s1")
    shop.record(visit)
    anonymous = shop.recommend(session="s1", n=5)
    known = shop.recommend("new", session="s1", n=5)

    assert topics(anonymous).count("jazz") >= 3
    assert ids(known) == ids(anonymous)
    shop.record([Event("k", "view", NOW + 9, user="new", session="s1", item="garden-1")])
    both = shop.recommend("new", session="s1", n=40)
    assert not {"jazz-1", "jazz-2", "garden-1"} & set(ids(both))


def test_a_stated_taste_counts_without_any_event(shop: Foretaste) -> None:
    before = scores(shop, "new")
    shop.store.put_users([User("new", {"topic": ("garden",)})])
    after = scores(shop, "new")

    assert after["garden-1"] - after["jazz-1"] > before["garden-1"] - before["jazz-1"]


def test_an_impression_changes_nothing(shop: Foretaste) -> None:
    before = scores(shop, "u0")
    shop.record([Event("i", "impression", NOW, user="u0", item="jazz-1")])

    assert scores(shop, "u0") == before


def test_an_event_of_an_item_nobody_knows_is_passed_over(shop: Foretaste) -> None:
    before = scores(shop, "u0")
    shop.record(took("u0", "who knows"))

    assert scores(shop, "u0") == before


# Items ----------------------------------------------------------------------------------------


def test_a_new_item_has_a_place_at_once_by_its_text(shop: Foretaste) -> None:
    shop.recommend("u0")
    shop.store.put_items(
        [Item("new", "A walrus plays the saxophone", attributes={"topic": ("jazz",)})]
    )

    assert "new" in ids(shop.recommend("u0", n=1000))
    assert ids(shop.search("walrus", n=1)) == ["new"]
    assert topics(shop.similar("new", n=4)).count("jazz") >= 3
    shop.record(took("u0", "new"))
    assert "new" not in ids(shop.recommend("u0", n=1000))


def test_a_changed_title_is_read_at_once(shop: Foretaste) -> None:
    shop.recommend("u0")
    shop.store.put_items([replace(ITEMS[0], title="The walrus in winter")])
    found = shop.search("walrus", n=1)

    assert [(one.id, one.title) for one in found] == [("space-0", "The walrus in winter")]


def test_a_large_catalogue_is_kept_in_8_bits_and_changes_as_a_small_one(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = scores(shop, "u1")
    monkeypatch.setattr("foretaste.prepare.catalogue_builder.MAX_FULL_PRECISION_ITEMS", 10)
    monkeypatch.setattr("foretaste.model.index.base.EXHAUSTIVE_LIMIT", 10)
    large = opened(shop.folder)
    assert isinstance(large.catch_up().catalogue.vectors, QuantizedVectors)

    for one, score in scores(large, "u1").items():
        assert score == pytest.approx(small[one], abs=0.2)
    new = Item("new", f"{TOPICS['garden']} 11", attributes={"topic": ("garden",)})
    large.store.put_items([new, replace(ITEMS[0], title=f"{TOPICS['garden']} 12")])
    assert {"new", ITEMS[0].id} <= set(ids(large.recommend(Request(query="roses", n=12))))
    about = large.recommend(Request(user="u1", n=5, filter={"about": "roses"}, diversity=0.5))
    assert all("rose" in one.title for one in about)
    assert len(about) == 5
    large.close()


def test_what_is_hidden_or_gone_is_not_shown_at_once(shop: Foretaste) -> None:
    first, second = ids(shop.recommend("u0", n=2))
    known = {one.id: one for one in ITEMS}
    shop.store.put_items([replace(known[first], hidden=True)])
    shop.store.put_items([replace(known[second], available_until=NOW - 1)])

    assert not {first, second} & set(ids(shop.recommend("u0", n=40)))
    shop.store.put_items([known[first]])
    assert first in ids(shop.recommend("u0", n=40))


def test_a_column_may_change_or_go(shop: Foretaste) -> None:
    shop.recommend("u0")
    shop.store.put_items([replace(ITEMS[0], attributes={"topic": ("opera",)})])
    assert len(shop.recommend("u0")) == 10
    shop.store.put_items([replace(one, attributes={}) for one in ITEMS])
    assert len(shop.recommend("u0", explain=True)) == 10
    later = opened(shop.folder)
    assert ids(later.recommend("u0", n=40)) == ids(shop.recommend("u0", n=40))
    later.close()


# Several readers ------------------------------------------------------------------------------


def test_two_processes_see_each_others_events_and_items(shop: Foretaste) -> None:
    other = opened(shop.folder)
    assert ids(shop.recommend("u0")) == ids(other.recommend("u0"))

    other.record(took("u0", "jazz-1", "jazz-2"))
    shop.store.put_items([Item("new", "Concert of a walrus")])
    shop.record(took("u1", "new", "jazz-2"))
    for user in ("u0", "u1", "nobody"):
        one, two = scores(shop, user), scores(other, user)
        assert one.keys() == two.keys()
        assert one == pytest.approx(two, abs=1e-4)
    other.close()


def test_who_starts_now_answers_as_who_was_there_all_the_time(shop: Foretaste) -> None:
    """Whatever happened, and in however many pieces it was learnt."""
    shop.recommend("u0")
    for n in range(6):
        shop.record(took(f"p{n}", f"jazz-{n}", "garden-2", f"space-{n}"))
        shop.recommend("u0")
    late = Event("late", "view", NOW - 50 * HOUR, user="p1", item="cooking-3")
    shop.record([late])
    shop.store.put_items([Item("new", "Concert of a walrus", attributes={"topic": ("sea",)})])
    shop.recommend("u0")
    shop.store.put_items([replace(ITEMS[0], title="Walrus in space")])
    shop.record(took("u2", "new", "space-0"))
    fresh = opened(shop.folder)

    for user in ("u0", "u2", "p1", "nobody"):
        for asked in ({}, {"query": "walrus"}):
            assert scores(fresh, user, **asked) == pytest.approx(
                scores(shop, user, **asked), abs=1e-3
            )
    fresh.close()


def test_promotion_and_roll_back_reach_an_open_workspace(shop: Foretaste) -> None:
    first = shop.recommend("u0")
    other = opened(shop.folder)
    second = other.train().name

    assert second != first.model_version
    assert shop.recommend("u0").model_version == second
    assert other.models.rollback() == first.model_version
    again = shop.recommend("u0")
    assert again.model_version == first.model_version
    assert ids(again) == ids(first)
    other.models.promote(second)
    assert shop.recommend("u0").model_version == second
    other.close()


def test_what_a_model_was_told_is_in_it_after_training_again(shop: Foretaste) -> None:
    untold = ids(shop.recommend(Request(items=("jazz-1",), n=100)))
    for n in range(20):
        shop.record(took(f"p{n}", "jazz-1", "garden-9"))
    version = shop.train()

    assert version.is_live
    assert version.data["event"] == shop.store.last_event_number()
    told = ids(shop.recommend(Request(items=("jazz-1",), n=100)))
    assert told.index("garden-9") < 10 <= untold.index("garden-9")
    assert all(told.index("garden-9") < told.index(f"garden-{n}") for n in range(9))


def test_a_version_keeps_what_it_was_made_of(quiet: Foretaste) -> None:
    (version,) = quiet.models.versions()

    assert version.data["events"] == len(events())
    assert version.data["items"] == len(ITEMS)
    assert version.settings["model"]["sequence"]["dim"] == 16
    assert version.metrics["cpu_seconds"] > 0


# From little ----------------------------------------------------------------------------------


def test_without_a_model_the_error_says_what_to_do(empty: Foretaste) -> None:
    for request in (Request(), Request(user="u0", query="x"), Request(items=("x",))):
        with pytest.raises(ModelError, match="there is no model yet; run 'foretaste train'"):
            empty.recommend(request)


def test_without_items_there_is_nothing_to_train_on(empty: Foretaste) -> None:
    with pytest.raises(ModelError, match="no items to learn from; run 'foretaste import'"):
        empty.train()


def test_items_without_any_event(empty: Foretaste) -> None:
    empty.store.put_items(ITEMS)
    empty.train()

    assert len(empty.recommend("u0")) == 10
    assert topics(empty.search("growing tulips", n=3)) == ["garden"] * 3
    assert topics(empty.similar("jazz-3", n=3)) == ["jazz"] * 3
    empty.record(took("u0", "jazz-1"))
    assert topics(empty.recommend("u0", n=3)) == ["jazz"] * 3


def test_events_without_any_text(empty: Foretaste) -> None:
    empty.store.put_items([Item(one.id) for one in ITEMS])
    empty.record(events())
    empty.train()

    assert topics(empty.similar("jazz-3", n=3)).count("jazz") >= 2
    assert len(empty.search("anything at all", "u0")) == 10
    assert len(empty.recommend("u0", explain=True)) == 10


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_first_few_events(empty: Foretaste, count: int) -> None:
    empty.store.put_items(ITEMS[:3])
    empty.record(events()[:count])
    empty.train()

    assert len(empty.recommend("nobody", explain=True)) == 3


def test_one_item(empty: Foretaste) -> None:
    empty.store.put_items(ITEMS[:1])
    empty.record(took("u0", ITEMS[0].id))
    empty.train()

    assert ids(empty.recommend("nobody", explain=True)) == [ITEMS[0].id]
    assert ids(empty.recommend("u0")) == []


def test_from_data_frames_to_a_list(empty: Foretaste) -> None:
    frame = pd.DataFrame(
        [{"user": e.user, "item": e.item, "kind": e.kind, "at": e.at} for e in events()]
    )
    shelf = pd.DataFrame([{"id": i.id, "title": i.title} for i in ITEMS])
    imported = empty.add(events=frame, items=shelf)
    empty.train()

    assert [one.added for one in imported] == [len(ITEMS), len(events())]
    assert topics(empty.recommend("u0", n=5)).count("space") >= 2


# Judge ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["leave-one-out", "time"])
def test_evaluation_knows_nothing_of_a_live_model(
    quiet: Foretaste, empty: Foretaste, protocol: str
) -> None:
    live = quiet.models.live_name()
    empty.store.put_items(ITEMS)
    empty.record(events())
    with_live, without = quiet.evaluate(protocol), empty.evaluate(protocol)

    for name, result in {"product": with_live.product, **with_live.experts}.items():
        other = {"product": without.product, **without.experts}[name]
        np.testing.assert_array_equal(result.ranks.unmasked, other.ranks.unmasked, err_msg=name)
    assert quiet.models.live_name() == live
    assert empty.models.live_name() is None
    assert empty.models.versions() == []


def test_evaluation_tells_of_the_product_and_each_expert(quiet: Foretaste) -> None:
    found = quiet.evaluate()

    assert {"popularity", "transition", "sequence", "content"} <= set(found.experts)
    assert set(found.weights) == {*found.experts, "coldness"}
    assert found.users == 60
    assert found.product.items == len(ITEMS)
    ours = found.product.figures()["masked"]["recall@5"]
    assert ours > found.experts["popularity"].figures()["masked"]["recall@5"]
    assert found.cpu_seconds > 0


def test_an_unknown_protocol_is_named(quiet: Foretaste) -> None:
    with pytest.raises(InputError, match="unknown protocol 'leave-two-out'; expected one of"):
        quiet.evaluate("leave-two-out")


@pytest.mark.parametrize("protocol", ["leave-one-out", "time"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_events_to_judge_on(empty: Foretaste, protocol: str, count: int) -> None:
    empty.store.put_items(ITEMS)
    empty.record(events()[:count])

    with pytest.raises(ForetasteError, match="nothing to evaluate on"):
        empty.evaluate(protocol)


def test_evaluating_an_empty_store(empty: Foretaste) -> None:
    with pytest.raises(ForetasteError):
        empty.evaluate()
