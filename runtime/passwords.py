"""Hashing of passwords: argon2id, in a thread, because it takes some 0.1 s of a processor and 64 MB."""

import asyncio
import secrets
import unicodedata
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

_HASHER = PasswordHash.recommended()


async def hash_password(password: str) -> str:
    """The hash to keep of a password (with its salt and parameters, at most 200 characters)."""
    return await asyncio.to_thread(_HASHER.hash, _bytes(password))


async def verify(password: str, password_hash: str) -> bool:
    """Whether the password is the one hashed. What is no hash at all fits no password."""
    try:
        return await asyncio.to_thread(_HASHER.verify, _bytes(password), password_hash)
    except UnknownHashError:
        return False


@cache
def dummy_hash() -> str:
    """A hash that no password fits: checking an unknown user against it takes as long as a known one.

    Made once, which blocks for as long as a hash takes: call it at start.
    """
    return _HASHER.hash(secrets.token_bytes(32))


def _bytes(password: str) -> bytes:
    # An `ä` is the same letter whether a keyboard sends one character or two (RFC 8265, OpaqueString).
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
