"""The customer registry while somebody registers: down for hours, for ever, talking nonsense (spec 3.2)."""

import asyncio
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from domain.codes import Code, Refused
from domain.vocabulary import Message, ProcessKind, RegistrationState, ServiceRequestKind
from store import outbox
from store.registrations import Registration
from store.service_requests import ServiceRequest
from store.users import User
from tests.harness import eventually
from tests.registering import NAME, Applicant, Registering
from tests.registry.stand_in import StandIn, contract
from tests.workflows.test_registration_ends import assert_erased

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


def go_down(stand_in: StandIn, *, come_back: timedelta | None = None) -> None:
    """From now on it refuses everything, and says when to come back, if it says so at all."""
    headers = {} if come_back is None else {"Retry-After": str(int(come_back.total_seconds()))}
    stand_in.answers.extend([lambda: Response(status_code=503, headers=headers)] * 5000)


def nonsense() -> Response:
    """An answer that is none."""
    return Response(b'{"customers": [{"name": "Kanelbulle"', media_type="application/json")


async def test_down_for_hours_and_back(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    applicant = await registering.begin(customer_number="700101")
    await registering.identify(applicant)
    go_down(registering.stand_in, come_back=20 * _MINUTE)
    await registering.submit_and_leave(applicant)
    await registering.harness.skip(5 * _HOUR)

    # It is asked when it said, and nothing typed is lost meanwhile.
    assert 10 < len(registering.stand_in.asked) < 20
    row = await registering.row(applicant)
    assert (row.state, row.details["company_name"]) == (RegistrationState.CHECKING, NAME)
    assert registering.harness.smtp.attempts == []

    registering.stand_in.answers.clear()
    await registering.harness.skip(30 * _MINUTE)
    await registering.confirm_email(applicant)
    assert (await registering.confirm(applicant)).state is RegistrationState.COMPLETED
    assert len(await registering.grants(applicant.id)) == 1


async def test_details_corrected_while_it_is_down(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    applicant = await registering.begin(customer_number="700999")
    await registering.identify(applicant)
    go_down(registering.stand_in, come_back=_HOUR)
    await registering.submit_and_leave(applicant)
    await registering.submit_and_leave(applicant, email="corrected@example.com")
    registering.stand_in.answers.clear()

    # What is corrected is looked at at once, though the registry was to be left alone for an hour.
    corrected = await registering.submit(applicant, customer_number="700101")

    assert (corrected.state, corrected.revision) == (RegistrationState.REVIEW, 3)
    await registering.confirm_email(applicant)
    assert (await registering.confirm(applicant)).state is RegistrationState.COMPLETED
    # Only the last details were e-mailed about, and only they counted.
    assert {each.to for each in registering.harness.smtp.messages} >= {"corrected@example.com"}
    assert "registration.mismatched" not in await registering.events(applicant.id)


async def test_given_up_while_it_is_down(registering: Registering) -> None:
    applicant = await registering.begin(customer_number="700101")
    await registering.identify(applicant)
    go_down(registering.stand_in, come_back=_HOUR)
    await registering.submit_and_leave(applicant)
    await registering.give_up(applicant)

    assert (await registering.process(applicant).result()).state is RegistrationState.ABANDONED
    assert len(registering.stand_in.asked) <= 2
    await assert_erased(registering, applicant)


async def test_down_until_it_is_too_late(registering: Registering) -> None:
    applicant = await registering.begin(customer_number="700101")
    await registering.identify(applicant)
    go_down(registering.stand_in, come_back=_HOUR)
    await registering.submit_and_leave(applicant)
    await registering.harness.skip(25 * _HOUR)

    assert (await registering.process(applicant).result()).state is RegistrationState.ABANDONED
    await assert_erased(registering, applicant)
    assert await registering.all_of(User) == []
    assert registering.harness.smtp.attempts == []


async def test_news_that_comes_after_the_deadline(registering: Registering) -> None:
    """As when no worker was there: the process neither fails for ever, nor goes on."""
    applicant = await registering.begin(customer_number="700101")
    await registering.identify(applicant)
    await registering.knows(applicant, RegistrationState.DETAILS)
    go_down(registering.stand_in)
    async with registering.harness.database.transaction() as session:
        row = await session.get_one(Registration, applicant.id)
        row.state, row.revision, row.details = RegistrationState.CHECKING, 1, {"customer_number": "700101"}
        row.deadline = await registering.harness.now() - _MINUTE
        outbox.owe_signal(session, ProcessKind.REGISTRATION, row.id, "row_changed", row.deadline)
    await registering.harness.outbox.deliver(applicant.id)

    assert (await registering.process(applicant).result()).state is RegistrationState.ABANDONED
    assert registering.stand_in.asked == []
    await assert_erased(registering, applicant)


async def test_nonsense_is_no_answer(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    applicant = await registering.begin(customer_number="700101")
    await registering.identify(applicant)
    # Once more than the quick try: then Temporal asks again, after seconds.
    registering.stand_in.answers.extend([nonsense, nonsense])
    await registering.submit_and_leave(applicant)
    await eventually(lambda: len(registering.stand_in.asked) == 2)
    await registering.harness.skip(_MINUTE)
    await registering.knows(applicant, RegistrationState.REVIEW)
    assert "registration.mismatched" not in await registering.events(applicant.id)


async def test_every_answer_takes_one_question(registering: Registering) -> None:
    """Whether details match cannot be told by how long it takes, nor what of them does not."""
    registering.says_company("700101", electricity=[contract("E-1")])
    asked = []
    told: list[Any] = []
    cases: list[dict[str, Any]] = [
        {"customer_number": "700101"},
        {"customer_number": "700999"},
        {"company_name": "Kangasala Kylmäkoneet Oy", "customer_number": "700101"},
        {"business_id": "0112038-9", "customer_number": "700101"},
    ]
    for changes in cases:
        before = len(registering.stand_in.asked)
        applicant = await registering.begin(**changes)
        await registering.identify(applicant)
        try:
            told.append((await registering.submit(applicant)).state)
        except Refused as refused:
            row = await registering.row(applicant)
            told.append((refused.code, row.state, row.customer_id, row.dispute_token_hash))
        asked.append(len(registering.stand_in.asked) - before)
    assert asked == [1, 1, 1, 1]
    mismatch = (Code.REGISTRATION_DETAILS_DO_NOT_MATCH, RegistrationState.DETAILS, None, None)
    assert told == [RegistrationState.REVIEW, mismatch, mismatch, mismatch]


async def test_one_person_in_many_registrations_at_once(registering: Registering) -> None:
    """Nine windows at once are no way around five attempts."""
    registering.says_company("700101", electricity=[contract("E-1")])
    first = await registering.begin(customer_number="700101", company_name="Kangasala Kylmäkoneet Oy")
    rest = [
        await registering.begin(customer_number="700101", company_name="Nej", person=first.person)
        for _ in range(8)
    ]
    for each in (first, *rest):
        await registering.identify(each)

    async def told(applicant: Applicant) -> Code | None:
        try:
            await registering.submit(applicant)
        except Refused as refused:
            return refused.code
        return None

    codes = await asyncio.gather(*(told(each) for each in (first, *rest)))

    assert sorted(str(each) for each in codes) == sorted(
        [Code.REGISTRATION_DETAILS_DO_NOT_MATCH] * 4 + [Code.REGISTRATION_HANDED_OVER] * 5
    )
    states = sorted(each.state for each in await registering.all_of(Registration))
    assert states == [RegistrationState.DETAILS] * 4 + [RegistrationState.HANDED_OVER] * 5
    assert {each.kind for each in await registering.all_of(ServiceRequest)} == {
        ServiceRequestKind.DETAILS_DO_NOT_MATCH
    }
    assert Message.EMAIL_CONFIRMATION not in registering.received(first.id, first.typed.email)
