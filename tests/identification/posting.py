"""The client's side towards the test broker, by hand: with whatever a test changes."""

import secrets
from typing import Any

import httpx2
from joserfc.jwk import RSAKey

from runtime.identification_settings import Broker
from starter.identification import tokens
from starter.identification.keys import ClientKeyFile
from starter.identification.transport import trust
from tests.clock import SettableClock
from tests.identification.asking import Asking
from tests.identification.tampering import CLIENT_ID

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Post:
    """Sends forms to the broker as the client does, with whatever a test changes."""

    def __init__(self, broker: Broker, keys: ClientKeyFile, clock: SettableClock) -> None:
        self._broker, self._keys, self._clock = broker, keys, clock

    def validity(self) -> dict[str, Any]:
        """Times of now, and an identifier."""
        now = int(self._clock().timestamp())
        return {"iat": now, "exp": now + 60, "jti": secrets.token_urlsafe(32)}

    def assertion(self, *, key: RSAKey | None = None, **changes: Any) -> str:
        """A client assertion."""
        claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": self._broker.token_endpoint, **self.validity()}
        return tokens.signed(claims | changes, key or self._keys.signing_key())

    def request(self, asking: Asking, *, key: RSAKey | None = None, **changes: Any) -> str:
        """A request object."""
        claims = {
            **self.validity(),
            "iss": CLIENT_ID,
            "aud": self._broker.issuer,
            "client_id": CLIENT_ID,
            "response_type": "code",
            "scope": "openid ftn_hetu",
            "redirect_uri": asking.redirect_uri,
            "state": asking.state,
            "nonce": asking.nonce,
            "code_challenge": "c" * 43,
            "code_challenge_method": "S256",
            "acr_values": "http://ftn.ficora.fi/2017/loatest2",
            "prompt": "login",
        }
        return tokens.signed(claims | changes, key or self._keys.signing_key())

    async def token(self, code: str, asking: Asking, **changes: str) -> httpx2.Response:
        """Asks for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asking.redirect_uri,
            "code_verifier": asking.code_verifier,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        return await self._post(self._broker.token_endpoint, form | changes)

    async def push(self, **form: str) -> httpx2.Response:
        """Pushes a request."""
        given = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion()}
        return await self._post(str(self._broker.pushed_authorization_request_endpoint), given | form)

    async def _post(self, url: str, form: dict[str, str]) -> httpx2.Response:
        async with httpx2.AsyncClient(verify=trust()) as client:
            return await client.post(url, data=form)


async def get(url: str, **query: str) -> httpx2.Response:
    async with httpx2.AsyncClient(verify=trust()) as browser:
        return await browser.get(url, params=query or None)
