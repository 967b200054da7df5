"""Before a process says that it is ready it has answered as it will answer everybody."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.serve.http.keys import create_key
from foretaste.serve.rehearsal import ROUNDS, is_rehearsal, rehearse_lists

from .workspace import serving


def test_each_list_is_asked_for_through_the_application() -> None:
    asked: list[tuple[str, bytes, bool]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        asked.append((scope["path"], message["body"], is_rehearsal.get()))
        start: Message = {"type": "http.response.start", "status": 201, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    statuses = asyncio.run(rehearse_lists(app, [{"n": 1}, {}]))
    assert statuses == [201] * 2 * ROUNDS
    assert [json.loads(body) for _, body, _ in asked] == [{"n": 1}, {}] * ROUNDS
    assert {(path, is_one) for path, _, is_one in asked} == {("/v1/recommend", True)}
    assert not is_rehearsal.get()


def test_a_service_with_keys_has_answered_and_nobody_counts_it(
    copied: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with SqlStore(copied / STORE_FILE) as store:
        _, key = create_key(store.keys, "all", ["admin"], now=0.0)
    caplog.set_level(logging.INFO)
    with serving(copied) as client:
        client.headers["authorization"] = f"Bearer {key}"
        metrics = client.get("/metrics").text
        assert client.post("/v1/recommend", json={}).is_success
    assert "/v1/recommend" not in metrics
    assert "foretaste_recommendations_total{" not in metrics
    warnings = [record.message for record in caplog.records if "rehears" in record.message]
    assert not warnings
