"""The lists of a workspace are looked at as people get them, and what is wrong is kept."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Event, Item, Request
from foretaste.errors import ModelError
from foretaste.evaluate.shown_lists import HARDLY_TAKEN_EVENTS
from foretaste.loop import Foretaste
from foretaste.online.list_health import (
    LENGTH,
    MIN_TAKINGS,
    amend_checks,
    checks_of,
    checks_of_live,
    compose_list,
    draw_people,
    hardly_taken_share,
    look_at_lists,
    look_at_live,
)
from foretaste.online.snapshot import Snapshot

START = 1_700_200_000.0


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    """Twenty items, and thirty people who keep to a theme."""
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def snapshot(shop: Foretaste) -> Snapshot:
    return shop.at_snapshot(str(shop.models.live_name()))


def without_taste(live: Snapshot) -> Snapshot:
    """The same with popularity alone: nothing that a person did counts."""
    return replace(
        live, product=live.product.filter_experts(lambda expert: expert.name == "popularity")
    )


def erase_everybody(loop: Foretaste) -> None:
    """All thirty; the last erasure forgets the others in the model as well."""
    for user in range(29):
        loop.store.erase(f"u{user}")
    loop.erase("u29")


def test_good_lists_are_passed_over(shop: Foretaste) -> None:
    health = look_at_live(shop)
    assert health.warnings == ()
    assert health.version == shop.models.live_name()
    assert health.figures.people == 31, "thirty people and a stranger"
    assert health.figures.places == 31 * LENGTH
    assert health.figures.distinct_items == 20
    assert look_at_lists(shop, snapshot(shop)) == health, "the live model, asked in another way"


def test_a_model_that_knows_nobody_is_found_out(shop: Foretaste) -> None:
    health = look_at_lists(shop, without_taste(snapshot(shop)))
    codes = [warning.code for warning in health.warnings]
    assert codes == ["tied-scores", "one-reason"]
    assert "“how popular it is”" in health.warnings[1].message


def test_the_lists_are_those_that_people_get(shop: Foretaste) -> None:
    live = snapshot(shop)
    for user in ("u1", "u2", None):
        request = Request(user=user, n=LENGTH, incognito=True)
        mine = compose_list(shop, live, request)
        theirs = shop.recommend(request)
        assert [item.id for item in mine] == [item.id for item in theirs]
        assert [item.reason for item in mine] == [item.reason for item in theirs]
        for item in mine:
            assert sum(term.nats for term in item.terms) == pytest.approx(item.score, abs=1e-3)


def test_looking_leaves_no_trace(shop: Foretaste) -> None:
    look_at_live(shop)
    shop.slates.log.flush()
    assert shop.store.recommendations_to("u1") == []
    assert shop.store.last_event_number() == 150


def test_sessions_are_people_too(trained: Path) -> None:
    loop = Foretaste.open(trained)
    erase_everybody(loop)
    visits = [
        Event(f"v{n}-{step}", "view", START + n, session=f"s{n}", item=f"space-{(n + step) % 10}")
        for n in range(25)
        for step in range(3)
    ]
    loop.record(visits)
    items = {item.id: item for _, item in loop.store.items()}
    people = draw_people(loop.interactions(items)[0], 200, np.random.default_rng(0))
    assert people[0] == (Request(n=LENGTH, incognito=True, explore=0.0), 0)
    assert {request.session for request, _ in people[1:]} == {f"s{n}" for n in range(25)}
    assert {request.user for request, _ in people} == {None}
    assert {taken for _, taken in people[1:]} == {3}
    assert look_at_live(loop).figures.people == 26
    loop.close()


def test_at_most_so_many_people_are_drawn_and_the_same_ones_again(shop: Foretaste) -> None:
    items = {item.id: item for _, item in shop.store.items()}
    histories, _, _ = shop.interactions(items)
    people = draw_people(histories, 10, np.random.default_rng(1))
    assert len(people) == 11
    assert people == draw_people(histories, 10, np.random.default_rng(1))
    assert people != draw_people(histories, 10, np.random.default_rng(2))


def test_with_nobody_there_it_says_so(trained: Path) -> None:
    loop = Foretaste.open(trained)
    erase_everybody(loop)
    health = look_at_live(loop)
    assert [warning.code for warning in health.warnings] == ["too-few-people"]
    assert health.figures.people == 1
    loop.close()


def test_hidden_items_leave_people_with_nothing(shop: Foretaste) -> None:
    shop.store.put_items(
        [replace(item, hidden=True) for _, item in list(shop.store.items()) if item.id != "space-1"]
    )
    (warning,) = [w for w in look_at_live(shop).warnings if w.code == "empty-lists"]
    assert "lists are empty" in warning.message


def test_an_item_that_comes_meanwhile_is_no_trouble(shop: Foretaste) -> None:
    def late(task: str, done: int, total: int, note: str = "") -> None:
        shop.store.put_items([Item(f"late-{done}", f"The moon again {done}", {})])

    shop.progress = late
    assert look_at_live(shop).figures.people == 31


def test_what_people_take_next_counts_as_lists_are_made(trained: Path) -> None:
    """Lately 120 people each took a new item, then the same again: a repeat is in no list."""
    loop = Foretaste.open(trained)
    loop.store.put_items([Item(f"new-{n}", f"New {n}", {}) for n in range(120)])
    assert look_at_live(loop).figures.usual_hardly_taken_share is None, (
        "30 takings are too few to tell"
    )
    loop.record(
        [
            Event(f"n{n}-{step}", "click", START + 999 * step + n, user=f"w{n}", item=f"new-{n}")
            for n in range(120)
            for step in range(5)
        ]
    )
    assert look_at_live(loop).figures.usual_hardly_taken_share == 1.0
    loop.close()
    (trained / "foretaste.toml").write_text("[rank]\nhide_seen = false\n")
    loop = Foretaste.open(trained)
    assert look_at_live(loop).figures.usual_hardly_taken_share == 0.0
    loop.close()


def test_what_is_found_is_kept_with_the_version(shop: Foretaste) -> None:
    version = shop.models.version(str(shop.models.live_name()))
    assert version.metrics["checks"] == [] == checks_of_live(shop.models)
    name = amend_checks(shop, version.name)
    assert checks_of(shop.models, version.name) == checks_of(shop.models, name) == []
    assert shop.models.live_name() == name


def test_nobody_looked_at_a_version_that_is_not_there(tmp_path: Path) -> None:
    loop = Foretaste.open(tmp_path)
    assert checks_of_live(loop.models) is None
    assert checks_of(loop.models, "nothing") is None
    with pytest.raises(ModelError, match="no model yet"):
        look_at_live(loop)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "live.json").write_text("{")
    assert checks_of_live(loop.models) is None
    loop.close()


def test_training_keeps_what_is_wrong(trained: Path) -> None:
    (trained / "foretaste.toml").write_text('[model]\nexperts = ["popularity"]\n')
    loop = Foretaste.open(trained)
    version = loop.train()
    codes = [check["code"] for check in version.metrics["checks"]]
    assert "one-reason" in codes
    assert checks_of_live(loop.models) == version.metrics["checks"]
    assert [other.name for other in loop.models.versions() if other.is_live] == [version.name]
    loop.close()


def test_the_figures_are_told_in_words(shop: Foretaste) -> None:
    steps: list[tuple[str, int, int]] = []
    shop.progress = lambda task, done, total, note="": steps.append((task, done, total))
    health = look_at_live(shop)
    assert steps[-31:] == [("looking at the lists", number, 31) for number in range(1, 32)]
    figures = replace(
        health.figures, people=1234, overlap=0.5, tied_share=0.125, hardly_taken_share=0.25
    )
    told = replace(health, figures=figures)
    assert told.rows() == [
        ("model", health.version),
        ("lists", "1,234, 310 places"),
        ("different items", "20"),
        ("overlap", "50% of the first places of two users are the same"),
        ("ties", "12% of the places share their score"),
        ("rare items", "25% of the places have an item with at most 2 events"),
    ]
    beside = replace(told, figures=replace(figures, usual_hardly_taken_share=0.75))
    assert beside.rows()[-1][1] == (
        "25% of the places have an item with at most 2 events; 75% of what users take next are such"
    )
    summary = told.summary()
    assert summary["version"] == health.version
    assert summary["figures"]["people"] == 1234
    assert summary["warnings"] == told.checks() == []


def test_of_few_takings_nothing_is_said() -> None:
    events_before = np.array([0, HARDLY_TAKEN_EVENTS, HARDLY_TAKEN_EVENTS + 1, 9] * 13)
    assert hardly_taken_share(events_before) == 0.5
    assert hardly_taken_share(events_before[:MIN_TAKINGS]) == 0.52
    assert hardly_taken_share(events_before[: MIN_TAKINGS - 1]) is None
