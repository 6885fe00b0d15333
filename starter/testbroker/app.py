"""The broker as an ASGI application."""

import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.codes import Refused
from domain.identity import checked_identity_code
from domain.text import checked_name
from runtime.clock import Clock, system_clock
from starter.identification.algorithms import OUR_SIGNATURE
from starter.testbroker import pages
from starter.testbroker.issuing import CONTENT_ENCRYPTION, KEY_ENCRYPTION, Identified, Issuer
from starter.testbroker.memory import Expiring
from starter.testbroker.people import PEOPLE
from starter.testbroker.requests import LEVEL, SCOPES, Asked, Client, NotReturnable, OAuthError, ReturnedError
from starter.web import assets

_PUSHED_LIFETIME = timedelta(seconds=60)
_CHOOSING_LIFETIME = timedelta(minutes=10)
_CODE_LIFETIME = timedelta(seconds=60)
_TOKEN_LIFETIME = timedelta(minutes=5)
_REQUEST_URI = "urn:ietf:params:oauth:request_uri:"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")

Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Registration:
    """What the broker and its client agreed on beforehand."""

    issuer: str
    client_id: str
    client_keys: Path
    """A JWK Set of the client's public keys."""
    redirect_uris: tuple[str, ...]
    """A loopback address stands for all its ports (RFC 8252, 7.3)."""


def broker_app(registration: Registration, *, clock: Clock = system_clock) -> Starlette:
    """The application; what it remembers is gone with it."""
    endpoints = _Endpoints(registration, clock)
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", endpoints.metadata),
            Route("/jwks.json", endpoints.public_keys),
            Route("/par", _answering(endpoints.push), methods=["POST"]),
            Route("/authorize", endpoints.authorize),
            Route("/interactions/{interaction}", endpoints.choose, methods=["POST"]),
            Route("/token", _answering(endpoints.token), methods=["POST"]),
            Route("/userinfo", _answering(endpoints.userinfo)),
            # For tests of rotation; a real broker does it by itself.
            Route("/key-rotations", endpoints.rotate, methods=["POST"]),
            *assets.routes(),
        ]
    )


def _answering(endpoint: Answer) -> Answer:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except OAuthError as error:
            return _json({"error": error.error}, error.status)

    return answer


class _Endpoints:
    """The handlers."""

    def __init__(self, registration: Registration, clock: Clock) -> None:
        self._issuer = Issuer(registration.issuer, registration.client_id, clock)
        self._client = Client(
            registration.client_id, registration.client_keys, registration.redirect_uris, clock
        )
        self._clock = clock
        self._pushed: Expiring[Asked] = Expiring(_PUSHED_LIFETIME, clock)
        self._choosing: Expiring[Asked] = Expiring(_CHOOSING_LIFETIME, clock)
        self._codes: Expiring[Identified] = Expiring(_CODE_LIFETIME, clock)
        self._tokens: Expiring[Identified] = Expiring(_TOKEN_LIFETIME, clock)
        # Which access token came of a used code: a second use of the code ends it (RFC 6749, 4.1.2).
        self._used_codes: Expiring[str] = Expiring(_TOKEN_LIFETIME, clock)

    async def metadata(self, _request: Request) -> Response:
        """The discovery document (OpenID Connect Discovery 3)."""
        name = self._issuer.name
        return _json(
            {
                "issuer": name,
                "authorization_endpoint": f"{name}/authorize",
                "token_endpoint": f"{name}/token",
                "userinfo_endpoint": f"{name}/userinfo",
                "pushed_authorization_request_endpoint": f"{name}/par",
                "jwks_uri": f"{name}/jwks.json",
                "scopes_supported": SCOPES,
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["pairwise"],
                "acr_values_supported": [LEVEL],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": [OUR_SIGNATURE],
                "require_signed_request_object": True,
                "request_object_signing_alg_values_supported": [OUR_SIGNATURE],
                "id_token_signing_alg_values_supported": [OUR_SIGNATURE],
                "id_token_encryption_alg_values_supported": [KEY_ENCRYPTION],
                "id_token_encryption_enc_values_supported": [CONTENT_ENCRYPTION],
                "userinfo_signing_alg_values_supported": [OUR_SIGNATURE],
                "userinfo_encryption_alg_values_supported": [KEY_ENCRYPTION],
                "userinfo_encryption_enc_values_supported": [CONTENT_ENCRYPTION],
                "authorization_response_iss_parameter_supported": True,
                "ui_locales_supported": ["sv", "fi", "en"],
            }
        )

    async def public_keys(self, _request: Request) -> Response:
        """The broker's keys."""
        return _json(self._issuer.public_keys())

    async def rotate(self, _request: Request) -> Response:
        """Replaces the signing key at once."""
        self._issuer.rotate()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def push(self, request: Request) -> Response:
        """Takes a request over the back channel (RFC 9126)."""
        form = await _form(request)
        name = self._issuer.name
        self._client.authenticate(form, (f"{name}/token", f"{name}/par", name))
        try:
            asked = self._client.request(form.get("request", ""), name)
        except NotReturnable:
            raise OAuthError("invalid_request_object") from None
        except ReturnedError as error:
            raise OAuthError(error.error) from None
        lifetime = int(_PUSHED_LIFETIME.total_seconds())
        answer = {"request_uri": f"{_REQUEST_URI}{self._pushed.add(asked)}", "expires_in": lifetime}
        return _json(answer, HTTPStatus.CREATED)

    async def authorize(self, request: Request) -> Response:
        """Where the browser arrives: the page with the test persons."""
        try:
            asked = self._asked(request.query_params)
        except NotReturnable:
            return pages.refused()
        except ReturnedError as error:
            return self._back(error.asked, error=error.error)
        return pages.choosing(self._choosing.add(asked), asked, {})

    async def choose(self, request: Request) -> Response:
        """Somebody chose a person, typed another one, or turned back."""
        interaction = request.path_params["interaction"]
        asked = self._choosing.get(interaction)
        if asked is None:
            return pages.refused()
        try:
            form = await _form(request)
        except OAuthError:
            return pages.refused(asked.language)
        if "cancel" in form:
            self._choosing.take(interaction)
            return self._back(asked, error="access_denied")
        identified = self._chosen(asked, form)
        if identified is None:
            return pages.choosing(interaction, asked, form, wrong=True)
        self._choosing.take(interaction)
        return self._back(asked, code=self._codes.add(identified))

    async def token(self, request: Request) -> Response:
        """Gives the tokens for a code, once."""
        form = await _form(request)
        self._client.authenticate(form, (f"{self._issuer.name}/token", self._issuer.name))
        if form.get("grant_type") != "authorization_code":
            raise OAuthError("unsupported_grant_type")
        code = form.get("code", "")
        if (used := self._used_codes.get(code)) is not None:
            self._tokens.take(used)
        identified = self._codes.take(code)
        if identified is None or not _answers(form, identified.asked):
            raise OAuthError("invalid_grant")
        access_token = self._tokens.add(identified)
        self._used_codes.put(code, access_token)
        return _json(
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": int(_TOKEN_LIFETIME.total_seconds()),
                "scope": " ".join(SCOPES),
                "id_token": self._issuer.id_token(identified, access_token, self._client.encryption_key()),
            }
        )

    async def userinfo(self, request: Request) -> Response:
        """Who it is, for the holder of an access token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        identified = self._tokens.get(token)
        if scheme.lower() != "bearer" or identified is None:
            raise OAuthError("invalid_token", HTTPStatus.UNAUTHORIZED)
        content = self._issuer.userinfo(identified, self._client.encryption_key())
        return Response(content, media_type="application/jwt", headers=pages.HEADERS)

    def _asked(self, query: Mapping[str, str]) -> Asked:
        if query.get("client_id") != self._client.id or ("request" in query) == ("request_uri" in query):
            raise NotReturnable
        if "request" in query:
            return self._client.request(query["request"], self._issuer.name)
        asked = self._pushed.take(query["request_uri"].removeprefix(_REQUEST_URI))
        if asked is None:
            raise NotReturnable
        return asked

    def _chosen(self, asked: Asked, form: Mapping[str, str]) -> Identified | None:
        known = next((each for each in PEOPLE if each.identity_code == form.get("person")), None)
        code, first, last = (
            (form.get("identity_code", ""), form.get("first_name", ""), form.get("last_name", ""))
            if known is None
            else (known.identity_code, known.first_name, known.last_name)
        )
        try:
            return Identified(
                asked=asked,
                identity_code=checked_identity_code(code, allow_temporary=True),
                first_name=checked_name(first),
                last_name=checked_name(last),
                at=int(self._clock().timestamp()),
            )
        except Refused:
            return None

    def _back(self, asked: Asked, **answer: str) -> Response:
        """To the client, through the browser, with our name in it (RFC 9207)."""
        query = urlencode({**answer, "state": asked.state, "iss": self._issuer.name})
        separator = "&" if "?" in asked.redirect_uri else "?"
        address = f"{asked.redirect_uri}{separator}{query}"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER, headers=pages.HEADERS)


def _answers(form: Mapping[str, str], asked: Asked) -> bool:
    """Whether the client shows that the code came of its own request."""
    verifier = form.get("code_verifier", "")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return (
        form.get("redirect_uri") == asked.redirect_uri
        and _VERIFIER.fullmatch(verifier) is not None
        and hmac.compare_digest(challenge, asked.challenge)
    )


async def _form(request: Request) -> dict[str, str]:
    """The posted fields. Raises OAuthError for another form than that, and for a field that stands twice."""
    try:
        given = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise OAuthError("invalid_request") from None
    if len(dict(given)) != len(given):
        raise OAuthError("invalid_request")
    return dict(given)


def _json(content: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return JSONResponse(content, status_code=status, headers=pages.HEADERS)
