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

POLL_SECONDS = 0.1
"""Seconds after which whoever waits looks whether it was called off."""
MAX_CHARACTERS_PER_TOKEN = 16
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
        thread_deadline = Deadline(deadline.seconds_left())
        threading.Thread(
            target=self._stream_to_queue,
            args=(prompt, thread_deadline, pieces),
            name="endpoint",
            daemon=True,
        ).start()
        try:
            while deadline.seconds_left():
                try:
                    piece = pieces.get(
                        timeout=min(POLL_SECONDS, max(deadline.seconds_left(), 0.001))
                    )
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
            thread_deadline.cancel()

    def _stream_to_queue(
        self, prompt: Prompt, deadline: Deadline, pieces: "queue.SimpleQueue[Any]"
    ) -> None:
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
            error_text = str(error) or type(error).__name__
            pieces.put(WriterError(f"the writer at {address} cannot be reached: {error_text}"))
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
        character_count, max_characters = 0, prompt.tokens * MAX_CHARACTERS_PER_TOKEN
        timeout = max(deadline.seconds_left(), 0.001)
        with self._endpoint.stream(body, timeout) as response:
            if response.status_code != self._endpoint.httpx.codes.OK:
                raise WriterError(f"{self._endpoint.address} answered {response.status_code}")
            for line in response.iter_lines():
                if not deadline.seconds_left() or character_count > max_characters:
                    return
                if not line.startswith("data:"):
                    continue
                data = line.removeprefix("data:").strip()
                if data == "[DONE]":
                    return
                piece = _piece(data)
                character_count += len(piece)
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
