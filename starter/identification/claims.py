"""What ID token and userinfo must say (OpenID Connect 3.1.3.7, 5.3.2; Traficom 213/2023), and who it is."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.codes import Refused
from domain.identity import checked_identity_code
from domain.text import checked_name
from starter.identification.faults import Fault, reject
from starter.identification.provider import Identity

IDENTITY_CODE = "urn:oid:1.2.246.21"
FIRST_NAMES = ("urn:oid:1.2.246.575.1.14", "given_name")
LAST_NAME = ("urn:oid:2.5.4.4", "family_name")

Claims = Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Expected:
    """What the claims are held against."""

    issuer: str
    client_id: str
    nonce: str
    levels: Sequence[str]
    started_at: datetime
    now: datetime
    skew: timedelta
    allow_temporary: bool


def check_id_token(claims: Claims, access_token: str, expected: Expected) -> None:
    """Raises Rejected unless the ID token answers our request, to us, now."""
    if claims.get("iss") != expected.issuer:
        reject(Fault.ISSUER_WRONG)
    _check_audience(claims, expected.client_id)
    _check_times(claims, expected)
    if not _same(claims.get("nonce"), expected.nonce):
        reject(Fault.NONCE_WRONG)
    if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(access_token)):
        reject(Fault.ACCESS_TOKEN_WRONG)
    if claims.get("acr") not in expected.levels:
        reject(Fault.LEVEL_REFUSED)
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        reject(Fault.SUBJECT_WRONG)


def check_userinfo(userinfo: Claims, id_token: Claims, expected: Expected) -> None:
    """Raises Rejected unless the userinfo is about the same person, from the same broker, to us."""
    if userinfo.get("sub") != id_token["sub"]:
        reject(Fault.SUBJECT_WRONG)
    if userinfo.get("iss", expected.issuer) != expected.issuer:
        reject(Fault.ISSUER_WRONG)
    if "aud" in userinfo:
        _check_audience(userinfo, expected.client_id)
    if "exp" in userinfo and _moment(userinfo, "exp") <= expected.now - expected.skew:
        reject(Fault.EXPIRED)


def identity_in(id_token: Claims, userinfo: Claims, expected: Expected) -> Identity:
    """Who it is, from claims that were checked. Raises Rejected."""
    sources = (id_token, userinfo)
    return Identity(
        personal_identity_code=_identity_code(sources, expected),
        first_name=_name(sources, FIRST_NAMES),
        last_name=_name(sources, LAST_NAME),
        level=str(id_token["acr"]),
        identified_at=_moment(id_token, "auth_time"),
    )


def _check_audience(claims: Claims, client_id: str) -> None:
    if claims.get("aud") not in (client_id, [client_id]) or claims.get("azp", client_id) != client_id:
        reject(Fault.AUDIENCE_WRONG)


def _check_times(claims: Claims, expected: Expected) -> None:
    latest, earliest = expected.now + expected.skew, expected.started_at - expected.skew
    issued_at, expires_at = _moment(claims, "iat"), _moment(claims, "exp")
    identified_at = _moment(claims, "auth_time")
    if expires_at <= expected.now - expected.skew:
        reject(Fault.EXPIRED)
    if issued_at > latest or identified_at > latest:
        reject(Fault.NOT_YET_VALID)
    if "nbf" in claims and _moment(claims, "nbf") > latest:
        reject(Fault.NOT_YET_VALID)
    # An identification of before this request is not the one that was asked for.
    if issued_at < earliest or identified_at < earliest:
        reject(Fault.OLDER_THAN_REQUEST)


def _moment(claims: Claims, name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        reject(Fault.CLAIMS_MALFORMED)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        reject(Fault.CLAIMS_MALFORMED)


def _identity_code(sources: Sequence[Claims], expected: Expected) -> str:
    given = [claims[IDENTITY_CODE] for claims in sources if IDENTITY_CODE in claims]
    if not given:
        reject(Fault.IDENTITY_CODE_MISSING)
    codes = set()
    for value in given:
        if not isinstance(value, str):
            reject(Fault.IDENTITY_CODE_REFUSED)
        try:
            codes.add(checked_identity_code(value, allow_temporary=expected.allow_temporary))
        except Refused:
            reject(Fault.IDENTITY_CODE_REFUSED)
    if len(codes) != 1:
        reject(Fault.IDENTITY_CODES_DIFFER)
    return codes.pop()


def _name(sources: Sequence[Claims], names: Sequence[str]) -> str:
    value = next((claims[name] for name in names for claims in sources if name in claims), None)
    if not isinstance(value, str):
        reject(Fault.NAME_MISSING)
    try:
        return checked_name(value)
    except Refused:
        reject(Fault.NAME_REFUSED)


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and given.isascii() and hmac.compare_digest(given, wanted)


def _half_hash(access_token: str) -> str:
    """All accepted signatures go with SHA-256."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
