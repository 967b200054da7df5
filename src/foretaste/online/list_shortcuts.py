"""Lists by what is asked for most: each is `recommend` with a field filled in. Part of the facade
`loop.Foretaste`.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from foretaste.domain.data import Recommendation, Request
from foretaste.rank.trending import parse_window


class Recommender(Protocol):
    """What answers with a list."""

    def recommend(
        self, request: Request | str | None = None, /, *, n: int | None = None, **fields: Any
    ) -> Recommendation: ...


class ListShortcuts:
    """Search, similar items, ranking and trending, of one workspace."""

    def search(
        self: Recommender, text: str, user: str | None = None, **fields: Any
    ) -> Recommendation:
        """What answers these words, for this person where one is named."""
        return self.recommend(user, query=text, **fields)

    def similar(
        self: Recommender, item: str, user: str | None = None, **fields: Any
    ) -> Recommendation:
        """What goes with an item, for this person where one is named."""
        return self.recommend(user, items=(item,), **fields)

    def rank(
        self: Recommender, items: Sequence[str], user: str | None = None, **fields: Any
    ) -> Recommendation:
        """A list of the caller's in the order that suits this person, without what may not be
        shown, which `left_out` tells.
        """
        return self.recommend(user, candidates=items, n=max(len(items), 1), **fields)

    def trending(self: Recommender, window: str | float = "7d", **fields: Any) -> Recommendation:
        """What most people took lately: "24h", "7d", or seconds; with a filter, of a category."""
        user = fields.pop("user", None)
        return self.recommend(user, window=parse_window(window), **fields)
