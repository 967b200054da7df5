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

from foretaste.domain.consent import PrivacySignal, privacy_signals
from foretaste.serve.http import logs
from foretaste.serve.http.metrics import Metrics
from foretaste.serve.http.problem_texts import request_scope
from foretaste.serve.http.problems import ProblemError, problem_response, unexpected_response
from foretaste.serve.http.traces import EndSpan, Tracer
from foretaste.serve.rehearsal import is_rehearsal

access_log = logging.getLogger("foretaste.serve.access")

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Bytes of a body: a thousand items of eight thousand characters each."""
BODY_TIMEOUT_SECONDS = 30.0
"""Seconds in which a body must have come."""
DEFAULT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer says, unless it says otherwise itself."""
_REQUEST_ID = re.compile(
    r"(?!fts?_|eyJ)[A-Za-z0-9._-]{1,128}"
)  # a key, a signing secret or a token in the wrong place is not logged


class GuardMiddleware:
    """The outermost layer."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int = MAX_BODY_BYTES,
        body_seconds: float = BODY_TIMEOUT_SECONDS,
        metrics: Metrics | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._app = app
        self._max_body_bytes, self._body_seconds = max_body_bytes, body_seconds
        self._metrics, self._tracer = metrics, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = _RequestRecord(scope, send)
        request_scope.set(scope)
        privacy_signals.set(signals_of(Headers(scope=scope)))
        end_span = self._tracer.begin_span(Headers(scope=scope)) if self._tracer else None
        try:
            max_body_bytes = None if is_streamed_body(scope) else self._max_body_bytes
            if (
                max_body_bytes is not None
                and _content_length(Headers(scope=scope)) > max_body_bytes
            ):
                too_large_response = problem_response(
                    "too-large", self._too_large_detail(scope), request_id=record.id
                )
                await too_large_response(scope, receive, record.send)
            else:
                if max_body_bytes is not None:
                    receive = self._limit_body(receive, self._too_large_detail(scope))
                await self._app(scope, receive, record.send)
        except Exception as error:
            error_response = unexpected_response(error, record.id)
            if not record.status:
                await error_response(scope, receive, record.send)
            else:
                raise  # half an answer is out: the server must cut the connection
        finally:
            if not is_rehearsal.get():
                self._tell(record, end_span)

    def _tell(self, record: "_RequestRecord", end_span: EndSpan | None) -> None:
        """What became of a request: to the log, the metrics and the traces."""
        log_fields = record.write_log_line()
        if self._metrics is not None:
            self._metrics.observe_request(
                log_fields["method"],
                log_fields["path"],
                log_fields["status"],
                log_fields["ms"] / 1000,
                log_fields["tenant"],
            )
        if end_span is not None:
            end_span(log_fields)

    def _too_large_detail(self, scope: Scope) -> str:
        is_search = scope["path"].endswith("/v1/search")
        remedy = "send a smaller picture or clip" if is_search else "send it in several calls"
        return f"a body has at most {self._max_body_bytes:,} bytes; {remedy}"

    def _limit_body(self, receive: Receive, too_large: str) -> Receive:
        """`receive` that stops a body which did not say how long it is, or which does not come."""
        n_bytes = 0
        deadline = time.monotonic() + self._body_seconds
        body_complete = False

        async def limited_receive() -> Message:
            nonlocal n_bytes, body_complete
            if body_complete:  # what is waited for now is the end of the connection
                return await receive()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                body_complete = True
                raise ProblemError(
                    "too-slow", self._too_slow_detail(n_bytes), headers={"Connection": "close"}
                ) from None
            n_bytes += len(message.get("body", b""))
            body_complete = not message.get("more_body", False)
            if n_bytes > self._max_body_bytes:
                raise ProblemError("too-large", too_large)
            return message

        return limited_receive

    def _too_slow_detail(self, n_bytes: int) -> str:
        return (
            f"{n_bytes:,} bytes of the body came in {self._body_seconds:g} s and it was not "
            "whole; send "
            "it again, in several calls if the connection is slow"
        )


class _RequestRecord:
    """One request and what became of it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        sent_id = Headers(scope=scope).get("x-request-id", "")
        self.id = sent_id if _REQUEST_ID.fullmatch(sent_id) else uuid.uuid4().hex
        scope["foretaste.request_id"] = self.id
        self._extra_fields = logs.begin_request()
        self.status = 0
        self._scope, self._send, self._start_time = scope, send, time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.id
            for name, value in DEFAULT_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def write_log_line(self) -> dict[str, Any]:
        """The line in the log."""
        log_fields: dict[str, Any] = {
            "request_id": self.id,
            "tenant": self._scope.get("foretaste.tenant"),
            "key": self._scope.get("foretaste.key"),
            "method": self._scope["method"],
            "path": self._route_path(),
            "status": self.status,
            "ms": round((time.perf_counter() - self._start_time) * 1000, 2),
        } | self._extra_fields
        access_log.info("%s", json.dumps(log_fields), extra={"fields": log_fields})
        return log_fields

    def _route_path(self) -> str:
        """The route, not what was typed: an unknown address may hold anything."""
        route = self._scope.get("route")
        return str(getattr(route, "path", "unknown"))


def signals_of(headers: Headers) -> frozenset[PrivacySignal]:
    """What the browser says of privacy: Global Privacy Control, and Do Not Track."""
    names: dict[PrivacySignal, str] = {"gpc": "sec-gpc", "dnt": "dnt"}
    return frozenset(
        signal for signal, name in names.items() if headers.get(name, "").strip() == "1"
    )


def is_streamed_body(scope: Scope) -> bool:
    """Whether the body is read line by line, and may be of any length."""
    return scope["method"] == "POST" and str(scope["path"]).endswith(".jsonl")


def _content_length(headers: Headers) -> int:
    """What the request says its body has; the server has made sure that it is a number."""
    content_length = headers.get("content-length", "0")
    return int(content_length) if content_length.isdecimal() and len(content_length) < 19 else 0
