"""In: a key or a tenant to make. Out: what is known of them; a secret this once."""

from typing import Annotated, Literal

from pydantic import Field

from foretaste.behaviour.keys import ApiKey
from foretaste.serve.schemas.values import RequestSchema, ResponseSchema

Days = Annotated[float, Field(ge=0, le=36_500, allow_inf_nan=False)]
Scope = Literal["read", "events", "metrics", "admin"]
UserRule = Literal["open", "signed", "session"]


class KeyOut(ResponseSchema):
    """A key, without its secret. Times are seconds since 1970."""

    id: str
    name: str
    tenant: str
    scopes: list[Scope]
    user_access: UserRule
    """Which users it names: any; those whom the shop's server has signed a token for; none."""
    created: float
    expires: float | None = None
    revoked: float | None = None
    used: float | None = None
    """Last used, to the minute."""
    is_valid: bool
    is_own: bool
    """Whether it is the one that asks."""

    @classmethod
    def of(cls, key: ApiKey, now: float, own_id: str | None) -> "KeyOut":
        """The key as it is sent."""
        names = ("id", "name", "tenant", "created", "expires", "revoked", "used")
        return cls.model_validate(
            {name: getattr(key, name) for name in names}
            | {
                "scopes": list(key.scopes),
                "user_access": key.user_rule,
                "is_valid": key.is_valid(now),
                "is_own": key.id == own_id,
            }
        )


class KeysAnswer(ResponseSchema):
    """Every key there ever was that the caller may see, the newest first."""

    keys: list[KeyOut]
    is_root: bool
    """Whether the caller sees those of every tenant, and may see and make tenants."""


class KeyBody(RequestSchema):
    """A key to make."""

    name: Annotated[str, Field(max_length=200)]
    """Whose it is, for the list."""
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]
    tenant: Annotated[str, Field(max_length=40)] | None = None
    """Whose data it opens; without it those of the key that asks."""
    days: Days | None = None
    """How long it is good; without it, until it is revoked."""
    user_access: UserRule | None = None
    """Without it `signed` for a key that sends events, as pages do, and `open` for others."""


class RotateBody(RequestSchema):
    """How a key is followed by another."""

    overlap_days: Days = 7.0
    """Days for which the old key stays good beside it."""


class NewKeyAnswer(ResponseSchema):
    """A new key. Its secrets are told this once."""

    key: KeyOut
    secret: str
    signing_secret: str | None = None
    """With it your server signs user tokens; only for `signed` keys."""


class TenantOut(ResponseSchema):
    """A shop in this service."""

    name: str
    events: int
    items: int
    model: str | None = None
    """The version that answers."""


class TenantsAnswer(ResponseSchema):
    """Every shop, the root first."""

    tenants: list[TenantOut]


class TenantBody(RequestSchema):
    """A shop to make."""

    name: Annotated[str, Field(max_length=40)]
    """1 to 40 lowercase letters, digits and hyphens."""
