"""Why not this item? The rule, the filter or the term that kept it out."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.domain.data import Event
from foretaste.errors import InputError
from foretaste.loop import Foretaste


@pytest.fixture(scope="module")
def shop(_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foretaste]:
    one = Foretaste.open(shutil.copytree(_trained, tmp_path_factory.mktemp("absence") / "shop"))
    yield one
    one.close()


def test_a_filter_is_named(shop: Foretaste) -> None:
    found = shop.why_not("kitchen-1", "u1", filter={"genre": "space"})

    assert found.filters == ("the filter leaves it out",)
    assert (found.position, found.rank, found.terms) == (None, None, ())
    assert found.sentence == "It may not be shown: the filter leaves it out."


def test_what_was_taken_is_named(shop: Foretaste) -> None:
    taken = next(event.item for event in shop.store.history("u1", None))

    assert taken is not None
    assert shop.why_not(taken, "u1").filters == ("this person has taken it already",)


def test_a_low_score_is_told_by_its_terms(shop: Foretaste) -> None:
    shown = shop.recommend("u1", n=3, explain=True)
    ranked = shop.recommend("u1", n=20)
    last = ranked.items[-1]

    found = shop.why_not(last.id, "u1", n=3)

    assert (found.position, found.filters, found.last) == (None, (), shown.items[-1].id)
    assert found.rank == len(ranked)
    assert found.score == pytest.approx(last.score, abs=1e-5)
    assert sum(one.item for one in found.terms) == pytest.approx(last.score, abs=1e-4)
    assert sum(one.last for one in found.terms) == pytest.approx(shown.items[-1].score, abs=1e-4)
    assert [one.difference for one in found.terms] == sorted(one.difference for one in found.terms)
    assert found.terms[0].expert in found.sentence


def test_a_rule_is_named(shop: Foretaste) -> None:
    first = shop.recommend("u1", n=1).items[0].id
    found = shop.why_not(first, "u1", n=1, rules=({"pin": "kitchen-9", "at": 1},))

    assert (found.rank, found.position) == (1, None)
    assert "a rule of the request gave its place away" in found.sentence

    rules = ({"bury": {"id": first}, "by": 1e6},) * 50
    buried = shop.why_not(first, "u1", n=1, rules=rules)
    assert buried.rank is not None
    assert buried.rank > 1
    assert buried.terms[0].expert.startswith("rule ")
    assert buried.terms[0].item == pytest.approx(-50 * math.log(1e6))


def test_what_is_in_the_list_is_said_to_be(shop: Foretaste) -> None:
    second = shop.recommend("u1", n=3).items[1].id
    found = shop.why_not(second, "u1", n=3)

    assert found.position == 2
    assert found.sentence == "It is in the list, at place 2."


def test_an_item_that_is_not_there_is_an_error(shop: Foretaste) -> None:
    with pytest.raises(InputError, match="there is no item 'nowhere'"):
        shop.why_not("nowhere", "u1")


def test_asking_leaves_no_answer_behind(shop: Foretaste) -> None:
    shop.record([Event("asked", "view", 1.0, user="someone", item="space-1")])
    before = shop.slates.log
    shop.why_not("space-2", "someone")

    assert shop.slates.log is before
