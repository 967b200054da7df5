"""Every address of the service, what it asks of a key, and a request that it can answer.

`test_routes` compares this table with the application's: a new route must be written down here.
"""

from dataclasses import dataclass
from typing import Any

READ, EVENTS, BOTH, ADMIN = ("read",), ("events",), ("read", "events"), ("admin",)
OPEN: tuple[str, ...] = ()
CLICK = {"kind": "click", "item": "space-1"}
LIST = {"n": 2}


@dataclass(frozen=True)
class Route:
    """One address. {user}, {session} and {item} stand in its path, query and body."""

    method: str
    path: str
    scopes: tuple[str, ...]
    body: Any = None
    query: str = ""
    names_user: bool = False
    """Whether the request is about the user it names, for a key that is no admin's."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def _of_someone(method: str, path: str, scopes: tuple[str, ...], **body: Any) -> Route:
    """A route whose body names a user and a session."""
    return Route(
        method, path, scopes, {"user": "{user}", "session": "{session}", **body}, names_user=True
    )


ROUTES = (
    Route("GET", "/healthz", OPEN),
    Route("GET", "/readyz", OPEN),
    Route("GET", "/", OPEN),
    Route("GET", "/client.js", OPEN),
    Route("GET", "/static/{version}/{path:path}", OPEN),
    Route("GET", "/openapi.json", OPEN),
    Route("GET", "/api/health/live", OPEN),
    Route("GET", "/api/health/ready", OPEN),
    Route("GET", "/metrics", ADMIN),
    Route("GET", "/v1/about", READ),
    Route("GET", "/v1/sample-users", ADMIN),
    Route(
        "POST",
        "/v1/events",
        EVENTS,
        {"events": [{"user": "{user}", "session": "{session}", **CLICK}]},
        names_user=True,
    ),
    _of_someone("POST", "/v1/identify", EVENTS),
    Route(
        "POST",
        "/v1/take-back",
        EVENTS,
        {"events": [{"event_id": "never", "user": "{user}", "session": "{session}"}]},
        names_user=True,
    ),
    _of_someone("POST", "/v1/recommend", READ, **LIST),
    _of_someone("POST", "/v1/rank", READ, candidates=["space-1", "space-2"]),
    _of_someone("POST", "/v1/similar", READ, item="space-1", **LIST),
    _of_someone("POST", "/v1/search", READ, query="rocket", **LIST),
    _of_someone("POST", "/v1/bought-together", READ, item="space-1", **LIST),
    _of_someone("POST", "/v1/page", READ, shelves=[{"kind": "for_you"}, {"kind": "popular"}]),
    _of_someone("POST", "/v1/facets", READ, facets=["theme"]),
    Route("GET", "/v1/items/{item:path}/image", READ),
    Route("GET", "/v1/items/{item:path}/aspects", READ),
    Route(
        "GET",
        "/v1/items/{item:path}/page",
        READ,
        query="?n=2&user={user}&session={session}",
        names_user=True,
    ),
    Route("GET", "/v1/suggest", READ, query="?q=ro&user={user}&session={session}", names_user=True),
    Route("GET", "/v1/placements", ADMIN),
    Route("PUT", "/v1/placements/{name}", ADMIN, {"n": 3}),
    Route("GET", "/v1/placements/{name}", ADMIN),
    Route("GET", "/v1/placements/{name}/changes", ADMIN),
    Route("POST", "/v1/placements/{name}/undo", ADMIN),
    Route("DELETE", "/v1/placements/{name}", ADMIN),
    _of_someone("POST", "/v1/generate", READ, query="rocket", **LIST),
    _of_someone("POST", "/v1/chat", BOTH, text="bread"),
    _of_someone("POST", "/v1/why-not", ADMIN, item="kitchen-1", **LIST),
    Route("GET", "/v1/trending", READ, query="?n=2&user={user}&session={session}", names_user=True),
    Route("GET", "/v1/users/{id}/profile", READ, names_user=True),
    Route(
        "PATCH",
        "/v1/users/{id}/profile",
        BOTH,
        {"changes": [{"what": {"theme": "space"}, "mute": True}]},
        names_user=True,
    ),
    Route("GET", "/v1/sessions/{id}/profile", READ),
    Route(
        "PATCH",
        "/v1/sessions/{id}/profile",
        BOTH,
        {"changes": [{"what": {"part": "1"}, "nats": 0.5}]},
    ),
    Route("GET", "/v1/users/{id}/consent", READ, names_user=True),
    Route("PATCH", "/v1/users/{id}/consent", EVENTS, {"share": True}, names_user=True),
    Route("GET", "/v1/sessions/{id}/consent", READ),
    Route("PATCH", "/v1/sessions/{id}/consent", EVENTS, {"share": True}),
    Route("POST", "/v1/consents", ADMIN, {"consents": [{"session": "s-9", "share": True}]}),
    Route("POST", "/v1/items", ADMIN, {"items": [{"id": "new-item", "title": "New"}]}),
    Route("GET", "/v1/items", READ, query="?n=2"),
    Route("GET", "/v1/items/{item:path}", READ),
    Route("PATCH", "/v1/items/{item:path}", ADMIN, {"title": "Another"}),
    Route("DELETE", "/v1/items/{item:path}", ADMIN),
    Route("POST", "/v1/items.jsonl", ADMIN, '{"id": "new-item", "title": "New"}\n'),
    Route("GET", "/v1/items.jsonl", READ),
    Route("POST", "/v1/users", ADMIN, {"users": [{"id": "{user}", "age": "30"}]}),
    Route("GET", "/v1/users", ADMIN),
    Route("POST", "/v1/users.jsonl", ADMIN, '{"id": "new-user", "age": "30"}\n'),
    Route("GET", "/v1/users.jsonl", ADMIN),
    Route("GET", "/v1/users/{user:path}", ADMIN),
    Route("PATCH", "/v1/users/{user:path}", ADMIN, {"age": "31"}),
    Route("DELETE", "/v1/users/{user:path}", ADMIN),
    Route("GET", "/v1/erasures/{receipt_id}", ADMIN),
    Route("GET", "/v1/users/{user:path}/export", ADMIN),
    Route("GET", "/console", OPEN),
    Route("GET", "/console/outcomes", OPEN),
    Route("GET", "/console/people", OPEN),
    Route("GET", "/console/rules", OPEN),
    Route("GET", "/console/catalogue", OPEN),
    Route("GET", "/console/model", OPEN),
    Route("GET", "/console/data", OPEN),
    Route("GET", "/console/keys", OPEN),
    Route("GET", "/v1/status", ADMIN),
    Route("POST", "/v1/placements/dry-run", ADMIN, {"placement": {"n": 2}, "users": ["{user}"]}),
    Route("GET", "/v1/outcomes", ADMIN, query="?days=1"),
    Route("GET", "/v1/models", ADMIN),
    Route("POST", "/v1/models/promote", ADMIN, {"version": "none"}),
    Route("POST", "/v1/models/rollback", ADMIN),
    Route("POST", "/v1/models/compare", ADMIN, {"versions": ["none", "none"], "user": "{user}"}),
    Route("GET", "/v1/data-health", ADMIN, query="?days=2"),
    Route("GET", "/v1/data-quality", ADMIN),
    Route("GET", "/v1/imports", ADMIN),
    Route("GET", "/v1/imports/rejects", ADMIN, query="?file=none.csv"),
    Route("POST", "/v1/imports/{number}/undo", ADMIN),
    Route("GET", "/v1/keys", ADMIN),
    Route("POST", "/v1/keys", ADMIN, {"name": "another", "scopes": ["read"]}),
    Route("POST", "/v1/keys/{key}/rotate", ADMIN, {}),
    Route("POST", "/v1/keys/{key}/revoke", ADMIN),
    Route("GET", "/v1/tenants", ADMIN),
    Route("POST", "/v1/tenants", ADMIN, {"name": "Not a name"}),
    Route("GET", "/v1/catalogue", ADMIN, query="?q=moon&n=2"),
    Route("GET", "/v1/catalogue/{item:path}", ADMIN),
    Route("GET", "/v1/people", ADMIN, query="?q={user}"),
    Route("GET", "/v1/people/{user:path}", ADMIN),
    Route("POST", "/api/user", ADMIN, {"UserId": "{user}"}),
    Route("POST", "/api/users", ADMIN, [{"UserId": "{user}"}]),
    Route("GET", "/api/users", ADMIN),
    Route("GET", "/api/user/{user}", ADMIN),
    Route("PATCH", "/api/user/{user}", ADMIN, {"Comment": "x"}),
    Route("DELETE", "/api/user/{user}", ADMIN),
    Route("POST", "/api/item", ADMIN, {"ItemId": "new-item"}),
    Route("POST", "/api/items", ADMIN, [{"ItemId": "new-item"}]),
    Route("GET", "/api/items", READ),
    Route("GET", "/api/item/{item}", READ),
    Route("PATCH", "/api/item/{item}", ADMIN, {"Comment": "Another"}),
    Route("DELETE", "/api/item/{item}", ADMIN),
    Route("PUT", "/api/item/{item}/category/{category}", ADMIN),
    Route("DELETE", "/api/item/{item}/category/{category}", ADMIN),
    *(
        Route(
            method,
            "/api/feedback",
            EVENTS,
            [{"FeedbackType": "click", "UserId": "{user}", "ItemId": "space-1"}],
            names_user=True,
        )
        for method in ("POST", "PUT")
    ),
    Route("GET", "/api/feedback", ADMIN),
    Route("GET", "/api/feedback/{kind}", ADMIN),
    Route("GET", "/api/user/{user}/feedback", ADMIN),
    Route("GET", "/api/user/{user}/feedback/{kind}", ADMIN),
    Route("GET", "/api/item/{item}/feedback", ADMIN),
    Route("GET", "/api/item/{item}/feedback/", ADMIN),
    Route("GET", "/api/item/{item}/feedback/{kind}", ADMIN),
    Route("GET", "/api/feedback/{user}/{item}", ADMIN),
    Route("GET", "/api/feedback/{kind}/{user}/{item}", ADMIN),
    Route("DELETE", "/api/feedback/{user}/{item}", ADMIN),
    Route("DELETE", "/api/feedback/{kind}/{user}/{item}", ADMIN),
    Route("GET", "/api/recommend/{user}", READ, names_user=True),
    Route("GET", "/api/recommend/{user}/", READ, names_user=True),
    Route("GET", "/api/recommend/{user}/{category}", READ, names_user=True),
    Route("POST", "/api/session/recommend", READ, [{"ItemId": "space-1", "UserId": "{user}"}]),
    Route(
        "POST", "/api/session/recommend/{category}", READ, [{"ItemId": "space-1", "UserId": "x"}]
    ),
    Route("GET", "/api/item/{item}/neighbors", READ),
    Route("GET", "/api/item/{item}/neighbors/", READ),
    Route("GET", "/api/item/{item}/neighbors/{category}", READ),
    Route("GET", "/api/item-to-item/{name}/{item}", READ),
    Route("GET", "/api/non-personalized/{name}", READ),
    Route("GET", "/api/popular", READ),
    Route("GET", "/api/popular/{category}", READ),
    Route("GET", "/api/latest", READ),
    Route("GET", "/api/latest/{category}", READ),
)
