"""Who may score a question, and what is said of an answer that is not what it might be."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Degradation, Request, UserContext
from foretaste.errors import Overdue
from foretaste.loop import Foretaste
from foretaste.online.answer import NO_SLOT, degradation, first_in_time, levels, scored
from foretaste.online.fair_queue import Slot
from foretaste.online.fallback import Budget, Level
from foretaste.online.slate import ExplainedSlate, PageRequest
from foretaste.rank.filters import FilterContext


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
        score = partial(shop.slates.scorer, snapshot, shop.listen)
        chain = levels(snapshot, question, score, make_slate, shop.slates.together_scorer)
        names.append([level.name for level in chain])
        assert all(len(level.work().choice.items) == 10 for level in chain)

    assert names == [["full", "counting", "popularity"], ["full"]]


def chain_of(
    shop: Foretaste, request: Request, listened: list[UserContext] | None = None
) -> tuple[FilterContext, list[Level[ExplainedSlate]]]:
    snapshot, heard = shop.catch_up(), [] if listened is None else listened

    def listen(context: UserContext) -> UserContext:
        heard.append(context)
        return shop.listen(context)

    page = shop.slates.page_request(request, None, {})
    context = shop.slates.user_context(page.request, snapshot)
    question = shop.slates.question(page, context, snapshot)
    make_slate = partial(shop.slates.slate, page, question)
    score = partial(shop.slates.scorer, snapshot, listen)
    return question, levels(snapshot, question, score, make_slate, shop.slates.together_scorer)


def test_only_the_best_level_has_words_read_and_each_makes_its_own_list(shop: Foretaste) -> None:
    request = Request(user="u1", query="soup", n=20, explore=0.0, explain=True)
    listened: list[UserContext] = []
    question, chain = chain_of(shop, request, listened)
    full, counting, popularity = (level.work() for level in chain)
    assert listened == [question.user_context]
    experts = [{term.expert for term in slate.terms[0]} for slate in (full, counting, popularity)]
    assert experts[2] == {"popularity"}
    assert {"popularity"} < experts[1] < experts[0]
    expected = shop.recommend(request)
    ids = question.index.catalogue.ids
    assert [ids[item] for item in full.choice.items] == [item.id for item in expected]
    by_popularity = shop.recommend(Request(n=20, explore=0.0)).items
    nobody = chain_of(shop, Request(n=20, explore=0.0))[1][-1].work()
    assert [ids[item] for item in nobody.choice.items] == [item.id for item in by_popularity]


def test_what_a_level_costs_is_kept_by_all_that_makes_it_long(
    shop: Foretaste,
) -> None:
    kinds = {
        (explain, query, n): [
            level.kind for level in chain_of(shop, Request(query=query, explain=explain, n=n))[1]
        ]
        for explain in (False, True)
        for query in (None, "soup")
        for n in (10, 1000)
    }
    for (explain, query, n), (full, counting, popularity) in kinds.items():
        assert full == counting == (explain, query is not None, 4 if n == 10 else 10)
        assert popularity == ()


def test_who_asks_the_product_itself_asks_all_of_it_and_leaves_no_trace_if_they_say_so(
    shop: Foretaste,
) -> None:
    kept: list[dict[str, Any]] = []

    def listen(*arguments: Any, **options: Any) -> UserContext:
        kept.append({"encoder": arguments[1], **options})
        return shop.listen(*arguments, **options)

    workspace = SimpleNamespace(
        slates=shop.slates, manager=shop.manager, listen=listen, query_facets=shop.query_facets
    )
    for incognito in (False, True):
        request = Request(user="u1", incognito=incognito)
        snapshot, question, scorer = scored(workspace, PageRequest(request))
        assert snapshot is shop.catch_up()
        assert question.request == request
        context = snapshot.product.scorer(shop.listen(question.user_context))
        everything = np.ones(len(snapshot.catalogue), bool)
        assert scorer.score_row(everything, 20) == pytest.approx(context.score_row(everything, 20))
    assert kept == [{"encoder": None, "keep": True}, {"encoder": None, "keep": False}]


def test_conditions_are_looked_up_before_any_level_is_begun(shop: Foretaste) -> None:
    question, _ = chain_of(shop, Request(filter={"about": "soup"}))
    begun: list[str] = []
    chain = [Level("full", lambda: begun.append("full"))]
    shop.fallback.lookup.close()
    with pytest.raises(Overdue):
        first_in_time(shop.fallback, chain, question, Budget(60_000), Slot(None))  # type: ignore[arg-type]
    assert begun == []


def test_without_a_slot_popularity_answers_and_says_why(shop: Foretaste) -> None:
    with ExitStack() as stack:
        for _ in range(shop.fair_queue.slots):
            stack.enter_context(shop.fair_queue.slot(None, None))
        answer = shop.recommend("u1", n=5, timeout_ms=20)
        with pytest.raises(Overdue, match=f"{NO_SLOT}: a list of 101 items"):
            shop.recommend("u1", n=101, timeout_ms=20)
    assert len(answer) == 5
    assert answer.degraded is not None
    assert (answer.degraded.fallback_level, answer.degraded.reason) == ("popularity", NO_SLOT)
    assert shop.recommend("u1", n=5, timeout_ms=60_000).degraded is None


def test_who_computes_is_who_asked(shop: Foretaste) -> None:
    """By that the turns are fair: a user, the user of a session, or a session."""
    shop.identify("phone", "u2")
    nobody = Request(n=5, timeout_ms=60_000)
    shop.recommend(nobody)
    shop.recommend(replace(nobody, user="u1"))
    for session in ("visit", "phone"):
        shop.recommend(replace(nobody, session=session))
    assert set(shop.fair_queue._used) == {"u1", "u2", "visit"}


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
