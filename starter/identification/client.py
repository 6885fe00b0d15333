"""The relying party: sends a person to the broker, and reads who it was (spec section 5).

Whatever is wrong with an answer, the person learns that the identification failed, and the log learns our own
code of what it was; nothing that the broker sent is repeated anywhere.
"""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urlencode

import structlog

from domain.codes import Code, Refused
from runtime.clock import Clock, system_clock
from runtime.identification_settings import Identification
from starter.identification import tokens
from starter.identification.broker_keys import BrokerKeys, Timer
from starter.identification.claims import Expected, check_id_token, check_userinfo, identity_in
from starter.identification.faults import Fault, Rejected, Unavailable, reject
from starter.identification.keys import ClientKeyFile
from starter.identification.provider import AuthorizationRequest, Callback, Identity
from starter.identification.transport import Answer, Transport

log = structlog.get_logger()

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME = timedelta(minutes=1)
_REQUEST_LIFETIME = timedelta(minutes=5)
# RFC 6749, 5.2, RFC 9101 and RFC 6750: they tell an operator what is set up wrongly.
_KNOWN_ERRORS = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_request_object",
    "invalid_token",
)
_CODE = re.compile(r"[!-~]{1,2048}")
_REQUEST_URI = re.compile(r"(urn:|https://)[!-~]{1,500}")
_ACCESS_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,16384}")


class OpenIdConnectClient:
    """The broker of the settings, as an IdentityProvider."""

    def __init__(
        self,
        settings: Identification,
        keys: ClientKeyFile,
        *,
        production: bool,
        clock: Clock = system_clock,
        timer: Timer = time.monotonic,
    ) -> None:
        """`timer` tells how old fetched keys are. Raises ValueError for settings without a broker."""
        if settings.broker is None:
            raise ValueError("no identification broker in the settings")
        self._settings, self._broker, self._keys = settings, settings.broker, keys
        self._production, self._clock = production, clock
        self._transport = Transport(settings.timeout)
        self._broker_keys = BrokerKeys(
            transport=self._transport,
            file=self._broker.keys_file,
            url=self._broker.keys_url,
            lifetime=settings.keys_lifetime,
            pause=settings.keys_pause,
            timer=timer,
        )

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """Where the person's browser goes.

        Raises Refused: `not_found` for a means that is not offered, `identification.unavailable`, `.failed`.
        """
        parameters = self._parameters(request)
        try:
            return await self._url(tokens.signed(parameters, self._keys.signing_key()))
        except Unavailable:
            _unavailable()
        except Rejected as rejected:
            _failed(rejected)

    async def identity(self, callback: Callback) -> Identity:
        """Who it is. Raises Refused: `identification.unavailable` (worth another try), `.failed`."""
        try:
            return await self._identity(callback)
        except Unavailable:
            _unavailable()
        except Rejected as rejected:
            _failed(rejected)

    def public_keys(self) -> Mapping[str, Any]:
        """Our public keys as a JWK Set, for the broker."""
        return self._keys.read().public()

    async def close(self) -> None:
        """Ends open connections."""
        await self._transport.close()

    def _parameters(self, request: AuthorizationRequest) -> dict[str, Any]:
        """The request object's claims (RFC 9101; OpenID Connect Core 6.1)."""
        means = self._settings.means_by_id(request.means_id)
        if means is None:
            raise Refused(Code.NOT_FOUND)
        challenge = hashlib.sha256(request.code_verifier.encode()).digest()
        levels = self._settings.accepted_levels(production=self._production)
        parameters = {
            **self._validity(_REQUEST_LIFETIME),
            "iss": self._settings.client_id,
            "aud": self._broker.issuer,
            "client_id": self._settings.client_id,
            "response_type": "code",
            "scope": self._broker.scope,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
            "nonce": request.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "acr_values": " ".join(levels),
            # Each time anew: a bank's session of this morning proves nothing now.
            "prompt": "login",
            "ui_locales": request.language.value,
            self._broker.means_parameter: means.idp,
        }
        if self._settings.service_name is not None:
            parameters["ftn_spname"] = self._settings.service_name
        return parameters

    async def _url(self, request_object: str) -> str:
        query = {"client_id": self._settings.client_id}
        if (endpoint := self._broker.pushed_authorization_request_endpoint) is None:
            # OpenID Connect wants these two outside as well; those inside are the ones that count.
            query |= {"response_type": "code", "scope": self._broker.scope, "request": request_object}
        else:
            query["request_uri"] = await self._pushed(endpoint, request_object)
        separator = "&" if "?" in self._broker.authorization_endpoint else "?"
        return f"{self._broker.authorization_endpoint}{separator}{urlencode(query)}"

    async def _pushed(self, endpoint: str, request_object: str) -> str:
        form = {"request": request_object, **self._authentication()}
        answer = await self._transport.post(endpoint, form)
        if answer.status not in {HTTPStatus.CREATED, HTTPStatus.OK}:
            _refused_by_broker(answer)
        return _text(answer.json(), "request_uri", _REQUEST_URI)

    async def _identity(self, callback: Callback) -> Identity:
        self._check_issuer(callback.issuer)
        if not _CODE.fullmatch(callback.code):
            reject(Fault.CODE_MALFORMED)
        given = await self._exchanged(callback)
        access_token = _text(given, "access_token", _ACCESS_TOKEN)
        id_token = await self._opened(given.get("id_token"))
        expected = self._expected(callback)
        check_id_token(id_token, access_token, expected)
        userinfo: Mapping[str, Any] = {}
        if self._broker.userinfo_endpoint is not None:
            userinfo = await self._userinfo(self._broker.userinfo_endpoint, access_token)
            check_userinfo(userinfo, id_token, expected)
        return identity_in(id_token, userinfo, expected)

    def _check_issuer(self, issuer: str | None) -> None:
        """Against mixing up brokers (RFC 9207), before the code is given to anybody."""
        if issuer is None and self._broker.names_itself:
            reject(Fault.ISSUER_MISSING)
        if issuer is not None and issuer != self._broker.issuer:
            reject(Fault.ISSUER_WRONG)

    async def _exchanged(self, callback: Callback) -> dict[str, Any]:
        answer = await self._transport.post(
            self._broker.token_endpoint,
            {
                "grant_type": "authorization_code",
                "code": callback.code,
                "redirect_uri": callback.redirect_uri,
                "code_verifier": callback.code_verifier,
                **self._authentication(),
            },
        )
        if answer.status != HTTPStatus.OK:
            _refused_by_broker(answer)
        given = answer.json()
        if str(given.get("token_type")).lower() != "bearer":
            reject(Fault.ANSWER_MALFORMED)
        return given

    async def _userinfo(self, endpoint: str, access_token: str) -> dict[str, Any]:
        answer = await self._transport.get(endpoint, bearer=access_token)
        if answer.status != HTTPStatus.OK:
            _refused_by_broker(answer)
        if answer.media_type != "application/jwt" or not answer.body.isascii():
            reject(Fault.ANSWER_MALFORMED)
        return await self._opened(answer.body.decode("ascii"))

    async def _opened(self, token: object) -> dict[str, Any]:
        """The claims of a token that was encrypted to us and signed by the broker."""
        if not isinstance(token, str):
            reject(Fault.ANSWER_MALFORMED)
        inner = tokens.decrypted(token, self._keys.decryption_keys())
        return tokens.verified(inner, await self._broker_keys.key_for(tokens.signature_header(inner)))

    def _expected(self, callback: Callback) -> Expected:
        return Expected(
            issuer=self._broker.issuer,
            client_id=self._settings.client_id,
            nonce=callback.nonce,
            levels=self._settings.accepted_levels(production=self._production),
            started_at=callback.started_at,
            now=self._clock(),
            skew=self._settings.clock_skew,
            allow_temporary=not self._production,
        )

    def _authentication(self) -> dict[str, str]:
        """`private_key_jwt` (OpenID Connect 9). The network's brokers want their token endpoint as `aud`."""
        client_id = self._settings.client_id
        claims = {
            **self._validity(_ASSERTION_LIFETIME),
            "iss": client_id,
            "sub": client_id,
            "aud": self._broker.token_endpoint,
        }
        assertion = tokens.signed(claims, self._keys.signing_key())
        return {
            "client_id": client_id,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion,
        }

    def _validity(self, lifetime: timedelta) -> dict[str, Any]:
        now = int(self._clock().timestamp())
        return {
            "jti": secrets.token_urlsafe(32),
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
        }


def _text(given: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        reject(Fault.ANSWER_MALFORMED)
    return value


def _refused_by_broker(answer: Answer) -> NoReturn:
    with suppress(Rejected):
        error = answer.json().get("error")
        log.warning(
            "identification.refused_by_broker",
            status=answer.status,
            error=error if error in _KNOWN_ERRORS else "unknown",
        )
    reject(Fault.ANSWER_REFUSED)


def _unavailable() -> NoReturn:
    log.warning("identification.broker_unavailable")
    raise Refused(Code.IDENTIFICATION_UNAVAILABLE) from None


def _failed(rejected: Rejected) -> NoReturn:
    log.warning("identification.rejected", fault=rejected.fault.value)
    raise Refused(Code.IDENTIFICATION_FAILED) from None
