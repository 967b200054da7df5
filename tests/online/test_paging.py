"""The pages of a list: all of them, the last first, and only for whoever they were made for."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import LoggedRecommendation, Request
from foretaste.errors import InputError
from foretaste.feedback.recommendation_log import RecommendationLog
from foretaste.online import paging
from foretaste.online.paging import check_same_owner, earlier_pages


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def log(store: SqlStore) -> RecommendationLog:
    return RecommendationLog(store, keep_days=1, clock=time.time)


def page(number: int, next_page_of: str | None) -> LoggedRecommendation:
    request = Request(user="u1", n=2, next_page_of=next_page_of)
    return LoggedRecommendation(
        f"page-{number}", time.time(), "u1", None, "model", request.to_json_dict(), []
    )


def chain(log: RecommendationLog, pages: int) -> None:
    for number in range(pages):
        log.add(page(number, f"page-{number - 1}" if number else None))


def test_all_pages_up_to_the_last_are_given_the_last_first(log: RecommendationLog) -> None:
    chain(log, 3)
    assert [page.id for page in earlier_pages(log, "page-2")] == ["page-2", "page-1", "page-0"]
    assert [page.id for page in earlier_pages(log, "page-0")] == ["page-0"]
    log.close()


def test_a_list_has_its_limit_of_pages(
    log: RecommendationLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MAX_PAGES", 3)
    chain(log, 5)
    assert [page.id for page in earlier_pages(log, "page-4")] == ["page-4", "page-3", "page-2"]
    log.close()


def test_who_asks_for_the_next_of_an_unknown_list_is_told_what_to_do(
    log: RecommendationLog,
) -> None:
    with pytest.raises(InputError) as caught:
        earlier_pages(log, "page-9")
    assert str(caught.value) == (
        "next_page_of: there is no recommendation 'page-9'; it was incognito, is older than "
        "rank.keep_days, or is not from here. Ask anew"
    )


def test_a_session_that_is_another_user_s_now_has_no_next_page(store: SqlStore) -> None:
    visit = Request(session="visit")
    check_same_owner(store, visit, None)  # nobody was known, and nobody is
    store.identify("visit", "ann", 1.0)
    check_same_owner(store, visit, None)  # who signed in meanwhile goes on with their own list
    check_same_owner(store, visit, "ann")
    with pytest.raises(InputError) as caught:
        check_same_owner(store, visit, "bob")
    assert str(caught.value) == (
        "next_page_of: somebody else has signed in on this session since that list; ask anew"
    )
    store.identify("visit", "bob", 2.0)
    check_same_owner(store, visit, "bob")
    for owner in ("ann", None):  # without a name it was the first user's of the session
        with pytest.raises(InputError):
            check_same_owner(store, visit, owner)


def test_a_list_by_the_user_s_name_needs_no_session(store: SqlStore) -> None:
    store.identify("visit", "bob", 2.0)
    check_same_owner(store, Request(user="ann", session="visit"), "ann")
    check_same_owner(store, Request(), "ann")
    check_same_owner(store, replace(Request(), user="ann"), None)
