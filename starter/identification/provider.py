"""What use cases ask of strong identification, whichever way it is done (spec section 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from domain.codes import Code
from domain.vocabulary import Language

# What a broker answers when the person turned back (RFC 6749, 4.1.2.1; the second is a broker's own).
_TURNED_BACK = frozenset({"access_denied", "cancel"})
_TRY_LATER = frozenset({"temporarily_unavailable", "server_error"})


@dataclass(frozen=True)
class AuthorizationRequest:
    """One identification that begins. The caller keeps its secrets for the callback."""

    means_id: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    """43 to 128 characters of A-Z a-z 0-9 - . _ ~ (RFC 7636)."""
    redirect_uri: str
    language: Language


@dataclass(frozen=True)
class Callback:
    """What the broker sent back through the browser, with what the caller kept of the request.

    The caller has compared `state` with its own and sees to it that each request is answered once.
    """

    code: str = field(repr=False)
    issuer: str | None
    """The parameter `iss` (RFC 9207)."""
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    redirect_uri: str
    started_at: datetime
    """When the request was made (aware)."""


@dataclass(frozen=True)
class Identity:
    """Who somebody is, on a bank's or a telephone company's word."""

    personal_identity_code: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    level: str
    """The `acr`."""
    identified_at: datetime
    """When the person identified (UTC)."""


class IdentityProvider(Protocol):
    """An identification broker."""

    def public_keys(self) -> Mapping[str, Any]:
        """Our public keys as a JWK Set (RFC 7517), for the broker."""
        ...

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """Where the person's browser goes. Raises Refused: `identification.unavailable`, `.failed`;
        `not_found` for a means that is not offered.
        """
        ...

    async def identity(self, callback: Callback) -> Identity:
        """Who it is. Raises Refused: `identification.unavailable` (worth another try), `.failed`."""
        ...


def refusal_of(error: str) -> Code:
    """The code for the parameter `error` of a callback."""
    if error in _TURNED_BACK:
        return Code.IDENTIFICATION_CANCELLED
    return Code.IDENTIFICATION_UNAVAILABLE if error in _TRY_LATER else Code.IDENTIFICATION_FAILED
