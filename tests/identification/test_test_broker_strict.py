"""Our test broker is as strict as a real one: what it refuses, and how (cases A35, A41)."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from runtime.identification_settings import Broker
from starter.identification.client import OpenIdConnectClient
from starter.testbroker.visitor import identify_as
from tests.clock import SettableClock
from tests.identification.asking import REDIRECT_URI, Asking, answer_in
from tests.identification.conftest import MakeClient
from tests.identification.posting import Post, get
from tests.identification.tampering import CLIENT_ID, rsa_key

MAIJA = "120872-901U"


async def _code(client: OpenIdConnectClient, asking: Asking) -> str:
    back = await identify_as(MAIJA, await client.authorization_url(asking.request()))
    return answer_in(back)["code"]


async def test_a_code_is_good_once_and_its_second_use_ends_the_first(
    broker: Broker, make_client: MakeClient, clock: SettableClock, post: Post
) -> None:
    asking = Asking(clock())
    code = await _code(make_client(broker), asking)

    first = await post.token(code, asking)
    again = await post.token(code, asking)
    async with httpx2.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {first.json()['access_token']}"}
        userinfo = await client.get(str(broker.userinfo_endpoint), headers=headers)

    assert first.status_code == 200
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert (userinfo.status_code, userinfo.json()) == (401, {"error": "invalid_token"})


async def test_a_code_is_good_for_a_minute(
    broker: Broker, make_client: MakeClient, clock: SettableClock, broker_clock: SettableClock, post: Post
) -> None:
    asking = Asking(clock())
    code = await _code(make_client(broker), asking)
    clock.advance(timedelta(seconds=60))
    broker_clock.now = clock.now

    assert (await post.token(code, asking)).json() == {"error": "invalid_grant"}


async def test_an_assertion_is_good_once_and_of_the_client_alone(
    broker: Broker, make_client: MakeClient, clock: SettableClock, post: Post
) -> None:
    """A41, from the other side."""
    asking = Asking(clock())
    used = post.assertion()
    assert (await post.token("no-code", asking, client_assertion=used)).json() == {"error": "invalid_grant"}

    for assertion in (
        used,
        "",
        post.assertion(key=rsa_key()),
        post.assertion(aud="https://broker.example.com/token"),
        post.assertion(aud=broker.userinfo_endpoint),
        post.assertion(iss="somebody"),
        post.assertion(sub="somebody"),
        post.assertion(exp=int(clock().timestamp()) - 31),
        post.assertion(exp=int(clock().timestamp()) + 3600),
        post.assertion(iat=int(clock().timestamp()) + 31),
        post.assertion(jti=None),
        post.request(asking),
    ):
        refused = await post.token("no-code", asking, client_assertion=assertion)
        assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})


async def test_tokens_are_not_given_for_anything_else(
    broker: Broker, make_client: MakeClient, clock: SettableClock, post: Post
) -> None:
    client = make_client(broker)
    for changes, error in (
        ({"code_verifier": "v" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:5001/identification/callback"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"client_id": "somebody"}, "invalid_client"),
        ({"client_assertion_type": "password"}, "invalid_client"),
    ):
        asking = Asking(clock())
        refused = await post.token(await _code(client, asking), asking, **changes)
        assert refused.json() == {"error": error}


async def test_a_request_that_is_not_the_clients_is_not_answered(
    broker: Broker, clock: SettableClock, post: Post
) -> None:
    asking = Asking(clock())
    for request in (
        "",
        "x",
        post.request(asking, key=rsa_key()),
        post.request(asking, client_id="somebody"),
        post.request(asking, redirect_uri="https://evil.example/cb"),
        post.request(asking, redirect_uri="http://127.0.0.1:5000/elsewhere"),
        post.request(asking, redirect_uri=None),
        post.assertion(),
    ):
        page = await get(broker.authorization_endpoint, client_id=CLIENT_ID, request=request)
        assert page.status_code == 400
        assert "location" not in page.headers
        assert "/interactions/" not in page.text
    for query in (
        {"client_id": "somebody", "request": post.request(asking)},
        {"client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "scope": "openid", "response_type": "code"},
        {"client_id": CLIENT_ID, "request": post.request(asking), "request_uri": "urn:x"},
        {"client_id": CLIENT_ID, "request_uri": "urn:ietf:params:oauth:request_uri:unknown"},
    ):
        assert (await get(broker.authorization_endpoint, **query)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aud": "https://broker.example.com"}, "invalid_request_object"),
        ({"iss": "somebody"}, "invalid_request_object"),
        ({"sub": CLIENT_ID}, "invalid_request_object"),
        ({"exp": 1}, "invalid_request_object"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"acr_values": "http://ftn.ficora.fi/2017/loa2"}, "unmet_authentication_requirements"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"nonce": "short"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"prompt": "none"}, "invalid_request"),
    ],
)
async def test_a_request_against_the_profile_goes_back(
    broker: Broker, clock: SettableClock, post: Post, changes: dict[str, Any], error: str
) -> None:
    asking = Asking(clock())

    page = await get(
        broker.authorization_endpoint, client_id=CLIENT_ID, request=post.request(asking, **changes)
    )
    pushed = await post.push(request=post.request(asking, **changes))

    assert page.status_code == 303
    assert page.headers["location"].startswith(f"{REDIRECT_URI}?error={error}&")
    assert (pushed.status_code, pushed.json()) == (400, {"error": error})


async def test_requests_are_good_once(broker: Broker, clock: SettableClock, post: Post) -> None:
    asking = Asking(clock())
    request = post.request(asking)
    pushed = (await post.push(request=request)).json()["request_uri"]

    answers = [
        await get(broker.authorization_endpoint, client_id=CLIENT_ID, **query)
        for query in ({"request_uri": pushed}, {"request_uri": pushed}, {"request": request})
    ]

    assert [answer.status_code for answer in answers] == [200, 400, 303]
    assert "error=invalid_request_object" in answers[2].headers["location"]
