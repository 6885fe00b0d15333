"""The broker's public keys: from a file that was exchanged, or from where the broker publishes them.

A key that is not known makes us look again, so the broker may rotate at any moment (case F28); never more
often than a pause allows, or we could be made to hammer it.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from starter.identification.algorithms import CURVES, SIGNATURES, is_strong
from starter.identification.faults import Fault, Unavailable, reject
from starter.identification.strict_json import json_object
from starter.identification.tokens import PublicKey
from starter.identification.transport import Transport

# Seconds, from whatever moment; it never jumps.
Timer = Callable[[], float]

_MOST_KEYS = 50
_PUBLIC_MEMBERS = ("kty", "kid", "n", "e", "crv", "x", "y")


class BrokerKeys:
    """Finds the key that a token's header names."""

    def __init__(
        self,
        *,
        transport: Transport,
        file: Path | None,
        url: str | None,
        lifetime: timedelta,
        pause: timedelta,
        timer: Timer,
    ) -> None:
        self._transport, self._file, self._url = transport, file, url
        self._lifetime, self._pause = lifetime.total_seconds(), pause.total_seconds()
        self._timer = timer
        self._keys: list[dict[str, Any]] = []
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def key_for(self, header: Mapping[str, Any]) -> PublicKey:
        """The key for a signed token with this header. Raises Rejected or Unavailable."""
        if self._age() > self._lifetime:
            await self._read(older_than=self._lifetime)
        found = self._matching(header)
        if not found and self._age() > self._pause:
            await self._read(older_than=self._pause)
            found = self._matching(header)
        # Without a `kid` there must be no choice (OpenID Connect Core, 10.1).
        if len(found) != 1:
            reject(Fault.SIGNATURE_KEY_UNKNOWN)
        return _imported(found[0])

    def _matching(self, header: Mapping[str, Any]) -> list[dict[str, Any]]:
        algorithm = header["alg"]
        return [
            jwk
            for jwk in self._keys
            if jwk.get("kty") == SIGNATURES[algorithm]
            and jwk.get("use", "sig") == "sig"
            and jwk.get("alg", algorithm) == algorithm
            and jwk.get("crv") == CURVES.get(algorithm)
            and jwk.get("kid") == header.get("kid", jwk.get("kid"))
        ]

    def _age(self) -> float:
        return float("inf") if self._read_at is None else self._timer() - self._read_at

    async def _read(self, *, older_than: float) -> None:
        async with self._reading:
            if self._age() <= older_than:
                return  # another one has just read them
            self._keys = _keys_in(await self._text())
            self._read_at = self._timer()

    async def _text(self) -> bytes:
        if self._file is not None:
            try:
                return await asyncio.to_thread(self._file.read_bytes)
            except OSError:
                raise Unavailable from None
        answer = await self._transport.get(str(self._url))
        if answer.status != HTTPStatus.OK:
            raise Unavailable
        return answer.body


def _keys_in(text: bytes) -> list[dict[str, Any]]:
    found = json_object(text, Fault.ANSWER_MALFORMED).get("keys")
    if not isinstance(found, list) or len(found) > _MOST_KEYS:
        reject(Fault.ANSWER_MALFORMED)
    return [jwk for jwk in found if isinstance(jwk, dict)]


def _imported(jwk: dict[str, Any]) -> PublicKey:
    """Raises Rejected for a key that is too weak, or none."""
    public: dict[str, Any] = {name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk}
    try:
        if jwk["kty"] == "EC":
            return ECKey.import_key(public)
        if is_strong(jwk):
            return RSAKey.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        reject(Fault.SIGNATURE_KEY_UNKNOWN)
    return reject(Fault.SIGNATURE_KEY_UNKNOWN)
