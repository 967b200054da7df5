"""In: API keys. Out: what `foretaste keys` prints of them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from foretaste.cli.console import format_time, note, print_json, print_table, say

if TYPE_CHECKING:  # with the store, which a command that prints no key does not need
    from foretaste.behaviour.keys import ApiKey

USER_ACCESS_TEXTS = {
    "open": "It names any user, so keep it on your servers",
    "signed": "It names a user only with a token that your server has signed",
    "session": "It names no user, only sessions",
}
SECRET_FIELDS = ("hash", "signing_secret")


def print_new_key(key: "ApiKey", secret: str, *, json: bool = False) -> None:
    """A key that was just made, with its secrets."""
    if json:
        print_json(_key_json(key) | {"secret": secret, "signing_secret": key.signing_secret})
        return
    say(secret)
    note(
        f"key {key.id} ({key.name}, tenant {key.tenant}) may: {', '.join(key.scopes)}. "
        f"{_user_access_text(key)}. Keep it: it is not shown again"
    )
    if key.signing_secret is not None:
        note(
            f"user tokens for it are signed with {key.signing_secret}, on your server alone; see "
            "docs/clients.md"
        )


def _user_access_text(key: "ApiKey") -> str:
    if key.scopes == ("metrics",):
        return "It opens nothing of anybody"
    return USER_ACCESS_TEXTS[key.user_rule]


def print_keys(keys: Sequence["ApiKey"], now: float, *, json: bool = False) -> None:
    """Every key, and what became of it."""
    if json:
        print_json({"keys": [_key_json(key) for key in keys]})
    elif not keys:
        say("there is no key yet; make one with 'foretaste keys create'")
    else:
        rows = [
            (
                key.id,
                key.name,
                key.tenant,
                ", ".join(key.scopes),
                key.user_rule,
                format_time(key.created),
                format_time(key.used) if key.used else "never",
                _key_status(key, now),
            )
            for key in keys
        ]
        print_table(
            ("id", "name", "tenant", "scopes", "users", "made (UTC)", "last used", ""), rows
        )


def _key_status(key: "ApiKey", now: float) -> str:
    if key.revoked is not None:
        return f"revoked {format_time(key.revoked)}"
    if key.expires is None:
        return "good"
    return f"{'good until' if now < key.expires else 'expired'} {format_time(key.expires)}"


def _key_json(key: "ApiKey") -> dict[str, Any]:
    return {name: value for name, value in asdict(key).items() if name not in SECRET_FIELDS}
