"""Who may score a question, and what is said of an answer that is not what it might be."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from foretaste.domain.data import Degradation, Request
from foretaste.loop import Foretaste
from foretaste.online.answer import degradation, levels


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


def test_the_best_level_comes_first_and_what_most_took_has_one(shop: Foretaste) -> None:
    snapshot = shop.catch_up()
    names = []
    for request in (Request(user="u1"), Request(window=60.0)):
        page = shop.slates.page_request(request, None, {})
        context = shop.slates.user_context(request, snapshot)
        question = shop.slates.question(page, context, snapshot)
        make_slate = partial(shop.slates.slate, page, question)
        chain = levels(snapshot, question, shop.listen, make_slate)
        names.append([level.name for level in chain])
        assert all(len(level.work().choice.items) == 10 for level in chain)

    assert names == [["full", "counting", "popularity"], ["full"]]


@pytest.mark.parametrize(
    ("level", "why", "lag", "outage", "wanted"),
    [
        ("full", None, None, None, None),
        ("counting", "slow", None, None, Degradation("counting", "slow")),
        ("full", None, "behind", None, Degradation("full", "behind")),
        ("popularity", "slow", "behind", None, Degradation("popularity", "slow; behind")),
        ("full", None, None, "away", Degradation("memory", "away")),
        ("counting", "slow", None, "away", Degradation("counting", "slow; away")),
    ],
)
def test_what_is_said_of_an_answer_that_is_not_what_it_might_be(
    level: Any, why: str | None, lag: str | None, outage: str | None, wanted: Degradation | None
) -> None:
    assert degradation(level, why, lag=lag, outage=outage) == wanted
