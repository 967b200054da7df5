"""In: what a caller wants. Out: the request to send, how to read its answer, and when to try again;
nothing is sent here, so that both clients share it.
"""

import json
import random
import ssl
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx

from foretaste_client import answers
from foretaste_client.answers import (
    Aspect,
    BatchResult,
    Erasure,
    ItemPage,
    Json,
    Page,
    Recommendation,
    ServiceError,
    ShopPage,
    Suggestions,
    TakeBack,
)

T = TypeVar("T")
Rows = Iterable[Mapping[str, Any]]

TIMEOUT = 10.0
"""Seconds."""
RETRIES = 4
MAX_PAUSE = 20.0
"""Seconds between two attempts."""
RETRIED_STATUSES = (429, 502, 503, 504)
"""Answers after which the same may be answered otherwise."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@cache
def certificates() -> ssl.SSLContext:
    """Whom to trust, read once for all clients: each reading takes some 20 ms."""
    return httpx.create_ssl_context()


def headers(key: str | None, user_token: str | None = None) -> dict[str, str]:
    """What each request carries."""
    key_headers = {"Authorization": f"Bearer {key}"} if key else {}
    return key_headers | token_headers(user_token)


def token_headers(user_token: str | None) -> dict[str, str]:
    """What proves the user whom a request names."""
    return {"X-User-Token": user_token} if user_token else {}


def checked(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises ServiceError."""
    if response.is_success:
        return response.json()
    try:
        problem = response.json()
    except ValueError:
        problem = {"title": response.text[:200]}
    wait = _retry_after(response.headers.get("retry-after"))
    document = problem if isinstance(problem, dict) else {}
    raise ServiceError(response.status_code, document, wait=wait)


def _retry_after(header: str | None) -> float:
    """Seconds that Retry-After asks for: a number or a date."""
    if not header:
        return 0.0
    try:
        return float(header)
    except ValueError:
        try:
            return (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return 0.0


def pauses(retries: int, first: float) -> Iterator[float]:
    """Seconds before each retry: drawn from 0 up to a bound that doubles, so that many clients that
    failed together do not come back together.
    """
    for attempt in range(retries):
        yield random.uniform(0, min(first * 2**attempt, MAX_PAUSE))


def pause_after(
    error: httpx.TransportError | ServiceError, remaining: Iterator[float]
) -> float | None:
    """Seconds to wait before the next attempt; None where there is to be none.

    At least what the service asks for, but no longer than `MAX_PAUSE`. No attempt follows where it
    would not help, or where all are used up.
    """
    wait = 0.0
    if isinstance(error, ServiceError):
        if error.status not in RETRIED_STATUSES:
            return None
        wait = min(error.wait, MAX_PAUSE)
    pause = next(remaining, None)
    return None if pause is None else max(pause, wait)


def recommend(path: str, fields: Mapping[str, Any]) -> Call[Recommendation]:
    """A list; what is None is not asked."""
    body = {name: value for name, value in fields.items() if value is not None}
    return Call("POST", path, answers.recommendation, body)


def search(
    query: str | None, image: bytes | None, audio: bytes | None, fields: Mapping[str, Any]
) -> Call[Recommendation]:
    """A list for words, a picture, a clip, or all of them."""
    files = {
        name: None if content is None else b64encode(content).decode()
        for name, content in (("image", image), ("audio", audio))
    }
    return recommend("/v1/search", {"query": query, **files, **fields})


def trending(fields: Mapping[str, Any]) -> Call[Recommendation]:
    """What most users consumed lately."""
    params = {name: value for name, value in fields.items() if value is not None}
    if isinstance(params.get("filter"), Mapping):
        params["filter"] = json.dumps(params["filter"])
    return Call("GET", "/v1/trending", answers.recommendation, params=params)


def shop_page(
    fields: Mapping[str, Any], shelves: Iterable[str | Mapping[str, Any]]
) -> Call[ShopPage]:
    """Several lists at once. shelves: kinds, or of each what is asked."""
    body = {name: value for name, value in fields.items() if value is not None}
    rows = [{"kind": shelf} if isinstance(shelf, str) else dict(shelf) for shelf in shelves]
    return Call("POST", "/v1/page", answers.shop_page, {**body, "shelves": rows})


def item_page(item: str, fields: Mapping[str, Any]) -> Call[ItemPage]:
    """All that the page of an item shows."""
    params = {name: value for name, value in fields.items() if value is not None}
    return Call("GET", f"{_path('items', item)}/page", answers.item_page, params=params)


def aspects(item: str) -> Call[tuple[Aspect, ...]]:
    """What reviews praise and blame in an item."""
    return Call(
        "GET", f"{_path('items', item)}/aspects", lambda body: answers.aspects(body["aspects"])
    )


def suggest(typed: str, fields: Mapping[str, Any]) -> Call[Suggestions]:
    """What somebody may mean who has typed so far."""
    params = {name: value for name, value in fields.items() if value is not None}
    if isinstance(params.get("filter"), Mapping):
        params["filter"] = json.dumps(params["filter"])
    return Call("GET", "/v1/suggest", answers.suggestions, params={"q": typed, **params})


def facets(fields: Mapping[str, Any]) -> Call[Json]:
    """What people can choose by."""
    body = {name: value for name, value in fields.items() if value is not None}
    return Call("POST", "/v1/facets", _same, body)


def placements() -> Call[list[Json]]:
    """All placements that hold."""
    return Call("GET", "/v1/placements", lambda body: list(body["placements"]))


def placement(
    method: str, name: str, body: Mapping[str, Any] | None = None, part: str = ""
) -> Call[Json]:
    """One placement."""
    return Call(method, _path("placements", name) + part, _same, body)


def events(rows: Rows) -> Call[BatchResult]:
    """Events, each with an id before it is sent: that makes a retry safe."""
    body = [{"event_id": uuid.uuid4().hex, **row} for row in rows]
    return Call("POST", "/v1/events", answers.batch_result, {"events": body})


def take_back(events: Iterable[str | Mapping[str, Any]]) -> Call[TakeBack]:
    """Events taken back, by their ids or as rows."""
    rows = [{"event_id": row} if isinstance(row, str) else dict(row) for row in events]
    return Call("POST", "/v1/take-back", answers.take_back, {"events": rows})


def put(collection: str, rows: Sequence[Mapping[str, Any]]) -> Call[BatchResult]:
    """Items or users."""
    return Call("POST", f"/v1/{collection}", answers.batch_result, {collection: list(rows)})


def identify(session: str, user: str, user_token: str | None) -> Call[bool]:
    """A session is a user."""
    return Call(
        "POST",
        "/v1/identify",
        lambda body: bool(body["new"]),
        {"session": session, "user": user},
        headers=token_headers(user_token),
    )


def page(collection: str, n: int, cursor: str | None) -> Call[Page]:
    """Items or users."""

    def read(body: Any) -> Page:
        return Page(body[collection], body.get("cursor"))

    params = {"n": n, **({"cursor": cursor} if cursor else {})}
    return Call("GET", f"/v1/{collection}", read, params=params)


def _path(collection: str, name: str) -> str:
    """The address of an item or a user, whatever is in its id.

    "." and ".." would be taken for steps in the address, also percent-encoded: a blank before them,
    which is no part of an id, keeps them.
    """
    text = str(name)
    return f"/v1/{collection}/{quote(f' {text}' if text in ('.', '..') else text, safe='')}"


def record(method: str, collection: str, name: str, body: Any = None) -> Call[Json]:
    """An item or a user."""
    return Call(method, _path(collection, name), _same, body)


def delete_item(item: str) -> Call[bool]:
    """An item out of the catalogue."""
    return Call("DELETE", _path("items", item), lambda body: bool(body["deleted"]))


def erase(user: str) -> Call[Erasure]:
    """A user forgotten."""
    return Call("DELETE", _path("users", user), answers.erasure)


def export(user: str) -> Call[Json]:
    """All that is stored of a user."""
    return Call("GET", f"{_path('users', user)}/export", _same)


def consent(user: str | None, session: str | None) -> Call[Json]:
    """What may be done with what a person does."""
    return Call("GET", _consent_path(user, session), _same)


def set_consent(
    user: str | None, session: str | None, choices: Mapping[str, bool | None]
) -> Call[Json]:
    """Another of it."""
    return Call("PATCH", _consent_path(user, session), _same, body=dict(choices))


def set_consents(consents: Sequence[Mapping[str, Any]]) -> Call[int]:
    """Those of many."""
    body = {"consents": [dict(row) for row in consents]}
    return Call("POST", "/v1/consents", lambda answer: int(answer["changed"]), body=body)


def _consent_path(user: str | None, session: str | None) -> str:
    if (user is None) == (session is None):
        raise ValueError("whose consent? name either a user or a session")
    person = _path("users", user) if user is not None else _path("sessions", session or "")
    return f"{person}/consent"


def ready() -> Call[bool]:
    """Whether the service can answer."""
    return Call("GET", "/readyz", lambda body: bool(body["status"] == "ready"))


def _same(body: Any) -> Json:
    return dict(body)
