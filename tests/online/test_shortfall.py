"""A list that is empty or too short says why, with counts that make up the catalogue; a setting or
the request fills it up instead, and the list says so.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foretaste.domain.data import Event, Item, Recommendation, Shortfall
from foretaste.errors import InputError
from foretaste.loop import Foretaste

AT = 1_750_000_000.0
SPACE = [f"space-{n}" for n in range(10)]
KITCHEN = [f"kitchen-{n}" for n in range(10)]


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


def ids(recommendation: Recommendation) -> list[str]:
    return [item.id for item in recommendation.items]


def counts(recommendation: Recommendation) -> dict[str, int]:
    shortfall = told(recommendation)
    own = shortfall.shown - shortfall.filled
    assert sum(count.items for count in shortfall.counts) + own == shortfall.catalogue
    return {count.code: count.items for count in shortfall.counts}


def told(recommendation: Recommendation) -> Shortfall:
    assert recommendation.shortfall is not None
    assert recommendation.shortfall.shown == len(recommendation)
    return recommendation.shortfall


def take(shop: Foretaste, *items: str, user: str = "ann", kind: str = "click") -> None:
    shop.record(
        [Event(f"{user}-{kind}-{item}", kind, AT + n, user=user, item=item)
         for n, item in enumerate(items)]
    )  # fmt: skip


def test_a_whole_list_says_nothing(shop: Foretaste) -> None:
    assert shop.recommend("ann", n=10).shortfall is None


def test_everything_was_taken(shop: Foretaste) -> None:
    take(shop, *SPACE, *KITCHEN)
    answer = shop.recommend("ann", n=5)
    assert ids(answer) == []
    assert counts(answer) == {"taken": 20}
    assert told(answer).reason == (
        "nothing can be shown: of the 20 items, 20 are already chosen by this person"
    )


def test_nothing_is_on_offer(shop: Foretaste) -> None:
    shop.store.put_items([Item(name, "Gone", hidden=True) for name in SPACE])
    shop.store.put_items([Item(name, "Past", available_until=1.0) for name in KITCHEN])
    answer = shop.recommend("ann")
    assert counts(answer) == {"unavailable": 20}
    assert "hidden or not on offer now" in told(answer).reason


def test_nothing_meets_the_filter(shop: Foretaste) -> None:
    answer = shop.recommend("ann", filter={"genre": "opera"})
    assert counts(answer) == {"filter": 20}
    assert (
        told(answer).reason
        == "nothing can be shown: of the 20 items, 20 are not what the filter asks for"
    )


def test_all_is_muted(shop: Foretaste) -> None:
    changes = [{"filter": {"genre": genre}, "mute": True} for genre in ("space", "kitchen")]
    shop.steer("ann", changes=changes)
    assert counts(shop.recommend("ann")) == {"muted": 20}


def test_each_item_is_counted_once_with_its_first_reason(shop: Foretaste) -> None:
    shop.store.put_items([Item(name, "Gone", hidden=True) for name in SPACE[:2]])
    take(shop, *SPACE[:4], *KITCHEN[:3])
    take(shop, SPACE[4], kind="hide")
    answer = shop.recommend("ann", n=10, filter={"genre": "space"}, items=(SPACE[5],))
    assert counts(answer) == {"unavailable": 2, "filter": 10, "refused": 1, "seed": 1, "taken": 2}
    assert sorted(ids(answer)) == SPACE[6:]
    assert told(answer).reason.startswith("4 of the 10 asked for: of the 20 items, 2 are hidden")


def test_what_a_rule_leaves_out(shop: Foretaste) -> None:
    answer = shop.recommend("ann", n=10, rules=[{"quota": "genre", "max_items": 2}])
    assert counts(answer) == {"rule": 16}


def test_the_last_page(shop: Foretaste) -> None:
    first = shop.recommend("ann", n=15)
    second = shop.recommend(next_page_of=first.recommendation_id, n=10)
    assert counts(second) == {"earlier-page": 15}
    third = shop.recommend(next_page_of=second.recommendation_id, n=10)
    assert counts(third) == {"earlier-page": 20}


def test_a_list_to_be_put_in_order(shop: Foretaste) -> None:
    assert shop.rank(SPACE[:2], "ann", filter={"genre": "kitchen"}).shortfall is not None
    assert shop.rank(SPACE[:2], "ann", filter={"id": SPACE[0]}).shortfall is None


def test_other_lists(shop: Foretaste) -> None:
    nothing = {"genre": "opera"}
    for answer in (
        shop.search("moon", filter=nothing),
        shop.similar("space-1", filter=nothing),
        shop.trending("7d", filter=nothing),
    ):
        assert counts(answer)["filter"] >= 19


def test_deleted_items_are_no_part_of_the_catalogue(shop: Foretaste, trained: Path) -> None:
    shop.recommend("ann")
    shop.store.delete_items(KITCHEN)
    take(shop, *SPACE)
    other = Foretaste.open(trained)
    for workspace in (shop, other):
        answer = workspace.recommend("ann")
        assert told(answer).catalogue == 10
        assert counts(answer) == {"taken": 10}
    other.close()


def test_a_shop_without_items(shop: Foretaste) -> None:
    shop.store.delete_items([*SPACE, *KITCHEN])
    assert "there are no items yet" in told(shop.recommend("ann")).reason


# Filled up ---------------------------------------------------------------------------------------


def test_it_is_filled_up_with_what_was_taken(shop: Foretaste) -> None:
    take(shop, *SPACE, *KITCHEN[:8])
    answer = shop.recommend("ann", n=5, fill_up=("taken",))
    assert set(ids(answer)[:2]) == {"kitchen-8", "kitchen-9"}
    assert [item.source for item in answer] == ["model", "model", "taken", "taken", "taken"]
    assert [item.position for item in answer] == [1, 2, 3, 4, 5]
    assert "You know this already; nothing new is left" in answer.items[2].reason
    shortfall = told(answer)
    assert (shortfall.filled, counts(answer)) == (3, {"taken": 18})
    assert shortfall.reason.endswith("; filled up with 3 of these")
    assert shop.recommend("ann", n=2, fill_up=("taken",)).shortfall is None


def test_it_is_filled_up_beyond_the_filter(shop: Foretaste) -> None:
    take(shop, *SPACE[:8])
    question: dict[str, Any] = {"n": 6, "filter": {"genre": "space"}}
    answer = shop.recommend("ann", **question, fill_up=("unfiltered",))
    assert set(ids(answer)[:2]) == {"space-8", "space-9"}
    assert set(ids(answer)[2:]) <= set(KITCHEN)
    assert [item.source for item in answer][2:] == ["unfiltered"] * 4
    both = shop.recommend("ann", **question, fill_up=("taken", "unfiltered"))
    assert [item.source for item in both] == ["model"] * 2 + ["taken"] * 4
    assert set(ids(both)) <= set(SPACE)


def test_what_was_sent_back_is_hidden_and_is_no_reason(shop: Foretaste) -> None:
    take(shop, "space-0", kind="purchase", user="eve")
    take(shop, "space-0", kind="return", user="eve")
    answer = shop.recommend("eve", n=20)
    assert set(ids(answer)) == {*SPACE[1:], *KITCHEN}
    assert not any("space-0" in reason for item in answer for reason in item.reason)
    assert counts(answer) == {"taken": 1}


def test_a_front_page_without_news_shows_what_is_older(shop: Foretaste) -> None:
    now = shop.clock()
    ages = {item: (3 + n) * 86_400.0 for n, item in enumerate([*SPACE, *KITCHEN])}
    ages[KITCHEN[0]] = 60.0
    shop.store.put_items(
        [
            replace(item, available_from=now - ages[item.id])
            for _, item in shop.store.items()
            if item.id in ages
        ]
    )
    empty = shop.recommend("ann", n=3, max_age=86_400.0)
    assert (ids(empty), counts(empty)) == ([KITCHEN[0]], {"outdated": 19})
    filled = shop.recommend("ann", n=3, max_age=86_400.0, fill_up=("outdated",))
    assert [item.source for item in filled] == ["model", "outdated", "outdated"]
    assert "Older; nothing newer is left" in filled.items[1].reason


def test_the_setting_is_for_those_who_do_not_say(shop: Foretaste, trained: Path) -> None:
    settings = trained / "foretaste.toml"
    settings.write_text(settings.read_text() + '[rank]\nfill_up = ["taken"]\n')
    take(shop, *SPACE, *KITCHEN)
    other = Foretaste.open(trained)
    assert [item.source for item in other.recommend("ann", n=3)] == ["taken"] * 3
    assert ids(other.recommend("ann", n=3, fill_up=())) == []
    assert len(other.rank(SPACE[:2], "ann", filter={"genre": "kitchen"})) == 0
    other.close()


def test_what_is_never_shown_does_not_fill_up(shop: Foretaste) -> None:
    shop.store.put_items([Item("space-0", "Gone", hidden=True)])
    take(shop, *SPACE, *KITCHEN)
    take(shop, "space-1", kind="hide", user="ann")
    shop.record([Event("h", "hide", AT + 99, user="ann", item="space-1")])
    shop.steer("ann", changes=[{"filter": {"id": "space-2"}, "mute": True}])
    answer = shop.recommend("ann", n=20, items=("space-3",), fill_up=("taken", "unfiltered"))
    assert set(ids(answer)) == {*SPACE[4:], *KITCHEN}
    assert counts(answer) == {"unavailable": 1, "refused": 1, "muted": 1, "seed": 1, "taken": 16}


def test_quotas_hold_for_the_whole_list(shop: Foretaste) -> None:
    take(shop, *SPACE, *KITCHEN[:9])
    rules = [{"quota": "genre", "max_items": 2}]
    answer = shop.recommend("ann", n=10, rules=rules, fill_up=("taken",))
    genres = [item.attributes["genre"][0] for item in answer]
    assert (len(answer), genres.count("kitchen")) == (4, 2)


def test_the_next_page_of_a_filled_list_shows_nothing_twice(shop: Foretaste) -> None:
    take(shop, *SPACE, *KITCHEN[:5])
    first = shop.recommend("ann", n=8, fill_up=("taken",))
    second = shop.recommend(next_page_of=first.recommendation_id, n=20)
    assert len({*ids(first), *ids(second)}) == 20
    assert {item.source for item in second} == {"taken"}


def test_a_name_that_there_is_not(shop: Foretaste) -> None:
    with pytest.raises(InputError, match="fill_up: nothing is called 'takn'; did you mean 'taken'"):
        shop.recommend("ann", fill_up=("takn",))


def test_in_a_notebook(shop: Foretaste) -> None:
    take(shop, *SPACE, *KITCHEN)
    assert "of the 20 items, 20 are already chosen" in shop.recommend("ann")._repr_html_()


def test_a_search_tells_what_has_nothing_of_it(shop: Foretaste) -> None:
    """What matches comes first; the rest is told apart, and is left out where that is asked for."""
    answer = shop.search("noodle", n=20)
    matched = [item.id for item in answer if item.source == "model"]
    assert matched == ids(answer)[: len(matched)]
    assert "kitchen-6" in matched
    rest = list(answer)[len(matched) :]
    assert {(item.source, item.reason[0]) for item in rest} == {
        ("unmatched", "Has nothing of what you searched for")
    }
    assert counts(answer) == {"unmatched": len(rest)}
    assert "not what is searched for; filled up with" in told(answer).reason
    assert ids(shop.search("noodle", n=20, fill_up=())) == matched
    german = shop.search("noodle", n=20, language="de")
    assert list(german)[-1].reason[0] == "Hat nichts von dem, wonach Sie gesucht haben"
