"""Tokens: signed (JWS), and signed then encrypted (nested, RFC 7519 appendix A.2), in compact form.

A token is looked at from the outside in: its size, its form, its header, its algorithm; only then is a key
used, one of those we know beforehand. What a token's header says about keys is never followed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from starter.identification.algorithms import CONTENT_ENCRYPTIONS, KEY_ENCRYPTIONS, OUR_SIGNATURE, SIGNATURES
from starter.identification.faults import Fault, reject
from starter.identification.strict_json import json_object

LONGEST_TOKEN = 32 * 1024
_LONGEST_HEADER = 1024

_ENCRYPTED_PARTS = 5
_SIGNED_PARTS = 3
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
# Keys that come along with a token, demands on its reader, compression, and what other algorithms need.
_FORBIDDEN = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "zip", "b64", "epk", "p2s", "p2c"})

PublicKey = RSAKey | ECKey


def signed(claims: Mapping[str, Any], key: RSAKey) -> str:
    """A JWT of ours, signed with `key`, which its header names.

    Its `typ` is JWT for all kinds: some brokers' libraries refuse the kinds' own names. They cannot be taken
    for each other all the same (RFC 9101, 10.8): request objects have no `sub`, and another `aud`.
    """
    header = {"alg": OUR_SIGNATURE, "kid": key.kid, "typ": "JWT"}
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[OUR_SIGNATURE])


def decrypted(token: str, keys: Sequence[RSAKey]) -> str:
    """The signed token inside an encrypted one. Raises Rejected."""
    header = _header(token, _ENCRYPTED_PARTS)
    if header.get("alg") not in KEY_ENCRYPTIONS or header.get("enc") not in CONTENT_ENCRYPTIONS:
        reject(Fault.ALGORITHM_REFUSED)
    named = [key for key in keys if "kid" not in header or key.kid == header["kid"]]
    if not named:
        reject(Fault.DECRYPTION_KEY_UNKNOWN)
    # Brokers may copy claims into the header (RFC 7519, 5.3), so unknown members are no error.
    registry = jwe.JWERegistry(algorithms=[*KEY_ENCRYPTIONS, *CONTENT_ENCRYPTIONS], strict_check_header=False)
    opened = (_decrypted_with(key, token, registry) for key in named)
    return next(filter(None, opened), None) or reject(Fault.NOT_DECRYPTED)


def signature_header(token: str) -> dict[str, Any]:
    """The header of a signed token, its algorithm an accepted one. Raises Rejected."""
    header = _header(token, _SIGNED_PARTS)
    if header.get("alg") not in SIGNATURES:
        reject(Fault.ALGORITHM_REFUSED)
    return header


def verified(token: str, key: PublicKey) -> dict[str, Any]:
    """The claims of a token that `key` signed. Raises Rejected."""
    algorithm = signature_header(token)["alg"]
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    try:
        payload = jws.deserialize_compact(token, key, registry=registry).payload
    except (JoseError, ValueError):
        reject(Fault.SIGNATURE_WRONG)
    return json_object(payload, Fault.CLAIMS_MALFORMED)


def _decrypted_with(key: RSAKey, token: str, registry: jwe.JWERegistry) -> str | None:
    try:
        plaintext = jwe.decrypt_compact(token, key, registry=registry).plaintext
        return (plaintext or b"").decode("ascii")
    except (JoseError, ValueError):
        return None


def _header(token: str, parts: int) -> dict[str, Any]:
    if len(token) > LONGEST_TOKEN:
        reject(Fault.TOKEN_TOO_LARGE)
    found = token.split(".")
    if len(found) != parts or not all(map(_BASE64URL.fullmatch, found)):
        reject(Fault.TOKEN_MALFORMED)
    if len(found[0]) > _LONGEST_HEADER:
        reject(Fault.TOKEN_TOO_LARGE)
    try:
        text = urlsafe_b64decode(found[0].encode())
    except ValueError:
        reject(Fault.HEADER_MALFORMED)
    header = json_object(text, Fault.HEADER_MALFORMED)
    if _FORBIDDEN & header.keys():
        reject(Fault.HEADER_FORBIDDEN)
    if any(not isinstance(header.get(name, ""), str) for name in ("alg", "enc", "kid", "typ", "cty")):
        reject(Fault.HEADER_MALFORMED)
    return header
