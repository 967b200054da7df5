"""Spread: varied as far as there are others, and never short for it."""

import numpy as np
import pytest

from foretaste.domain.data import Request
from foretaste.rank.slate import SlateDraft
from foretaste.rank.spread import build_spread_slate, spread_limits

from .shop import film, index_of

ITEMS = [film(str(row), "drama" if row < 12 else f"odd{row}") for row in range(16)]


def draft() -> SlateDraft:
    nothing = np.zeros(len(ITEMS), bool)
    scores = -np.arange(len(ITEMS), dtype=np.float32)
    return SlateDraft(scores, nothing.copy(), nothing, index_of(ITEMS), n=8)


def drama_count(share: float, request: Request | None = None) -> int:
    own = draft()
    limits = spread_limits(own, {"genre": share, "not there": 0.1}, request or Request())
    slate = build_spread_slate(own, limits, np.random.default_rng)
    assert len(slate.items) == 8
    return int((slate.items < 12).sum())


def test_no_value_has_more_than_its_share_where_there_are_others() -> None:
    assert drama_count(1.0) == 8
    assert drama_count(0.5) == 4


def test_a_list_is_not_short_for_it() -> None:
    assert drama_count(0.1) == 4  # only four others are there


@pytest.mark.parametrize(
    "request_",
    [Request(query="drama"), Request(filter={"genre": "drama"}), Request(candidates=("1",))],
    ids=["words", "filter", "order"],
)
def test_who_asks_for_a_value_is_not_kept_from_it(request_: Request) -> None:
    assert not spread_limits(draft(), {"genre": 0.1}, request_)
