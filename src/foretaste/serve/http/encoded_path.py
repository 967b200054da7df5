"""In: an address in which an id has `/` as `%2F`. Out: the same, in which routes tell that `/` from
those between the parts of the address.

Servers decode an address as a whole, after which `/v1/users/a%2Fexport` is the export of a. Here
each part is decoded by itself, and a `/` within it is written as a mark that no id has, until the
route has been found and the id is read (`id_in_path`).
"""

from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

SLASH_MARK = "\ufdd0"
"""A noncharacter of Unicode: no text may have it."""
_NUL = "\0"  # which every id and text is refused with


class EncodedPathMiddleware:
    """Decodes the parts of the address one by one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        raw_path: bytes | None = scope.get("raw_path")
        if scope["type"] == "http" and raw_path is not None and b"%" in raw_path:
            scope = {**scope, "path": decoded_path(raw_path.decode("latin-1"))}
        await self._app(scope, receive, send)


def decoded_path(raw_path: str) -> str:
    """The address with each part decoded; `id_in_path` gives back a `/` within a part."""
    return "/".join(_decoded_part(part) for part in raw_path.split("/"))


def _decoded_part(part: str) -> str:
    text = unquote(part).replace(SLASH_MARK, _NUL)
    # a route's pattern ends at a line; an id has a blank in its place anyway
    return text.replace("/", SLASH_MARK).replace("\n", " ")


def id_in_path(part: object) -> object:
    """A part of an address as it was meant."""
    return part.replace(SLASH_MARK, "/") if isinstance(part, str) else part
