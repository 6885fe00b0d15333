"""Registering as a customer at the pages, from the choice to the choice of service (spec 3.2)."""

from collections.abc import AsyncIterator

import pytest

from domain.codes import Code
from domain.vocabulary import CustomerKind, Language, Message, Role
from starter.http.texts import DETAILS as WORDS
from store.contract_links import ContractLink
from store.service_requests import ServiceRequest
from store.users import User
from tests import factories
from tests.bank import new_person
from tests.factories import PASSWORD
from tests.frontend import Frontend
from tests.harness import eventually_true
from tests.registering import NAME, Registering
from tests.registry.stand_in import contract
from tests.smtp_server import Reply
from tests.web.browsing import form, sent
from tests.web.customer_registering import (
    CHOICE,
    COMPLETED,
    CONFIRM,
    DETAILS,
    EMAIL,
    ENDED,
    HELP,
    IDENTIFICATION,
    NEXT,
    REVIEW,
    Visitor,
    said,
    wrong,
)
from tests.web.visiting import log_in, page

NUMBER = "700101"


@pytest.fixture
async def frontend(registering: Registering) -> AsyncIterator[Frontend]:
    """The pages of the services in which people register; the registry knows one company."""
    registering.says_company(NUMBER, electricity=[contract("E-1")])
    made = Frontend(registering.services)
    yield made
    await made.close()


async def test_a_company_from_the_choice_to_the_choice_of_service(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await Visitor.sits_down(
        registering, frontend, customer_number=NUMBER, company_name="björkbacka bageri"
    )
    maija.browser.cookies.set("session", "planted-by-somebody-else", "api.example.com")  # case A22
    begun = await maija.begins()
    assert begun.headers["location"] == IDENTIFICATION
    [cookie] = [each for each in begun.headers.get_list("set-cookie") if each.startswith("registration=")]
    assert {"HttpOnly", "SameSite=lax", f"Max-Age={24 * 3600 + 1800}"} <= set(cookie.split("; "))
    assert (await maija.identifies()).headers["location"] == NEXT

    asked = await maija.goes(NEXT)
    assert page(asked).headings[0] == "Fill in the details and accept the terms of use"
    assert f"{maija.person.code[:7]}••••" in page(asked).text
    assert maija.person.code not in asked.text
    assert (form(asked)["first_name"], form(asked)["last_name"]) == ("Maija", "Virtanen")
    assert (await maija.submits()).headers["location"] == NEXT

    reviewed = await maija.goes(NEXT)
    assert reviewed.url.path == REVIEW
    # The company as the registry has it, beside what was typed (case A34).
    for shown in (NAME, "You typed: björkbacka bageri", "0737546-2", NUMBER, maija.typed.email):
        assert shown in page(reviewed).text
    assert PASSWORD not in reviewed.text
    early = await maija.sends(reviewed, CONFIRM)
    waiting = await maija.goes(early.headers["location"])
    assert said(WORDS[Code.REGISTRATION_EMAIL_NOT_CONFIRMED], waiting)

    await maija.confirms_address()
    ready = await maija.goes(early.headers["location"])
    assert not said(WORDS[Code.REGISTRATION_EMAIL_NOT_CONFIRMED], ready)
    done = await maija.sends(ready, CONFIRM)
    assert done.headers["location"] == COMPLETED
    assert "planted" not in maija.browser.cookies["session"]
    [kept] = [each for each in done.headers.get_list("set-cookie") if each.startswith("registration=")]
    assert "Max-Age=1800" in kept
    for _ in range(2):  # it can be loaded again
        end = await maija.goes(COMPLETED)
        assert page(end).headings[0] == "You are registered as a company customer"
        assert "Administrator" in page(end).text
        assert page(end).buttons == ["/services"]
    assert (await maija.gets("/services")).status_code == 200
    [user] = await registering.all_of(User)
    assert (user.username, user.email) == (maija.typed.username, maija.typed.email)
    assert registering.received((await maija.row()).id, user.email)[0] is Message.EMAIL_CONFIRMATION
    [grant] = await registering.grants((await maija.row()).id)
    assert (grant.user_id, grant.role) == (user.id, Role.ADMINISTRATOR)


async def test_a_private_customer_goes_on_to_the_contracts(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await Visitor.sits_down(registering, frontend, CustomerKind.PRIVATE)
    reviewed = await maija.reaches_review(CustomerKind.PRIVATE)
    assert "company" not in page(reviewed).text.lower()
    await maija.confirms_address()
    done = await maija.sends(reviewed, CONFIRM)
    [link] = await registering.all_of(ContractLink)
    assert done.headers["location"] == f"/contract-links/{link.id}"
    assert (await maija.gets(COMPLETED)).headers["location"] == f"/contract-links/{link.id}"
    assert said("You are registered and logged in.", await maija.gets("/services"))


async def test_every_wrong_field_is_named_and_nothing_typed_is_lost(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await Visitor.sits_down(registering, frontend, customer_number=NUMBER)
    await maija.begins()
    await maija.identifies()
    asked = await maija.gets(DETAILS)
    typed = {"company_name": NAME, "business_id": "0737546-3", "username": "other@example.com"}
    refused = await maija.sends(asked, DETAILS, first_name=" ", password="Kort1!", **typed)
    assert refused.status_code == 422
    assert wrong(refused) == [
        "business_id",
        "customer_number",
        "first_name",
        "email",
        "username",
        "password",
        "terms_version",
        "declared_accurate",
        "declared_right_to_see",
    ]
    assert said("Confirm that you have the right to see the details of the customers you represent.", refused)
    assert "Kort1!" not in refused.text
    assert {name: form(refused)[name] for name in typed} == typed

    # Mended in that very form; the company is another one's.
    other = await sent(maija.browser, refused, DETAILS, **maija.fields(company_name="Ett annat företag Ab"))
    assert other.headers["location"] == NEXT
    mismatched = await maija.goes(NEXT)
    assert (mismatched.url.path, wrong(mismatched)) == (DETAILS, [])
    assert said(WORDS[Code.REGISTRATION_DETAILS_DO_NOT_MATCH], mismatched)
    assert said("Your password has been accepted. Leave the field empty to keep it.", mismatched)
    kept = form(mismatched)
    assert kept["company_name"] == "Ett annat företag Ab"
    assert kept.items() >= {"declared_right_to_see": "yes", "terms_version": "yes", "password": ""}.items()
    assert kept["email"] == maija.typed.email

    await maija.sends(mismatched, DETAILS, company_name=NAME)  # the password is not typed again
    assert (await maija.goes(NEXT)).url.path == REVIEW
    changing = await maija.goes(DETAILS)
    assert form(changing)["company_name"] == NAME
    assert not said(WORDS[Code.REGISTRATION_DETAILS_DO_NOT_MATCH], changing)


async def test_too_many_mismatches_lead_to_customer_service(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await Visitor.sits_down(registering, frontend, customer_number="700199")
    await maija.begins()
    await maija.identifies()
    pages = set()
    for _ in range(registering.services.settings.registration_limits.mismatches_per_person_and_day - 1):
        await maija.submits()
        shown = await maija.goes(NEXT)
        assert shown.url.path == DETAILS
        pages.add(page(shown).text)
    assert len(pages) == 1  # how many tries are left is told nobody
    await maija.submits()
    over = await maija.goes(NEXT)
    assert over.url.path == ENDED
    assert page(over).headings[0] == "Customer service goes on with your registration"
    assert len(await registering.all_of(ServiceRequest)) == 1


async def test_an_address_to_which_nothing_can_be_delivered_is_corrected(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await Visitor.sits_down(registering, frontend, customer_number=NUMBER)
    registering.harness.smtp.behave(maija.typed.email, Reply(550))
    await maija.reaches_review()

    async def has_failed() -> bool:
        shown = await maija.goes(NEXT)
        assert said("Could not be delivered", shown) != said("Waiting for you to confirm the address", shown)
        return said("Could not be delivered", shown)

    await eventually_true(has_failed)
    await maija.submits(email="maija.virtanen@example.com", password="")
    assert said("Waiting for you to confirm the address", await maija.goes(NEXT))
    await registering.token("maija.virtanen@example.com")


async def test_another_link_is_sent_as_often_as_is_right(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await Visitor.sits_down(registering, frontend, customer_number=NUMBER)
    await maija.reaches_review()
    for _ in range(registering.services.settings.registration_limits.confirmation_emails - 1):
        shown = await maija.gets(REVIEW)
        assert (await maija.sends(shown, EMAIL)).headers["location"] == REVIEW
        told = await maija.goes(REVIEW)
        assert said("We have sent the e-mail again. Earlier links do not work any more.", told)
    assert EMAIL not in told.text
    too_many = await maija.sends(shown, EMAIL)
    assert said(
        "No more e-mails can be sent for this registration.", await maija.goes(too_many.headers["location"])
    )


async def test_who_has_a_user_is_led_there(registering: Registering, frontend: Frontend) -> None:
    person = new_person("Maija", "Virtanen")
    await registering.complete(customer_number=NUMBER, person=person)
    again = await Visitor.sits_down(registering, frontend, person=person, customer_number=NUMBER)
    await again.begins()
    await again.identifies()
    over = await again.goes(NEXT)
    assert page(over).headings[0] == "You are already a user of the service"
    assert page(over).buttons == [f"/login?next={CHOICE}"]
    assert len(await registering.all_of(User)) == 1


async def test_a_company_is_added_to_ones_user(registering: Registering, frontend: Frontend) -> None:
    user = await factories.make_user(frontend.database, language=Language.ENGLISH)
    anna = await Visitor.sits_down(
        registering, frontend, registered=True, customer_number=NUMBER, person=new_person("Anna", "Berg")
    )
    await log_in(anna.browser, user)
    to_contracts = await anna.begins(CustomerKind.PRIVATE)
    assert to_contracts.headers["location"] == "/contract-links/new"
    await anna.begins()
    await anna.identifies()
    asked = await anna.goes(NEXT)
    assert {"company_name", "business_id", "customer_number"} <= set(form(asked))
    assert not {"email", "username", "password", "terms_shown"} & set(form(asked))
    await anna.submits()
    reviewed = await anna.goes(NEXT)
    assert EMAIL not in reviewed.text
    before = anna.browser.cookies["session"]
    assert (await anna.sends(reviewed, CONFIRM)).headers["location"] == COMPLETED
    assert anna.browser.cookies["session"] == before
    end = await anna.goes(COMPLETED)
    assert page(end).headings[0] == "The company has been added to your user"
    # And once more: there is nothing to add.
    await anna.begins()
    await anna.identifies()
    await anna.submits()
    refused = await anna.sends(await anna.goes(NEXT), CONFIRM)
    shown = await anna.goes(refused.headers["location"])
    assert said("You already have access to this customer number. Nothing was changed.", shown)


async def test_who_has_no_bank_codes_asks_customer_service(
    registering: Registering, frontend: Frontend
) -> None:
    browser = frontend.client()
    browser.headers["Accept-Language"] = "en"
    shown = await browser.get(HELP)
    brand = frontend.services.brand
    assert brand.customer_service_phone in page(shown).text.partition("Or ask")[0]
    nobody = await sent(browser, shown, HELP, message="Hej!")
    assert (nobody.status_code, wrong(nobody)) == (422, ["name", "email"])
    assert said("Give an e-mail address or a telephone number, so that customer service can answer.", nobody)
    assert form(nobody)["message"] == "Hej!"
    asked = await sent(browser, nobody, HELP, name="Bo Boman", phone="+358 40 1234567")
    assert asked.headers["location"] == f"{HELP}/sent"
    assert (await browser.get(f"{HELP}/sent")).status_code == 200
    [request] = await registering.all_of(ServiceRequest)
    assert request.contact == {"name": "Bo Boman", "phone": "+358 40 1234567", "message": "Hej!"}
