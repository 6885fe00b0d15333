"""What the client asks: signed, bound to one identification, never twice the same (spec 5, case A41)."""

import base64
import hashlib
import json
from typing import Any

import pytest
from joserfc import jws

from domain.codes import Code, Refused
from domain.vocabulary import Language
from starter.identification.provider import refusal_of
from tests.clock import SettableClock
from tests.identification.asking import REDIRECT_URI, Asking, answer_in
from tests.identification.conftest import MakeClient
from tests.identification.tampering import CLIENT_ID, TamperingProvider


def _read(token: str, provider: TamperingProvider) -> jws.CompactSignature:
    return jws.deserialize_compact(token, provider.client_keys.signing_key(), algorithms=["RS256"])


def _claims(token: str, provider: TamperingProvider) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(_read(token, provider).payload)
    return claims


async def test_a_request_says_all_that_the_profile_wants(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock
) -> None:
    by_value = provider.metadata.model_copy(update={"pushed_authorization_request_endpoint": None})
    asking = Asking(clock(), means_id="pop", language=Language.FINNISH)

    url = await make_client(by_value, service_name="Exempel Energi").authorization_url(asking.request())

    outside = answer_in(url)
    request = outside.pop("request")
    assert url.startswith(f"{provider.issuer}/authorize?")
    assert outside == {"client_id": CLIENT_ID, "response_type": "code", "scope": "openid ftn_hetu"}
    challenge = hashlib.sha256(asking.code_verifier.encode()).digest()
    now = int(clock().timestamp())
    claims = _claims(request, provider)
    assert len(claims.pop("jti")) == 43
    assert claims == {
        "iss": CLIENT_ID,
        "aud": provider.issuer,
        "iat": now,
        "exp": now + 300,
        "client_id": CLIENT_ID,
        "response_type": "code",
        "scope": "openid ftn_hetu",
        "redirect_uri": REDIRECT_URI,
        "state": asking.state,
        "nonce": asking.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "acr_values": " ".join(
            f"http://ftn.ficora.fi/2017/{level}" for level in ("loatest2", "loatest3", "loa2", "loa3")
        ),
        "prompt": "login",
        "ui_locales": "fi",
        "ftn_idp_id": "fi-pop",
        "ftn_spname": "Exempel Energi",
    }
    header = _read(request, provider).protected
    assert header == {"alg": "RS256", "kid": provider.client_keys.signing_key().kid, "typ": "JWT"}


async def test_a_pushed_request_leaves_nothing_to_the_browser(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock
) -> None:
    url = await make_client(provider.metadata, production=True).authorization_url(Asking(clock()).request())

    assert answer_in(url) == {"client_id": CLIENT_ID, "request_uri": "urn:example:1"}
    [(path, form)] = provider.forms
    assert path == "/par"
    assert set(form) == {"request", "client_id", "client_assertion_type", "client_assertion"}
    asked = _claims(form["request"], provider)["acr_values"]
    assert asked == "http://ftn.ficora.fi/2017/loa2 http://ftn.ficora.fi/2017/loa3"


async def test_the_client_authenticates_with_its_key(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock
) -> None:
    asking = Asking(clock())
    provider.nonce = asking.nonce

    await make_client(provider.metadata).identity(asking.callback(issuer=provider.issuer))

    form = next(form for path, form in provider.forms if path == "/token")
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert {name: form[name] for name in ("grant_type", "code", "redirect_uri", "code_verifier")} == {
        "grant_type": "authorization_code",
        "code": "a-code",
        "redirect_uri": REDIRECT_URI,
        "code_verifier": asking.code_verifier,
    }
    claims = _claims(form["client_assertion"], provider)
    now = int(clock().timestamp())
    assert len(claims.pop("jti")) == 43
    assert claims == {
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "aud": f"{provider.issuer}/token",
        "iat": now,
        "exp": now + 60,
    }


async def test_no_identifier_of_ours_repeats(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock
) -> None:
    """At a clock that stands still."""
    client = make_client(provider.metadata)
    asking = Asking(clock())
    provider.nonce = asking.nonce
    for _ in range(20):
        await client.authorization_url(asking.request())
        await client.identity(asking.callback(issuer=provider.issuer))

    sent = [
        form[name] for _, form in provider.forms for name in ("client_assertion", "request") if name in form
    ]
    identifiers = {_claims(token, provider)["jti"] for token in sent}

    assert len(identifiers) == len(sent) == 60


async def test_a_means_that_is_not_offered_is_not_found(
    provider: TamperingProvider, make_client: MakeClient, clock: SettableClock
) -> None:
    with pytest.raises(Refused) as refused:
        await make_client(provider.metadata).authorization_url(Asking(clock(), means_id="other").request())

    assert refused.value.code is Code.NOT_FOUND


def test_requests_and_callbacks_show_no_secrets(clock: SettableClock) -> None:
    asking = Asking(clock())

    for shown in (repr(asking.request()), repr(asking.callback(code="the-code"))):
        for secret in (asking.nonce, asking.code_verifier, asking.state, "the-code"):
            assert secret not in shown


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", Code.IDENTIFICATION_CANCELLED),
        ("cancel", Code.IDENTIFICATION_CANCELLED),
        ("temporarily_unavailable", Code.IDENTIFICATION_UNAVAILABLE),
        ("server_error", Code.IDENTIFICATION_UNAVAILABLE),
        ("login_required", Code.IDENTIFICATION_FAILED),
        ("<script>", Code.IDENTIFICATION_FAILED),
    ],
)
def test_an_error_of_the_broker_is_one_of_ours(error: str, code: Code) -> None:
    assert refusal_of(error) is code
