"""Which scopes an address needs: declared at its route, shown in the OpenAPI document, and checked
before the body of a request is read.

A route without a declaration needs `admin`: who forgets it closes the address.
"""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.params import Security as RequiredScopes
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

KEY_DESCRIPTION = (
    "A key made by `foretaste keys create`, with the scopes that the address names: `read` asks "
    "for lists and items, `events` says what people did, `metrics` reads `/metrics`, `admin` does "
    "everything. The key of a page names a user only with a token of the shop's server in "
    "`X-User-Token`. A service without a key answers this machine alone, and asks for none."
)
bearer_header = HTTPBearer(scheme_name="bearer", description=KEY_DESCRIPTION, auto_error=False)
key_header = APIKeyHeader(
    name="X-API-Key", scheme_name="key", description=KEY_DESCRIPTION, auto_error=False
)


async def document_key(
    bearer: Annotated[object, Security(bearer_header)], key: Annotated[object, Security(key_header)]
) -> None:
    """Documents where a key is sent. `AccessMiddleware` has checked it before that."""


async def no_key_needed() -> None:
    """Marks a route that needs no key."""


NO_KEY_NEEDED = Depends(no_key_needed)
READ = Security(document_key, scopes=["read"])
EVENTS = Security(document_key, scopes=["events"])
READ_AND_EVENTS = Security(document_key, scopes=["read", "events"])
METRICS = Security(document_key, scopes=["metrics"])
ADMIN = Security(document_key, scopes=["admin"])


class RouteScopes:
    """The scopes that each route declares."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._routes = [(route, declared_scopes(route)) for route in routes]

    def required_scopes(self, scope: Scope) -> tuple[str, ...]:
        """The scopes that a request needs, all of them.

        An address that is not there needs `admin`, so that strangers learn nothing of it.
        """
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        for route, scopes in self._routes:
            if route.matches(scope)[0] is Match.FULL:
                return scopes
        return ("admin",)


def declared_scopes(route: BaseRoute) -> tuple[str, ...]:
    """The scopes a route declares in its `Security`; none if it needs no key, else `admin`."""
    dependencies = getattr(route, "dependencies", ())
    if any(dependency.dependency is no_key_needed for dependency in dependencies):
        return ()
    scopes = [
        scope
        for dependency in dependencies
        if isinstance(dependency, RequiredScopes)
        for scope in dependency.scopes or ()
    ]
    return tuple(dict.fromkeys(scopes)) or ("admin",)
