"""Why not this item? The rule, the filter or the term that kept it out."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.display.words import expert_aspect
from foretaste.domain.data import Event, Item
from foretaste.domain.order_charges import CHARGE_COLUMN
from foretaste.domain.words import GROUP_COLUMN
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
    assert shop.why_not(taken, "u1").filters == ("this person has chosen it already",)


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
    assert expert_aspect(found.terms[0].expert) in found.sentence


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


def test_each_reason_is_in_words_and_several_in_one_sentence(shop: Foretaste) -> None:
    no_candidate = shop.why_not("kitchen-1", "u1", candidates=("space-7", "space-8"))
    assert no_candidate.filters == ("it is not in the list that was to be put in order",)
    first = shop.recommend("u1", n=3, explore=0.0)
    earlier = shop.why_not(first.items[0].id, next_page_of=first.recommendation_id)
    assert earlier.filters == ("it was on an earlier page of this list",)
    both = shop.why_not("kitchen-1", "u1", candidates=("space-7",), filter={"genre": "space"})
    assert both.sentence == (
        "It may not be shown: the filter leaves it out; it is not in the list that was to be put "
        "in order."
    )
    assert (both.id, both.position, both.rank, both.score, both.last, both.terms) == (
        "kitchen-1",
        None,
        None,
        None,
        None,
        (),
    )


def test_of_two_variants_the_one_in_the_list_is_named(trained: Path) -> None:
    loop = Foretaste.open(trained)
    loop.store.put_items(
        [
            Item(f"space-{n}", f"The void {n} [space]", attributes={GROUP_COLUMN: ("shirt",)})
            for n in (8, 9)
        ]
    )
    listed = [item.id for item in loop.recommend("u1", n=20, explore=0.0)]
    (shown,) = {"space-8", "space-9"} & set(listed)
    (variant,) = {"space-8", "space-9"} - set(listed)
    found = loop.why_not(variant, "u1", n=20)
    reason = f"another variant of it is in the list, '{shown}'"
    assert (found.id, found.position, found.filters) == (variant, None, (reason,))
    assert found.sentence == f"It may not be shown: {reason}."
    loop.close()


def test_a_pin_shows_what_was_taken(shop: Foretaste) -> None:
    """So there is nothing that keeps it out, though a filter would."""
    taken = next(event.item for event in shop.store.history("u1", None))
    assert taken is not None
    found = shop.why_not(taken, "u1", n=3, rules=({"pin": taken, "at": 2},))
    assert (found.position, found.filters) == (2, ())


def test_the_sentence_names_the_place_the_list_and_what_the_worst_expert_looks_at(
    shop: Foretaste,
) -> None:
    last = shop.recommend("u1", n=20, explore=0.0).items[-1]
    found = shop.why_not(last.id, "u1", n=3)
    worst = min(found.terms, key=lambda term: term.difference)
    assert worst.difference == pytest.approx(worst.item - worst.last)
    assert found.sentence == (
        f"By its score it is at place {found.rank}, below the 3 that are shown. It is "
        f"furthest behind the last of them in {expert_aspect(worst.expert)}."
    )


def test_who_is_last_is_compared_with_the_one_above(shop: Foretaste) -> None:
    first, second = shop.recommend("u1", n=2, explore=0.0).items
    found = shop.why_not(second.id, "u1", n=2)
    assert (found.position, found.rank, found.last) == (2, 2, first.id)
    alone = shop.why_not(first.id, "u1", n=1)
    assert (alone.position, alone.rank, alone.last) == (1, 1, None)
    assert {term.last for term in alone.terms} == {0.0}
    assert sum(term.item for term in alone.terms) == pytest.approx(first.score, abs=1e-4)


def test_diversity_is_named(shop: Foretaste) -> None:
    plain = shop.recommend("u1", n=5, explore=0.0)
    diverse = {item.id for item in shop.recommend("u1", n=5, diversity=0.9, explore=0.0)}
    crowded_out = next(item for item in plain if item.id not in diverse)
    found = shop.why_not(crowded_out.id, "u1", n=5, diversity=0.9)
    assert (found.position, found.rank) == (None, crowded_out.position)
    assert found.sentence == (
        f"By its score it is at place {crowded_out.position}; diversity gave its place away."
    )


def test_a_boost_counts_among_the_terms_and_in_the_place(shop: Foretaste) -> None:
    rules = ({"boost": {"id": "kitchen-9"}, "by": 1e6},)
    found = shop.why_not("kitchen-9", "u1", n=3, rules=rules)
    assert (found.position, found.rank) == (1, 1)
    by_rule = [term for term in found.terms if term.expert.startswith("rule ")]
    assert [term.item for term in by_rule] == pytest.approx([math.log(1e6)])
    assert [term.last for term in by_rule] == [0.0]
    assert found.score == pytest.approx(sum(term.item for term in found.terms), abs=1e-3)
    behind = shop.why_not(shop.recommend("u1", n=1, explore=0.0).items[0].id, "u1", rules=rules)
    assert behind.rank == 2


def test_what_is_in_the_list_is_said_to_be(shop: Foretaste) -> None:
    second = shop.recommend("u1", n=3).items[1].id
    found = shop.why_not(second, "u1", n=3)

    assert found.position == 2
    assert found.sentence == "It is in the list, at place 2."


def test_an_item_that_is_not_there_is_an_error(shop: Foretaste) -> None:
    with pytest.raises(InputError, match="there is no item 'nowhere'"):
        shop.why_not("nowhere", "u1")


def test_a_charge_of_orders_is_said_to_be_one(shop: Foretaste) -> None:
    shop.store.put_items([Item("ship", "Shipping", attributes={CHARGE_COLUMN: ("yes",)})])
    with pytest.raises(InputError, match=r"'Shipping' \(ship\) was taken for a charge of orders"):
        shop.why_not("ship", "u1")


def test_asking_leaves_no_answer_behind(shop: Foretaste) -> None:
    shop.record([Event("asked", "view", 1.0, user="someone", item="space-1")])
    before = shop.slates.log
    shop.why_not("space-2", "someone")

    assert shop.slates.log is before
