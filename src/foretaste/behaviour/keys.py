"""In: API keys, by their public id. Out: the same again, from the store that several processes
share. A key is told here by its hash; the key itself is never written down.

A key that is no longer good stays in the table: a service that once had a key must not fall open
when the last of them is revoked. Nor when the table is lost: a file beside the store remembers.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.erasure_files import export_erasures
from foretaste.behaviour.schema import api_keys
from foretaste.behaviour.transactions import read_surely

SCOPES = ("read", "events", "metrics", "admin")
"""read: ask for lists and items. events: say what people did. metrics: read `/metrics`. admin:
everything.
"""
USER_ACCESS = ("open", "signed", "session")
"""Which users a key may name. open: any. signed: whom a user token proves, signed with the secret
of the key by the shop's server. session: none, only sessions."""
DEFAULT_TENANT = "default"
"""The tenant that the root workspace is."""
KEYS_MARKER = "keys-required"
"""The file of a workspace that says that it has had a key."""
_MARKER_TEXT = """\
This workspace has had an API key, so its service asks for one whatever its store says. Delete this
file only to let in everybody who can reach the service.
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of one API key. Times are seconds since 1970."""

    id: str
    """Public: it names the key in lists and logs."""
    hash: str
    """SHA-256 of the key, hexadecimal. A key is 256 random bits, so nothing slower is needed."""
    name: str
    tenant: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None = None
    revoked: float | None = None
    used: float | None = None
    """Last used, to the minute."""
    user_access: str | None = None
    """One of `USER_ACCESS`; None for keys from before there was a choice, which is "open"."""
    signing_secret: str | None = field(default=None, repr=False)
    """With it the shop's server signs user tokens. Known here as it is: HMAC needs it."""

    def is_valid(self, now: float) -> bool:
        """Whether it opens anything."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    @property
    def user_rule(self) -> str:
        """Which of `USER_ACCESS` holds. Who may do everything may also name everybody."""
        return "open" if "admin" in self.scopes else self.user_access or "open"

    @property
    def is_undecided(self) -> bool:
        """Whether it is from before there was a choice, and may say what any user did."""
        is_event_key = "events" in self.scopes and "admin" not in self.scopes
        return is_event_key and self.user_access is None


class KeyTable:
    """The keys in a SQL database. Several processes read and write it at once.

    folder: the workspace, which remembers that there were keys; None for a store alone.
    """

    def __init__(self, engine: sa.Engine, folder: Path | None = None) -> None:
        self._engine, self._folder = engine, folder

    def add(self, key: ApiKey) -> None:
        """Keep a new key."""
        row = asdict(key) | {"scopes": " ".join(key.scopes)}
        with store_errors(self._engine.url), write_transaction(self._engine) as connection:
            connection.execute(sa.insert(api_keys).values(row))
        self._remember()

    def get(self, key_id: str) -> ApiKey | None:
        """One key, good or not."""
        keys = self._read(sa.select(api_keys).where(api_keys.c.id == key_id))
        return keys[0] if keys else None

    def all_keys(self) -> list[ApiKey]:
        """Every key there ever was, oldest first."""
        return self._read(sa.select(api_keys).order_by(api_keys.c.created, api_keys.c.id))

    def has_keys(self) -> bool:
        """Whether there ever was one, in this table or in one that is lost."""
        if self._folder is not None and had_keys(self._folder):
            return True
        any_key = sa.select(api_keys.c.id).limit(1)
        with store_errors(self._engine.url):
            key_id = read_surely(self._engine, lambda connection: connection.scalar(any_key))
        key_exists = key_id is not None
        if key_exists:
            self._remember()
        return key_exists

    def end_key(
        self, key_id: str, *, revoked: float | None = None, expires: float | None = None
    ) -> bool:
        """Revoke a key now, or let it expire. An end that is set is never put off. → found?"""
        c = api_keys.c
        change = sa.update(api_keys).where(c.id == key_id)
        if revoked is not None:
            change = change.values(revoked=sa.func.coalesce(c.revoked, revoked))
        if expires is not None:
            earlier_expiry = sa.case((c.expires < expires, c.expires), else_=expires)
            change = change.values(expires=earlier_expiry)
        with store_errors(self._engine.url), write_transaction(self._engine) as connection:
            key_exists = connection.execute(change).rowcount > 0
        if key_exists and self._folder is not None:  # a backup of before must not make it good
            export_erasures(self._engine, self._folder)
        return key_exists

    def touch(self, key_id: str, now: float) -> None:
        """It was used."""
        change = sa.update(api_keys).where(api_keys.c.id == key_id).values(used=now)
        with store_errors(self._engine.url), write_transaction(self._engine) as connection:
            connection.execute(change)

    def _remember(self) -> None:
        if self._folder is not None:
            remember_keys(self._folder)

    def _read(self, query: sa.Select[tuple[object, ...]]) -> list[ApiKey]:
        with store_errors(self._engine.url):
            rows: Sequence[sa.RowMapping] = read_surely(
                self._engine, lambda connection: connection.execute(query).mappings().all()
            )
        return [ApiKey(**{**row, "scopes": tuple(row["scopes"].split())}) for row in rows]


def had_keys(folder: Path) -> bool:
    """Whether a workspace is known to have had a key, without asking its store."""
    return (folder / KEYS_MARKER).exists()


def remember_keys(folder: Path) -> None:
    """Write down, outside the store, that a workspace has a key."""
    marker = folder / KEYS_MARKER
    if marker.exists():
        return
    try:
        marker.write_text(_MARKER_TEXT, encoding="utf-8")
    except OSError as error:  # a disk that is full or read-only keeps nobody from using their key
        log.warning("%s cannot be written (%s): only the store knows of keys", marker, error)
