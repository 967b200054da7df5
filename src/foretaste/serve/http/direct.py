"""In: a request to one of the addresses that are asked most. Out: its answer, without what FastAPI
does at each request for routes of any kind, which takes longer than to read and to write it all.

Only what is as it should be is answered here. A body that is no JSON, or not what its address
takes, goes the usual way with its bytes, so there is one place that says what is wrong with it.
"""

from collections.abc import Iterable
from inspect import signature
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foretaste.errors import ForetasteError
from foretaste.serve.http.accept_language import MAX_LANGUAGE_HEADER, language_tags
from foretaste.serve.http.body import THREADED_PARSE_BYTES, StrictRoute, parse_json
from foretaste.serve.http.problems import ProblemError, error_response

JSON_TYPES = ("application/json", "application/json; charset=utf-8")
"""Written otherwise it is looked at the usual way."""
ARGUMENTS = frozenset(("body", "service", "user_access", "language"))
"""What a function may ask for to be called directly."""


class DirectMiddleware:
    """The innermost layer: whoever asks has been let in, and their tenant's service is known."""

    def __init__(self, app: ASGIApp, *, routes: Iterable[BaseRoute], paths: Iterable[str]) -> None:
        """routes: of the application. paths: the addresses that are answered here, by POST."""
        self._app = app
        by_path = {route.path: route for route in routes if isinstance(route, StrictRoute)}
        self._routes = {path: _DirectRoute(by_path[path]) for path in paths}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        route = None
        if scope["type"] == "http" and scope["method"] == "POST" and not scope.get("root_path"):
            route = self._routes.get(scope["path"])
        headers = Headers(scope=scope)
        if route is None or not _is_plain(headers):
            await self._app(scope, receive, send)
            return
        try:
            messages = [await receive()]
        except ProblemError as error:  # it did not come in time, or is too large
            await (await error_response(Request(scope), error))(scope, receive, send)
            return
        body = None
        if not messages[0].get("more_body", False):
            body = route.read(messages[0].get("body", b""))
        if body is None:
            await self._app(scope, _again(messages, receive), send)
            return
        scope["route"] = route.route
        response = await route.answer(scope, headers, body)
        await response(scope, receive, send)


class _DirectRoute:
    """One address."""

    def __init__(self, route: StrictRoute) -> None:
        self.route = route
        self._arguments = tuple(signature(route.endpoint).parameters)
        assert ARGUMENTS.issuperset(self._arguments), route.path

    def read(self, raw: bytes) -> Any:
        """The body as the address takes it; None for one that goes the usual way."""
        if not raw or len(raw) >= THREADED_PARSE_BYTES or self.route.body_field is None:
            return None
        try:
            document = parse_json(raw)
        except ProblemError:
            return None
        try:
            body, errors = self.route.body_field.validate(document, {}, loc=("body",))
        except UnicodeEncodeError:  # half a character, of which the usual way says what is wrong
            return None
        return None if errors else body

    async def answer(self, scope: Scope, headers: Headers, body: Any) -> Response:
        """What the function of the address says, or the problem that it met."""
        values_by_name = {
            "body": body,
            "service": scope["foretaste.service"],
            "user_access": scope["foretaste.user_access"],
            "language": language_tags(headers.get("accept-language")),
        }
        lanes = scope["app"].state.lanes
        try:
            response: Response = await self.route.run_in_lane(
                lanes, **{name: values_by_name[name] for name in self._arguments}
            )
        except (ProblemError, ForetasteError) as error:
            return await error_response(Request(scope), error)
        return response


def _is_plain(headers: Headers) -> bool:
    """Whether nothing about them needs a closer look."""
    return (
        headers.get("content-type", "").lower() in JSON_TYPES
        and len(headers.get("accept-language", "")) <= MAX_LANGUAGE_HEADER
    )


def _again(messages: list[Message], receive: Receive) -> Receive:
    """`receive` that begins with what was received already."""

    async def receive_again() -> Message:
        return messages.pop(0) if messages else await receive()

    return receive_again
