"""In: the id of a person or a session. Out: what stands for it in the database.

A pseudonym is a keyed hash (HMAC-SHA-256), so that whoever has the database, a backup or a dump of
it and not the key can neither read an id nor try out likely ones. The key is in a file outside of
the workspace. Whoever has both, as the service has, knows of an id what is kept of it, and of no
pseudonym whose it is.

A pseudonym stands for itself, so that what was read from the store can be asked for again. It ends
with a check by the same key, so that no id that a visitor makes up is taken for one.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from foretaste.errors import SettingsError

MIN_KEY_BYTES = 32
PSEUDONYMS_FACT = "pseudonyms"
"""Under this name `meta` keeps the fingerprint of the key, where ids are pseudonyms."""
_HASH_DIGITS, _CHECK_DIGITS = 32, 10
_PREFIXES = {"user": "p-", "session": "v-"}
_FORM = re.compile(rf"[pv]-[0-9a-f]{{{_HASH_DIGITS + _CHECK_DIGITS}}}")


@dataclass(frozen=True)
class Pseudonyms:
    """Makes the pseudonyms of one key."""

    key: bytes

    @classmethod
    def of_file(cls, path: Path, workspace: Path) -> "Pseudonyms":
        """By the key in a file. Raises SettingsError for one that is not there, too short, or where
        every backup would have it.
        """
        if path.absolute().is_relative_to(workspace.absolute()):
            raise SettingsError(
                f"behaviour.pseudonym_key_file: {path} is in the workspace, beside the ids; "
                "keep it elsewhere"
            )
        try:
            key = path.read_bytes().strip()
        except OSError as error:
            raise SettingsError(
                f"behaviour.pseudonym_key_file: {path}: {error.strerror}; make one with "
                f"'openssl rand -hex 32 > {path}', and keep a copy: nobody is found without it"
            ) from error
        if len(key) < MIN_KEY_BYTES:
            raise SettingsError(
                f"behaviour.pseudonym_key_file: {path} has {len(key)} bytes; at least "
                f"{MIN_KEY_BYTES} are needed, as of 'openssl rand -hex 32'"
            )
        return cls(key)

    @property
    def fingerprint(self) -> str:
        """Tells this key from others, and nothing of it."""
        return self._digits("fingerprint", "")[:16]

    def user(self, user: str) -> str:
        """What stands for a user."""
        return self._pseudonym("user", user)

    def session(self, session: str) -> str:
        """What stands for a session."""
        return self._pseudonym("session", session)

    def _pseudonym(self, kind: Literal["user", "session"], name: str) -> str:
        if _FORM.fullmatch(name) and name == self._checked(kind, name[2 : 2 + _HASH_DIGITS]):
            return name
        return self._checked(kind, self._digits(kind, name)[:_HASH_DIGITS])

    def _checked(self, kind: Literal["user", "session"], digits: str) -> str:
        return _PREFIXES[kind] + digits + self._digits(f"check {kind}", digits)[:_CHECK_DIGITS]

    def _digits(self, purpose: str, text: str) -> str:
        message = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()
