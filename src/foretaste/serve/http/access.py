"""In: every request that is let in by size. Out: the same with the service of its caller's tenant,
or a refusal: 401 without a good key, 403 with one that may not, 429 with one that asks too often.

What an address needs is declared at its route, see `security`.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from foretaste.behaviour.keys import DEFAULT_TENANT, SCOPES
from foretaste.errors import ForetasteError, InputError
from foretaste.serve.http.hosts import is_local_request
from foretaste.serve.http.keys import Keyring
from foretaste.serve.http.limits import RateLimiter
from foretaste.serve.http.problems import ProblemError, problem_response
from foretaste.serve.http.security import RouteScopes
from foretaste.serve.http.user_access import USER_TOKEN_HEADER, UserAccess
from foretaste.serve.http.visitors import NO_PROXIES, TrustedProxies
from foretaste.serve.rehearsal import is_rehearsal
from foretaste.serve.tenant_pool import TenantPool

METRICS_PATH = "/metrics"
"""Also for whoever asks from this machine without a key."""
WRONG_KEYS_PER_SECOND, WRONG_KEYS_BURST = 1.0, 20
"""Wrong keys a second, and at once, from one address: more are not even looked up."""
KEY_HINT = "send a key as Authorization: Bearer …, or as X-API-Key"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a key's public id, None where none is asked for."""

    key: str | None
    tenant: str
    scopes: tuple[str, ...]
    user_rule: str = "open"
    """Which users it may name, see `behaviour.keys.USER_ACCESS`."""

    def has_scopes(self, required_scopes: Sequence[str]) -> bool:
        """Whether it has all the scopes."""
        return "admin" in self.scopes or all(scope in self.scopes for scope in required_scopes)


ANONYMOUS_CALLER = Caller(None, DEFAULT_TENANT, SCOPES)
"""The caller of a service that has no keys yet, or from this machine where that is enough."""
UNKNOWN_CALLER = Caller(None, DEFAULT_TENANT, ())
"""Anybody, at an address that needs no key."""


class KeyLimits(Protocol):
    """How often a key may ask."""

    async def wait_seconds(self, name: str, visitor: str) -> int:
        """→ 0, or in how many seconds it may."""

    async def close(self) -> None:
        """Give back what is open."""


class AccessMiddleware:
    """Decides who may ask, and gives each request its tenant's service."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tenants: TenantPool,
        keys: Keyring,
        limits: KeyLimits,
        scopes: RouteScopes,
        proxies: TrustedProxies = NO_PROXIES,
        local_metrics: bool = True,
    ) -> None:
        """proxies: whose word of the sender is believed. local_metrics: whether this
        machine may read `/metrics` without a key.
        """
        self._app, self._tenants, self._keys, self._limits = app, tenants, keys, limits
        self._scopes, self._proxies, self._local_metrics = scopes, proxies, local_metrics
        self._wrong_key_limits = RateLimiter(WRONG_KEYS_PER_SECOND, WRONG_KEYS_BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as exit_stack:
            try:
                caller = await self._admit(scope)
                scope["foretaste.tenant"], scope["foretaste.key"] = caller.tenant, caller.key
                scope["foretaste.operator"] = "admin" in caller.scopes
                scope["foretaste.scopes"] = caller.scopes
                scope["foretaste.user_access"] = self._user_access(scope, caller)
                service_context = self._tenants.lend(caller.tenant)
                scope["foretaste.service"] = await exit_stack.enter_async_context(service_context)
            except InputError as error:
                await _refused_response(scope, ProblemError("forbidden", str(error)))(
                    scope, receive, send
                )
            except ProblemError as refused:
                await _refused_response(scope, refused)(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> Caller:
        if is_rehearsal.get():
            return ANONYMOUS_CALLER
        required_scopes = self._scopes.required_scopes(scope)
        headers = Headers(scope=scope)
        secret = sent_secret(headers)
        if not required_scopes and (secret is None or scope["path"] != "/readyz"):
            return ANONYMOUS_CALLER if is_local_request(scope) else UNKNOWN_CALLER
        if scope["path"] == METRICS_PATH and self._local_metrics and is_local_request(scope):
            return ANONYMOUS_CALLER
        caller = await self._authenticate(scope, secret)
        if not caller.has_scopes(required_scopes):
            raise ProblemError(
                "forbidden",
                f"this key has the scope {', '.join(caller.scopes)} and this needs "
                f"{' and '.join(required_scopes)}; use another key",
            )
        await self._check_rate(scope, caller)
        return caller

    def _user_access(self, scope: Scope, caller: Caller) -> UserAccess:
        """Which users the request may name; its token is read when it names one."""

        def find_signing_secret(key_id: str | None) -> str | None:
            return self._keys.signing_secret(key_id or caller.key or "", caller.tenant)

        token = Headers(scope=scope).get(USER_TOKEN_HEADER)
        return UserAccess(caller.user_rule, token, find_signing_secret, caller.key)

    async def _authenticate(self, scope: Scope, secret: str | None) -> Caller:
        """Raises `ProblemError` unless it is somebody."""
        try:
            if self._keys.is_cached(secret):
                caller = self._look_up_caller(scope, secret)
            else:  # the store is asked: others need not wait
                caller = await run_in_threadpool(self._look_up_caller, scope, secret)
        except ForetasteError:
            raise ProblemError(
                "unavailable",
                "keys cannot be checked now, the store does not answer; ask again in a moment",
                headers={"Retry-After": "5"},
            ) from None
        if caller is None:
            reason = (
                "no key was sent" if secret is None else "this key is wrong, expired or revoked"
            )
            raise ProblemError(
                "no-key", f"{reason}; {KEY_HINT}", headers={"WWW-Authenticate": "Bearer"}
            )
        return caller

    def _look_up_caller(self, scope: Scope, secret: str | None) -> Caller | None:
        if not self._keys.is_key_required():
            return ANONYMOUS_CALLER
        if secret is None:
            return None
        key = self._keys.find_key(secret)
        if key is not None:
            return Caller(key.id, key.tenant, key.scopes, key.user_rule)
        retry_seconds = self._wrong_key_limits.take_token(self._proxies.visitor(scope))
        if retry_seconds:
            raise _too_many(retry_seconds, "wrong keys came too often from this address")
        return None

    async def _check_rate(self, scope: Scope, caller: Caller) -> None:
        if caller.key is None:
            return
        retry_seconds = await self._limits.wait_seconds(caller.key, self._proxies.visitor(scope))
        if retry_seconds:
            raise _too_many(
                retry_seconds, "this key asks too often (serve.requests_per_second and serve.burst)"
            )


def _too_many(retry_seconds: int, reason: str) -> ProblemError:
    detail = f"{reason}; ask again in {retry_seconds} s"
    return ProblemError("too-many", detail, headers={"Retry-After": str(retry_seconds)})


def sent_secret(headers: Headers) -> str | None:
    """The key that was sent, in either of the two ways."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key") or None


def _refused_response(scope: Scope, refused: ProblemError) -> Response:
    return problem_response(
        refused.kind,
        refused.detail,
        request_id=scope.get("foretaste.request_id"),
        headers=refused.headers,
    )
