"""One identification as a caller of the client makes it: its secrets, and the callback from an address."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from domain.vocabulary import Language
from starter.identification.provider import AuthorizationRequest, Callback

REDIRECT_URI = "http://127.0.0.1:5000/identification/callback"


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Asking:
    """What the caller keeps between sending somebody away and seeing them come back."""

    started_at: datetime
    means_id: str = "nordea"
    language: Language = Language.SWEDISH
    redirect_uri: str = REDIRECT_URI
    state: str = field(default_factory=_secret)
    nonce: str = field(default_factory=_secret)
    code_verifier: str = field(default_factory=_secret)

    def request(self) -> AuthorizationRequest:
        """To be asked of the client."""
        return AuthorizationRequest(
            means_id=self.means_id,
            state=self.state,
            nonce=self.nonce,
            code_verifier=self.code_verifier,
            redirect_uri=self.redirect_uri,
            language=self.language,
        )

    def callback(self, *, code: str = "a-code", issuer: str | None = None) -> Callback:
        """What came back."""
        return Callback(
            code=code,
            issuer=issuer,
            nonce=self.nonce,
            code_verifier=self.code_verifier,
            redirect_uri=self.redirect_uri,
            started_at=self.started_at,
        )

    def returned(self, address: str) -> Callback:
        """The callback that the browser brought; fails unless it is the answer to this request."""
        found = answer_in(address)
        assert address.startswith(self.redirect_uri)
        assert found["state"] == self.state
        return self.callback(code=found["code"], issuer=found.get("iss"))


def answer_in(address: str) -> dict[str, str]:
    """The parameters of an address, each once."""
    found = parse_qs(urlsplit(address).query, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}
