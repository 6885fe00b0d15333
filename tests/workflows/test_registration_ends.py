"""Every way a registration can end, and what each leaves (spec 3.2)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from domain.codes import Code, Refused
from domain.roles import ROLE_LEVELS
from domain.vocabulary import (
    CustomerKind,
    GrantedThrough,
    Message,
    RegistrationState,
    Role,
    ServiceRequestKind,
)
from starter.services import customer_registrations, identifications, registration_completion
from store.authorizations import Authorization
from store.contract_links import ContractLink
from store.customers import CustomerRelation
from store.identifications import StrongIdentity
from store.registrations import Registration
from store.service_requests import ServiceRequest
from store.sessions import Session
from store.users import User
from tests import factories
from tests.bank import new_person
from tests.harness import eventually
from tests.leaks import assert_nothing_personal
from tests.registering import NAME, Applicant, Registering, log_in
from tests.registry.stand_in import contract, private

CONTACT = "kontakt@example.com"
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


async def assert_erased(registering: Registering, applicant: Applicant) -> None:
    """Nothing of the person or of what was typed is in the registration any more."""
    row = await registering.row(applicant)
    dump = repr([getattr(row, column.name) for column in Registration.__table__.columns]).encode()
    typed, person = applicant.typed, applicant.person
    words = {typed.company_name, typed.email, typed.username, person.first_name, person.code}
    assert_nothing_personal(dump, words - {""})
    assert (row.details, row.password_hash, row.email_token_hash) == ({}, None, None)
    assert (row.identity_index, row.identity_sealed, row.verified_name) == (None, None, " ")


async def test_the_first_manages_the_company_and_later_ones_see_it(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")], district_heating=[contract("H-1")])
    first = await registering.complete(customer_number="700101", company_name="björkbacka bageri")
    later = await registering.complete(customer_number="700101")

    await eventually(lambda: len(registering.harness.smtp.messages) == 7)
    for applicant, role, through in (
        (first, Role.ADMINISTRATOR, GrantedThrough.FIRST_REGISTRATION),
        (later, Role.VIEWER, GrantedThrough.LATER_REGISTRATION),
    ):
        grants = await registering.grants(applicant.id)
        user = await registering.user(applicant)
        assert sorted(each.relation.commodity for each in grants) == ["district_heating", "electricity"]
        for each in grants:
            assert (each.role, each.granted_through, each.levels) == (role, through, ROLE_LEVELS[role])
            assert each.user_id == user.id
        assert (user.username, user.email) == (applicant.typed.username, applicant.typed.email)
        assert (user.first_name, user.terms_version) == ("Maija", "2026-11")
        assert registering.received(applicant.id, CONTACT) == [Message.REGISTRATION_NOTICE]
        assert (await registering.row(applicant)).role is role
        assert await registering.events(applicant.id) == [
            "registration.started",
            "registration.identified",
            "registration.matched",
            "registration.email_confirmed",
            "user.registered",
            "authorization.granted",
            "authorization.granted",
            "registration.completed",
        ]
        await assert_erased(registering, applicant)
    # Who manages electricity and heating is told once; the later one of the first, not of himself.
    ours = [Message.EMAIL_CONFIRMATION, Message.REGISTRATION_COMPLETED]
    assert registering.received(first.id, first.typed.email) == ours
    assert registering.received(later.id, later.typed.email) == ours
    assert registering.received(later.id, first.typed.email) == [Message.REGISTRATION_NOTICE]
    assert await registering.ended(first) is RegistrationState.COMPLETED
    assert (await registering.process(later).result()).state is RegistrationState.COMPLETED
    assert len(registering.harness.smtp.messages) == 7


async def test_a_private_customer_has_his_contracts(registering: Registering) -> None:
    person = new_person()
    registering.stand_in.says(
        private("300101", code=person.code, electricity=[contract("E-1")]),
        private("300102", code=new_person().code, electricity=[contract("E-2")]),
    )
    applicant = await registering.complete(CustomerKind.PRIVATE, person=person)

    row = await registering.row(applicant)
    assert (row.role, row.customer_id) == (None, None)
    assert row.contract_link_id is not None
    assert (await registering.process(applicant).result()).state is RegistrationState.COMPLETED
    assert (await registering.link_process(row.contract_link_id).result()).state == "linked"
    [grant] = await registering.grants(row.contract_link_id)
    assert (grant.role, grant.granted_through) == (Role.OWNER, GrantedThrough.CONTRACT)
    assert grant.relation.customer.customer_number == "300101"
    address = applicant.typed.email
    assert registering.received(applicant.id, address)[-1] is Message.REGISTRATION_COMPLETED
    assert registering.received(row.contract_link_id, address) == [Message.CONTRACTS_LINKED]
    # The registry was asked once, about the person: a private customer types nothing to be checked.
    assert len(registering.stand_in.asked) == 1
    await assert_erased(registering, applicant)


async def test_a_company_is_added_to_the_user_one_has(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    user = await factories.make_user(registering.harness.database)
    person = new_person()
    applicant = await registering.complete(customer_number="700101", user=user, person=person)

    [grant] = await registering.grants(applicant.id)
    assert (grant.user_id, grant.role) == (user.id, Role.ADMINISTRATOR)
    [identity] = await registering.all_of(StrongIdentity)
    assert (identity.user_id, identity.first_name) == (user.id, person.first_name)
    assert len(await registering.all_of(User)) == 1
    # No address to confirm: the user has one.
    await eventually(lambda: bool(registering.received(applicant.id, user.email)))
    assert registering.received(applicant.id, user.email) == [Message.REGISTRATION_COMPLETED]
    await assert_erased(registering, applicant)

    # Once more the same company: there is nothing to give.
    again = await registering.review(
        await registering.begin(customer_number="700101", user=user, person=person)
    )
    with pytest.raises(Refused, match=Code.AUTHORIZATION_EXISTS):
        await registering.confirm(again)
    # He has identified in his session, too; nobody else's session has anything of it.
    stranger = await factories.make_user(registering.harness.database)
    for one, known in ((user, True), (stranger, False)):
        session, _ = await log_in(registering.services, one)
        assert (await registering.identify(again, session=session)).refusal is None
        [after] = [each for each in await registering.all_of(Session) if each.id == session.id]
        assert (after.identified_at is not None) is known
    # Another person, or a person who is another user: neither becomes this one.
    other = await registering.begin(customer_number="700101", user=user)
    assert (await registering.identify(other)).refusal is Code.IDENTIFICATION_OTHER_PERSON
    theft = await registering.begin(customer_number="700101", user=stranger, person=person)
    assert (await registering.identify(theft)).refusal is Code.IDENTIFICATION_IN_USE
    assert (await registering.row(theft)).state is RegistrationState.IDENTIFYING
    assert [each.user_id for each in await registering.all_of(StrongIdentity)] == [user.id]


async def test_who_has_a_user_is_told_so_when_he_identifies(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    first = await registering.complete(customer_number="700101")
    again = await registering.begin(customer_number="700101", person=first.person)

    assert (await registering.identify(again)).refusal is Code.REGISTRATION_ALREADY_USER

    # The process learns it at once, not from a schedule.
    await registering.knows(again, RegistrationState.ALREADY_USER)
    assert (await registering.process(again).result()).state is RegistrationState.ALREADY_USER
    with pytest.raises(Refused, match=Code.REGISTRATION_ALREADY_USER):
        await registering.submit(again)
    await assert_erased(registering, again)


async def refusals(registering: Registering, applicant: Applicant, **changes: Any) -> Code | None:
    try:
        await registering.submit(applicant, **changes)
    except Refused as refused:
        return refused.code
    return None


async def test_five_mismatches_a_day_and_customer_service_goes_on(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    registering.stand_in.says(private("300101", electricity=[contract("E-9")]))
    # All of it has ended.
    registering.says_company("700102", electricity=[contract("E-2", ends_on="2021-01-01")])
    one = await registering.begin(customer_number="700101")
    await registering.identify(one)
    wrong: list[dict[str, str]] = [
        {"company_name": "Kangasala Kylmäkoneet Oy"},
        {"company_name": NAME, "business_id": "0112038-9"},
        {"business_id": "0737546-2", "customer_number": "700999"},
    ]
    for changes in wrong:
        assert await refusals(registering, one, **changes) is Code.REGISTRATION_DETAILS_DO_NOT_MATCH
    assert (await registering.row(one)).state is RegistrationState.DETAILS
    # They count per person and day, whatever registration he makes them in.
    other = await registering.begin(customer_number="700102", person=one.person)
    await registering.identify(other)
    assert await refusals(registering, other) is Code.REGISTRATION_DETAILS_DO_NOT_MATCH
    asked = len(registering.stand_in.asked)
    assert await refusals(registering, other, customer_number="300101") is Code.REGISTRATION_HANDED_OVER
    assert len(registering.stand_in.asked) == asked + 1

    assert (await registering.process(other).result()).state is RegistrationState.HANDED_OVER
    [request] = await registering.all_of(ServiceRequest)
    assert (request.kind, request.registration_id) == (
        ServiceRequestKind.DETAILS_DO_NOT_MATCH,
        other.id,
    )
    assert request.contact["email"] == other.typed.email
    assert request.contact["verified_name"] == "Maija Virtanen"
    await assert_erased(registering, other)
    # Nobody learns more by beginning again, not even with what matches; nor in the one that still is open.
    third = await registering.begin(customer_number="700101", person=one.person)
    await registering.identify(third)
    for applicant in (third, one):
        assert (
            await refusals(registering, applicant, customer_number="700101") is Code.REGISTRATION_HANDED_OVER
        )
    # For others the customer number is as open as ever; and for him, the day after.
    await registering.complete(customer_number="700101")
    await registering.harness.skip(25 * _HOUR)
    late = await registering.complete(customer_number="700101", person=one.person)
    assert (await registering.row(late)).role is Role.VIEWER


async def test_abandoned_before_identifying(registering: Registering) -> None:
    applicant = await registering.begin()
    await registering.harness.skip(29 * _MINUTE)
    assert (await registering.progress(applicant)).state is RegistrationState.IDENTIFYING
    await registering.harness.skip(2 * _MINUTE)

    assert (await registering.process(applicant).result()).state is RegistrationState.ABANDONED
    assert await registering.events(applicant.id) == ["registration.started", "registration.abandoned"]
    with pytest.raises(Refused, match=Code.REGISTRATION_ABANDONED):
        await registering.identify(applicant)


async def test_abandoned_a_day_after_identifying(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    applicant = await registering.begin(customer_number="700101")
    await registering.harness.skip(20 * _MINUTE)
    await registering.review(applicant)
    await registering.harness.skip(23 * _HOUR + 59 * _MINUTE)
    # Identifying once more, as the same person, gives no more time.
    assert (await registering.identify(applicant)).refusal is None
    assert (await registering.progress(applicant)).state is RegistrationState.REVIEW
    await registering.harness.skip(2 * _MINUTE)

    assert (await registering.process(applicant).result()).state is RegistrationState.ABANDONED
    await assert_erased(registering, applicant)
    assert await registering.all_of(User) == []
    assert await registering.all_of(Authorization) == []
    with pytest.raises(Refused, match=Code.REGISTRATION_ABANDONED):
        await registering.confirm(applicant)


async def test_given_up(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    at_once = await registering.begin(CustomerKind.PRIVATE)
    in_review = await registering.review(await registering.begin(customer_number="700101"))
    for applicant in (at_once, in_review):
        row = await registering.row(applicant)
        await customer_registrations.give_up(registering.services, row)
        await customer_registrations.give_up(registering.services, row)
        assert (await registering.process(applicant).result()).state is RegistrationState.ABANDONED
        await assert_erased(registering, applicant)
        assert (await registering.events(applicant.id)).count("registration.abandoned") == 1
        with pytest.raises(Refused, match=Code.REGISTRATION_ABANDONED):
            await registration_completion.confirm(registering.services, row, row.revision)
        with pytest.raises(Refused, match=Code.REGISTRATION_ABANDONED):
            await registering.submit(applicant)
    assert await registering.all_of(ContractLink) == []


async def test_a_customer_that_ended_since_the_review(registering: Registering) -> None:
    registering.says_company("700101", electricity=[contract("E-1")])
    applicant = await registering.review(await registering.begin(customer_number="700101"))
    async with registering.harness.database.transaction() as session:
        await session.execute(update(CustomerRelation).values(ended_at=await registering.harness.now()))

    with pytest.raises(Refused, match=Code.REGISTRATION_DETAILS_DO_NOT_MATCH):
        await registering.confirm(applicant)

    assert (await registering.row(applicant)).state is RegistrationState.REVIEW
    assert await registering.all_of(User) == []


async def test_a_private_customer_with_a_user_fetches_his_contracts_instead(registering: Registering) -> None:
    user = await factories.make_user(registering.harness.database)
    with pytest.raises(Refused, match=Code.USER_EXISTS):
        await registering.begin(CustomerKind.PRIVATE, user=user)
    assert identifications.offered(registering.services)[0].id == "aktia"
