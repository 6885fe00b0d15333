"""Registering as a customer: no step is skipped, none is lost, and only who began goes on (case A19)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain.codes import Code
from domain.vocabulary import CustomerKind, Language, RegistrationState
from runtime.settings import RegistrationLimits
from starter.http.texts import DETAILS as WORDS
from store.database import Database
from store.registrations import Registration
from store.users import User
from tests import factories
from tests.bank import Bank
from tests.clock import SettableClock
from tests.frontend import Frontend
from tests.harness import running
from tests.registering import Registering
from tests.registry.stand_in import contract
from tests.web.browsing import form, posted, sent
from tests.web.customer_registering import (
    CANCEL,
    CHECKING,
    CHOICE,
    COMPLETED,
    CONFIRM,
    DETAILS,
    EMAIL,
    ENDED,
    IDENTIFICATION,
    NEXT,
    REVIEW,
    Visitor,
    said,
)
from tests.web.visiting import log_in, page, visiting

NUMBER = "700102"
LOST = f"{CHOICE}?lost=1"
# By state: the page where it stands, and the steps that are open besides.
STANDS = {
    "identifying": (IDENTIFICATION, {CANCEL}),
    "details": (DETAILS, {CANCEL}),
    "review": (REVIEW, {DETAILS, CANCEL}),
    "ended": (ENDED, set()),
}
STEPS = (IDENTIFICATION, DETAILS, CHECKING, REVIEW, CONFIRM, EMAIL, COMPLETED, CANCEL, ENDED, NEXT)


@pytest.fixture
async def frontend(idle_registering: Registering) -> AsyncIterator[Frontend]:
    """The pages of the services in which people register; the registry knows one company."""
    idle_registering.says_company(NUMBER, electricity=[contract("E-2")])
    made = Frontend(idle_registering.services)
    yield made
    await made.close()


async def new_visitor(registering: Registering, frontend: Frontend) -> Visitor:
    return await Visitor.sits_down(registering, frontend, customer_number=NUMBER)


async def test_a_skipped_step_leads_to_the_one_where_one_is(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await new_visitor(registering, frontend)
    token = form(await maija.gets(CHOICE))["form_token"]

    async def stands(state: str) -> None:
        row = await maija.row()
        here, open_besides = STANDS[state]
        posted_fields = {"form_token": token, "registration": str(row.id), "revision": str(row.revision)}
        for step in STEPS:
            if step in {here, *open_besides}:
                assert (await maija.gets(step)).status_code == 200, (state, step)
                continue
            assert (await maija.gets(step)).headers["location"] == here, (state, step)
            if step in {CONFIRM, EMAIL} and state == "review":
                continue
            answer = await maija.browser.post(step, data=posted_fields)
            assert answer.status_code == 405 or answer.headers["location"] == here, (state, step)
        assert (await maija.row()).state is row.state

    await maija.begins()
    await stands("identifying")
    await maija.identifies()
    await stands("details")
    await maija.submits()
    await stands("review")
    await maija.sends(await maija.gets(CANCEL), CANCEL)
    await stands("ended")
    assert page(await maija.gets(ENDED)).headings[0] == "The registration has been cancelled"
    assert (await registering.all_of(User)) == []


async def test_without_the_browser_in_which_it_began_there_is_nothing(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await new_visitor(registering, frontend)
    reviewed = await maija.reaches_review()
    other = frontend.client()
    other.headers["Accept-Language"] = "en"
    for planted in ("", "x", "A" * 43):
        other.cookies.set("registration", planted, "api.example.com")
        for step in STEPS:
            assert (await other.get(step)).headers["location"] == LOST
        token = form(await other.get(CHOICE))["form_token"]
        fields = {**form(reviewed, CONFIRM), "form_token": token}
        assert (await other.post(CONFIRM, data=fields)).headers["location"] == LOST
    told = await other.get(LOST)
    assert said("There is no registration to go on with in this browser", told)
    assert maija.typed.email not in told.text


async def test_while_the_registry_is_down_nothing_is_lost(
    idle_registering: Registering, frontend: Frontend
) -> None:
    """Nobody is at work: the check waits, as it does when the registry does not answer."""
    maija = await new_visitor(idle_registering, frontend)
    await maija.begins()
    await maija.identifies()
    assert (await maija.submits()).headers["location"] == NEXT
    waiting = await maija.goes(NEXT)
    assert waiting.url.path == CHECKING
    assert said("Nothing that you have typed is lost", waiting)
    assert waiting.headers["refresh"] == "5"
    assert (await maija.gets(REVIEW)).headers["location"] == CHECKING
    maija.browser.cookies.set("zone", "Europe/Helsinki", "api.example.com")
    assert "refresh" not in (await maija.gets(CHECKING)).headers  # a script asks again, without a blink
    kept = form(await maija.gets(DETAILS))
    assert (kept["customer_number"], kept["email"]) == (NUMBER, maija.typed.email)

    async with running(idle_registering.harness):
        while (shown := await maija.goes(CHECKING)).url.path == CHECKING:
            pass
        assert shown.url.path == REVIEW


async def test_its_time_is_up(registering: Registering, frontend: Frontend) -> None:
    maija = await new_visitor(registering, frontend)
    reviewed = await maija.reaches_review()
    await registering.harness.skip(timedelta(hours=24))
    late = await maija.sends(reviewed, CONFIRM)
    over = await maija.goes(late.headers["location"])
    assert page(over).headings[0] == "The time to register is over"
    assert page(over).buttons == [CHOICE, "/login"]
    assert maija.typed.email not in over.text


async def test_beginning_again_gives_up_what_was_begun(registering: Registering, frontend: Frontend) -> None:
    """Two tabs: the form of the earlier one changes nothing of the later one."""
    maija = await new_visitor(registering, frontend)
    reviewed, first = await maija.reaches_review(), await maija.row()
    assert NEXT in page(await maija.gets(CHOICE)).buttons
    await maija.begins()
    second = await maija.row()
    assert second.id != first.id
    async with frontend.database.reading() as session:
        assert (await session.get_one(Registration, first.id)).state is RegistrationState.ABANDONED
    for action in (CONFIRM, EMAIL):
        assert (await maija.sends(reviewed, action)).headers["location"] == IDENTIFICATION
    await maija.identifies()
    await maija.submits(email="maija.two@example.com", username="maija.two")
    assert (await maija.sends(reviewed, CONFIRM)).headers["location"] == REVIEW
    assert (await maija.row()).state is RegistrationState.REVIEW


async def test_only_what_was_reviewed_is_confirmed(registering: Registering, frontend: Frontend) -> None:
    maija = await new_visitor(registering, frontend)
    reviewed = await maija.reaches_review()
    await maija.confirms_address()
    await maija.submits(company_name="Björkbacka Bagerii Ab", password="")
    told = await maija.goes((await maija.sends(reviewed, CONFIRM)).headers["location"])
    assert said("The details were changed in another window since you opened this page.", told)
    assert "Björkbacka Bagerii Ab" in page(told).text
    assert (await maija.sends(told, CONFIRM)).headers["location"] == COMPLETED


async def test_confirming_twice_leads_to_the_same_end(registering: Registering, frontend: Frontend) -> None:
    maija = await new_visitor(registering, frontend)
    reviewed = await maija.reaches_review()
    await maija.confirms_address()
    secret = maija.browser.cookies["registration"]
    fields = form(reviewed, CONFIRM)
    visitor = maija.browser.cookies["visitor"]

    async def from_before() -> str:
        """The same form, sent before the first answer was there; where it leads."""
        browser = frontend.client()
        browser.cookies.set("visitor", visitor)
        browser.cookies.set("registration", secret)
        await registering.harness.now()
        answer = await browser.post(CONFIRM, data=fields)
        location: str = answer.headers["location"]
        assert ("session" in answer.cookies) == (location == COMPLETED)
        return location

    assert (await maija.sends(reviewed, CONFIRM)).headers["location"] == COMPLETED
    assert await from_before() == COMPLETED
    # Later the cookie alone opens nothing: who had it on a shared computer is asked for the password.
    await registering.harness.skip(timedelta(minutes=2))
    assert await from_before() == f"/login?next={COMPLETED}"
    assert len(await registering.all_of(User)) == 1
    stranger = await log_in(frontend.client(), await factories.make_user(frontend.database))
    stranger.cookies.set("registration", secret)
    assert (await stranger.get(COMPLETED)).headers["location"] == LOST


async def test_a_company_is_added_by_its_user_alone(registering: Registering, frontend: Frontend) -> None:
    anna, bo = [await factories.make_user(frontend.database, language=Language.ENGLISH) for _ in range(2)]
    at_annas = await Visitor.sits_down(registering, frontend, registered=True, customer_number=NUMBER)
    await log_in(at_annas.browser, anna)
    await at_annas.begins()
    await at_annas.identifies()
    asked = await at_annas.gets(DETAILS)

    # Her session ends in the middle: the form leads back to its page, and that to the log-in and back.
    await registering.harness.skip(timedelta(hours=1))
    late = await at_annas.sends(asked, DETAILS, **at_annas.fields())
    assert late.headers["location"] == DETAILS
    assert (await at_annas.gets(DETAILS)).headers["location"] == f"/login?next={DETAILS}"
    await log_in(at_annas.browser, anna)
    assert (await at_annas.gets(NEXT)).headers["location"] == DETAILS

    # Somebody else with the same cookie, as at a shared computer, sees nothing of it.
    at_bos = await log_in(frontend.client(), bo)
    at_bos.cookies.set("registration", at_annas.browser.cookies["registration"])
    for step in STEPS:
        assert (await at_bos.get(step)).headers["location"] == LOST
    assert NEXT not in page(await at_bos.get(CHOICE)).buttons


async def test_an_old_session_is_of_no_concern_to_who_registers(
    registering: Registering, frontend: Frontend
) -> None:
    maija = await new_visitor(registering, frontend)
    maija.browser.cookies.set("session", "one-that-has-ended-long-ago", "api.example.com")
    await maija.reaches_review()


async def test_another_language_in_the_middle(registering: Registering, frontend: Frontend) -> None:
    maija = await new_visitor(registering, frontend)
    await maija.begins()
    await maija.identifies()
    switched = await maija.sends(await maija.gets(DETAILS), "/language", language="fi")
    assert switched.headers["location"] == DETAILS
    assert page(await maija.gets(DETAILS)).language == "fi"


async def test_the_bank_is_away(registering: Registering, frontend: Frontend) -> None:
    maija = await new_visitor(registering, frontend)
    await maija.begins()
    registering.bank.down = True
    refused = await maija.sends(await maija.gets(IDENTIFICATION), IDENTIFICATION, means="nordea")
    shown = await maija.goes(refused.headers["location"])
    assert shown.url.path == IDENTIFICATION
    assert said(WORDS[Code.IDENTIFICATION_UNAVAILABLE], shown)
    registering.bank.down = False
    assert (await maija.identifies()).headers["location"] == NEXT
    unknown = {"form_token": form(shown)["form_token"], "registration": str((await maija.row()).id)}
    assert (await maija.browser.post(IDENTIFICATION, data=unknown)).headers["location"] == DETAILS


async def test_beginning_too_often_is_slowed_down(sqlite_database: Database, clock: SettableClock) -> None:
    """And it needs no Temporal: that is told later."""
    once = RegistrationLimits(starts_per_source_and_hour=1)
    async with visiting(sqlite_database, clock, bank=Bank(), registration_limits=once) as frontend:
        browser = frontend.client()
        begun = await posted(browser, CHOICE, kind=CustomerKind.PRIVATE.value)
        assert begun.headers["location"] == IDENTIFICATION
        refused = await posted(browser, CHOICE, kind=CustomerKind.COMPANY.value)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
        assert (await browser.get(NEXT)).headers["location"] == IDENTIFICATION  # that one goes on
        odd = await sent(browser, await browser.get(CHOICE), CHOICE, kind="owner")
        assert odd.status_code == 422
