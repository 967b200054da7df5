"""Items without a value, at every place where a filter stands: a test of it never holds for them,
so a `not` always does. A filter and its opposite share the catalogue between them.
"""

from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Item, Request
from foretaste.domain.preference import Preference
from foretaste.prepare.interactions import build_user_context
from foretaste.rank.conditions import parse_condition
from foretaste.rank.filters import FilterContext, excluded_items
from foretaste.rank.policy import Policy
from foretaste.rank.policy_settings import PolicySettings
from foretaste.rank.rules import parse_rule
from foretaste.rank.slate import SlateDraft

from .shop import index_of

SHOP = [
    Item("cheap", attributes={"price": ("20",)}),
    Item("dear", attributes={"price": ("80",)}),
    Item("sizes", attributes={"price": ("40", "60")}),
    Item("asked", attributes={"price": ("on request",)}),
    Item("none"),
]
INDEX = index_of(SHOP)
NOBODY = build_user_context([], {}, {}, (), now=0.0)
CHEAP = {"price": {"lt": 50}}
NOT_CHEAP = {"not": CHEAP}


def names(mask: Any) -> set[str]:
    return {SHOP[row].id for row in np.flatnonzero(mask)}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (CHEAP, {"cheap", "sizes"}),
        (NOT_CHEAP, {"dear", "asked", "none"}),
        ({"price": {"gte": 50}}, {"dear", "sizes"}),
        ({"not": {"price": {"gte": 50}}}, {"cheap", "asked", "none"}),
        ({**NOT_CHEAP, "price": {"exists": True}}, {"dear", "asked"}),
        ({**NOT_CHEAP, "price": {"gte": 0}}, {"dear"}),
        ({"not": NOT_CHEAP}, {"cheap", "sizes"}),
        ({"price": {"not_in": ["20"]}}, {"dear", "sizes", "asked", "none"}),
        ({"price": {"not_in": [20], "exists": True}}, {"dear", "sizes", "asked"}),
        ({"or": [CHEAP, NOT_CHEAP]}, {item.id for item in SHOP}),
        ({"and": [CHEAP, NOT_CHEAP]}, set()),
        ({"not": {"and": [CHEAP, {"price": {"gt": 30}}]}}, {"cheap", "dear", "asked", "none"}),
        ({"not": {"available_until": {"lt": 50}}}, {item.id for item in SHOP}),
    ],
)
def test_a_filter(spec: dict[str, Any], expected: set[str]) -> None:
    assert names(INDEX.mask(parse_condition(spec))) == expected


def shown(*preferences: Preference, policy: Policy | None = None, **fields: Any) -> set[str]:
    context = FilterContext(Request(**fields), NOBODY, INDEX, False, 0.0, (), preferences, policy)
    return names(~excluded_items(context))


def test_what_a_person_mutes_or_wants_alone() -> None:
    assert shown(Preference("m", CHEAP, "mute")) == {"dear", "asked", "none"}
    assert shown(Preference("m", NOT_CHEAP, "mute")) == {"cheap", "sizes"}
    assert shown(Preference("o", NOT_CHEAP, "only")) == {"dear", "asked", "none"}
    assert shown(filter=NOT_CHEAP) == {"dear", "asked", "none"}


def test_what_the_operator_bars() -> None:
    sensitive = Policy(PolicySettings(sensitive=(NOT_CHEAP,)))
    assert shown(policy=sensitive) == {"cheap", "sizes"}
    sensitive = Policy(PolicySettings(sensitive=(CHEAP,)))
    assert shown(policy=sensitive) == {"dear", "asked", "none"}


@pytest.mark.parametrize("verb", ["boost", "bury"])
def test_a_rule(verb: str) -> None:
    draft = SlateDraft(
        scores=np.zeros(len(SHOP), np.float32),
        hidden=np.zeros(len(SHOP), bool),
        never_shown=np.zeros(len(SHOP), bool),
        index=INDEX,
        n=5,
    )
    parse_rule({verb: NOT_CHEAP, "by": 2}).apply(draft, "rules.0")
    assert names(draft.boosts[0].mask) == {"dear", "asked", "none"}
