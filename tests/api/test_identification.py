"""Identifying strongly over HTTP, on a whole live stack with the test broker (spec 3.3, 3.7 and 5)."""

import pytest

from domain.vocabulary import Commodity
from starter.testbroker import visitor
from tests import factories
from tests.api.conftest import assemble
from tests.api.registering import Person, answer_in, make_customer
from tests.fixtures.api import LiveStack
from tests.frontend import Frontend, field_codes, invite, refusal

ELECTRICITY, HEATING = Commodity.ELECTRICITY, Commodity.DISTRICT_HEATING


@pytest.fixture
def frontend(live_stack: LiveStack) -> Frontend:
    return live_stack.frontend


async def test_contracts_are_linked_again_by_who_has_identified_lately(
    live_stack: LiveStack, frontend: Frontend
) -> None:
    sanna = Person(frontend)
    await sanna.register(live_stack.smtp)
    await make_customer(
        frontend.database, ELECTRICITY, HEATING, identity_code=sanna.identity_code, ended=HEATING
    )
    session = await sanna.log_in()
    stale = await session.post("/v1/contract-links")
    assert refusal(stale) == (403, "identification.stale")

    other = Person(frontend)
    assert refusal(await other.identify_again(session)) == (409, "identification.other_person")
    assert refusal(await session.post("/v1/contract-links")) == (403, "identification.stale")
    me = await sanna.identify_again(session)
    assert me.json()["strong_identification"]["fresh_until"] is not None
    assert me.json() == (await session.get("/v1/me")).json()
    linked = await session.post("/v1/contract-links")
    assert linked.status_code == 201, linked.text
    found = linked.json()
    assert linked.headers["location"] == f"/v1/contract-links/{found['id']}"
    assert [each["commodity"] for each in found["linked"]] == ["electricity"]
    assert (await session.get(linked.headers["location"])).json() == found
    await other.register(live_stack.smtp)
    hidden = await (await other.log_in()).get(linked.headers["location"])
    assert refusal(hidden) == (404, "not_found")


async def test_somebody_without_strong_identity_gets_one_and_needs_it_to_link(
    frontend: Frontend,
) -> None:
    anna = await factories.make_user(frontend.database)
    session = await frontend.log_in(anna)
    assert (await session.get("/v1/me")).json()["strong_identification"] is None
    refused = await session.post("/v1/contract-links")
    assert refusal(refused) == (422, "identification.required")
    person = Person(frontend)
    assert (await person.identify_again(session)).status_code == 200
    assert (await session.post("/v1/contract-links")).json()["state"] == "linked"


async def test_an_answer_counts_once_and_only_where_it_was_asked_for(frontend: Frontend) -> None:
    """Case A35: a foreign, reused or missing state; another browser's answer."""
    sanna, mallory = Person(frontend), Person(frontend)
    await sanna.begin("private")
    await mallory.begin("private")
    answer = await sanna.be_at_the_bank(await sanna.authorization())
    failed = (422, "identification.failed")
    assert (
        refusal(await mallory.client.post(f"{mallory.path}/identification/callback", json=answer)) == failed
    )
    for wrong in ({"state": "A" * 43}, {"state": answer["state"] + "A"}):
        refused = await sanna.client.post(f"{sanna.path}/identification/callback", json=answer | wrong)
        assert refusal(refused) == failed
    taken = await sanna.client.post(f"{sanna.path}/identification/callback", json=answer)
    assert taken.status_code == 200, taken.text
    again = await sanna.client.post(f"{sanna.path}/identification/callback", json=answer)
    assert refusal(again) == failed

    foreign = await mallory.be_at_the_bank(await mallory.authorization())
    mixed = {"state": foreign["state"], "code": answer["code"], "iss": foreign["iss"]}
    assert refusal(await mallory.client.post(f"{mallory.path}/identification/callback", json=mixed)) == failed
    assert (await mallory.client.get(mallory.path)).json()["state"] == "identifying"


async def test_turning_back_and_other_redirect_addresses(frontend: Frontend) -> None:
    sanna = Person(frontend)
    await sanna.begin("private")
    callback = f"{sanna.path}/identification/callback"
    address = "http://127.0.0.1:49152/callback"
    back = await visitor.turn_back(await sanna.authorization(redirect_uri=address))
    assert back.startswith(f"{address}?")
    refused = await sanna.client.post(callback, json=answer_in(back))
    assert refusal(refused) == (422, "identification.cancelled")
    for body, pointer in (
        ({"means": "nordea", "redirect_uri": "https://evil.example.net/callback"}, "/redirect_uri"),
        ({"means": "nordea", "redirect_uri": "http://127.0.0.1.evil.example:80/callback"}, "/redirect_uri"),
        ({"means": "swedbank"}, "/means"),
    ):
        wrong = await sanna.client.post(f"{sanna.path}/identification", json=body)
        assert field_codes(wrong) == {pointer: "field.invalid"}
    nothing = await sanna.client.post(callback, json={"state": "A" * 43})
    assert field_codes(nothing) == {"/code": "field.required"}
    assert (await sanna.identify()).status_code == 200


async def test_who_is_to_write_identifies_before_accepting(frontend: Frontend) -> None:
    """Spec section 2: any level of writing beyond reports."""
    cast = await assemble(frontend)
    made = await invite(cast.inviter, cast.relation.id, email=cast.anna.email, role="administrator")
    path = f"/v1/invitations/{made['id']}"
    assert refusal(await cast.invitee.post(f"{path}/accept")) == (422, "identification.required")
    assert (await cast.invitee.get(path)).json()["state"] == "pending"
    assert (await cast.invitee.get("/v1/customer-relations")).json()["items"] == []

    assert (await Person(frontend).identify_again(cast.invitee)).status_code == 200
    accepted = await cast.invitee.post(f"{path}/accept")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    [held] = (await cast.invitee.get("/v1/customer-relations")).json()["items"]
    assert held["my_levels"]["users"] == "write"
