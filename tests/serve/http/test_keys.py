from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.keys import KeyTable
from foretaste.behaviour.store import SqlStore
from foretaste.errors import InputError, StoreError
from foretaste.serve.http import keys
from foretaste.serve.http.keys import Keyring, create_key, hash_secret, revoke_key, rotate_key


class Ticks:
    """A clock that is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def table(tmp_path: Path) -> Iterator[KeyTable]:
    with SqlStore(tmp_path / "behaviour.db") as store:
        yield store.keys


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def ring(table: KeyTable, ticks: Ticks) -> Keyring:
    return Keyring(lambda: table, clock=ticks, ticks=ticks)


def test_a_key_is_found_by_its_secret_and_kept_as_a_hash(
    table: KeyTable, ring: Keyring, tmp_path: Path
) -> None:
    key, secret = create_key(table, "shop", ["events", "read"], now=1.0)
    assert secret.startswith(f"ft_{key.id}_")
    assert key.scopes == ("read", "events")
    found = ring.find_key(secret)
    assert found is not None
    assert (found.id, found.tenant) == (key.id, "default")
    random = secret.split("_", 2)[2].encode()  # may have a _ of its own
    for file in tmp_path.iterdir():
        assert random not in file.read_bytes()


@pytest.mark.parametrize("wrong", ["", "ft_", "x" * 5000, "ft_000000000000_" + "A" * 43, "\udfff"])
def test_what_is_no_key(table: KeyTable, ring: Keyring, wrong: str) -> None:
    create_key(table, "shop", ["read"], now=1.0)
    assert ring.find_key(wrong) is None


def test_the_right_id_with_another_secret(table: KeyTable, ring: Keyring) -> None:
    _, secret = create_key(table, "shop", ["read"], now=1.0)
    assert ring.find_key(secret[:-1] + ("a" if secret[-1] != "a" else "b")) is None
    assert ring.find_key(secret) is not None


@pytest.mark.parametrize(
    ("name", "scopes", "says"),
    [
        ("a", ["raed"], "unknown scope 'raed'; did you mean 'read'?"),
        ("a", [], "without a scope opens nothing"),
        (" ", ["read"], "1 to 200 printable"),
        ("a\nb", ["read"], "1 to 200 printable"),
    ],
)
def test_what_cannot_be_made(table: KeyTable, name: str, scopes: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says.replace("?", r"\?")):
        create_key(table, name, scopes, now=1.0)
    assert not table.has_keys()


def test_rotation_two_are_good_at_once(table: KeyTable, ring: Keyring, ticks: Ticks) -> None:
    old, before = create_key(table, "shop", ["admin"], tenant="acme", now=ticks.now)
    new, after = rotate_key(table, old.id, overlap_days=1, now=ticks.now)
    assert (new.name, new.tenant, new.scopes) == ("shop", "acme", ("admin",))
    assert ring.find_key(before) is not None
    assert ring.find_key(after) is not None
    ticks.now += 86_400
    assert ring.find_key(before) is None
    assert ring.find_key(after) is not None
    with pytest.raises(InputError, match="not good any more"):
        rotate_key(table, old.id, now=ticks.now)


def test_a_key_with_an_end_is_rotated_into_one_with_an_end(table: KeyTable) -> None:
    old, _ = create_key(table, "shop", ["read"], days=30, now=0.0)
    new, _ = rotate_key(table, old.id, now=20 * 86_400.0)
    assert new.expires == 50 * 86_400.0


def test_which_users_a_key_names(table: KeyTable) -> None:
    for scopes, wanted, rule in (
        (["read", "events"], None, "signed"),
        (["events"], None, "signed"),
        (["read"], None, "open"),
        (["admin"], None, "open"),
        (["events", "admin"], None, "open"),
        (["events"], "open", "open"),
        (["read"], "session", "session"),
    ):
        key, secret = create_key(table, "a", scopes, user_access=wanted, now=1.0)
        assert key.user_rule == rule
        assert (key.signing_secret is not None) is (rule == "signed")
        assert not key.is_undecided
        assert not key.signing_secret or secret[16:] not in key.signing_secret
        assert "fts_" not in repr(key)
    with pytest.raises(InputError, match="unknown user access 'sined'; did you mean 'signed'"):
        create_key(table, "a", ["events"], user_access="sined", now=1.0)
    with pytest.raises(InputError, match="a key with admin may name every user"):
        create_key(table, "a", ["admin"], user_access="signed", now=1.0)


def test_a_signing_secret_is_that_of_a_good_key_of_the_tenant(
    table: KeyTable, ring: Keyring, ticks: Ticks
) -> None:
    old, _ = create_key(table, "page", ["events"], tenant="acme", now=ticks.now)
    new, _ = rotate_key(table, old.id, overlap_days=1, now=ticks.now)
    assert new.user_rule == "signed"
    assert ring.signing_secret(old.id, "acme") == old.signing_secret
    assert ring.signing_secret(new.id, "acme") == new.signing_secret
    assert ring.signing_secret(old.id, "default") is None
    assert ring.signing_secret("0" * 12, "acme") is None
    assert ring.signing_secret("", "acme") is None
    ticks.now += 86_400
    assert ring.signing_secret(old.id, "acme") is None
    assert ring.signing_secret(new.id, "acme") == new.signing_secret


def test_expiry(table: KeyTable, ring: Keyring, ticks: Ticks) -> None:
    _, secret = create_key(table, "shop", ["read"], days=1, now=ticks.now)
    assert ring.find_key(secret) is not None
    ticks.now += 86_400
    assert ring.find_key(secret) is None


def test_a_revoked_key_stops_within_two_seconds(
    table: KeyTable, ring: Keyring, ticks: Ticks
) -> None:
    key, secret = create_key(table, "shop", ["read"], now=ticks.now)
    assert ring.find_key(secret) is not None
    revoke_key(table, key.id, now=ticks.now)
    ticks.now += keys.KEY_FRESH_SECONDS + 0.01
    assert ring.find_key(secret) is None


def test_an_id_that_is_not_there_is_told_without_what_was_typed(table: KeyTable) -> None:
    with pytest.raises(InputError, match="keys list") as raised:
        revoke_key(table, "ft_secret", now=0.0)
    assert "secret" not in str(raised.value)


def test_a_key_is_asked_for_once_there_has_been_one(
    table: KeyTable, ring: Keyring, ticks: Ticks
) -> None:
    assert not ring.is_key_required()
    key, _ = create_key(table, "shop", ["read"], now=0.0)
    ticks.now += keys.KEY_FRESH_SECONDS + 0.01
    assert ring.is_key_required()
    revoke_key(table, key.id, now=0.0)
    ticks.now += 3600
    assert ring.is_key_required(), "revoking the last key does not open the door"
    assert Keyring(lambda: table).is_key_required(), "nor does a new process"


def test_last_use_is_noted_once_a_minute(table: KeyTable, ring: Keyring, ticks: Ticks) -> None:
    key, secret = create_key(table, "shop", ["read"], now=0.0)
    for _ in range(50):
        ring.find_key(secret)
        ticks.now += 1.0
    found = table.get(key.id)
    assert found is not None
    assert found.used == 1000.0
    ticks.now += 15
    ring.find_key(secret)
    found = table.get(key.id)
    assert found is not None
    assert found.used == 1065.0


def test_nobody_waits_for_the_store_when_the_answer_is_at_hand(
    table: KeyTable, ring: Keyring, ticks: Ticks
) -> None:
    _, secret = create_key(table, "shop", ["read"], now=0.0)
    assert not ring.is_cached(secret)
    assert not ring.is_cached(None)
    ring.is_key_required()
    ring.find_key(secret)
    assert ring.is_cached(secret)
    assert ring.is_cached(None)
    assert ring.is_cached("no key at all")
    assert not Keyring(lambda: table).is_cached("no key at all"), (
        "whether keys are asked for at all"
    )
    ticks.now += keys.KEY_FRESH_SECONDS + 0.01
    assert not ring.is_cached(secret)


class Gone:
    """A store that went away."""

    asked = 0

    def get(self, *_: object) -> None:
        self.asked += 1
        raise StoreError("the database is gone")

    touch = has_keys = get


def test_while_the_store_is_away_what_was_known_holds_for_a_while(
    table: KeyTable, ticks: Ticks
) -> None:
    now: list[KeyTable] = [table]
    ring = Keyring(lambda: now[0], clock=ticks, ticks=ticks)
    _, secret = create_key(table, "shop", ["read"], now=0.0)
    _, unused = create_key(table, "other", ["read"], now=0.0)
    assert ring.find_key(secret) is not None
    gone = Gone()
    now[0] = gone  # type: ignore[call-overload]
    ticks.now += 30
    for _ in range(50):
        assert ring.find_key(secret) is not None
    assert gone.asked == 1, "not every request waits for what is away"
    with pytest.raises(StoreError):
        ring.find_key(unused)
    ticks.now += keys.KEY_STALE_SECONDS
    with pytest.raises(StoreError):
        ring.find_key(secret)


def test_without_keys_nobody_is_asked_for_one_while_the_store_is_away(
    table: KeyTable, ticks: Ticks
) -> None:
    now: list[KeyTable] = [table]
    ring = Keyring(lambda: now[0], clock=ticks, ticks=ticks)
    assert not ring.is_key_required()
    now[0] = Gone()  # type: ignore[call-overload]
    ticks.now += keys.KEY_FRESH_SECONDS + 1
    assert not ring.is_key_required()
    ticks.now += keys.KEY_STALE_SECONDS
    with pytest.raises(StoreError):
        ring.is_key_required()
    with pytest.raises(StoreError):
        Keyring(lambda: now[0]).is_key_required()


def test_guesses_do_not_fill_the_memory(
    table: KeyTable, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MAX_CACHED_KEYS", 10)
    for number in range(30):
        ring.find_key(f"ft_{number:012x}_{'A' * 43}")
    assert len(ring._cache) == 10


def test_the_hash_is_sha256() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_secret("abc") == expected
