"""What an agent may do for a person: arguments in, what the loop says out, as plain JSON.

The same tools serve the talk by grammar, a larger language model by tool calls, and the MCP
server. Each belongs to one person: whoever calls them cannot act for another.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.domain import Event, Recommendation, Recommended, Request
from foretaste.errors import InputError
from foretaste.loop import Foretaste

KINDS = ("view", "click", "like", "dislike", "hide", "purchase", "add_to_cart")
"""Kinds of event that an agent may record."""
MOST = 50
"""Items in one answer of a tool."""


class Tools:
    """The loop, for one person."""

    def __init__(self, shop: Foretaste, user: str | None = None, session: str | None = None):
        self.shop, self.user, self.session = shop, user, session

    def ask(
        self,
        query: str | None = None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002  # its name everywhere
        like: Sequence[str] = (),
        n: int = 5,
        next_page_of: str | None = None,
    ) -> Recommendation:
        """A list. Raises InputError."""
        if not 1 <= n <= MOST:
            raise InputError(f"n: {n}; ask for 1 to {MOST} items")
        if next_page_of is not None:
            return self.shop.recommend(Request(next_page_of=next_page_of, n=n))
        return self.shop.recommend(
            Request(
                user=self.user,
                session=self.session,
                query=(query or "").strip() or None,
                items=tuple(like),
                filter=filter or {},
                n=n,
                timeout_ms=self.shop.config.rank.timeout_ms * PATIENT,
            )
        )

    def recommend(
        self,
        query: str | None = None,
        filter: dict[str, Any] | None = None,  # noqa: A002
        like: list[str] | None = None,
        n: int = 5,
        next_page_of: str | None = None,
    ) -> dict[str, Any]:
        """The list for this person, from all they did up to now.

        query: what they ask for, in their words. filter: what the items must be like, e.g.
        {"genres": "Drama", "year": {"gte": 1990}, "about": "space"}. like: ids of items that it
        should be like. next_page_of: a recommendation_id, for its next items; then leave out the
        rest.
        """
        found = self.ask(query, filter=filter, like=like or (), n=n, next_page_of=next_page_of)
        return listed(found)

    def search(self, query: str, n: int = 5) -> dict[str, Any]:
        """What answers these words, in the order that suits this person."""
        return listed(self.ask(query, n=n))

    def explain(self, item: str) -> dict[str, Any]:
        """Why an item suits this person, or why it is not shown to them: terms of its score."""
        if self.shop.store.item(item) is None:
            raise InputError(f"item: there is no item '{item}'")
        asked: dict[str, Any] = {"user": self.user, "session": self.session}
        found = self.shop.recommend(Request(candidates=(item,), n=1, explain=True, **asked))
        taken = self.shop.config.rank.hide_seen and any(
            one.item == item and self.shop.weights.get(one.kind, 0) > 0
            for one in self.shop.store.history(self.user, self.session)
        )
        if not len(found):
            return {"item": item, "shown": False, "why_not": found.left_out[0].why}
        one = found.items[0]
        return {
            "item": item,
            "title": one.title,
            "shown": not taken,
            "why_not": "they have had it already" if taken else None,
            "reasons": list(one.reason),
            "score": one.score,
            "terms": [
                {"expert": term.expert, "nats": round(term.nats, 3)}
                | ({"event": term.event} if term.event else {})
                | ({"feature": term.feature} if term.feature else {})
                for term in sorted(one.terms, key=lambda term: -abs(term.nats))[:12]
            ],
        }

    def record(self, item: str, kind: str, recommendation_id: str | None = None) -> dict[str, Any]:
        """Record what the person did with an item: the very next list knows it.

        kind: view, click, like, dislike, hide, purchase or add_to_cart. recommendation_id: the
        list it came from.
        """
        if kind not in KINDS:
            raise InputError(f"kind: '{kind}' is none of {', '.join(KINDS)}")
        if self.user is None and self.session is None:
            raise InputError("who did it? name a user or a session")
        if self.shop.store.item(item) is None:
            raise InputError(f"item: there is no item '{item}'")
        position = None
        if recommendation_id is not None:
            served = self.shop.lists.answers.get([recommendation_id]).get(recommendation_id)
            position = None if served is None else served.position(item)
        event = Event(
            f"agent-{uuid.uuid4().hex}",
            kind,
            self.shop.clock(),
            user=self.user,
            session=self.session,
            item=item,
            recommendation_id=recommendation_id if position is not None else None,
            position=position,
        )
        self.shop.record([event])
        return {"event_id": event.event_id, "recorded": kind, "item": item}

    def profile(self) -> dict[str, Any]:
        """What sets this person's taste apart, and what they changed about their lists."""
        if self.user is None and self.session is None:
            raise InputError("whose profile? name a user or a session")
        liked = self.shop.profile(self.user, session=self.session)
        return {
            "taste": {
                column: [{"value": one.value, "lift": round(one.lift, 2)} for one in values]
                for column, values in liked.items()
            },
            "changes": changes_of(self.shop.steer(self.user, session=self.session).changes),
        }

    def steer(self, wish: str | None = None, less_like: list[str] | None = None) -> dict[str, Any]:
        """Change what this person is shown from now on, as they wish it.

        wish: in plain English, e.g. "more slow films, nothing violent, only comedies, forget the
        westerns". less_like: ids of items of whose kind they want less.
        """
        done = self.shop.steer(
            self.user, session=self.session, wish=wish, less_like=less_like or ()
        )
        return {
            "understood": [
                {"said": one.said, "as": one.name if one.what else None, "act": one.act}
                for one in done.understood
            ],
            "changes": changes_of(done.changes),
        }


PATIENT = 10.0
"""How many times as long as a list in a page a list in a talk may take."""


def listed(found: Recommendation) -> dict[str, Any]:
    """A list, for whoever reads JSON."""
    told: dict[str, Any] = {
        "recommendation_id": found.recommendation_id,
        "items": [item_of(one) for one in found],
    }
    if found.degraded is not None:
        told["degraded"] = found.degraded.why
    return told


def item_of(one: Recommended) -> dict[str, Any]:
    """An item of a list."""
    return {
        "id": one.id,
        "position": one.position,
        "title": one.title,
        "reasons": list(one.reason),
        "attributes": {name: list(values) for name, values in one.attributes.items()},
    }


def changes_of(changes: Sequence[Any]) -> list[dict[str, Any]]:
    """What a person changed."""
    return [
        {"what": one.name, "act": one.act} | ({"nats": one.nats} if one.act == "boost" else {})
        for one in changes
    ]
