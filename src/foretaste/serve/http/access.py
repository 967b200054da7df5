"""In: every request that is let in by size. Out: the same with the service of its caller's tenant,
or a refusal: 401 without a good key, 403 with one that may not, 429 with one that asks too often.

What an address needs is declared at its route, see `security`.
"""

import ipaddress
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from foretaste.behaviour.keys import DEFAULT, SCOPES
from foretaste.errors import ForetasteError, InputError
from foretaste.serve.http.keys import Keyring
from foretaste.serve.http.limits import Limits
from foretaste.serve.http.problems import Refused, problem
from foretaste.serve.http.security import RouteScopes
from foretaste.serve.tenants import Tenants

METRICS = "/metrics"
"""Also for whoever asks from this machine without a key."""
GUESSES, GUESSES_AT_ONCE = 1.0, 20
"""Wrong keys a second, and at once, from one address: more are not even looked up."""
SAY = "send a key as Authorization: Bearer …, or as X-API-Key"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a key's public id, None where none is asked for."""

    key: str | None
    tenant: str
    scopes: tuple[str, ...]

    def may(self, needed: Sequence[str]) -> bool:
        """Whether it has all the scopes."""
        return "admin" in self.scopes or all(scope in self.scopes for scope in needed)


ANYONE = Caller(None, DEFAULT, SCOPES)
"""The caller of a service that has no keys yet and is reached from this machine alone."""


class Access:
    """Decides who may ask, and gives each request its tenant's service."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tenants: Tenants,
        keys: Keyring,
        limits: Limits,
        scopes: RouteScopes,
    ) -> None:
        self._app, self._tenants, self._keys, self._limits = app, tenants, keys, limits
        self._scopes = scopes
        self._guesses = Limits(GUESSES, GUESSES_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as until_answered:
            try:
                caller = await self._admitted(scope)
                scope["foretaste.tenant"], scope["foretaste.key"] = caller.tenant, caller.key
                lent = self._tenants.lent(caller.tenant)
                scope["foretaste.service"] = await until_answered.enter_async_context(lent)
            except InputError as error:
                await _refusal(scope, Refused("forbidden", str(error)))(scope, receive, send)
            except Refused as refused:
                await _refusal(scope, refused)(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _admitted(self, scope: Scope) -> Caller:
        needed = self._scopes.needed(scope)
        headers = Headers(scope=scope)
        secret = secret_of(headers)
        if not needed and (secret is None or scope["path"] != "/readyz"):
            return ANYONE
        if scope["path"] == METRICS and secret is None and near(scope, headers):
            return ANYONE
        caller = await self._caller(scope, secret)
        if not caller.may(needed):
            raise Refused(
                "forbidden",
                f"this key has the scope {', '.join(caller.scopes)} and this needs "
                f"{' and '.join(needed)}; use another key",
            )
        self._check_rate(caller)
        return caller

    async def _caller(self, scope: Scope, secret: str | None) -> Caller:
        """Raises `Refused` unless it is somebody."""
        try:
            if self._keys.at_hand(secret):
                found = self._look(scope, secret)
            else:  # the store is asked: others need not wait
                found = await run_in_threadpool(self._look, scope, secret)
        except ForetasteError:
            raise Refused(
                "unavailable",
                "keys cannot be checked now, the store does not answer; ask again in a moment",
                headers={"Retry-After": "5"},
            ) from None
        if found is None:
            told = "no key was sent" if secret is None else "this key is wrong, expired or revoked"
            raise Refused("no-key", f"{told}; {SAY}", headers={"WWW-Authenticate": "Bearer"})
        return found

    def _look(self, scope: Scope, secret: str | None) -> Caller | None:
        if not self._keys.asked_for():
            return ANYONE
        if secret is None:
            return None
        key = self._keys.find(secret)
        if key is not None:
            return Caller(key.id, key.tenant, key.scopes)
        host = (scope.get("client") or ("unknown", 0))[0]
        seconds = self._guesses.wait(host)
        if seconds:
            raise _too_many(seconds, "wrong keys came too often from this address")
        return None

    def _check_rate(self, caller: Caller) -> None:
        if caller.key is None:
            return
        seconds = self._limits.wait(caller.key)
        if seconds:
            raise _too_many(seconds, "this key asks too often (serve.rate and serve.burst)")


def _too_many(seconds: int, why: str) -> Refused:
    detail = f"{why}; ask again in {seconds} s"
    return Refused("too-many", detail, headers={"Retry-After": str(seconds)})


def secret_of(headers: Headers) -> str | None:
    """The key that was sent, in either of the two ways."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key") or None


def near(scope: Scope, headers: Headers) -> bool:
    """Whether it comes from this machine and no proxy says otherwise."""
    if any(name in headers for name in _FORWARDED):
        return False
    return loopback((scope.get("client") or ("", 0))[0])


def loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name: where it leads is for others to decide
        return False


def _refusal(scope: Scope, refused: Refused) -> Response:
    return problem(
        refused.kind,
        refused.detail,
        request_id=scope.get("foretaste.request_id"),
        headers=refused.headers,
    )
