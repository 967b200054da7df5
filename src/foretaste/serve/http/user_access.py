"""In: a key, and the user token of a request. Out: which users the request may name.

Everybody can read the key of a page, so the key alone proves nobody. A user token is the shop's
word that somebody is signed in: a JSON Web Token (RFC 7519) that the shop's server signs with
HMAC-SHA-256 and the signing secret of the key, with the user in `sub`, an end in `exp`, and the id
of the key in the header's `kid`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import jwt
from fastapi import Depends, Request

from foretaste.behaviour.values import display_text
from foretaste.serve.http.problems import ProblemError

USER_TOKEN_HEADER = "X-User-Token"
MAX_TOKEN_CHARACTERS = 4096
LEEWAY_SECONDS = 30
"""Seconds by which the clocks of the shop and of the service may differ."""
SIGNING_ALGORITHM = "HS256"

FindSigningSecret = Callable[[str | None], str | None]
"""The id of a key, None for the key that was sent → its signing secret, None where it has none."""


class UserTokenError(Exception):
    """A token that proves nobody, and why."""


def no_signing_secret(_: str | None) -> str | None:
    """Where no key has a signing secret."""
    return None


@dataclass(frozen=True, slots=True)
class UserAccess:
    """Which users a request may name. See `behaviour.keys.USER_ACCESS`."""

    rule: str = "open"
    token: str | None = None
    find_signing_secret: FindSigningSecret = no_signing_secret
    key: str | None = None
    """The public id of the key."""

    @property
    def id_owner(self) -> str | None:
        """Whose the ids of its events are: the key's, or None for those of the whole workspace."""
        return None if self.rule == "open" else self.key

    def refusal(self, user: str | None) -> tuple[str, str] | None:
        """Why it may not name this user, and what to do; None where it may."""
        if user is None or self.rule == "open":
            return None
        if self.rule != "signed":
            return (
                "this key may name no user",
                "name the session alone, or use a key made with --user-access signed",
            )
        if self.token is None:
            return (
                "this key may name a user only with a token that proves them",
                f"send what the shop's server signed for them as {USER_TOKEN_HEADER}, or use a "
                "key made with --user-access open on a server",
            )
        try:
            proven_user = token_user(self.token, self.find_signing_secret)
        except UserTokenError as error:
            return str(error), "have the shop's server sign another"
        if proven_user != user:
            return (
                f"the user token is not that of '{display_text(user)}'",
                "send the token of the user who is named",
            )
        return None

    def check(self, user: str | None) -> None:
        """Raises `ProblemError` unless it may name this user; nobody may be named by everybody."""
        refusal = self.refusal(user)
        if refusal is not None:
            raise ProblemError("user-token", f"user: {'; '.join(refusal)}")


def token_user(token: str, find_signing_secret: FindSigningSecret) -> str:
    """The user whom a token proves. Raises UserTokenError."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise UserTokenError(f"the user token has more than {MAX_TOKEN_CHARACTERS} characters")
    try:
        secret = find_signing_secret(jwt.get_unverified_header(token).get("kid"))
        if secret is None:
            raise UserTokenError("the user token names a key that signs none, in kid")
        claims = jwt.decode(
            token,
            secret,
            algorithms=[SIGNING_ALGORITHM],
            leeway=LEEWAY_SECONDS,
            options={"require": ["sub", "exp"], "verify_aud": False},
        )
    except jwt.ExpiredSignatureError:
        raise UserTokenError("the user token has expired") from None
    except jwt.InvalidSignatureError:
        raise UserTokenError(
            "the user token is not signed with the signing secret of its key"
        ) from None
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise UserTokenError(
            f"the user token is no JWT of {SIGNING_ALGORITHM} with sub and exp"
        ) from None
    user: str = claims["sub"]
    return user


async def get_user_access(request: Request) -> UserAccess:
    """What `AccessMiddleware` says of the caller; an application without it is nobody else's."""
    user_access: UserAccess = request.scope.get("foretaste.user_access") or UserAccess()
    return user_access


UserAccessDep = Annotated[UserAccess, Depends(get_user_access)]
