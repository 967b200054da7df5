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
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from foretaste.behaviour.keys import DEFAULT, SCOPES, Key, KeyTable
from foretaste.errors import InputError, StoreError, did_you_mean

FRESH = 2.0
"""Seconds for which what the store said of a key is believed."""
STALE = 300.0
"""Seconds for which it is believed while the store cannot be asked."""
NOTED = 60.0
"""Seconds between two notes of when a key was last used."""
REMEMBERED = 10_000
"""Keys kept in memory; guesses at ids must not fill it."""
DAY = 86_400.0
OVERLAP = 7.0
"""Days for which a key that is rotated stays good beside its successor."""

_FORM = re.compile(r"ft_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NO_KEY = "0" * 64  # what an unknown id is compared with, so that it takes as long


def make(
    table: KeyTable,
    name: str,
    scopes: Iterable[str],
    *,
    tenant: str = DEFAULT,
    days: float | None = None,
    now: float,
) -> tuple[Key, str]:
    """A new key. → what is known of it, and its secret, which is told this once."""
    wanted = tuple(scope for scope in SCOPES if scope in (scopes := tuple(scopes)))
    for scope in scopes:
        if scope not in SCOPES:
            raise InputError(f"unknown scope '{scope}'; {did_you_mean(scope, SCOPES)}")
    if not wanted:
        raise InputError(f"a key without a scope opens nothing; give some of {', '.join(SCOPES)}")
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise InputError("the name of a key is 1 to 200 printable characters")
    key_id = secrets.token_hex(6)
    secret = f"ft_{key_id}_{secrets.token_urlsafe(32)}"
    expires = None if days is None else now + days * DAY
    key = Key(key_id, hashed(secret), name.strip(), tenant, wanted, created=now, expires=expires)
    table.add(key)
    return key, secret


def rotate(
    table: KeyTable, key_id: str, *, overlap: float = OVERLAP, now: float
) -> tuple[Key, str]:
    """A successor with the same name, tenant and scopes; the old key is good for `overlap` days."""
    old = _known(table, key_id)
    if not old.good(now):
        raise InputError(f"key {key_id} is not good any more; make a new one with 'keys create'")
    lasts = None if old.expires is None else (old.expires - old.created) / DAY
    made = make(table, old.name, old.scopes, tenant=old.tenant, days=lasts, now=now)
    table.end(key_id, expires=now + overlap * DAY)
    return made


def revoke(table: KeyTable, key_id: str, *, now: float) -> None:
    """It opens nothing from now on."""
    _known(table, key_id)
    table.end(key_id, revoked=now)


def _known(table: KeyTable, key_id: str) -> Key:
    found = table.get(key_id)
    if found is None:
        # Not what was typed: somebody may have pasted the secret
        raise InputError("no key has this id; 'foretaste keys list' shows those there are")
    return found


def hashed(secret: str) -> str:
    """What the store keeps of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@dataclass
class _Seen:
    key: Key | None
    asked: float
    """When the store was asked for it."""
    told: float
    """When the store told."""
    noted: float = float("-inf")


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
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False  # whether there is a key: once there is, there always is
        self._looked = self._sure = float("-inf")  # for the last time; and was told

    def asked_for(self) -> bool:
        """Whether a key is asked for: once there has been one. Raises StoreError."""
        now = self._ticks()
        if not self._closed and now > self._looked + FRESH:
            try:
                self._closed, self._sure = self._table().any(), now
            except StoreError:
                if now > self._sure + STALE:
                    raise
            self._looked = self._ticks()
        return self._closed

    def at_hand(self, secret: str | None) -> bool:
        """Whether the answer is known without asking the store, so that nobody need wait."""
        if secret is None:
            return self._closed or self._ticks() <= self._looked + FRESH
        form = _FORM.fullmatch(secret)
        if form is None:
            return True
        seen = self._seen.get(form[1])
        now = self._ticks()
        used = seen is not None and (seen.key is None or now < seen.noted + NOTED)
        return seen is not None and used and now <= seen.asked + FRESH

    def find(self, secret: str) -> Key | None:
        """The good key a secret belongs to. Raises StoreError where that cannot be known."""
        form = _FORM.fullmatch(secret)
        if form is None:
            return None
        seen = self._look(form[1])
        key = seen.key
        right = hmac.compare_digest(hashed(secret), key.hash if key else _NO_KEY)
        if key is None or not right or not key.good(self._clock()):
            return None
        self._note(key, seen)
        return key

    def _look(self, key_id: str) -> _Seen:
        """What the store says, or said a moment ago."""
        with self._lock:
            seen = self._seen.get(key_id)
            now = self._ticks()
            if seen is not None and now <= seen.asked + FRESH:
                return seen
        try:
            key = self._table().get(key_id)
        except StoreError:
            if seen is not None and now <= seen.told + STALE:
                seen.asked = self._ticks()  # one request in a while waits for a store that is away
                return seen
            raise
        with self._lock:
            noted = seen.noted if seen is not None else float("-inf")
            seen = self._seen[key_id] = _Seen(key, now, now, noted)
            self._seen.move_to_end(key_id)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return seen

    def _note(self, key: Key, seen: _Seen) -> None:
        if self._ticks() < seen.noted + NOTED:
            return
        seen.noted = self._ticks()
        with suppress(StoreError):  # a request must not fail because a note cannot be written
            self._table().touch(key.id, self._clock())
