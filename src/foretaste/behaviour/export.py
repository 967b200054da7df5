"""In: items, users, events, answers. Out: each as a plain mapping, for JSON.

The inverse of `parse`: what is written here can be imported or sent again, and means the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from foretaste.domain.consent import ConsentStatement, PurposeRefusal
from foretaste.domain.data import (
    IDENTIFY_EVENT,
    Degradation,
    Event,
    Item,
    LoggedRecommendation,
    OmittedItem,
    Recommendation,
    Recommended,
    Shortfall,
    Term,
    User,
)
from foretaste.domain.media import vector_numbers
from foretaste.domain.preference import Conversation, Preference
from foretaste.domain.prompt import GeneratedText
from foretaste.domain.searched_query import SearchedQuery
from foretaste.domain.store import Store

JsonObject = dict[str, Any]


def with_old_names(content: JsonObject, new_by_old: Mapping[str, str]) -> JsonObject:
    """The same with each renamed field by its old name as well, for one release."""
    return content | {old: content[new] for old, new in new_by_old.items() if new in content}


def item_to_json(item: Item) -> JsonObject:
    """An item: its fields, then its columns; those that are empty are left out."""
    fields: JsonObject = {"id": item.id, "title": item.title}
    fields |= item.texts
    fields |= {name: list(values) for name, values in item.attributes.items()}
    fields |= {name: vector_numbers(vector).tolist() for name, vector in item.vectors.items()}
    if item.more_images:
        fields["image"] = list(item.images)
    for name in ("image", "audio", "available_from", "available_until")[bool(item.more_images) :]:
        value = getattr(item, name)
        if value is not None:
            fields[name] = value
    return fields | {"hidden": True} if item.hidden else fields


def user_to_json(user: User) -> JsonObject:
    """A user: the id, then the attributes."""
    return {"id": user.id} | {name: list(values) for name, values in user.attributes.items()}


def event_to_json(event: Event) -> JsonObject:
    """An event, without what is empty; its type by its name and, for one release, the old one."""
    fields = {name: value for name, value in asdict(event).items() if value not in (None, {})}
    names = {"event_id": fields.pop("event_id"), "event_type": fields.pop("kind")}
    return with_old_names(names | fields, {"kind": "event_type"})


def preference_to_json(preference: Preference) -> JsonObject:
    """What a person changed about their lists."""
    return with_old_names(asdict(preference), {"what": "filter", "said": "wording"})


def consent_statement_to_json(statement: ConsentStatement) -> JsonObject:
    """What was said that may be done with what a person does."""
    return {
        "purpose": statement.purpose,
        "allowed": statement.is_allowed,
        "session": statement.holder_id if statement.is_session else None,
        "by_signal": statement.by_signal,
        "at": statement.at,
    }


def refusals_to_json(refusals: Sequence[PurposeRefusal]) -> list[JsonObject]:
    """What is not done, as it was not allowed."""
    return [refusal._asdict() for refusal in refusals]


def generated_text_to_json(generated_text: GeneratedText, *, is_operator: bool) -> JsonObject:
    """Words for people, who wrote them, and why it was not the language model.

    is_operator: whether the reader may know paths and hosts.
    """
    fallback_reason = generated_text.fallback_reason
    if not is_operator:
        fallback_reason = generated_text.public_fallback_reason or fallback_reason
    content = {
        "text": generated_text.text,
        "author": generated_text.author,
        "fallback_reason": fallback_reason,
    }
    return with_old_names(content, {"by": "author", "why": "fallback_reason"})


def degradation_to_json(degradation: Degradation) -> JsonObject:
    """What stood in for the whole product, and why."""
    return with_old_names(asdict(degradation), {"to": "fallback_level", "why": "reason"})


def omission_to_json(omitted_item: OmittedItem) -> JsonObject:
    """What is not in a list although it was asked for by name, and why."""
    return with_old_names(asdict(omitted_item), {"why": "reason"})


def searched_to_json(searched: SearchedQuery) -> JsonObject:
    """How a query was read."""
    facets = [
        {"text": facet.text, "filter": dict(facet.filter), "applied": facet.is_applied}
        for facet in searched.facets
    ]
    return {"words": searched.words, "facets": facets, "text": searched.text}


def shortfall_to_json(shortfall: Shortfall) -> JsonObject:
    """Why a list is shorter than was asked for."""
    counts = [count._asdict() for count in shortfall.counts]
    return asdict(shortfall) | {"counts": counts}


def logged_recommendation_to_json(recommendation: LoggedRecommendation) -> JsonObject:
    """An answer, for whom it was given to."""
    return {
        "recommendation_id": recommendation.id,
        "at": recommendation.at,
        "request": dict(recommendation.request),
        "items": [list(shown_item) for shown_item in recommendation.items],
    }


def user_data_to_json(
    user: User,
    events: Sequence[Event],
    changes: Sequence[Preference],
    recommendations: Sequence[LoggedRecommendation],
    conversations: Sequence[Conversation] = (),
    consents: Sequence[ConsentStatement] = (),
) -> JsonObject:
    """All that is kept of one person."""
    sessions = {event.session for event in events if event.kind == IDENTIFY_EVENT and event.session}
    return {
        "user": user_to_json(user),
        "sessions": sorted(sessions),
        "events": [event_to_json(event) for event in events],
        "changes": [preference_to_json(change) for change in changes],
        "recommendations": [
            logged_recommendation_to_json(recommendation) for recommendation in recommendations
        ],
        "conversations": [
            {
                "conversation_id": conversation.id,
                "at": conversation.at,
                "state": dict(conversation.state),
            }
            for conversation in conversations
        ],
        "consents": [consent_statement_to_json(statement) for statement in consents],
    }


def personal_data(store: Store, user: str) -> JsonObject | None:
    """All that is kept of a person, for JSON; None if nothing is."""
    stored_user, events, answers = (
        store.user(user),
        store.history(user, None),
        store.recommendations_to(user),
    )
    preferences, conversations = store.preferences(user, None), store.conversations_with(user)
    consents = store.consent_statements(user)
    rows = (events, preferences, answers, conversations, consents)
    if stored_user is None and not any(rows):
        return None
    return user_data_to_json(
        stored_user or User(user), events, preferences, answers, conversations, consents
    )


def recommendation_to_json(
    recommendation: Recommendation, *, explain: bool = False
) -> dict[str, Any]:
    """The list as HTTP and command line tell it; what is not there is left out."""
    content: dict[str, Any] = {
        "recommendation_id": recommendation.recommendation_id,
        "model_version": recommendation.model_version,
        "items": [_ranked_item_to_json(item, explain=explain) for item in recommendation.items],
    }
    if recommendation.headline is not None:
        content["headline"] = recommendation.headline
    if recommendation.searched is not None:
        content["searched"] = searched_to_json(recommendation.searched)
    if recommendation.degraded is not None:
        content["degraded"] = degradation_to_json(recommendation.degraded)
    if recommendation.left_out:
        content["left_out"] = [omission_to_json(item) for item in recommendation.left_out]
    if recommendation.shortfall is not None:
        content["shortfall"] = shortfall_to_json(recommendation.shortfall)
    if recommendation.refusals:
        content["refused"] = refusals_to_json(recommendation.refusals)
    if recommendation.privacy is not None:
        budget = recommendation.privacy
        content["privacy"] = {"epsilon": budget["epsilon"], "delta": budget["delta"]}
    return content


def _ranked_item_to_json(item: Recommended, *, explain: bool) -> dict[str, Any]:
    content: dict[str, Any] = {
        "id": item.id,
        "position": item.position,
        "score": item.score,
        "propensity": item.propensity,
        "source": item.source,
        "title": item.title,
        "reason": item.reason,
        "reasons": [reason.to_json_dict() for reason in item.reasons],
        "attributes": item.attributes,
    }
    if item.progress is not None:
        content["progress"] = item.progress
    if item.properties:
        content["properties"] = item.properties
    if explain:
        content["terms"] = [_term_to_json(term) for term in item.terms]
    return content


def _term_to_json(term: Term) -> dict[str, Any]:
    expert, nats, event, feature = term  # an explained list has hundreds
    content = {"expert": expert, "nats": nats}
    if event is not None:
        content["event"] = event
    if feature is not None:
        content["feature"] = feature
    return content
