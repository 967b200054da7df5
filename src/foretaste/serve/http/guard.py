"""In: every request, before anything else sees it. Out: the same with an id, a limit on its body,
and one line in the log; and an answer even where the code behind it fails.

The log line names the address, never the query string or the body: what people search for and who
they are is not the log's business.
"""

import asyncio
import json
import logging
import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foretaste.serve.http import logs
from foretaste.serve.http.metrics import Metrics
from foretaste.serve.http.problems import Refused, problem, unexpected
from foretaste.serve.http.traces import Tracer

access = logging.getLogger("foretaste.serve.access")

LARGEST = 8 * 1024 * 1024
"""Bytes of a body: a thousand items of eight thousand characters each."""
PATIENCE = 30.0
"""Seconds in which a body must have come."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer says, unless it says otherwise itself."""
_ID = re.compile(r"(?!ft_)[A-Za-z0-9._-]{1,128}")  # ft_: a key in the wrong place is not logged


class Guard:
    """The outermost layer."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        largest: int = LARGEST,
        patience: float = PATIENCE,
        metrics: Metrics | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._app = app
        self._largest, self._patience = largest, patience
        self._metrics, self._tracer = metrics, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = _Visit(scope, send)
        ended = self._tracer.begin(Headers(scope=scope)) if self._tracer else None
        try:
            largest = None if streamed(scope) else self._largest
            if largest is not None and _length(Headers(scope=scope)) > largest:
                refusal = problem("too-large", self._told(), request_id=visit.id)
                await refusal(scope, receive, visit.send)
            else:
                limited = receive if largest is None else self._limited(receive)
                await self._app(scope, limited, visit.send)
        except Exception as error:
            answer = unexpected(error, visit.id)
            if not visit.status:
                await answer(scope, receive, visit.send)
            else:
                raise  # half an answer is out: the server must cut the connection
        finally:
            line = visit.note()
            if self._metrics is not None:
                self._metrics.request(
                    line["method"], line["path"], line["status"], line["ms"] / 1000
                )
            if ended is not None:
                ended(line)

    def _told(self) -> str:
        return f"a body has at most {self._largest:,} bytes; send it in several calls"

    def _limited(self, receive: Receive) -> Receive:
        """`receive` that stops a body which did not say how long it is, or which does not come."""
        read = 0
        due = time.monotonic() + self._patience
        whole = False

        async def limited() -> Message:
            nonlocal read, whole
            if whole:  # what is waited for now is the end of the connection
                return await receive()
            try:
                async with asyncio.timeout(due - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                whole = True
                raise Refused(
                    "too-slow", self._slow(read), headers={"Connection": "close"}
                ) from None
            read += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if read > self._largest:
                raise Refused("too-large", self._told())
            return message

        return limited

    def _slow(self, read: int) -> str:
        return (
            f"{read:,} bytes of the body came in {self._patience:g} s and it was not whole; send "
            "it again, in several calls if the connection is slow"
        )


class _Visit:
    """One request and what became of it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        scope["foretaste.request_id"] = self.id
        self._facts = logs.begin()
        self.status = 0
        self._scope, self._send, self._began = scope, send, time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.id
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def note(self) -> dict[str, Any]:
        """The line in the log."""
        line: dict[str, Any] = {
            "request_id": self.id,
            "tenant": self._scope.get("foretaste.tenant"),
            "key": self._scope.get("foretaste.key"),
            "method": self._scope["method"],
            "path": self._address(),
            "status": self.status,
            "ms": round((time.perf_counter() - self._began) * 1000, 2),
        } | self._facts
        access.info("%s", json.dumps(line), extra={"fields": line})
        return line

    def _address(self) -> str:
        """The route, not what was typed: an unknown address may hold anything."""
        route = self._scope.get("route")
        return str(getattr(route, "path", "unknown"))


def streamed(scope: Scope) -> bool:
    """Whether the body is read line by line, and may be of any length."""
    return scope["method"] == "POST" and str(scope["path"]).endswith(".jsonl")


def _length(headers: Headers) -> int:
    """What the request says its body has; the server has made sure that it is a number."""
    said = headers.get("content-length", "0")
    return int(said) if said.isdecimal() and len(said) < 19 else 0
