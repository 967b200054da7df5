"""The addresses of keys and tenants. In: which to make or end. Out: what is known of them.

The root's admin sees all; the admin of a tenant the keys of that tenant, and no tenants.
"""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Body, Depends, Path, Request

from foretaste.behaviour.keys import DEFAULT_TENANT, ApiKey, KeyTable
from foretaste.errors import InputError
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import OperatorRoute
from foretaste.serve.http.keys import create_key, revoke_key, rotate_key
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.key_schemas import (
    KeyBody,
    KeyOut,
    KeysAnswer,
    NewKeyAnswer,
    RotateBody,
    TenantBody,
    TenantOut,
    TenantsAnswer,
)
from foretaste.serve.service import Service
from foretaste.serve.tenant_pool import TenantPool
from foretaste.workspace.tenants import create_tenant, list_tenants, require_tenant

v1 = APIRouter(prefix="/v1", route_class=OperatorRoute, tags=["operation"])
KeyId = Annotated[
    str, Path(max_length=200, description="The part of the key between ft_ and the next _.")
]


class KeyOffice(NamedTuple):
    """Who asks for keys, and which they may see."""

    root: Service
    tenant: str
    own_id: str | None

    @property
    def table(self) -> KeyTable:
        """All keys, of all tenants."""
        return self.root.workspace.store.keys

    @property
    def is_root(self) -> bool:
        """Whether the keys of every tenant may be seen."""
        return self.tenant == DEFAULT_TENANT

    def visible_key(self, key_id: str) -> ApiKey:
        """Raises `ProblemError` for a key that is not there, or of another tenant."""
        key = self.table.get(key_id)
        if key is None or not (self.is_root or key.tenant == self.tenant):
            raise ProblemError("not-found", "no key has this id; '/v1/keys' shows those there are")
        return key


async def _key_office(request: Request) -> KeyOffice:
    pool: TenantPool = request.app.state.tenants
    scope = request.scope
    return KeyOffice(pool.root, scope["foretaste.tenant"], scope["foretaste.key"])


KeyOfficeDep = Annotated[KeyOffice, Depends(_key_office)]


@v1.get("/keys", dependencies=[ADMIN], responses=answer_example("keys"))
def keys(office: KeyOfficeDep) -> KeysAnswer:
    """Every key there ever was, without its secret. The admin of a tenant sees the tenant's."""
    now = office.root.now()
    visible = [
        key for key in office.table.all_keys() if office.is_root or key.tenant == office.tenant
    ]
    rows = [KeyOut.of(key, now, office.own_id) for key in reversed(visible)]
    return KeysAnswer(keys=rows, is_root=office.is_root)


@v1.post("/keys", dependencies=[ADMIN], responses=answer_example("new-key"))
def post_key(
    body: Annotated[KeyBody, Body(openapi_examples=request_examples("key"))], office: KeyOfficeDep
) -> NewKeyAnswer:
    """Make a key. Its secret is in this answer and never again.

    The service asks everybody for a key as soon as there is one, so the first must be an admin's.
    """
    tenant = body.tenant or office.tenant
    if not office.is_root and tenant != office.tenant:
        raise ProblemError("forbidden", "this key makes keys of its own tenant alone")
    require_tenant(office.root.workspace.folder, tenant)
    is_first = not office.table.has_keys()
    if is_first and ("admin" not in body.scopes or tenant != DEFAULT_TENANT):
        raise InputError(
            "scopes: from the first key on nobody is let in without one, so the first must have "
            "admin; make that, then this"
        )
    key, secret = create_key(
        office.table,
        body.name,
        body.scopes,
        tenant=tenant,
        days=body.days,
        user_access=body.user_access,
        now=office.root.now(),
    )
    return _new_key(key, secret, office)


@v1.post("/keys/{key}/rotate", dependencies=[ADMIN], responses=answer_example("new-key"))
def rotate(
    key: KeyId,
    body: Annotated[RotateBody, Body(openapi_examples=request_examples("rotate-key"))],
    office: KeyOfficeDep,
) -> NewKeyAnswer:
    """Make a successor with the same name, scopes and users; the old key ends after an overlap."""
    office.visible_key(key)
    successor, secret = rotate_key(
        office.table, key, overlap_days=body.overlap_days, now=office.root.now()
    )
    return _new_key(successor, secret, office)


@v1.post("/keys/{key}/revoke", dependencies=[ADMIN], responses=answer_example("key"))
def revoke(key: KeyId, office: KeyOfficeDep) -> KeyOut:
    """End a key at once; every process knows within two seconds."""
    office.visible_key(key)
    revoke_key(office.table, key, now=office.root.now())
    return KeyOut.of(office.visible_key(key), office.root.now(), office.own_id)


def _new_key(key: ApiKey, secret: str, office: KeyOffice) -> NewKeyAnswer:
    return NewKeyAnswer(
        key=KeyOut.of(key, office.root.now(), office.own_id),
        secret=secret,
        signing_secret=key.signing_secret,
    )


@v1.get("/tenants", dependencies=[ADMIN], responses=answer_example("tenants"))
def tenants(office: KeyOfficeDep) -> TenantsAnswer:
    """Every shop in this service, with what it has; for the root's admin."""
    _require_root(office)
    rows = list_tenants(office.root.workspace.folder)
    return TenantsAnswer(
        tenants=[TenantOut.model_validate(tenant, from_attributes=True) for tenant in rows]
    )


@v1.post("/tenants", dependencies=[ADMIN], responses=answer_example("tenant"))
def post_tenant(
    body: Annotated[TenantBody, Body(openapi_examples=request_examples("tenant"))],
    office: KeyOfficeDep,
) -> TenantOut:
    """Make a shop with the root's settings and nothing in it. It needs a key: `POST /v1/keys`."""
    _require_root(office)
    create_tenant(office.root.workspace.folder, body.name)
    return TenantOut(name=body.name, events=0, items=0, model=None)


def _require_root(office: KeyOffice) -> None:
    if not office.is_root:
        raise ProblemError("forbidden", "tenants are the root's; use an admin key of the root")
