"""Registering in real browsers, from the first click to the last word (the text "Registrering, företag")."""

from uuid import uuid4

from playwright.async_api import Browser, expect

from domain.vocabulary import Commodity, Language, Role
from emails.labels import label
from runtime.texts import translate
from store import authorizations, users
from store.customers import Customer
from tests.api.registering import make_customer
from tests.bank import new_person
from tests.browser.browsing import Browsing
from tests.browser.hands import Hands
from tests.browser.registering import Applicant, with_bank
from tests.browser.walking import Walk, goes_to_choice_of_service, mail_to
from tests.fixtures.api import LiveStack

COMPANY_WAY, PRIVATE_WAY = "Register as a company customer", "Register as a private customer"


async def sits_down(
    visits: Browsing,
    first_name: str,
    language: Language = Language.SWEDISH,
    *,
    javascript: bool = True,
    width: int = 1280,
) -> Applicant:
    """Somebody whom nobody knows yet."""
    page = await visits(language.value, javascript=javascript, width=width)
    address = f"ny.{uuid4().hex}@example.com"
    return Applicant(Walk(Hands(page), language), new_person(first_name, "Lindroos"), address, javascript)


async def registers(applicant: Applicant, visits: Browsing, live: LiveStack, customer: Customer) -> None:
    """A company customer, with a wrong customer number at first."""
    walk = applicant.walk
    await applicant.begins(COMPANY_WAY)
    await applicant.identifies()
    await walk.press("Next")  # nothing typed: refused, with the fields named
    await walk.sees("This must be filled in.")
    await applicant.fills_in_company(customer)
    await applicant.fills_in_user()
    await walk.fill("Customer number", "99999999")
    await walk.press("Next")
    await walk.sees(
        "These details do not match. Check the company's name, business ID and customer number on the"
        " electricity bill."
    )
    for kept in (walk.word("Username"), walk.word("E-mail address")):
        await expect(walk.hands.page.get_by_label(kept, exact=True)).to_have_value(applicant.address)
    await walk.fill("Customer number", customer.customer_number)
    await walk.press("Next")

    await walk.sees("Check the details and confirm")
    for shown in (customer.name, str(customer.business_id), customer.customer_number, applicant.address):
        await walk.hands.sees(shown)
    await walk.hands.page.go_back()  # by the browser: all of it is there, and nobody asks to send it again
    number = walk.hands.page.get_by_label(walk.word("Customer number"), exact=True)
    await expect(number).to_have_value(customer.customer_number)
    await walk.hands.goto("/registrations/next")
    await walk.press("Confirm")
    await walk.sees(
        "Your e-mail address is not confirmed yet. Open the link in the e-mail, and then continue here."
    )
    await applicant.confirms_address(visits, live)
    await applicant.confirms()
    await walk.sees("You are registered as a company customer")


async def holds(live: LiveStack, applicant: Applicant) -> Role:
    """The role that somebody has on the one relation that he can see."""
    async with live.frontend.database.reading() as session:
        user = await users.by_email(session, applicant.address)
        assert user is not None
        assert user.language is applicant.walk.language
        [held] = await authorizations.of_user(session, user.id, live.stack.services.clock())
        return held.role


async def test_the_first_of_a_company_and_a_later_one(
    firefox: Browser, chromium: Browser, live_stack: LiveStack
) -> None:
    """The later one has a phone without scripts."""
    customer, _ = await make_customer(live_stack.frontend.database, Commodity.ELECTRICITY)
    async with with_bank(firefox, live_stack) as visits:
        first = await sits_down(visits, "Åsa")
        await registers(first, visits, live_stack, customer)
        await first.walk.hands.sees(label(first.walk.language, Role.ADMINISTRATOR))
        await goes_to_choice_of_service(first.walk)
        await first.walk.hands.sees(customer.name)

    async with with_bank(chromium, live_stack) as visits:
        later = await sits_down(visits, "Aino", Language.FINNISH, javascript=False, width=360)
        await registers(later, visits, live_stack, customer)
        await later.walk.hands.sees(label(later.walk.language, Role.VIEWER))
        await goes_to_choice_of_service(later.walk)

    assert (await holds(live_stack, first), await holds(live_stack, later)) == (
        Role.ADMINISTRATOR,
        Role.VIEWER,
    )
    for applicant in (first, later):
        confirmation = await mail_to(live_stack, applicant.address, count=2)
        assert customer.name in str(confirmation.get_body(("plain",)))
    assert customer.contact_email is not None
    assert "Aino Lindroos" in str(
        (await mail_to(live_stack, customer.contact_email, count=2)).get_body(("plain",))
    )


async def test_a_private_customer_gets_the_contracts(chromium: Browser, live_stack: LiveStack) -> None:
    async with with_bank(chromium, live_stack) as visits:
        maija = await sits_down(visits, "Maija", Language.ENGLISH)
        await make_customer(
            live_stack.frontend.database,
            Commodity.ELECTRICITY,
            identity_code=maija.person.code,
            keys=live_stack.stack.services.keys,
        )
        await maija.begins(PRIVATE_WAY)
        await maija.identifies()
        await maija.fills_in_user()
        await maija.walk.press("Next")
        await maija.confirms_address(visits, live_stack)
        await maija.confirms()
        await maija.walk.sees("You are registered and logged in.")
        assert maija.walk.hands.address().startswith("/contract-links/")
        await goes_to_choice_of_service(maija.walk)
    assert await holds(live_stack, maija) is Role.OWNER


def test_the_words_are_those_of_the_swedish_text() -> None:
    """Letter by letter."""
    said = {
        "Register as a company customer": "Registrera dig som företagskund",
        "Choose company customer": "Välj företagskund",
        "Bank identification/mobile certificate": "Bankidentifiering/mobilcertifikat",
        "Terms of use": "Användarvillkor",
        "Check": "Kontrollera",
        "Business ID": "FO-nummer",
        "Customer number": "Kundnummer",
        "Username": "Användarnamn",
        "Password": "Lösenord",
        "Administrator": "Administratör",
    }
    assert {english: translate(Language.SWEDISH, english) for english in said} == said
