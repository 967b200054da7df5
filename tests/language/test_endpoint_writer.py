"""A real server on this machine that speaks OpenAI's chat API over a small model."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from foretaste.domain.ports import Writer
from foretaste.domain.prompt import Deadline
from foretaste.errors import MissingExtra, WriterError
from foretaste.language.endpoint_writer import EndpointWriter
from foretaste.language.settings import WriterSettings
from foretaste.language.writing_process import LocalModel, WorkQueue

from .checkpoints import llama
from .writer_contract import PROMPT, WriterContract, written


def application(model: LocalModel, asked: list[dict[str, Any]]) -> FastAPI:
    app = FastAPI()
    one_at_a_time = threading.Lock()

    @app.post("/v1/chat/completions")
    def completions(body: dict[str, Any], request: Request) -> Response:
        asked.append(body | {"authorization": request.headers.get("authorization")})
        if body["model"] == "missing":
            return JSONResponse({"error": "no such model"}, status_code=404)
        if body["model"] == "chatty":
            return StreamingResponse(iter(lambda: event("on and on "), None))
        if body["model"] == "stranger":
            return StreamingResponse(iter(['data: {"text": "hello"}\n\n']))
        return StreamingResponse(stream(body), media_type="text/event-stream")

    def stream(body: dict[str, Any]) -> Iterator[str]:
        messages = [[one["role"], one["content"]] for one in body["messages"]]
        said: list[dict[str, Any]] = []
        with one_at_a_time:
            told = {"id": 1, "messages": messages, "tokens": body["max_tokens"]}
            model.write(told, WorkQueue(), said.append)
        yield ": a comment\n\n"
        for one in said:
            yield event(one["piece"])
        yield "data: [DONE]\n\n"

    return app


def event(text: str) -> str:
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n"


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """→ its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()  # a call that comes before the server is up waits instead of being refused
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture(scope="module")
def asked() -> list[dict[str, Any]]:
    """What the server was sent."""
    return []


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, asked: list[dict[str, Any]]) -> Iterator[str]:
    model = LocalModel(llama(tmp_path_factory.mktemp("llama")))
    with served(application(model, asked)) as address:
        yield address


def opened(url: str, **more: Any) -> EndpointWriter:
    return EndpointWriter(WriterSettings(kind="endpoint", url=url, **{"model": "tiny", **more}))


class TestEndpointWriter(WriterContract):
    @pytest.fixture
    def writer(self, url: str) -> Iterator[Writer]:
        one = opened(url)
        yield one
        one.close()


def test_it_asks_as_the_api_wants(url: str, asked: list[dict[str, Any]]) -> None:
    written(opened(url, api_key="hidden"))

    assert asked[-1] == {
        "model": "tiny",
        "messages": [{"role": role, "content": text} for role, text in PROMPT.messages],
        "max_tokens": PROMPT.tokens,
        "temperature": 0,
        "stream": True,
        "authorization": "Bearer hidden",
    }


def test_what_goes_wrong_there_is_told(url: str) -> None:
    with pytest.raises(WriterError, match="answered 404"):
        written(opened(url, model="missing"))
    with pytest.raises(WriterError, match="does not speak"):
        written(opened(url, model="stranger"))
    with pytest.raises(WriterError, match="cannot be reached"):
        written(opened("http://127.0.0.1:9/v1"))


def test_a_server_that_never_ends_is_hung_up_on(url: str) -> None:
    assert len("".join(opened(url, model="chatty").write(PROMPT, Deadline(60)))) < 400


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)

    with pytest.raises(MissingExtra, match=r"pip install 'foretaste\[llm\]'"):
        opened("http://127.0.0.1:9/v1")


def test_a_folder_is_not_needed(tmp_path: Path, url: str) -> None:
    assert opened(url).fingerprint == f"endpoint:{url}/chat/completions:tiny"
