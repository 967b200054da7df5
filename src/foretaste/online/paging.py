"""In: the recommendation that a next page is asked of. Out: the pages before it, if they are of
whoever asks now.
"""

from typing import Any

from foretaste.domain.data import LoggedRecommendation, Request
from foretaste.domain.store import EventLog
from foretaste.errors import InputError
from foretaste.feedback.recommendation_log import RecommendationLog

MAX_PAGES = 100
"""Pages of one list."""


def earlier_pages(log: RecommendationLog, last_page: str) -> list[LoggedRecommendation]:
    """The pages of a list up to this one, the last first."""
    pages: list[LoggedRecommendation] = []
    following: Any = last_page
    while following and len(pages) < MAX_PAGES:
        page = log.get([following]).get(following)
        if page is None:
            raise InputError(
                f"next_page_of: there is no recommendation '{following}'; it was incognito, is "
                "older than rank.keep_days, or is not from here. Ask anew"
            )
        pages.append(page)
        following = page.request.get("next_page_of")
    return pages


def check_same_owner(store: EventLog, first: Request, owner: str | None) -> None:
    """Raises InputError where the session is another user's than when its list was made.

    first: the question of the first page. owner: whose that list is, None while nobody was known.
    """
    if first.user is not None or first.session is None:
        return
    owner = owner or store.first_user_of_session(first.session)
    if owner is not None and owner != store.user_of_session(first.session):
        raise InputError(
            "next_page_of: somebody else has signed in on this session since that list; ask anew"
        )
