"""In: who is signed in, and the signing secret of a key. Out: the user token of a page.

A JSON Web Token (RFC 7519) with HMAC-SHA-256, so that any library for them will do as well.
"""

import base64
import hmac
import json
import time
from collections.abc import Mapping

TOKEN_SECONDS = 3600.0
"""Seconds for which a token is good unless told otherwise."""


def sign_user_token(user: str, signing_secret: str, *, seconds: float = TOKEN_SECONDS) -> str:
    """The shop's word that somebody is signed in, for the page to send with its key.

    signing_secret: what `foretaste keys create` printed beside the key, like "fts_…"; keep it on
    the server. Raises ValueError for what is no signing secret.
    """
    if not user:
        raise ValueError("user: it is empty; name who is signed in")
    prefix, _, remainder = signing_secret.partition("_")
    key_id = remainder.partition("_")[0]
    if prefix != "fts" or not key_id:
        raise ValueError(
            "signing_secret: it is like fts_…, as 'foretaste keys create' prints it beside the key"
        )
    claims = {"sub": user, "exp": int(time.time() + seconds)}
    header = {"alg": "HS256", "typ": "JWT", "kid": key_id}
    signed_text = f"{_encoded_json(header)}.{_encoded_json(claims)}"
    signature = hmac.digest(signing_secret.encode(), signed_text.encode(), "sha256")
    return f"{signed_text}.{_encoded(signature)}"


def _encoded_json(part: Mapping[str, object]) -> str:
    return _encoded(json.dumps(part, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    """Text in the alphabet of addresses, without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
