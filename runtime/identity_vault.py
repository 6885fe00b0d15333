"""Personal identity codes as they are kept where they must be read again (spec section 2): encrypted.

AES-256-GCM with keys that can be rotated: the newest one seals, all of them open. What is sealed is bound to
its owner and to the key's id, so it opens for nobody else's row. Where a code must only be found again, its
blind index is kept instead (`runtime.keys.Keys.identity_index`).
"""

import base64
import binascii
import re
import secrets
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

# 32 bytes that everybody knows.
DEVELOPMENT_IDENTITY_KEY = "development:ZGV2ZWxvcG1lbnQta2V5LXRoYXQtcHJvZHVjdGlvbi4="

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class IdentityVaultError(Exception):
    """A sealed code cannot be opened. The message holds no part of it."""


class IdentityKeyUnknown(IdentityVaultError):
    """It was sealed with a key that is not among ours (any more)."""

    def __init__(self) -> None:
        super().__init__("sealed with a key that the setting `identity_keys` does not have")


class SealedIdentityBroken(IdentityVaultError):
    """It was changed, or sealed for another owner."""

    def __init__(self) -> None:
        super().__init__("not what was sealed for this owner")


class IdentityVault:
    """Seals and opens. Never shows its keys, not even in repr()."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """`keys`: the newest first, each `<id>:<base64 of 32 bytes>`.

        Raises ValueError, which tells the place of a wrong one, not its value.
        """
        if not keys:
            raise ValueError("one identity key is needed")
        self._ciphers: dict[str, AESGCM] = {}
        self._holds_development_key = False
        for place, key in enumerate(keys, start=1):
            key_id, secret = _parsed(key.get_secret_value(), place)
            if key_id in self._ciphers:
                raise ValueError(f"identity key {place} has the id of an earlier one")
            self._ciphers[key_id] = AESGCM(secret)
            self._holds_development_key |= secret == _parsed(DEVELOPMENT_IDENTITY_KEY, 0)[1]
        self._current = next(iter(self._ciphers))

    @property
    def holds_development_key(self) -> bool:
        """Whether the well-known key is among them, under whatever id; production refuses that."""
        return self._holds_development_key

    def seal(self, code: str, owner: UUID) -> str:
        """`<key id>.<base64url of nonce and ciphertext>`; each time another text."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        ciphertext = self._ciphers[self._current].encrypt(nonce, code.encode(), _bound(self._current, owner))
        return f"{self._current}.{_encoded(nonce + ciphertext)}"

    def open(self, sealed: str, owner: UUID) -> str:
        """The code. Raises IdentityKeyUnknown or SealedIdentityBroken."""
        key_id, _, text = sealed.partition(".")
        if key_id not in self._ciphers:
            raise IdentityKeyUnknown
        data = _decoded(text)
        try:
            code = self._ciphers[key_id].decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound(key_id, owner)
            )
        except (InvalidTag, ValueError):
            raise SealedIdentityBroken from None
        return code.decode()

    def is_current(self, sealed: str) -> bool:
        """Whether it is sealed with the newest key; if not, open it and seal it again."""
        return sealed.partition(".")[0] == self._current


def new_identity_key(key_id: str) -> str:
    """A new random key in the setting's form. Raises ValueError for an id other than A-Z a-z 0-9 _ -."""
    if not _ID.fullmatch(key_id):
        raise ValueError("an id has 1 to 32 characters of A-Z, a-z, 0-9, _ and -")
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"


def _parsed(key: str, place: int) -> tuple[str, bytes]:
    key_id, _, encoded = key.partition(":")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not _ID.fullmatch(key_id) or len(secret) != _KEY_BYTES:
        raise ValueError(f"identity key {place} is not <id>:<base64 of 32 bytes>")
    return key_id, secret


def _bound(key_id: str, owner: UUID) -> bytes:
    return b"fullmakt/identity/" + key_id.encode() + b"/" + owner.bytes


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Raises SealedIdentityBroken, also for another spelling of the same bytes."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SealedIdentityBroken from None
    if _encoded(data) != text:
        raise SealedIdentityBroken
    return data
