"""Which users the key of a page may name: those whom the shop's server has signed."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.user_access import (
    LEEWAY_SECONDS,
    MAX_TOKEN_CHARACTERS,
    UserAccess,
    UserTokenError,
    token_user,
)
from foretaste_client import sign_user_token

SECRET = "fts_3f9c2a7be104_" + "A" * 43


def secret_of(key: str | None) -> str | None:
    return SECRET if key in (None, "3f9c2a7be104") else None


def signed(secret: str = SECRET, *, key: Any = "3f9c2a7be104", **claims: Any) -> str:
    whole = {"sub": "ann", "exp": int(time.time()) + 60, **claims}
    headers = {} if key is None else {"kid": key}
    claims = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(claims, secret, algorithm="HS256", headers=headers)


def segment(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("user", ["ann", "Ænn ö", "a" * 512])
def test_the_clients_token_proves_its_user(user: str) -> None:
    assert token_user(sign_user_token(user, SECRET), secret_of) == user
    assert token_user(signed(sub=user, key=None, aud="shop"), secret_of) == user
    late = signed(exp=int(time.time()) - LEEWAY_SECONDS + 20)
    assert token_user(late, secret_of) == "ann"


UNSIGNED = f"{segment({'alg': 'none', 'kid': '3f9c2a7be104'})}.{segment({'sub': 'ann'})}."
DEEP = base64.urlsafe_b64encode(b'{"kid":' + b"[" * 3000).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("token", "says"),
    [
        (signed(exp=int(time.time()) - LEEWAY_SECONDS - 5), "has expired"),
        (signed(exp=None), "no JWT of HS256 with sub and exp"),
        (signed(exp="soon"), "no JWT"),
        (signed(exp=float("inf")), "no JWT"),
        (signed(sub=None), "no JWT"),
        (signed("another secret of thirty-two bytes"), "is not signed with the signing secret"),
        (signed(key="000000000000"), "names a key that signs none"),
        (signed()[:-4] + "AAAA", "is not signed"),
        (UNSIGNED, "no JWT"),
        (f"{DEEP}.e30.AAAA", "no JWT"),
        (jwt.encode({"sub": "ann", "exp": 9e9}, SECRET * 2, "HS512"), "no JWT"),
        ("", "no JWT"),
        ("a.b.c", "no JWT"),
        ("\x00é", "no JWT"),
        ("a" * (MAX_TOKEN_CHARACTERS + 1), f"more than {MAX_TOKEN_CHARACTERS} characters"),
    ],
)
def test_what_proves_nobody(token: str, says: str) -> None:
    with pytest.raises(UserTokenError, match=says):
        token_user(token, secret_of)
    told = UserAccess("signed", token, secret_of).refusal("ann")
    assert told is not None
    assert told[1] == "have the shop's server sign another"


def test_each_rule() -> None:
    token = signed()
    for rule, sent, user, may in (
        ("open", None, "bob", True),
        ("open", "wrong", "bob", True),
        ("signed", None, None, True),
        ("signed", None, "ann", False),
        ("signed", token, "ann", True),
        ("signed", token, "Ann", False),
        ("signed", token, "bob", False),
        ("session", token, "ann", False),
        ("session", None, None, True),
        ("of another release", token, "ann", False),
    ):
        found = UserAccess(rule, sent, secret_of)
        assert (found.refusal(user) is None) is may, (rule, sent, user)
        if not may:
            with pytest.raises(ProblemError, match="user: ") as raised:
                found.check(user)
            assert (raised.value.status_code, raised.value.kind) == (403, "user-token")


@pytest.mark.parametrize("secret", ["", "ft_3f9c2a7be104_x", "fts_"])
def test_the_client_signs_with_a_signing_secret_alone(secret: str) -> None:
    with pytest.raises(ValueError, match="it is like fts_"):
        sign_user_token("ann", secret)
    with pytest.raises(ValueError, match="it is empty"):
        sign_user_token("", SECRET)
