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
from foretaste.generate.consent_text import refusal_in_words
from foretaste.loop import Foretaste

RECORDABLE_EVENT_TYPES = ("view", "click", "like", "dislike", "hide", "purchase", "add_to_cart")
"""Kinds of event that an agent may record."""
MAX_ITEMS = 50
"""Items in one answer of a tool."""


class Tools:
    """The loop, for one person."""

    def __init__(self, shop: Foretaste, user: str | None = None, session: str | None = None):
        self.shop, self.user, self.session = shop, user, session
        self.language: str | None = None
        """Of the reasons; None as in the settings."""

    def ask(
        self,
        query: str | None = None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002  # its name everywhere
        like: Sequence[str] = (),
        n: int = 5,
        next_page_of: str | None = None,
        query_facets: bool | None = None,
        rules: Sequence[Mapping[str, Any]] = (),
        candidates: Sequence[str] | None = None,
        incognito: bool = False,
    ) -> Recommendation:
        """A list. query_facets: whether what the query names filters. rules: what is likelier in it
        alone. candidates: of these items alone. incognito: it is not shown, so not kept either.
        Raises InputError.
        """
        if not 1 <= n <= MAX_ITEMS:
            raise InputError(f"n: {n}; ask for 1 to {MAX_ITEMS} items")
        if next_page_of is not None:
            return self.shop.recommend(
                Request(next_page_of=next_page_of, n=n, language=self.language)
            )
        return self.shop.recommend(
            Request(
                user=self.user,
                session=self.session,
                query=(query or "").strip() or None,
                items=tuple(like),
                filter=without_items(filter or {}, like),
                n=n,
                timeout_ms=self.shop.config.rank.timeout_ms * TIMEOUT_FACTOR,
                language=self.language,
                query_facets=query_facets,
                rules=tuple(rules),
                candidates=None if candidates is None else tuple(candidates),
                incognito=incognito,
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
        recommendation = self.ask(
            query, filter=filter, like=like or (), n=n, next_page_of=next_page_of
        )
        return recommendation_json(recommendation)

    def search(self, query: str, n: int = 5) -> dict[str, Any]:
        """What answers these words, in the order that suits this person."""
        return recommendation_json(self.ask(query, n=n))

    def explain(
        self,
        item: str,
        query: str | None = None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002
        like: Sequence[str] = (),
        n: int = 5,
        rules: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Why an item suits this person, or why it is not shown to them: terms of its score.

        The rest is the question whose list it is, or is not, in.
        """
        if self.shop.store.item(item) is None:
            raise InputError(f"item: there is no item '{item}'")
        request = Request(
            user=self.user,
            session=self.session,
            query=(query or "").strip() or None,
            items=tuple(seed for seed in like if seed != item),
            filter=filter or {},
            n=n,
            rules=tuple(rules),
            explain=True,
            query_facets=False,  # the talk has found them
            incognito=True,  # nobody is shown a list
            language=self.language,
        )
        absence = self.shop.why_not(item, request)
        single_request = replace(request, candidates=(item,), filter={}, n=1)
        answer_items = () if absence.filters else self.shop.recommend(single_request).items
        recommended = answer_items[0] if answer_items else None
        stored_item = self.shop.store.item(item)
        return {
            "item": item,
            "title": stored_item.title if stored_item else None,
            "shown": not absence.filters,
            "position": absence.position,
            "rank": absence.rank,
            "barred_by": list(absence.filters),
            "why_not": "; ".join(absence.filters)
            or (absence.sentence if absence.position is None else None),
            "reasons": list(recommended.reason) if recommended else [],
            "score": absence.score,
            "terms": [
                _term_json(term) for term in _strongest(recommended.terms if recommended else ())
            ],
            "missing": [
                {"expert": missing_term.expert, "nats": round(missing_term.difference, 3)}
                for missing_term in absence.terms
                if missing_term.difference < 0 and absence.position is None
            ],
        }

    def record(
        self, item: str, event_type: str, recommendation_id: str | None = None
    ) -> dict[str, Any]:
        """Record what the person did with an item: the very next list knows it.

        event_type: view, click, like, dislike, hide, purchase or add_to_cart.
        recommendation_id: the list it came from.
        """
        if event_type not in RECORDABLE_EVENT_TYPES:
            raise InputError(
                f"event_type: '{event_type}' is none of {', '.join(RECORDABLE_EVENT_TYPES)}"
            )
        if self.user is None and self.session is None:
            raise InputError("who did it? name a user or a session")
        if self.shop.store.item(item) is None:
            raise InputError(f"item: there is no item '{item}'")
        position = None
        if recommendation_id is not None:
            logged = self.shop.recommendation_log.get([recommendation_id]).get(recommendation_id)
            position = None if logged is None else logged.position(item)
        event = Event(
            f"agent-{uuid.uuid4().hex}",
            event_type,
            self.shop.clock(),
            user=self.user,
            session=self.session,
            item=item,
            recommendation_id=recommendation_id if position is not None else None,
            position=position,
        )
        source = self.shop.store.consent(self.user, self.session).refusals.get("record")
        if source is not None:
            messages = self.shop.reasoning.display(self.language).messages
            raise InputError(refusal_in_words("record", source, messages).text)
        self.shop.record([event])
        return {"event_id": event.event_id, "recorded": event_type, "item": item}

    def profile(self) -> dict[str, Any]:
        """What sets this person's taste apart, and what they changed about their lists."""
        if self.user is None and self.session is None:
            raise InputError("whose profile? name a user or a session")
        liked = self.shop.profile(self.user, session=self.session)
        return {
            "taste": {
                column: [
                    {"value": feature_value.value, "lift": round(feature_value.lift, 2)}
                    for feature_value in values
                ]
                for column, values in liked.items()
            },
            "changes": preferences_json(
                self.shop.steer(self.user, session=self.session).preferences
            ),
        }

    def steer(self, wish: str | None = None, less_like: list[str] | None = None) -> dict[str, Any]:
        """Change what this person is shown from now on, as they wish it.

        wish: in plain English, e.g. "more slow films, nothing violent, only comedies, forget the
        westerns". less_like: ids of items of whose kind they want less.
        """
        update = self.shop.steer(
            self.user, session=self.session, wish=wish, less_like=less_like or ()
        )
        return {
            "clause_matches": [
                {
                    "phrase": clause_match.phrase,
                    "as": clause_match.name if clause_match.filter else None,
                    "act": clause_match.act,
                }
                for clause_match in update.clause_matches
            ],
            "changes": preferences_json(update.preferences),
        }


def without_items(item_filter: Mapping[str, Any], items: Sequence[str]) -> Mapping[str, Any]:
    """The filter without items that are named: a list that is like an item does not show it."""
    if not items:
        return item_filter
    return {**item_filter, "and": [*item_filter.get("and", ()), {"not": {"id": list(items)}}]}


MAX_TERMS = 12
"""Of a score, the strongest that are told."""


def _strongest(terms: Sequence[Term]) -> list[Term]:
    return sorted(terms, key=lambda term: -abs(term.nats))[:MAX_TERMS]


def _term_json(term: Term) -> dict[str, Any]:
    json_fields: dict[str, Any] = {"expert": term.expert, "nats": round(term.nats, 3)}
    optional_fields = {"event": term.event, "feature": term.feature}
    return json_fields | {name: value for name, value in optional_fields.items() if value}


TIMEOUT_FACTOR = 10.0
"""How many times as long as a list in a page a list in a talk may take."""


def recommendation_json(recommendation: Recommendation) -> dict[str, Any]:
    """A list, for whoever reads JSON."""
    json_fields: dict[str, Any] = {
        "recommendation_id": recommendation.recommendation_id,
        "items": [item_json(recommended) for recommended in recommendation],
    }
    if recommendation.degraded is not None:
        json_fields["degraded"] = recommendation.degraded.reason
    if recommendation.shortfall is not None:
        json_fields["shortfall"] = recommendation.shortfall.reason
    return json_fields


def item_json(recommended: Recommended) -> dict[str, Any]:
    """An item of a list."""
    return {
        "id": recommended.id,
        "position": recommended.position,
        "title": recommended.title,
        "reasons": list(recommended.reason),
        "attributes": {name: list(values) for name, values in recommended.attributes.items()},
    }


def preferences_json(preferences: Sequence[Any]) -> list[dict[str, Any]]:
    """What a person changed."""
    return [
        {"what": preference.name, "act": preference.act}
        | ({"nats": preference.nats} if preference.act == "boost" else {})
        for preference in preferences
    ]
