"""Reviews in, for each item what is read of them out.

Whoever writes a review may write anything, so all that is here is bounded: an author counts once an
item, with the newest text; the same text counts once, whoever sends it; markup and addresses are no
words; of a long text the beginning is read, and of many texts the newest. What a review says is
never an instruction to anything: it becomes a vector and counts of words.
"""

import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import NamedTuple

import numpy as np

from foretaste.domain.data import Event, Interactions

REVIEW_TYPE = "review"
MAX_REVIEWS_PER_ITEM = 50
MAX_REVIEW_LENGTH = 1_500
"""Characters that are read of one."""
MIN_REVIEW_LENGTH = 12
"""Characters of “Great!”, which says nothing of an item."""
_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_UNREAD_TAGS = ["script", "style"]
_SPACES = re.compile(r"\s+")


class Review(NamedTuple):
    """What one author says of one item."""

    author: str
    text: str
    stars: float
    """nan where there are none."""


ItemReviews = Mapping[str, tuple[Review, ...]]
"""Item → its reviews, the newest first."""
NO_REVIEWS: ItemReviews = {}


def plain_review(text: str) -> str:
    """The words of a review, without markup and addresses, on one line."""
    words = unescape(text[: 2 * MAX_REVIEW_LENGTH])
    if "<" in words:
        words = _text_of_html(words)
    return _SPACES.sub(" ", _ADDRESS.sub(" ", words)).strip()[:MAX_REVIEW_LENGTH]


def _text_of_html(text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser  # only for text with markup

    tree = LexborHTMLParser(text)
    tree.strip_tags(_UNREAD_TAGS)
    return tree.body.text(separator=" ") if tree.body is not None else ""


def collect_reviews(reviews: Iterable[tuple[str, str, str, float]]) -> ItemReviews:
    """By item. reviews: (item, author, text, stars), the oldest first."""
    newest: dict[tuple[str, str], tuple[str, float]] = {}
    for item, author, text, stars in reviews:
        newest.pop((item, author), None)
        newest[item, author] = (text, stars)
    by_item: dict[str, dict[str, Review]] = {}
    for (item, author), (text, stars) in reversed(newest.items()):
        words = plain_review(text)
        own = by_item.setdefault(item, {})
        if len(words) >= MIN_REVIEW_LENGTH and len(own) < MAX_REVIEWS_PER_ITEM:
            own.setdefault(words.lower(), Review(author, words, stars))
    return {item: tuple(own.values()) for item, own in by_item.items() if own}


def reviews_of_events(events: Iterable[Event]) -> ItemReviews:
    """Of stored events, in the order of acceptance. Whoever has neither user nor session is nobody
    in particular, and counts once for all of those.
    """
    return collect_reviews(
        (
            event.item,
            event.user or f"session {event.session}",
            event.text,
            np.nan if event.value is None else event.value,
        )
        for event in events
        if event.item is not None and event.text
    )


def reviews_of_interactions(interactions: Interactions, ids: tuple[str, ...]) -> ItemReviews:
    """Of what a model may learn from. ids: of the items."""
    if REVIEW_TYPE not in interactions.event_types:
        return NO_REVIEWS
    code = interactions.event_types.index(REVIEW_TYPE)
    rows = np.flatnonzero(
        (interactions.kind == code) & (interactions.text >= 0) & (interactions.item >= 0)
    )
    rows = rows[np.argsort(interactions.at[rows], kind="stable")]
    owners = interactions.row_users()
    return collect_reviews(
        (
            ids[interactions.item[row]],
            interactions.users[owners[row]],
            interactions.texts[interactions.text[row]],
            float(interactions.value[row]),
        )
        for row in rows.tolist()
    )
