"""The algorithms that are used and accepted; a token that names another one is refused unread.

The Finnish Trust Network's brokers sign with RS256 and encrypt with RSA-OAEP and AES. Beside these stand
their stronger siblings, so that a broker may move on. No `none`, no shared secrets (HS*), no encryption by
PKCS #1 v1.5.
"""

from collections.abc import Mapping
from typing import Any

from joserfc.util import urlsafe_b64decode

# What we sign with: the one that every broker of the network takes.
OUR_SIGNATURE = "RS256"

# Key types of accepted signatures.
SIGNATURES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
KEY_ENCRYPTIONS = frozenset({"RSA-OAEP", "RSA-OAEP-256"})
CONTENT_ENCRYPTIONS = frozenset({"A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"})

CURVES = {"ES256": "P-256"}
OUR_RSA_BITS = 3072
_MINIMUM_RSA_BITS = 2048


def is_strong(jwk: Mapping[str, Any]) -> bool:
    """Whether an RSA key is long enough. Raises KeyError, TypeError or ValueError for what is none."""
    modulus = int.from_bytes(urlsafe_b64decode(jwk["n"].encode()))
    return modulus.bit_length() >= _MINIMUM_RSA_BITS
