"""What nobody could have meant is refused with 4xx, at every address: half characters, cursors and
numbers without end, values nested without end.
"""

import base64
import json
from typing import Any

import httpx
import pytest

HALF, NUL = "\ud800", "a\0b"


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


def cursor(payload: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(payload).encode()).decode()


CURSORS = [
    cursor([HALF]),
    cursor([NUL]),
    cursor(["9" * 1_000]),
    cursor(["9" * 19]),
    cursor([str(2**63)]),
    base64.urlsafe_b64encode(b"[" * 2_900).decode(),
    "x" * 5_000,
    "é",
]


@pytest.mark.parametrize(
    "path",
    ["/v1/items", "/v1/users", "/api/items", "/api/users", "/api/feedback", "/api/feedback/like"],
)
def test_cursors(client: httpx.Client, path: str) -> None:
    statuses = [client.get(path, params={"cursor": text}).status_code for text in CURSORS]
    assert set(statuses) <= {200, 422}
    assert statuses[0] == statuses[1] == statuses[5] == 422


VALUES = [HALF, NUL, nested(30), {"a": nested(20)}, 10**400, -(10**400), 1e308, True, "@" * 3_000]


def send(client: httpx.Client, method: str, path: str, body: Any) -> int:
    headers = {"Content-Type": "application/json"}
    return client.request(method, path, content=json.dumps(body), headers=headers).status_code


AT = "2024-01-01T00:00:00Z"
FEEDBACK = {"FeedbackType": "like", "UserId": "u", "ItemId": "h", "Timestamp": AT, "Comment": "c"}
ITEM = {"ItemId": "h", "Labels": {"a": {"b": ["c"]}}, "Categories": ["d"], "Comment": "e"}
GORSE_ROWS: dict[str, dict[str, Any]] = {
    "POST /api/user": {"UserId": "u", "Labels": ["a"], "Subscribe": ["b"], "Comment": "c"},
    "POST /api/users": {"UserId": "u", "Labels": {"a": "b"}},
    "PATCH /api/user/u": {"Labels": ["a"], "Comment": "c"},
    "POST /api/item": ITEM | {"IsHidden": False, "Timestamp": AT},
    "POST /api/items": ITEM,
    "PATCH /api/item/h": {"Labels": ["a"], "Categories": ["d"], "Timestamp": AT, "IsHidden": True},
    "POST /api/feedback": FEEDBACK | {"Value": 1},
    "PUT /api/feedback": FEEDBACK,
    "POST /api/session/recommend": FEEDBACK | {"ItemId": "space-1"},
}


@pytest.mark.parametrize(
    "value", VALUES, ids=lambda value: str(value)[:12].encode("ascii", "replace").decode()
)
@pytest.mark.parametrize(("address", "row"), GORSE_ROWS.items())
def test_every_field_of_gorses_bodies(
    client: httpx.Client, address: str, row: dict[str, Any], value: Any
) -> None:
    method, path = address.split()
    is_list = path.endswith(("s", "feedback", "recommend"))
    for field in row:
        for hostile in (row | {field: value}, row | {field: [value]}, row | {field: {"a": value}}):
            status = send(client, method, path, [hostile] if is_list else hostile)
            assert status < 500, (field, hostile)


@pytest.mark.parametrize("name", ["%00", "a%00b", "%ED%A0%80", "x" * 5_000, "%C3", "%FF%FE"])
@pytest.mark.parametrize(
    "path",
    [
        *("/v1/items/", "/v1/users/", "/api/item/", "/api/user/", "/api/recommend/"),
        *("/api/popular/", "/api/latest/", "/api/feedback/", "/api/feedback/like/u/"),
        *("/api/item-to-item/x/", "/api/user/u/feedback/"),
    ],
)
def test_names_in_an_address(client: httpx.Client, path: str, name: str) -> None:
    assert client.get(path + name).status_code < 500
    assert client.delete(path + name).status_code < 500


def test_no_item_is_made_for_feedback_that_is_refused(client: httpx.Client) -> None:
    rows = [
        {"FeedbackType": "no such type", "UserId": "u", "ItemId": HALF},
        {"FeedbackType": "like", "UserId": "u", "ItemId": "x" * 600},
    ]
    assert send(client, "POST", "/api/feedback", rows) == 422
    assert client.get("/v1/items/" + "x" * 512).status_code == 404
