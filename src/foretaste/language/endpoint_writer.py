"""A writer behind an address. In: prompts; out: text, from a server with OpenAI's chat API.

vLLM, llama.cpp, Ollama, Hugging Face's own server and most vendors speak it. Asked for a stream, so
that text comes as it is written and a request that is called off ends there too.
"""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from foretaste.domain.prompt import Deadline, Prompt
from foretaste.errors import WriterError
from foretaste.language.endpoint import Endpoint
from foretaste.language.settings import WriterSettings

LOOK = 0.1
"""Seconds after which whoever waits looks whether it was called off."""
CHARACTERS = 16
"""Of one token, at most: a server that goes on and on is hung up on."""
_END = object()


class EndpointWriter:
    """Writes as many texts at once as it is asked for."""

    def __init__(self, settings: WriterSettings) -> None:
        self._endpoint, self._settings = Endpoint(settings), settings

    @property
    def name(self) -> str:
        """The model's, as the endpoint knows it."""
        return self._settings.model

    @property
    def fingerprint(self) -> str:
        """The address and the model."""
        return f"endpoint:{self._endpoint.address}:{self._settings.model}"

    def start(self) -> None:
        """Nothing is to be loaded here."""

    def write(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        """The text, piece by piece; read in a thread of its own, so that no read outlasts the time.

        The thread ends with the next piece, or when its own time is out.
        """
        pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        own = Deadline(deadline.left())
        threading.Thread(
            target=self._pump, args=(prompt, own, pieces), name="endpoint", daemon=True
        ).start()
        try:
            while deadline.left():
                try:
                    piece = pieces.get(timeout=min(LOOK, max(deadline.left(), 0.001)))
                except queue.Empty:
                    continue
                if piece is _END:
                    return
                if isinstance(piece, WriterError):
                    raise piece
                yield piece
            if not deadline.cancelled:
                raise WriterError("not written in time")
        finally:
            own.cancel()

    def _pump(self, prompt: Prompt, deadline: Deadline, pieces: "queue.SimpleQueue[Any]") -> None:
        address = self._endpoint.address
        try:
            for piece in self._stream(prompt, deadline):
                pieces.put(piece)
            pieces.put(_END)
        except WriterError as error:
            pieces.put(error)
        except self._endpoint.httpx.TimeoutException:
            pieces.put(WriterError("not written in time"))
        except self._endpoint.httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            pieces.put(WriterError(f"the writer at {address} cannot be reached: {said}"))
        except Exception as error:  # a thread that dies would leave its asker waiting
            pieces.put(WriterError(f"the writer at {address}: {type(error).__name__}"))

    def _stream(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        body = {
            "model": self._settings.model,
            "messages": [{"role": role, "content": text} for role, text in prompt.messages],
            "max_tokens": prompt.tokens,
            "temperature": 0,
            "stream": True,
        }
        written, most = 0, prompt.tokens * CHARACTERS
        timeout = max(deadline.left(), 0.001)
        with self._endpoint.streamed(body, timeout) as answer:
            if answer.status_code != self._endpoint.httpx.codes.OK:
                raise WriterError(f"{self._endpoint.address} answered {answer.status_code}")
            for line in answer.iter_lines():
                if not deadline.left() or written > most:
                    return
                if not line.startswith("data:"):
                    continue
                data = line.removeprefix("data:").strip()
                if data == "[DONE]":
                    return
                piece = _piece(data)
                written += len(piece)
                if piece:
                    yield piece

    def close(self) -> None:
        """Let go of the connections."""
        with suppress(Exception):  # one may be in use by a thread that nobody waits for
            self._endpoint.close()


def _piece(data: str) -> str:
    """The text of one event of the stream."""
    try:
        choices = json.loads(data)["choices"]
        return (choices[0]["delta"].get("content") or "") if choices else ""
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise WriterError("the endpoint does not speak OpenAI's chat API") from None
