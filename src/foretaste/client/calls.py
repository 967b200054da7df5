"""In: what a caller wants. Out: the request to send and how to read its answer; nothing is sent
here, so that both clients share it.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from tenacity import RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential
from tenacity.wait import wait_base

from foretaste.client import answers
from foretaste.client.answers import BatchResult, Erasure, Json, Page, Refusal
from foretaste.domain.request import Recommendation

T = TypeVar("T")
Rows = Iterable[Mapping[str, Any]]

TIMEOUT = 10.0
"""Seconds."""
RETRIES = 4
LONGEST_PAUSE = 20.0
"""Seconds between two attempts."""
AGAIN = (429, 502, 503, 504)
"""Answers after which the same may be answered otherwise."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)


def headers(key: str | None) -> dict[str, str]:
    """What each request carries."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def checked(answer: httpx.Response) -> Any:
    """The JSON of an answer. Raises Refusal."""
    if answer.is_success:
        return answer.json()
    try:
        problem = answer.json()
    except ValueError:
        problem = {"title": answer.text[:200]}
    wait = _asked_to_wait(answer.headers.get("retry-after"))
    raise Refusal(answer.status_code, problem if isinstance(problem, dict) else {}, wait=wait)


def _asked_to_wait(told: str | None) -> float:
    """Seconds that Retry-After asks for: a number or a date."""
    if not told:
        return 0.0
    try:
        return float(told)
    except ValueError:
        try:
            return (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return 0.0


def _passing(error: BaseException) -> bool:
    """Whether it may go otherwise when tried again."""
    if isinstance(error, Refusal):
        return error.status in AGAIN
    return isinstance(error, httpx.TransportError)


class _Pause(wait_base):
    """Growing pauses with chance in them, and at least what the service asks for."""

    def __init__(self, first: float) -> None:
        self._growing = wait_random_exponential(multiplier=first, max=LONGEST_PAUSE)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.wait if isinstance(error, Refusal) else 0.0
        return max(self._growing(retry_state), min(asked, LONGEST_PAUSE))


def retrying(retries: int, pause: float) -> dict[str, Any]:
    """What tenacity is told."""
    return {
        "stop": stop_after_attempt(retries + 1),
        "wait": _Pause(pause),
        "retry": retry_if_exception(_passing),
        "reraise": True,
    }


def listed(path: str, asked: Mapping[str, Any]) -> Call[Recommendation]:
    """A list; what is None is not asked."""
    body = {name: value for name, value in asked.items() if value is not None}
    return Call("POST", path, answers.recommendation, body)


def trending(asked: Mapping[str, Any]) -> Call[Recommendation]:
    """What most people took lately."""
    params = {name: value for name, value in asked.items() if value is not None}
    if isinstance(params.get("filter"), Mapping):
        params["filter"] = json.dumps(params["filter"])
    return Call("GET", "/v1/trending", answers.recommendation, params=params)


def events(rows: Rows) -> Call[BatchResult]:
    """Events, each with an id before it is sent: that makes a retry safe."""
    body = [{"event_id": uuid.uuid4().hex, **row} for row in rows]
    return Call("POST", "/v1/events", answers.taken, {"events": body})


def put(what: str, rows: Sequence[Mapping[str, Any]]) -> Call[BatchResult]:
    """Items or users."""
    return Call("POST", f"/v1/{what}", answers.taken, {what: list(rows)})


def identify(session: str, user: str) -> Call[bool]:
    """A session is a user."""
    body = {"session": session, "user": user}
    return Call("POST", "/v1/identify", lambda told: bool(told["new"]), body)


def page(what: str, n: int, cursor: str | None) -> Call[Page]:
    """Items or users."""

    def read(told: Any) -> Page:
        return Page(told[what], told.get("cursor"))

    params = {"n": n, **({"cursor": cursor} if cursor else {})}
    return Call("GET", f"/v1/{what}", read, params=params)


def one(method: str, what: str, name: str, body: Any = None) -> Call[Json]:
    """An item or a user."""
    return Call(method, f"/v1/{what}/{quote(name, safe='')}", _same, body)


def delete_item(item: str) -> Call[bool]:
    """An item out of the catalogue."""
    path = f"/v1/items/{quote(item, safe='')}"
    return Call("DELETE", path, lambda told: bool(told["deleted"]))


def erase(user: str) -> Call[Erasure]:
    """A person forgotten."""
    return Call("DELETE", f"/v1/users/{quote(user, safe='')}", answers.erasure)


def export(user: str) -> Call[Json]:
    """All that is kept of a person."""
    return Call("GET", f"/v1/users/{quote(user, safe='')}/export", _same)


def ready() -> Call[bool]:
    """Whether the service can answer."""
    return Call("GET", "/readyz", lambda told: bool(told["status"] == "ready"))


def _same(told: Any) -> Json:
    return dict(told)
