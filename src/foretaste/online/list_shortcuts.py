"""Lists by what is asked for most: each is `recommend` with a field filled in. Part of the facade
`loop.Foretaste`.
"""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Protocol

from foretaste.domain.data import Recommendation, Request
from foretaste.errors import InputError
from foretaste.rank.trending import parse_window


class Recommender(Protocol):
    """What answers with a list."""

    def recommend(
        self, request: Request | str | None = None, /, *, n: int | None = None, **fields: Any
    ) -> Recommendation: ...


class MediaSearcher(Recommender, Protocol):
    """What answers a question with a picture or clip, too."""

    def media_queries(
        self,
        image: bytes | str | PathLike[str] | None = None,
        audio: bytes | str | PathLike[str] | None = None,
    ) -> Mapping[str, str]: ...


class ListShortcuts:
    """Search, similar items, what goes on, ranking and trending, of one workspace."""

    def search(
        self: MediaSearcher,
        text: str | None = None,
        user: str | None = None,
        *,
        image: bytes | str | PathLike[str] | None = None,
        audio: bytes | str | PathLike[str] | None = None,
        **fields: Any,
    ) -> Recommendation:
        """What answers these words, for this person where one is named; or looks like a picture,
        or sounds like a clip, given as bytes, as a path, or as a web address where the settings let
        it be fetched. Raises InputError without any.
        """
        if image is not None or audio is not None:
            fields["media_queries"] = self.media_queries(image, audio)
        elif text is None:
            raise InputError("text: there is no text, image or audio to search by")
        return self.recommend(user, query=text, **fields)

    def similar(
        self: Recommender, item: str, user: str | None = None, **fields: Any
    ) -> Recommendation:
        """What goes with an item, for this person where one is named."""
        return self.recommend(user, items=(item,), **fields)

    def continuation(
        self: Recommender, items: Sequence[str] = (), user: str | None = None, **fields: Any
    ) -> Recommendation:
        """What goes on from these items, such as a playlist, and from nothing before them; without
        items from the last session of the person, or of `session`.
        """
        return self.recommend(user, items=tuple(items), kind="continue", **fields)

    def resume(self: Recommender, user: str | None = None, **fields: Any) -> Recommendation:
        """What the person began and has not finished, and the next parts of their series, what they
        were last at first; where [rank.resume] is set.
        """
        return self.recommend(user, kind="resume", **fields)

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
