"""Trending: windows as people write them, and the order of what was taken."""

import numpy as np
import pytest

from foretaste.errors import InputError
from foretaste.rank.trending import counts_by_item, parse_window, trending_scores

from .shop import film, index_of


@pytest.mark.parametrize(
    ("window", "length"),
    [("24h", 86_400), ("7d", 604_800), ("2W", 1_209_600), ("90m", 5400), ("60", 60), (1.5, 1.5)],
)
def test_a_window_is_read(window: object, length: float) -> None:
    assert parse_window(window) == length


@pytest.mark.parametrize("window", ["", "d", "-1d", "0", "nan", "inf", "1y", "99999999d", None])
def test_what_is_no_window_is_told(window: object) -> None:
    with pytest.raises(InputError, match="is no length of time; write it like 24h"):
        parse_window(window)


def test_people_decide_and_popularity_breaks_ties() -> None:
    catalogue = index_of([film(one) for one in "abcd"]).catalogue
    people = counts_by_item([("b", 2), ("c", 2), ("gone", 9)], catalogue)
    assert people.tolist() == [0, 2, 2, 0]
    order = np.argsort(-trending_scores(people, np.array([-1, -5, -2, -3], np.float32)))
    assert [catalogue.ids[place] for place in order] == ["c", "b", "a", "d"]
