"""Our test broker: the whole flow with it, and its page."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from domain.codes import Code, Refused
from domain.vocabulary import Language
from runtime.identification_settings import Broker
from starter.identification.provider import refusal_of
from starter.testbroker.people import PEOPLE
from starter.testbroker.visitor import identify_as, identify_with, turn_back
from tests.clock import SettableClock
from tests.identification.asking import Asking, answer_in
from tests.identification.conftest import MakeClient
from tests.identification.posting import Post, get

MAIJA = "120872-901U"


@pytest.mark.parametrize("by_value", [False, True])
async def test_a_test_person_identifies(
    broker: Broker, make_client: MakeClient, clock: SettableClock, by_value: bool
) -> None:
    if by_value:
        broker = broker.model_copy(update={"pushed_authorization_request_endpoint": None})
    client = make_client(broker)
    for person in PEOPLE:
        asking = Asking(clock())
        back = await identify_as(person.identity_code, await client.authorization_url(asking.request()))
        identity = await client.identity(asking.returned(back))

        assert (identity.first_name, identity.last_name) == (person.first_name, person.last_name)
        assert identity.personal_identity_code == person.identity_code
        assert identity.level == "http://ftn.ficora.fi/2017/loatest2"
        assert identity.identified_at == clock()


async def test_anybody_else_may_be_typed_in(
    broker: Broker, make_client: MakeClient, clock: SettableClock
) -> None:
    client, asking = make_client(broker), Asking(clock())
    url = await client.authorization_url(asking.request())

    identity = await client.identity(
        asking.returned(await identify_with(" 230342-9026 ", "Erik", "Lindqvist", url))
    )

    assert (identity.personal_identity_code, identity.last_name) == ("230342-9026", "Lindqvist")


async def test_turning_back_is_told(broker: Broker, make_client: MakeClient, clock: SettableClock) -> None:
    asking = Asking(clock())

    answer = answer_in(await turn_back(await make_client(broker).authorization_url(asking.request())))

    assert answer == {"error": "access_denied", "state": asking.state, "iss": broker.issuer}
    assert refusal_of(answer["error"]) is Code.IDENTIFICATION_CANCELLED


async def test_production_refuses_the_test_brokers_word(
    broker: Broker, make_client: MakeClient, clock: SettableClock, post: Post
) -> None:
    asking = Asking(clock())
    url = await make_client(broker).authorization_url(asking.request())
    callback = asking.returned(await identify_as(MAIJA, url))

    with pytest.raises(Refused) as refused:
        await make_client(broker, production=True).identity(callback)

    assert refused.value.code is Code.IDENTIFICATION_FAILED


async def test_somebody_elses_verifier_nonce_or_address_gets_nothing(
    broker: Broker, make_client: MakeClient, clock: SettableClock
) -> None:
    """A35: a code that was fetched by one browser, brought by another."""
    client = make_client(broker)
    foreign: list[dict[str, Any]] = [
        {"code_verifier": Asking(clock()).code_verifier},
        {"nonce": Asking(clock()).nonce},
        {"redirect_uri": "http://127.0.0.1:5001/identification/callback"},
    ]
    for changes in foreign:
        asking = Asking(clock())
        callback = asking.returned(await identify_as(MAIJA, await client.authorization_url(asking.request())))
        with pytest.raises(Refused):
            await client.identity(replace(callback, **changes))


async def test_a_choice_is_made_once(broker: Broker, make_client: MakeClient, clock: SettableClock) -> None:
    page = await get(await make_client(broker).authorization_url(Asking(clock()).request()))
    address = page.text.partition('action="')[2].partition('"')[0]
    async with httpx2.AsyncClient(base_url=broker.issuer) as browser:
        wrong = await browser.post(address, data={"identity_code": "<b>", "first_name": "", "last_name": "x"})
        right = await browser.post(address, data={"person": MAIJA})
        again = await browser.post(address, data={"person": MAIJA})

    assert [answer.status_code for answer in (wrong, right, again)] == [422, 303, 400]
    assert "&lt;b&gt;" in wrong.text


@pytest.mark.parametrize("language", list(Language))
async def test_its_page_says_that_it_is_a_test(
    broker: Broker, make_client: MakeClient, clock: SettableClock, language: Language
) -> None:
    url = await make_client(broker).authorization_url(Asking(clock(), language=language).request())

    page = await get(url)

    assert f'<html lang="{language.value}">' in page.text
    assert "<h1>TEST" in page.text.upper().replace("<H1>", "<h1>")
    assert all(person.identity_code in page.text for person in PEOPLE)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:5000;" in policy
    assert "unsafe" not in policy
    assert "style=" not in page.text
    assert page.headers["cache-control"] == "no-store"
    for asset in ("vendor/pico.min.css", "fullmakt.css"):
        address = page.text.partition(f"/assets/{asset}")[2].partition('"')[0]
        assert (await get(f"{broker.issuer}/assets/{asset}{address}")).status_code == 200


async def test_its_metadata_are_those_that_clients_are_given(broker: Broker) -> None:
    found = (await get(f"{broker.issuer}/.well-known/openid-configuration")).json()

    assert found["jwks_uri"] == broker.keys_url
    for name, address in broker.addresses():
        if name != "keys_url":
            assert found[name] == address
