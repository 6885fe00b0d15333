"""What the broker demands of a client: who it is, and what it may ask.

RFC 7523 (the assertion), RFC 9101 (the request object), RFC 7636 (PKCE), Traficom 213/2023 (the profile).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

from domain.vocabulary import Language
from runtime.clock import Clock
from runtime.identification_settings import AssuranceLevel, redirect_matches
from starter.identification import tokens
from starter.identification.algorithms import OUR_SIGNATURE
from starter.identification.faults import Fault, Rejected
from starter.identification.strict_json import json_object
from starter.testbroker.memory import Expiring

LEVEL = AssuranceLevel.SUBSTANTIAL.in_tests
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ("openid", "ftn_hetu")

_LONGEST_LIFETIME = timedelta(minutes=10)
_SKEW = timedelta(seconds=30)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_UNGUESSABLE = re.compile(r"[!-~]{22,512}")


class OAuthError(Exception):
    """An answer to the client (RFC 6749, 5.2), in words of the protocol."""

    def __init__(self, error: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(error)
        self.error, self.status = error, status


class NotReturnable(Exception):
    """A request whose sender cannot be sent an answer: not ours, or to a foreign address."""


class ReturnedError(Exception):
    """An error that goes back to the client through the browser (RFC 6749, 4.1.2.1)."""

    def __init__(self, error: str, asked: "Asked") -> None:
        super().__init__(error)
        self.error, self.asked = error, asked


@dataclass(frozen=True, repr=False)
class Asked:
    """A request that was found good."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    means: str | None
    language: Language


class Client:
    """The one client that is registered, and its checks."""

    def __init__(self, client_id: str, keys: Path, redirect_uris: tuple[str, ...], clock: Clock) -> None:
        """`keys`: a JWK Set of public keys, read at each use, so that the client may rotate."""
        self.id = client_id
        self._keys, self._redirect_uris, self._clock = keys, redirect_uris, clock
        self._seen: Expiring[bool] = Expiring(_LONGEST_LIFETIME + 2 * _SKEW, clock)

    def authenticate(self, form: Mapping[str, str], audiences: tuple[str, ...]) -> None:
        """Raises OAuthError `invalid_client` unless the form carries a good, fresh assertion."""
        assertion = form.get("client_assertion", "")
        try:
            claims = self._signed_by_client(assertion)
        except Rejected:
            raise OAuthError("invalid_client", HTTPStatus.UNAUTHORIZED) from None
        if (
            form.get("client_assertion_type") != ASSERTION_TYPE
            or form.get("client_id", self.id) != self.id
            or claims.get("iss") != self.id
            or claims.get("sub") != self.id
            or claims.get("aud") not in audiences
            or not self._is_fresh(claims)
        ):
            raise OAuthError("invalid_client", HTTPStatus.UNAUTHORIZED)

    def request(self, request_object: str, issuer: str) -> Asked:
        """What a signed request asks. Raises NotReturnable or ReturnedError."""
        try:
            claims = self._signed_by_client(request_object)
        except Rejected:
            raise NotReturnable from None
        if claims.get("client_id") != self.id or not self._may_return_to(claims.get("redirect_uri")):
            raise NotReturnable
        asked = Asked(
            redirect_uri=claims["redirect_uri"],
            state=_text(claims, "state"),
            nonce=_text(claims, "nonce"),
            challenge=_text(claims, "code_challenge"),
            means=_text(claims, "ftn_idp_id") or None,
            language=_language(_text(claims, "ui_locales")),
        )
        if claims.get("iss") != self.id or claims.get("aud") != issuer or "sub" in claims:
            raise ReturnedError("invalid_request_object", asked)
        if not self._is_fresh(claims):
            raise ReturnedError("invalid_request_object", asked)
        _check_profile(claims, asked)
        return asked

    def encryption_key(self) -> RSAKey:
        """The client's current key to encrypt to. Raises OAuthError when it has none."""
        keys = self._of_use("enc")
        if not keys:
            raise OAuthError("invalid_client")
        return keys[0]

    def _signed_by_client(self, token: str) -> dict[str, Any]:
        header = tokens.signature_header(token)
        key = next((key for key in self._of_use("sig") if key.kid == header.get("kid")), None)
        if key is None or header["alg"] != OUR_SIGNATURE:
            raise Rejected(Fault.SIGNATURE_KEY_UNKNOWN)
        return tokens.verified(token, key)

    def _of_use(self, use: str) -> list[RSAKey]:
        jwks = json_object(self._keys.read_bytes(), Fault.CLAIMS_MALFORMED)["keys"]
        return [RSAKey.import_key(jwk) for jwk in jwks if jwk["use"] == use]

    def _may_return_to(self, address: object) -> bool:
        return isinstance(address, str) and any(
            redirect_matches(each, address) for each in self._redirect_uris
        )

    def _is_fresh(self, claims: Mapping[str, Any]) -> bool:
        """In force, of a short life, and not seen before (case A41)."""
        issued, expires, jti = claims.get("iat"), claims.get("exp"), claims.get("jti")
        if not isinstance(issued, int) or not isinstance(expires, int) or not isinstance(jti, str):
            return False
        now, skew = self._clock().timestamp(), _SKEW.total_seconds()
        return (
            issued - skew <= now < expires + skew
            and expires - issued <= _LONGEST_LIFETIME.total_seconds()
            and self._seen.put(jti, True)
        )


def _check_profile(claims: Mapping[str, Any], asked: Asked) -> None:
    if claims.get("response_type") != "code":
        raise ReturnedError("unsupported_response_type", asked)
    if not set(SCOPES) <= set(_text(claims, "scope").split()):
        raise ReturnedError("invalid_scope", asked)
    if LEVEL not in _text(claims, "acr_values").split():
        raise ReturnedError("unmet_authentication_requirements", asked)
    if (
        claims.get("code_challenge_method") != "S256"
        or not _CHALLENGE.fullmatch(asked.challenge)
        or not _UNGUESSABLE.fullmatch(asked.state)
        or not _UNGUESSABLE.fullmatch(asked.nonce)
        or claims.get("prompt") != "login"
    ):
        raise ReturnedError("invalid_request", asked)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) else ""


def _language(locales: str) -> Language:
    known = [Language(each) for each in locales.split() if each in set(Language)]
    return known[0] if known else Language.ENGLISH
