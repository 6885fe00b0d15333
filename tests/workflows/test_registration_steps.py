"""Steps left out, out of order, twice, and by somebody else (A19, A35)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.codes import Code, Refused
from domain.registrations import Confirm
from domain.vocabulary import Message, RegistrationState, Role
from starter.services import customer_registrations, identifications
from starter.services.identifications import Answer
from starter.services.refusals import FieldsRefused
from store.authorizations import Authorization
from store.users import User
from tests.activities.running import everything
from tests.bank import new_person, state_of
from tests.registering import Applicant, Registering
from tests.registry.stand_in import contract
from workflows.registration import RegistrationProcess

_MINUTE = timedelta(minutes=1)
NUMBER = "700101"


async def refused(registering: Registering, applicant: Applicant, revision: int | None = None) -> Code:
    with pytest.raises(Refused) as refusal:
        await registering.confirm(applicant, revision=revision)
    return refusal.value.code


async def test_no_step_can_be_left_out(company: Registering) -> None:
    registering = company
    applicant = await registering.begin(customer_number=NUMBER)
    assert await refused(registering, applicant, 1) is Code.REGISTRATION_NOT_READY
    with pytest.raises(Refused, match=Code.REGISTRATION_NOT_READY):
        await registering.submit(applicant)
    with pytest.raises(Refused, match=Code.REGISTRATION_NOT_READY):
        await customer_registrations.send_confirmation_again(
            registering.services, await registering.row(applicant)
        )
    await registering.identify(applicant)
    assert await refused(registering, applicant, 1) is Code.REGISTRATION_NOT_READY
    with pytest.raises(Refused, match=Code.REGISTRATION_DETAILS_DO_NOT_MATCH):
        await registering.submit(applicant, customer_number="700999")
    assert await refused(registering, applicant) is Code.REGISTRATION_NOT_READY
    await registering.submit(applicant, customer_number=NUMBER)
    assert await refused(registering, applicant) is Code.REGISTRATION_EMAIL_NOT_CONFIRMED
    await registering.confirm_email(applicant)
    # What was reviewed is not what stands now.
    await registering.submit(applicant, username="chosen.later", password="")
    assert await refused(registering, applicant, 2) is Code.REGISTRATION_NOT_READY
    assert await refused(registering, applicant, 4) is Code.REGISTRATION_NOT_READY
    assert await registering.all_of(User) == []
    assert await registering.all_of(Authorization) == []

    assert (await registering.confirm(applicant, revision=3)).state is RegistrationState.COMPLETED
    assert (await registering.user(applicant)).username == "chosen.later"


async def test_details_are_refused_all_at_once(company: Registering) -> None:
    registering = company
    applicant = await registering.begin(customer_number="12", business_id="0737546-3", username="a")
    await registering.identify(applicant)
    with pytest.raises(FieldsRefused) as refusal:
        await registering.submit(
            applicant, password="kort", email="x", terms_version="2020-01", declared_right_to_see=False
        )
    assert {each.pointer: each.code for each in refusal.value.errors} == {
        "/customer_number": Code.CUSTOMER_NUMBER_INVALID,
        "/business_id": Code.BUSINESS_ID_INVALID,
        "/username": Code.USERNAME_INVALID,
        "/password": Code.PASSWORD_TOO_SHORT,
        "/email": Code.EMAIL_INVALID,
        "/terms_version": Code.TERMS_OUTDATED,
        "/declared_right_to_see": Code.DECLARATION_MISSING,
    }
    assert (await registering.row(applicant)).revision == 0
    assert registering.stand_in.asked == []


async def test_confirming_makes_no_sense(company: Registering) -> None:
    """Calls of the process itself: each fails alone, and the process goes on."""
    registering = company
    applicant = await registering.review(await registering.begin(customer_number=NUMBER))
    senseless: list[list[Any]] = [[], [None], ["yes"], [{"revision": "x"}], [b"\xff"]]
    for arguments in senseless:
        with pytest.raises(WorkflowUpdateFailedError):
            await registering.process(applicant).execute_update("confirm", args=arguments)
    for arguments in senseless[1:]:
        await registering.process(applicant).signal("row_changed", args=arguments)
    assert (await registering.confirm(applicant)).state is RegistrationState.COMPLETED
    with pytest.raises(WorkflowUpdateFailedError):
        await registering.process(applicant).execute_update(RegistrationProcess.confirm, Confirm(revision=1))


async def test_twenty_clicks_are_one(registering_on_both: Registering) -> None:
    registering = registering_on_both
    registering.says_company(NUMBER, electricity=[contract("E-1")])
    applicant = await registering.review(await registering.begin(customer_number=NUMBER))
    answers = await asyncio.gather(*(registering.confirm(applicant) for _ in range(20)))
    again = await registering.confirm(applicant)

    assert {(each.id, each.state, each.role) for each in (*answers, again)} == {
        (applicant.id, RegistrationState.COMPLETED, Role.ADMINISTRATOR)
    }
    assert len(await registering.all_of(User)) == len(await registering.grants(applicant.id)) == 1
    events = await registering.events(applicant.id)
    assert (events.count("registration.completed"), events.count("authorization.granted")) == (1, 1)
    assert await registering.ended(applicant) is RegistrationState.COMPLETED
    assert registering.received(applicant.id, applicant.typed.email) == [
        Message.EMAIL_CONFIRMATION,
        Message.REGISTRATION_COMPLETED,
    ]


async def test_only_the_browser_that_began_goes_on(company: Registering) -> None:
    registering = company
    mine, theirs = await registering.begin(), await registering.begin()
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await customer_registrations.find(registering.services, "guess")
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await customer_registrations.find(registering.services, theirs.secret, mine.id)
    assert (await customer_registrations.find(registering.services, mine.secret)).id == mine.id

    begun = await identifications.begin_for_registration(
        registering.services, await registering.row(mine), mine.secret, "nordea"
    )
    code = registering.bank.identify(begun.authorization_url, mine.person)
    right = Answer(state_of(begun.authorization_url), code, "", None, [theirs.secret, mine.secret])

    async def answer(answer: Answer) -> None:
        with pytest.raises(Refused, match=Code.IDENTIFICATION_FAILED):
            await identifications.complete(registering.services, answer)

    before = await everything(registering.harness.database)
    for foreign in ([], [theirs.secret], [mine.secret + "x"]):
        await answer(Answer(right.state, code, "", None, foreign))
    for state in ("", "guess", "x" * 2001):
        await answer(Answer(state, code, "", None, [mine.secret]))
    after = await everything(registering.harness.database)
    # Answers are counted, and those to something that was asked are events; the bank was not asked.
    assert len(after.pop("audit_events")) == len(before.pop("audit_events")) + 3
    assert len(after.pop("counters")) > len(before.pop("counters"))
    assert after == before
    assert registering.bank.asked == 0

    assert (await identifications.complete(registering.services, right)).refusal is None
    await answer(right)
    assert (await registering.row(mine)).identity_index is not None
    assert (await registering.row(theirs)).identity_index is None
    late = await identifications.begin_for_registration(
        registering.services, await registering.row(theirs), theirs.secret, "nordea"
    )
    code = registering.bank.identify(late.authorization_url, theirs.person)
    await registering.harness.skip(15 * _MINUTE)
    await answer(Answer(state_of(late.authorization_url), code, "", None, [theirs.secret]))


async def test_answers_that_come_to_nothing(company: Registering) -> None:
    registering = company
    applicant = await registering.begin(customer_number=NUMBER)
    row = await registering.row(applicant)

    async def returned(code: str, error: str) -> Code | None:
        begun = await identifications.begin_for_registration(
            registering.services, row, applicant.secret, "nordea"
        )
        answer = Answer(state_of(begun.authorization_url), code, error, None, [applicant.secret])
        return (await identifications.complete(registering.services, answer)).refusal

    assert await returned("", "access_denied") is Code.IDENTIFICATION_CANCELLED
    assert await returned("", "server_error") is Code.IDENTIFICATION_UNAVAILABLE
    assert await returned("", "") is Code.IDENTIFICATION_FAILED
    assert await returned("forged", "") is Code.IDENTIFICATION_FAILED
    for means, address in (("nobank", None), ("nordea", "https://evil.example.com/")):
        with pytest.raises(Refused, match=f"{Code.NOT_FOUND}|{Code.FIELD_INVALID}"):
            await identifications.begin_for_registration(
                registering.services, row, applicant.secret, means, redirect_uri=address
            )
    registering.bank.down = True
    with pytest.raises(Refused, match=Code.IDENTIFICATION_UNAVAILABLE):
        await registering.identify(applicant)
    registering.bank.down = False
    assert (await registering.row(applicant)).state is RegistrationState.IDENTIFYING
    # A different person half-way: nothing changes, and the first one goes on.
    await registering.review(applicant)
    before = await registering.row(applicant)
    assert (await registering.identify(applicant, new_person())).refusal is Code.IDENTIFICATION_OTHER_PERSON
    after = await registering.row(applicant)
    assert (after.identity_index, after.verified_name) == (before.identity_index, before.verified_name)
    # A way to the bank that began before the end leads nowhere after it.
    begun = await identifications.begin_for_registration(
        registering.services, after, applicant.secret, "nordea"
    )
    code = registering.bank.identify(begun.authorization_url, applicant.person)
    await registering.confirm(applicant)
    answer = Answer(state_of(begun.authorization_url), code, "", None, [applicant.secret])
    assert (
        await identifications.complete(registering.services, answer)
    ).refusal is Code.REGISTRATION_COMPLETED
    assert (await registering.row(applicant)).identity_sealed is None
