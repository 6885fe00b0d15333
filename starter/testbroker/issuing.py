"""Tokens of the broker: signed with its key, encrypted to the client's, with the profile's claims."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from joserfc import jwe
from joserfc.jwk import RSAKey

from domain.identity import birth_date
from runtime.clock import Clock
from starter.identification import tokens
from starter.identification.algorithms import OUR_SIGNATURE
from starter.identification.claims import FIRST_NAMES, IDENTITY_CODE, LAST_NAME
from starter.testbroker.requests import LEVEL, Asked

KEY_ENCRYPTION = "RSA-OAEP"
CONTENT_ENCRYPTION = "A128CBC-HS256"

_KEY_BITS = 2048
_LIFETIME = timedelta(minutes=5)
_DISPLAY_NAME = "urn:oid:2.16.840.1.113730.3.1.241"
_BIRTH_DATE = "urn:oid:1.3.6.1.5.5.7.9.1"


@dataclass(frozen=True, repr=False)
class Identified:
    """Somebody chose to be this person, in answer to a request, at a time (seconds since 1970)."""

    asked: Asked
    identity_code: str
    first_name: str
    last_name: str
    at: int


class Issuer:
    """Makes tokens. Its key can be replaced at any moment."""

    def __init__(self, name: str, client_id: str, clock: Clock) -> None:
        self.name = name
        self._client_id, self._clock = client_id, clock
        self._secret = secrets.token_bytes(32)
        self.rotate()

    def rotate(self) -> None:
        """Another signing key; the old one is published no more."""
        key = RSAKey.generate_key(_KEY_BITS)
        jwk = key.as_dict(private=True) | {"use": "sig", "kid": key.thumbprint()}
        self._key = RSAKey.import_key(jwk)

    def public_keys(self) -> dict[str, Any]:
        """The JWK Set to publish."""
        return {"keys": [self._key.as_dict(private=False) | {"alg": OUR_SIGNATURE}]}

    def id_token(self, identified: Identified, access_token: str, key: RSAKey) -> str:
        """Who identified, in answer to which request."""
        now = int(self._clock().timestamp())
        digest = hashlib.sha256(access_token.encode()).digest()
        claims = {
            "iat": now,
            "exp": now + int(_LIFETIME.total_seconds()),
            "nonce": identified.asked.nonce,
            "auth_time": identified.at,
            "acr": LEVEL,
            "at_hash": base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode(),
        }
        return self._nested(claims | self._about(identified), key)

    def userinfo(self, identified: Identified, key: RSAKey) -> str:
        """The person alone."""
        return self._nested(self._about(identified), key)

    def _about(self, identified: Identified) -> dict[str, Any]:
        code = identified.identity_code
        return {
            "iss": self.name,
            "aud": self._client_id,
            "sub": hashlib.sha256(self._secret + code.encode()).hexdigest(),
            IDENTITY_CODE: code,
            FIRST_NAMES[0]: identified.first_name,
            LAST_NAME[0]: identified.last_name,
            _DISPLAY_NAME: f"{identified.first_name} {identified.last_name}",
            _BIRTH_DATE: birth_date(code).isoformat(),
        }

    def _nested(self, claims: Mapping[str, Any], key: RSAKey) -> str:
        header = {"alg": KEY_ENCRYPTION, "enc": CONTENT_ENCRYPTION, "kid": key.kid, "cty": "JWT"}
        signed = tokens.signed(claims, self._key)
        return jwe.encrypt_compact(header, signed, key, algorithms=[KEY_ENCRYPTION, CONTENT_ENCRYPTION])
