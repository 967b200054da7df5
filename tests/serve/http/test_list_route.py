"""Requests for lists that go the short way are answered as those that go the usual one."""

from collections.abc import Mapping

import httpx
import pytest

USUAL = {"content-type": "application/json; charset=utf-8"}
SHORT = {"content-type": "application/json"}
LONG_LANGUAGE = {"accept-language": ", ".join(["de"] * 300)}


def answers(
    client: httpx.Client, path: str, body: bytes, headers: Mapping[str, str]
) -> list[tuple[int, dict[str, object]]]:
    """(status, JSON) of the same question by either way, without what tells two answers apart."""
    own_fields = ("recommendation_id", "request_id")
    both = []
    for way in (SHORT, USUAL):
        answer = client.post(path, content=body, headers={**headers, **way})
        content = {name: v for name, v in answer.json().items() if name not in own_fields}
        both.append((answer.status_code, content))
    return both


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/recommend", b'{"user": "u1", "explore": 0, "explain": true}', 200),
        ("/v1/recommend", b"{}", 200),
        ("/v1/recommend", b"", 422),
        ("/v1/recommend", b"[]", 422),
        ("/v1/recommend", b'{"n": 0, "colour": 1, "user": ""}', 422),
        ("/v1/recommend", b'{"n": NaN}', 400),
        ("/v1/recommend", b'{"user": "' + b"a" * 20_000 + b'"}', 422),
        ("/v1/rank", b"{}", 422),
        ("/v1/similar", b'{"items": ["nothing"]}', 422),
        ("/v1/bought-together", b'{"items": ["nothing"]}', 422),
    ],
)
def test_both_ways_give_the_same_answer(
    client: httpx.Client, path: str, body: bytes, status: int
) -> None:
    short, usual = answers(client, path, body, {"accept-language": "de"})
    assert short == usual
    assert short[0] == status, short


def test_the_language_is_that_of_the_header(client: httpx.Client) -> None:
    """Also by the short way; one that is too long is refused as everywhere."""
    short, usual = answers(client, "/v1/recommend", b'{"user": "nobody yet"}', {})
    german, _ = answers(
        client, "/v1/recommend", b'{"user": "nobody yet"}', {"accept-language": "de"}
    )
    refused, _ = answers(client, "/v1/recommend", b"{}", LONG_LANGUAGE)
    assert short == usual
    assert german[1]["headline"] != short[1]["headline"]
    assert refused[0] == 422
