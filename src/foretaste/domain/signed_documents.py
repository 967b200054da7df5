"""Documents that say who wrote them: in: what JSON can hold and a key; out: the same, signed.

Ed25519 (RFC 8032) over the document without its signature, as JSON with sorted keys and no spaces,
in UTF-8. The public key stands in the document, so that a change of it is seen without anything
else; that the key is somebody's is said by the fingerprint, which they publish.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from foretaste.errors import InputError

SIGNATURE_FIELD, KEY_FIELD = "signature", "key"


def new_private_key() -> str:
    """A secret key, as base64 of its 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _encoded(Ed25519PrivateKey.generate().private_bytes_raw())


def public_key_of(private_key: str) -> dict[str, str]:
    """What may be published of a secret key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
    public = key.public_key().public_bytes_raw()
    return {"algorithm": "Ed25519", "public": _encoded(public), "fingerprint": fingerprint(public)}


def fingerprint(public_key: bytes) -> str:
    """Names a public key."""
    return hashlib.sha256(public_key).hexdigest()[:32]


def signed(document: Mapping[str, Any], private_key: str) -> dict[str, Any]:
    """The document with the key and the signature."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
    keyed_document = {**document, KEY_FIELD: public_key_of(private_key)}
    return {**keyed_document, SIGNATURE_FIELD: _encoded(key.sign(_canonical(keyed_document)))}


def signer(document: Mapping[str, Any]) -> str:
    """The fingerprint of the key that signed a document.

    Raises InputError where it is not signed, or was changed since.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public_key = base64.b64decode(document[KEY_FIELD]["public"], validate=True)
        signature = base64.b64decode(document[SIGNATURE_FIELD], validate=True)
        key = Ed25519PublicKey.from_public_bytes(public_key)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise InputError(
            "this is no signed receipt: it has no key and signature as Foretaste writes them; take "
            "the file as it was given out"
        ) from error
    content = {name: value for name, value in document.items() if name != SIGNATURE_FIELD}
    try:
        key.verify(signature, _canonical(content))
    except InvalidSignature as error:
        raise InputError(
            "the signature does not fit: the receipt was changed after it was signed; take the "
            "file as it was given out"
        ) from error
    return fingerprint(public_key)


def _canonical(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
