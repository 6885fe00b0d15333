"""*This was not us*: the customer objects, and from that moment the right gives nothing (spec 3.2)."""

import asyncio
from datetime import timedelta

import pytest

from domain.codes import Code, Refused
from domain.registrations import Confirm
from domain.vocabulary import CustomerKind, Level, Message, RegistrationState, Role, ServiceRequestKind
from starter.services import registration_links
from store import policy
from store.authorizations import Authorization
from store.service_requests import ServiceRequest
from tests import factories
from tests.factories import KEYS
from tests.frontend import new_source
from tests.harness import Harness
from tests.leaks import assert_nothing_personal
from tests.registering import Applicant, Registering
from tests.registry.stand_in import contract
from tests.smtp_server import Greylist
from workflows.registration import RegistrationProcess

CONTACT = "kontakt@example.com"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
async def company(registering: Registering) -> Registering:
    """With a company that has two relations."""
    registering.says_company("700101", electricity=[contract("E-1")], district_heating=[contract("H-1")])
    return registering


async def may_anything(harness: Harness, held: Authorization) -> bool:
    """Whether the policy gives any level on any subpage, or even lets the relation be seen."""
    now = await harness.now()
    async with harness.database.reading() as session:
        levels = await policy.levels(session, held.user_id, held.relation_id, now)
        try:
            await policy.require_relation(session, held.user_id, held.relation_id, now)
        except Refused as refused:
            assert refused.code is Code.NOT_FOUND
            assert set(levels.values()) == {Level.NONE}
            return False
        return any(level is not Level.NONE for level in levels.values())


async def test_it_suspends_at_once_and_customer_service_looks(company: Registering) -> None:
    registering, harness = company, company.harness
    applicant = await registering.complete(customer_number="700101")
    token = await registering.token(CONTACT)
    held = await registering.grants(applicant.id)
    for each in held:
        assert await may_anything(harness, each)
    # Looking changes nothing, however often a scanner does.
    for _ in range(3):
        shown = await registration_links.disputable(registering.services, token, new_source())
    assert (shown.user.username, shown.customer.customer_number) == (applicant.typed.username, "700101")
    await harness.skip(29 * _DAY)
    moment = harness.clock.now

    answers = await asyncio.gather(
        *(registration_links.dispute(registering.services, token, new_source()) for _ in range(10))
    )

    assert {each.registration.id for each in answers} == {applicant.id}
    assert len(held) == 2
    for each in await registering.grants(applicant.id):
        assert (each.suspended_at, each.ended_at) == (moment, None)
        assert not await may_anything(harness, each)
    [request] = await registering.all_of(ServiceRequest)
    row = await registering.row(applicant)
    assert (request.kind, request.registration_id, request.customer_id, request.contact) == (
        ServiceRequestKind.NOT_US,
        applicant.id,
        row.customer_id,
        {"authorizations_suspended": "2"},
    )
    assert (await registering.process(applicant).result()).state is RegistrationState.COMPLETED
    assert registering.received(applicant.id, applicant.typed.email)[-1] is Message.REGISTRATION_SUSPENDED
    events = await registering.events(applicant.id)
    assert [events.count(each) for each in ("registration.disputed", "authorization.suspended")] == [1, 2]
    assert events[-1] == "service_request.opened"

    # Again, even years later: the same. And nobody becomes administrator by it.
    await harness.environment.sleep(40 * _DAY)
    await registration_links.dispute(registering.services, token, new_source())
    assert len(await registering.all_of(ServiceRequest)) == 1
    later = await registering.complete(customer_number="700101")
    assert {each.role for each in await registering.grants(later.id)} == {Role.VIEWER}


async def test_each_who_manages_the_company_can_object(company: Registering) -> None:
    registering = company
    first = await registering.complete(customer_number="700101")
    later = await registering.complete(customer_number="700101")
    token = await registering.token(first.typed.email, mails=3)
    assert token == await registering.token(CONTACT, mails=2)
    assert token == KEYS.registration_token("dispute", later.id)
    await registration_links.dispute(registering.services, token, new_source())

    for applicant, can in ((first, True), (later, False)):
        for each in await registering.grants(applicant.id):
            assert await may_anything(registering.harness, each) is can
    # Whose right is suspended is asked about nobody.
    third = await registering.begin(customer_number="700101")
    await suspend(registering, first)
    await registering.review(third)
    await registering.confirm(third)
    await registering.ended(third)
    assert registering.received(third.id, CONTACT) == [Message.REGISTRATION_NOTICE]
    assert registering.received(third.id, first.typed.email) == []


async def suspend(registering: Registering, applicant: Applicant) -> None:
    token = KEYS.registration_token("dispute", applicant.id)
    await registration_links.dispute(registering.services, token, new_source())


async def test_too_late_or_with_another_token(company: Registering) -> None:
    registering = company
    applicant = await registering.complete(customer_number="700101")
    open_one = await registering.review(await registering.begin(customer_number="700101"))
    token = await registering.token(CONTACT)
    for wrong in (
        "",
        token[:-1],
        token[::-1],
        KEYS.registration_token("confirm", applicant.id),
        KEYS.registration_token("dispute", applicant.id, 2),
        # Nothing is completed, so there is nothing to object to.
        KEYS.registration_token("dispute", open_one.id),
    ):
        with pytest.raises(Refused, match=Code.NOT_FOUND):
            await registration_links.dispute(registering.services, wrong, new_source())
    assert await registering.ended(applicant) is RegistrationState.COMPLETED
    await registering.harness.now()
    with pytest.raises(Refused, match=Code.LINK_USED):
        await registration_links.dispute(registering.services, token, new_source())
    for each in await registering.grants(applicant.id):
        assert each.suspended_at is None
    assert await registering.all_of(ServiceRequest) == []


async def test_a_registration_of_a_private_customer_cannot_be_disputed(registering: Registering) -> None:
    applicant = await registering.complete(CustomerKind.PRIVATE)
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await suspend(registering, applicant)
    assert (await registering.row(applicant)).dispute_token_hash is None


async def test_objected_while_temporal_is_down(company: Registering) -> None:
    """It suspends at once; and the person is told, though telling of the end took the signal with it."""
    registering, over = company, False
    person = await factories.make_user(registering.harness.database)
    registering.harness.smtp.behave(person.email, Greylist(lambda: over))
    applicant = await registering.review(await registering.begin(customer_number="700101", user=person))
    # The API asks, and is gone before it hears or delivers anything.
    await registering.process(applicant).execute_update(RegistrationProcess.confirm, Confirm(revision=1))
    token = await registering.token(CONTACT)
    await registration_links.dispute(await registering.without_temporal(), token, new_source())
    for each in await registering.grants(applicant.id):
        assert not await may_anything(registering.harness, each)
    over = True
    await registering.harness.skip(_HOUR)
    await registering.harness.smtp.taken(to=person.email, count=2)
    assert (await registering.process(applicant).result()).state is RegistrationState.COMPLETED
    assert registering.received(applicant.id, person.email) == [
        Message.REGISTRATION_COMPLETED,
        Message.REGISTRATION_SUSPENDED,
    ]


async def test_nothing_personal_in_the_service_request(company: Registering) -> None:
    registering = company
    applicant = await registering.complete(customer_number="700101")
    await suspend(registering, applicant)
    [request] = await registering.all_of(ServiceRequest)
    assert_nothing_personal(repr(vars(request)).encode(), [applicant.typed.email, applicant.person.code])
