"""In: the secret in a request. Out: the key it belongs to, or that it opens nothing.

A secret is `ft_ID_RANDOM`: the id is public and names the key, the rest is 256 random bits. The
store has its SHA-256. What was found is kept for two seconds, so that a request seldom waits for
the store and a revoked key soon stops in every process.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from foretaste.behaviour.keys import DEFAULT_TENANT, SCOPES, USER_ACCESS, ApiKey, KeyTable
from foretaste.domain.patience import NOTE, patience
from foretaste.errors import InputError, StoreError, did_you_mean

KEY_FRESH_SECONDS = 2.0
"""Seconds for which what the store said of a key is believed."""
KEY_STALE_SECONDS = 300.0
"""Seconds for which it is believed while the store cannot be asked."""
LOOKUP_SECONDS = 0.1
"""Seconds that looking up what is known may take; what is fresh must stay so meanwhile."""
USE_NOTE_SECONDS = 60.0
"""Seconds between two notes of when a key was last used."""
MAX_CACHED_KEYS = 10_000
"""Keys kept in memory; guesses at ids must not fill it."""
SECONDS_PER_DAY = 86_400.0
ROTATION_OVERLAP_DAYS = 7.0
"""Days for which a key that is rotated stays good beside its successor."""

_KEY_ID_PATTERN = re.compile(r"[0-9a-f]{12}")
_SECRET_PATTERN = re.compile(r"ft_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_DUMMY_HASH = "0" * 64  # what an unknown id is compared with, so that it takes as long


def create_key(
    table: KeyTable,
    name: str,
    scopes: Iterable[str],
    *,
    tenant: str = DEFAULT_TENANT,
    days: float | None = None,
    user_access: str | None = None,
    now: float,
) -> tuple[ApiKey, str]:
    """A new key. → what is known of it, and its secret, which is told this once.

    user_access: one of `USER_ACCESS`. None is "signed" for a key that sends events, as those of
    pages do, and "open" for others.
    """
    granted_scopes = tuple(scope for scope in SCOPES if scope in (scopes := tuple(scopes)))
    for scope in scopes:
        if scope not in SCOPES:
            raise InputError(f"unknown scope '{scope}'; {did_you_mean(scope, SCOPES)}")
    if not granted_scopes:
        raise InputError(f"a key without a scope opens nothing; give some of {', '.join(SCOPES)}")
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise InputError("the name of a key is 1 to 200 printable characters")
    user_access = _checked_user_access(user_access, granted_scopes)
    key_id = secrets.token_hex(6)
    secret = f"ft_{key_id}_{secrets.token_urlsafe(32)}"
    expires = None if days is None else now + days * SECONDS_PER_DAY
    key = ApiKey(
        key_id,
        hash_secret(secret),
        name.strip(),
        tenant,
        granted_scopes,
        created=now,
        expires=expires,
        user_access=user_access,
        signing_secret=(
            f"fts_{key_id}_{secrets.token_urlsafe(32)}" if user_access == "signed" else None
        ),
    )
    table.add(key)
    return key, secret


def _checked_user_access(user_access: str | None, scopes: Sequence[str]) -> str:
    if user_access is None:
        return "signed" if "events" in scopes and "admin" not in scopes else "open"
    if user_access not in USER_ACCESS:
        raise InputError(
            f"unknown user access '{user_access}'; {did_you_mean(user_access, USER_ACCESS)}"
        )
    if user_access != "open" and "admin" in scopes:
        raise InputError("a key with admin may name every user; leave its user access out")
    return user_access


def rotate_key(
    table: KeyTable, key_id: str, *, overlap_days: float = ROTATION_OVERLAP_DAYS, now: float
) -> tuple[ApiKey, str]:
    """A successor with the same name, tenant, scopes and users, and a signing secret of its own;
    the old key is good for `overlap_days`.
    """
    old_key = _existing_key(table, key_id)
    if not old_key.is_valid(now):
        raise InputError(f"key {key_id} is not good any more; make a new one with 'keys create'")
    lifetime_days = (
        None if old_key.expires is None else (old_key.expires - old_key.created) / SECONDS_PER_DAY
    )
    successor_and_secret = create_key(
        table,
        old_key.name,
        old_key.scopes,
        tenant=old_key.tenant,
        days=lifetime_days,
        user_access=old_key.user_rule,
        now=now,
    )
    table.end_key(key_id, expires=now + overlap_days * SECONDS_PER_DAY)
    return successor_and_secret


def revoke_key(table: KeyTable, key_id: str, *, now: float) -> None:
    """It opens nothing from now on."""
    _existing_key(table, key_id)
    table.end_key(key_id, revoked=now)


def _existing_key(table: KeyTable, key_id: str) -> ApiKey:
    key = table.get(key_id)
    if key is None:
        # Not what was typed: somebody may have pasted the secret
        raise InputError("no key has this id; 'foretaste keys list' shows those there are")
    return key


def hash_secret(secret: str) -> str:
    """What the store keeps of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@dataclass
class _CachedKey:
    key: ApiKey | None
    asked_at: float
    """When the store was asked for it."""
    answered_at: float
    """When the store told."""
    noted_at: float = float("-inf")


class Keyring:
    """Says whose a secret is. Shared by all requests of a process."""

    def __init__(
        self,
        table: Callable[[], KeyTable],
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table, self._clock, self._ticks = table, clock, ticks
        self._cache: OrderedDict[str, _CachedKey] = OrderedDict()
        self._lock = threading.Lock()
        self._key_exists = False  # whether there is a key: once there is, there always is
        self._checked_at = self._confirmed_at = float("-inf")  # for the last time; and was told

    def is_key_required(self) -> bool:
        """Whether a key is asked for: once there has been one. Raises StoreError."""
        now = self._ticks()
        if not self._key_exists and now > self._checked_at + KEY_FRESH_SECONDS:
            try:
                self._key_exists, self._confirmed_at = self._table().has_keys(), now
            except StoreError:
                if now > self._confirmed_at + KEY_STALE_SECONDS:
                    raise
            self._checked_at = self._ticks()
        return self._key_exists

    def is_cached(self, secret: str | None) -> bool:
        """Whether the answer is known without asking the store, now and for a moment."""
        now = self._ticks() + LOOKUP_SECONDS
        is_rule_known = self._key_exists or now <= self._checked_at + KEY_FRESH_SECONDS
        secret_match = None if secret is None else _SECRET_PATTERN.fullmatch(secret)
        if secret_match is None or not is_rule_known:
            return is_rule_known
        cached_key = self._cache.get(secret_match[1])
        is_use_noted = cached_key is not None and (
            cached_key.key is None or now < cached_key.noted_at + USE_NOTE_SECONDS
        )
        return (
            cached_key is not None
            and is_use_noted
            and now <= cached_key.asked_at + KEY_FRESH_SECONDS
        )

    def find_key(self, secret: str) -> ApiKey | None:
        """The good key a secret belongs to. Raises StoreError where that cannot be known."""
        secret_match = _SECRET_PATTERN.fullmatch(secret)
        if secret_match is None:
            return None
        cached_key = self._look_up(secret_match[1])
        key = cached_key.key
        is_matching = hmac.compare_digest(hash_secret(secret), key.hash if key else _DUMMY_HASH)
        if key is None or not is_matching or not key.is_valid(self._clock()):
            return None
        self._note_use(key, cached_key)
        return key

    def signing_secret(self, key_id: str, tenant: str) -> str | None:
        """With what a good key of the tenant signs user tokens. Raises StoreError."""
        if _KEY_ID_PATTERN.fullmatch(key_id) is None:
            return None
        key = self._look_up(key_id).key
        if key is None or key.tenant != tenant or not key.is_valid(self._clock()):
            return None
        return key.signing_secret

    def _look_up(self, key_id: str) -> _CachedKey:
        """What the store says, or said a moment ago."""
        with self._lock:
            cached_key = self._cache.get(key_id)
            now = self._ticks()
            if cached_key is not None:
                if now <= cached_key.asked_at + KEY_FRESH_SECONDS:
                    return cached_key
                if now <= cached_key.answered_at + KEY_STALE_SECONDS:
                    cached_key.asked_at = now  # others need not wait while this one asks
        try:
            key = self._table().get(key_id)
        except StoreError:
            if cached_key is not None and now <= cached_key.answered_at + KEY_STALE_SECONDS:
                cached_key.asked_at = (
                    self._ticks()
                )  # one request in a while waits for a store that is away
                return cached_key
            raise
        with self._lock:
            noted_at = cached_key.noted_at if cached_key is not None else float("-inf")
            cached_key = self._cache[key_id] = _CachedKey(key, now, now, noted_at)
            self._cache.move_to_end(key_id)
            while len(self._cache) > MAX_CACHED_KEYS:
                self._cache.popitem(last=False)
        return cached_key

    def _note_use(self, key: ApiKey, cached_key: _CachedKey) -> None:
        if self._ticks() < cached_key.noted_at + USE_NOTE_SECONDS:
            return
        cached_key.noted_at = self._ticks()
        # a request must neither fail nor wait because a note cannot be written
        with suppress(StoreError), patience(NOTE):
            self._table().touch(key.id, self._clock())
