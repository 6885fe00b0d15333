"""A broker that does whatever a test tells it: its tokens are made here, with joserfc alone.

    provider.change_id_token = lambda claims: claims.update(aud="somebody-else")
    provider.sign = lambda claims: ...          # instead of RS256 with the provider's key
    provider.wrap = lambda signed: ...          # instead of encrypting to the client's key
    provider.answer = lambda path: Response(...)  # instead of everything

Untouched, it is honest.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jwe, jws
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.http import serving
from runtime.identification_settings import Broker
from runtime.settings import Address
from starter.identification.keys import ClientKeyFile
from tests.clock import SettableClock
from tests.dev_server import free_port

CLIENT_ID = "fullmakt"
LOATEST2 = "http://ftn.ficora.fi/2017/loatest2"
CODE = "urn:oid:1.2.246.21"
FIRST_NAMES = "urn:oid:1.2.246.575.1.14"
LAST_NAME = "urn:oid:2.5.4.4"

Claims = dict[str, Any]


@cache
def _pair(owner: str) -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def rsa_key(owner: str = "attacker", kid: str | None = None) -> RSAKey:
    """An owner's key, always the same one: making it takes a while. `kid`: a name other than its own."""
    key = RSAKey.import_key(_pair(owner))
    return RSAKey.import_key(_pair(owner), {"kid": kid or key.thumbprint()})


class TamperingProvider:
    """The state of the broker, and how it makes what it answers."""

    def __init__(self, issuer: str, client_keys: ClientKeyFile) -> None:
        self.issuer, self.client_keys = issuer, client_keys
        self.key = rsa_key("broker")
        self.access_token = secrets.token_urlsafe(32)
        self.forms: list[tuple[str, dict[str, str]]] = []
        """Path and fields of each request that was answered."""
        self._end_of_silence = asyncio.Event()
        self.reset(SettableClock())

    def reset(self, clock: SettableClock) -> None:
        """Honest again, at another time."""
        self.clock = clock
        self.end_silence()
        self._end_of_silence = asyncio.Event()
        self.nonce = ""
        self.published: list[Mapping[str, Any]] = [self.key.as_dict(private=False)]
        self.change_id_token: Callable[[Claims], object] = lambda _: None
        self.change_userinfo: Callable[[Claims], object] = lambda _: None
        self.change_token_answer: Callable[[Claims], object] = lambda _: None
        self.sign: Callable[[Claims], str] = self.signed
        self.wrap: Callable[[str], str] = self.encrypted
        self.answer: Callable[[str], Response | None] = lambda _: None
        self.silent: set[str] = set()
        self.forms.clear()

    def end_silence(self) -> None:
        """Lets those go whom nothing was said to."""
        self._end_of_silence.set()

    @property
    def metadata(self) -> Broker:
        """The settings that lead here."""
        return Broker(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            userinfo_endpoint=f"{self.issuer}/userinfo",
            pushed_authorization_request_endpoint=f"{self.issuer}/par",
            keys_url=f"{self.issuer}/jwks.json",
        )

    def signed(
        self,
        claims: Claims | str,
        *,
        key: Any = None,
        algorithm: str = "RS256",
        **header: Any,
    ) -> str:
        """A JWS, with the provider's key unless told otherwise; a member of None is left out."""
        protected = {"alg": algorithm, "kid": self.key.kid, **header}
        protected = {name: value for name, value in protected.items() if value is not None}
        text = claims if isinstance(claims, str) else json.dumps(claims)
        registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        return jws.serialize_compact(protected, text, key or self.key, registry=registry)

    def encrypted(
        self,
        signed: str,
        *,
        key: Any = None,
        algorithm: str = "RSA-OAEP",
        encryption: str = "A128CBC-HS256",
        **header: Any,
    ) -> str:
        """A JWE, to the client's current key unless told otherwise; a member of None is left out."""
        recipient = key or self.client_keys.decryption_keys()[0]
        protected = {"alg": algorithm, "enc": encryption, "kid": recipient.kid, "cty": "JWT", **header}
        protected = {name: value for name, value in protected.items() if value is not None}
        allowed = [algorithm, encryption, *filter(None, [header.get("zip")])]
        registry = jwe.JWERegistry(algorithms=allowed, strict_check_header=False)
        return jwe.encrypt_compact(protected, signed, recipient, registry=registry)

    def person(self) -> Claims:
        """The claims that both tokens have."""
        return {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "maija",
            CODE: "120872-901U",
            FIRST_NAMES: "Maija",
            LAST_NAME: "Virtanen",
        }

    async def respond(self, request: Request) -> Response:
        """What is answered at every path."""
        path = request.url.path
        if path in self.silent:
            await self._end_of_silence.wait()
        self.forms.append((path, dict(parse_qsl((await request.body()).decode()))))
        if (other := self.answer(path)) is not None:
            return other
        match path:
            case "/jwks.json":
                return JSONResponse({"keys": self.published})
            case "/par":
                return JSONResponse({"request_uri": "urn:example:1", "expires_in": 60}, 201)
            case "/token":
                return JSONResponse(self._token_answer())
            case _:
                claims = self.person()
                self.change_userinfo(claims)
                return Response(self.wrap(self.sign(claims)), media_type="application/jwt")

    def _token_answer(self) -> Claims:
        now = int(self.clock().timestamp())
        claims = self.person() | {
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": self.nonce,
            "acr": LOATEST2,
        }
        self.change_id_token(claims)
        answer = {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "id_token": self.wrap(self.sign(claims)),
        }
        self.change_token_answer(answer)
        return answer


@asynccontextmanager
async def tampering_provider(client_keys: ClientKeyFile) -> AsyncIterator[TamperingProvider]:
    """Serves one on any free port while the block runs."""
    port = free_port()
    provider = TamperingProvider(f"http://127.0.0.1:{port}", client_keys)
    app = Starlette(routes=[Route("/{path:path}", provider.respond, methods=["GET", "POST"])])
    async with serving(app, Address(port=port), what="The tampering provider"):
        yield provider
        provider.end_silence()
