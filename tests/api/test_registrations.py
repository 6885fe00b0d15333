"""Registering customers over HTTP, on a whole live stack with the test broker (spec 3.2 and 3.3)."""

import pytest
from sqlalchemy import select

from domain.vocabulary import Commodity, ServiceRequestKind
from store.database import Database
from store.service_requests import ServiceRequest
from tests.api.registering import Person, link_in, make_customer
from tests.factories import PASSWORD
from tests.fixtures.api import LiveStack
from tests.frontend import Frontend, field_codes, invite, refusal

ELECTRICITY, HEATING = Commodity.ELECTRICITY, Commodity.DISTRICT_HEATING


@pytest.fixture
def frontend(live_stack: LiveStack) -> Frontend:
    return live_stack.frontend


async def requests_about(database: Database, registration_id: str) -> list[ServiceRequest]:
    async with database.reading() as session:
        found = (await session.scalars(select(ServiceRequest))).all()
    return [each for each in found if str(each.registration_id) == registration_id]


async def test_a_private_customer_registers_and_sees_the_contracts(
    live_stack: LiveStack, frontend: Frontend
) -> None:
    sanna = Person(frontend)
    customer, relations = await make_customer(
        frontend.database, ELECTRICITY, HEATING, identity_code=sanna.identity_code
    )
    begun = await sanna.begin("private", language="fi")
    assert (begun["state"], begun["next_step"], begun["person"]) == ("identifying", "identification", None)

    identified = (await sanna.identify()).json()
    assert (identified["state"], identified["next_step"]) == ("details", "details")
    assert identified["person"] == {
        "personal_identity_code": f"{sanna.identity_code[:7]}••••",
        "first_name": "Sanna",
        "last_name": "Salo",
    }
    reviewed = await sanna.put(sanna.details())
    assert reviewed.status_code == 200, reviewed.text
    shown = reviewed.json()
    assert (shown["state"], shown["next_step"], shown["email"]) == (
        "review",
        "email_confirmation",
        {"confirmed": False, "failed": False},
    )
    assert shown["details"] == {
        **dict.fromkeys(("company_name", "business_id", "customer_number")),
        **{"first_name": "Sanna", "last_name": "Salo", "email": sanna.email, "username": sanna.username},
    }
    early = await sanna.confirm(shown["revision"])
    assert refusal(early) == (409, "registration.email_not_confirmed")

    anybody = frontend.client()
    token = await link_in(live_stack.smtp, sanna.email, "email-confirmations")
    looked = await anybody.post("/v1/email-confirmation-lookups", json={"token": token})
    assert (looked.json()["email"], looked.json()["confirmed"]) == (sanna.email, False)
    for _ in range(2):
        confirmed = await anybody.post("/v1/email-confirmations", json={"token": token})
        assert (confirmed.status_code, confirmed.json()["confirmed"]) == (200, True)
    assert (await sanna.client.get(sanna.path)).json()["next_step"] == "confirmation"

    assert refusal(await sanna.confirm(shown["revision"] + 1)) == (409, "registration.not_ready")
    completed = await sanna.confirm(shown["revision"])
    assert completed.status_code == 200, completed.text
    done = completed.json()
    assert (done["state"], done["role"], done["details"], done["person"]) == ("completed", None, None, None)
    assert (await sanna.confirm(shown["revision"])).json() == done
    assert (await sanna.client.get(sanna.path)).json() == done
    assert refusal(await sanna.client.delete(sanna.path)) == (410, "registration.completed")
    assert refusal(await sanna.put(sanna.details())) == (410, "registration.completed")

    session = await sanna.log_in()
    me = (await session.get("/v1/me")).json()
    assert (me["id"], me["language"], me["email"]) == (done["user_id"], "fi", sanna.email)
    assert me["strong_identification"]["personal_identity_code"] == f"{sanna.identity_code[:7]}••••"
    assert me["strong_identification"]["fresh_until"] is None
    # The e-mail tells when the contracts are there.
    await live_stack.smtp.taken(to=sanna.email, count=3)
    link = (await session.get(f"/v1/contract-links/{done['contract_link_id']}")).json()
    assert link["state"] == "linked"
    assert {each["id"] for each in link["linked"]} == {str(each.id) for each in relations.values()}
    held = (await session.get("/v1/customer-relations")).json()["items"]
    assert {(each["customer_number"], each["commodity"], *each["my_roles"]) for each in held} == {
        (customer.customer_number, "electricity", "owner"),
        (customer.customer_number, "district_heating", "owner"),
    }


async def test_the_first_of_a_company_is_administrator_the_next_one_viewer_and_may_be_disputed(
    live_stack: LiveStack, frontend: Frontend
) -> None:
    company, relations = await make_customer(frontend.database, ELECTRICITY, HEATING)
    first, second = Person(frontend), Person(frontend, first_name="Nora", last_name="Nyman")
    assert (await first.register(live_stack.smtp, company))["role"] == "administrator"
    assert (await second.register(live_stack.smtp, company))["role"] == "viewer"
    session = await second.log_in()
    assert len((await session.get("/v1/customer-relations")).json()["items"]) == 2

    # Confirmation, word of the completion, then of the other one.
    token = await link_in(live_stack.smtp, first.email, "disputes", count=3)
    anybody = frontend.client()
    looked = await anybody.post("/v1/registration-dispute-lookups", json={"token": token})
    told = looked.json()
    assert looked.status_code == 200, looked.text
    assert (told["person_name"], told["company_name"], told["business_id"], told["role"]) == (
        "Nora Nyman",
        company.name,
        company.business_id,
        "viewer",
    )
    assert told["disputed_at"] is None
    assert len((await session.get("/v1/customer-relations")).json()["items"]) == 2
    disputed = await anybody.post("/v1/registration-disputes", json={"token": token})
    assert disputed.json()["disputed_at"] is not None
    assert (await anybody.post("/v1/registration-disputes", json={"token": token})).json() == disputed.json()

    assert (await session.get("/v1/customer-relations")).json()["items"] == []
    for relation in relations.values():
        gone = await session.get(f"/v1/customer-relations/{relation.id}")
        assert refusal(gone) == (404, "not_found")
    [request] = await requests_about(frontend.database, second.id)
    assert (request.kind, request.customer_id) == (ServiceRequestKind.NOT_US, company.id)


async def test_a_user_adds_a_company_and_that_identification_is_fresh(
    live_stack: LiveStack, frontend: Frontend
) -> None:
    sanna = Person(frontend)
    await sanna.register(live_stack.smtp)
    company, relations = await make_customer(frontend.database)
    session = await sanna.log_in()
    assert refusal(await session.post("/v1/registrations", json={"kind": "private"})) == (409, "user.exists")

    begun = await sanna.begin("company", session)
    assert begun["adds_to_user"] is True
    assert (await sanna.identify()).status_code == 200
    assert (await session.get("/v1/me")).json()["strong_identification"]["fresh_until"] is not None
    foreign = await sanna.put(sanna.details(company))
    assert set(field_codes(foreign).items()) == {
        (f"/{name}", "field.unknown") for name in ("first_name", "last_name", "email", "username", "password")
    }
    reviewed = (await sanna.put(sanna.details(company, user=False))).json()
    assert (reviewed["next_step"], reviewed["email"]) == ("confirmation", None)
    done = (await sanna.confirm(reviewed["revision"])).json()
    assert (done["role"], done["contract_link_id"]) == ("administrator", None)
    made = await invite(session, relations[ELECTRICITY].id)
    assert (await session.post(f"/v1/invitations/{made['id']}/cancel")).status_code == 200

    again = Person(frontend, identity_code=sanna.identity_code)
    await again.begin("company")
    assert refusal(await again.identify()) == (410, "registration.already_user")
    assert (await again.client.get(again.path)).json()["state"] == "already_user"


async def test_a_mismatch_never_says_which_and_customer_service_takes_over(
    live_stack: LiveStack, frontend: Frontend
) -> None:
    """Sweeping (A24): after five tries in a day a person gets no further, whatever he begins."""
    company, _ = await make_customer(frontend.database)
    sanna = Person(frontend)
    await sanna.begin("company")
    await sanna.identify()
    answers = []
    for wrong in (
        {"company_name": "Helt Annat Ab"},
        {"business_id": "9000001-1"},
        {"customer_number": "19999999"},
        {"customer_number": "19999998", "company_name": "Helt Annat Ab"},
    ):
        response = await sanna.put(sanna.details(company) | wrong)
        assert refusal(response) == (422, "registration.details_do_not_match")
        answers.append(response.content)
        stands = (await sanna.client.get(sanna.path)).json()
        assert (stands["state"], stands["refusal"]) == ("details", "registration.details_do_not_match")
        assert stands["details"]["company_name"] == {**sanna.details(company), **wrong}["company_name"]
    assert len(set(answers)) == 1
    last = await sanna.put(sanna.details(company) | {"customer_number": "19999997"})
    assert refusal(last) == (410, "registration.handed_over")
    assert (await sanna.client.get(sanna.path)).json()["details"] is None
    [request] = await requests_about(frontend.database, sanna.id)
    assert request.kind is ServiceRequestKind.DETAILS_DO_NOT_MATCH
    assert request.contact["customer_number"] == "19999997"

    another = Person(frontend, identity_code=sanna.identity_code)
    await another.begin("company")
    await another.identify()
    swept = await another.put(another.details(company) | {"customer_number": "19999996"})
    assert refusal(swept) == (410, "registration.handed_over")
    # Nobody else is locked out of the number.
    other = Person(frontend)
    assert (await other.register(live_stack.smtp, company))["role"] == "administrator"


async def test_an_address_can_be_corrected_and_an_older_link_is_dead(
    live_stack: LiveStack, frontend: Frontend
) -> None:
    sanna = Person(frontend)
    await sanna.begin("private")
    await sanna.identify()
    await sanna.put(sanna.details())
    old = await link_in(live_stack.smtp, sanna.email, "email-confirmations")
    again = await sanna.client.post(f"{sanna.path}/confirmation-emails")
    assert (again.status_code, again.json()["email"]["confirmed"]) == (202, False)
    anybody = frontend.client()
    assert refusal(await anybody.post("/v1/email-confirmations", json={"token": old})) == (404, "not_found")
    newer = await link_in(live_stack.smtp, sanna.email, "email-confirmations", count=2)
    assert (await anybody.post("/v1/email-confirmations", json={"token": newer})).status_code == 200

    corrected = sanna.details() | {"email": f"ny.{sanna.email}"}
    corrected.pop("password")
    changed = (await sanna.put(corrected)).json()
    assert (changed["next_step"], changed["email"]["confirmed"]) == ("email_confirmation", False)
    assert refusal(await anybody.post("/v1/email-confirmations", json={"token": newer})) == (404, "not_found")
    token = await link_in(live_stack.smtp, f"ny.{sanna.email}", "email-confirmations")
    await anybody.post("/v1/email-confirmations", json={"token": token})
    assert (await sanna.confirm(changed["revision"])).status_code == 200
    assert (await frontend.log_in(sanna.username, PASSWORD)).headers["Authorization"]


async def test_giving_up_erases_at_once(live_stack: LiveStack, frontend: Frontend) -> None:
    sanna = Person(frontend)
    await sanna.begin("private")
    await sanna.identify()
    await sanna.put(sanna.details())
    token = await link_in(live_stack.smtp, sanna.email, "email-confirmations")
    for _ in range(2):
        assert (await sanna.client.delete(sanna.path)).status_code == 204
    shown = (await sanna.client.get(sanna.path)).json()
    assert (shown["state"], shown["details"], shown["person"]) == ("abandoned", None, None)
    late = await frontend.client().post("/v1/email-confirmations", json={"token": token})
    assert refusal(late) == (404, "not_found")
    assert refusal(await sanna.confirm(1)) == (410, "registration.abandoned")
