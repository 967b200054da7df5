"""What an agent may do for a person: arguments in, what the loop says out, as plain JSON.

The same tools serve the talk by grammar, a larger language model by tool calls, and the MCP
server. Each belongs to one person: whoever calls them cannot act for another.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from foretaste.domain.data import Event, Recommendation, Recommended, Request, Term
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

    def explain(
        self,
        item: str,
        query: str | None = None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        like: Sequence[str] = (),
        n: int = 5,
    ) -> dict[str, Any]:
        """Why an item suits this person, or why it is not shown to them: terms of its score.

        The rest is the question whose list it is, or is not, in.
        """
        if self.shop.store.item(item) is None:
            raise InputError(f"item: there is no item '{item}'")
        asked = Request(
            user=self.user,
            session=self.session,
            query=(query or "").strip() or None,
            items=tuple(one for one in like if one != item),
            filter=filter or {},
            n=n,
            explain=True,
            incognito=True,  # nobody is shown a list
        )
        absent = self.shop.why_not(item, asked)
        alone = replace(asked, candidates=(item,), filter={}, n=1)
        found = () if absent.filters else self.shop.recommend(alone).items
        one = found[0] if found else None
        there = self.shop.store.item(item)
        return {
            "item": item,
            "title": there.title if there else None,
            "shown": not absent.filters,
            "position": absent.position,
            "rank": absent.rank,
            "why_not": "; ".join(absent.filters)
            or (absent.sentence if absent.position is None else None),
            "reasons": list(one.reason) if one else [],
            "score": absent.score,
            "terms": [_term(term) for term in _strongest(one.terms if one else ())],
            "missing": [
                {"expert": each.expert, "nats": round(each.difference, 3)}
                for each in absent.terms
                if each.difference < 0 and absent.position is None
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
            served = self.shop.recommendation_log.get([recommendation_id]).get(recommendation_id)
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


TERMS = 12
"""Of a score, the strongest that are told."""


def _strongest(terms: Sequence[Term]) -> list[Term]:
    return sorted(terms, key=lambda term: -abs(term.nats))[:TERMS]


def _term(term: Term) -> dict[str, Any]:
    told: dict[str, Any] = {"expert": term.expert, "nats": round(term.nats, 3)}
    named = {"event": term.event, "feature": term.feature}
    return told | {name: value for name, value in named.items() if value}


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
