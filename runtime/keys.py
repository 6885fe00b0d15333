"""Everything made with the secret key: tokens of invitations, hashes and indexes.

Each use has a key of its own, derived from the one secret with the use's name (HMAC-SHA256), so that a token
of one purpose is worth nothing for another.
"""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

TOKEN_LENGTH = 43  # 32 bytes, base64url without padding


class Keys:
    """Derives from one secret. Never shows it, not even in repr()."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def invitation_token(self, invitation_id: UUID, generation: int) -> str:
        """The token in an invitation's link: the same one each time, so a repeated e-mail is the same."""
        digest = self._hmac("invitation-token", f"{invitation_id}/{generation}")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def registration_token(self, purpose: str, registration_id: UUID, generation: int = 1) -> str:
        """The token of a link about a registration: `confirm` an address, or `dispute` it."""
        digest = self._hmac(f"registration-{purpose}", f"{registration_id}/{generation}")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def account_link_token(self, purpose: str, account_link_id: UUID) -> str:
        """The token of a link about an account: the same one each time, so a repeated e-mail is the same."""
        digest = self._hmac(f"account-link-{purpose}", str(account_link_id))
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def identification_secret(self, purpose: str, identification_id: UUID) -> str:
        """The `nonce` or `code_verifier` of an identification: 43 characters that need not be kept."""
        digest = self._hmac(f"identification-{purpose}", str(identification_id))
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def source_hash(self, address: str) -> str:
        """Where a request came from, so that it can be counted without being kept."""
        return self._hmac("source", address).hex()

    def identity_index(self, personal_identity_code: str) -> str:
        """The blind index of a personal identity code: finds a person, tells nothing."""
        return self._hmac("identity-index", personal_identity_code).hex()

    def counter_key(self, what: str, *parts: str) -> str:
        """A counter's key, without the words it is made from."""
        return f"{what}:{self._hmac('counter', '/'.join(parts)).hex()}"

    def form_token(self, secret: str) -> str:
        """What a form of the pages carries: only who was shown a page with this cookie's secret has it."""
        return self._hmac("form-token", secret).hex()

    def _hmac(self, use: str, value: str) -> bytes:
        derived = hmac.digest(self._secret, use.encode(), "sha256")
        return hmac.digest(derived, value.encode(), "sha256")


def new_token() -> str:
    """32 random bytes: of a session, a registration, an identification's `state`."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """The form in which tokens are kept and looked up. They are random, so a plain hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()
