"""Attacks on registrations that once got through, or nearly (spec 3.2; cases A23, A34)."""

import asyncio
import json
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.codes import Code, Refused
from domain.invitations import Act
from domain.roles import ROLE_LEVELS
from domain.vocabulary import CustomerKind, Language, Level, Role, ServiceRequestKind
from registry.records import RegistryCustomer
from registry.sync import bring_in
from starter.services import answers, contract_links, identifications, invitations, registration_links
from starter.services.identifications import Answer
from starter.services.invitation_checks import Draft
from starter.services.refusals import FieldsRefused, TooMany
from store import policy
from store.audit import AuditEvent, Event
from store.authorizations import Authorization
from store.identifications import StrongIdentity
from store.registrations import Registration
from store.service_requests import ServiceRequest
from store.users import User
from tests import factories
from tests.bank import new_person, state_of
from tests.factories import KEYS
from tests.frontend import new_source
from tests.harness import eventually_true
from tests.registering import NAME, Applicant, Registering
from tests.registry.stand_in import company, contract, private

pytestmark = pytest.mark.usefixtures("log_file")


async def pulled(registering: Registering, said: dict[str, Any], today: date) -> None:
    """The registry says this of a customer, and it is brought in."""
    now = await registering.harness.now()
    record = RegistryCustomer.model_validate_json(json.dumps(said))
    async with registering.harness.database.transaction() as session:
        await bring_in(session, [record], keys=KEYS, today=today, now=now)


async def may_anything(registering: Registering, user_id: UUID, relation_id: UUID) -> bool:
    now = await registering.harness.now()
    async with registering.harness.database.reading() as session:
        levels = await policy.levels(session, user_id, relation_id, now)
    return any(level is not Level.NONE for level in levels.values())


async def objected(registering: Registering, applicant: Applicant) -> None:
    token = KEYS.registration_token("dispute", applicant.id)
    await registration_links.dispute(registering.services, token, new_source())


def draft(email: str, role: Role) -> Draft:
    return Draft(
        email=email,
        first_name="A",
        last_name="B",
        cover_message="Hej",
        role=role,
        language=Language.SWEDISH,
        levels=dict(ROLE_LEVELS[role]),
    )


async def identified_user(registering: Registering, email: str) -> User:
    """Somebody with a strong identity, who can receive every role."""
    database, now = registering.harness.database, await registering.harness.now()
    user = await factories.make_user(database, email=email)
    async with database.transaction() as session:
        session.add(
            StrongIdentity(
                user_id=user.id,
                identity_index=uuid4().hex,
                identity_sealed="sealed",
                first_name="A",
                last_name="B",
                created_at=now,
                identified_at=now,
            )
        )
    return user


async def test_an_accomplice_falls_with_the_first(registering: Registering) -> None:
    """Objecting ends everything that rests on the registration, and nobody suspended is let in again."""
    registering.says_company("710107", electricity=[contract("E-7")])
    first = await registering.complete(customer_number="710107")
    user = await registering.user(first)
    [granted] = await registering.grants(first.id)
    accomplice = await identified_user(registering, "accomplice@example.com")
    second = await identified_user(registering, "second@example.com")
    for giver, receiver in ((user, accomplice), (accomplice, second)):
        made = await invitations.create(
            registering.services, giver, granted.relation_id, draft(receiver.email, Role.ADMINISTRATOR), None
        )
        await answers.decide(registering.services, receiver, made.id, Act.ACCEPT)
        assert await may_anything(registering, receiver.id, granted.relation_id)

    await objected(registering, first)

    for each in (user, accomplice, second):
        assert not await may_anything(registering, each.id, granted.relation_id)
    manager = await factories.make_manager(registering.harness.database, granted.relation)
    with pytest.raises(Refused) as refused:
        await invitations.create(
            registering.services, manager, granted.relation_id, draft(user.email, Role.VIEWER), None
        )
    assert refused.value.code is Code.AUTHORIZATION_SUSPENDED


async def test_a_relation_that_opened_again_falls_too(registering: Registering) -> None:
    today = (await registering.harness.now()).date()

    def said(heating_ends_on: str | None) -> dict[str, Any]:
        return company(
            "710101",
            name=NAME,
            electricity=[contract("E-1")],
            district_heating=[contract("H-1", ends_on=heating_ends_on)],
        )

    registering.stand_in.says(said(None))
    first = await registering.complete(customer_number="710101")
    user = await registering.user(first)
    await pulled(registering, said("2026-01-31"), today)
    await pulled(registering, said(None), today)
    held = [each for each in await registering.all_of(Authorization) if each.ended_at is None]
    assert len(held) == 2

    await objected(registering, first)

    for each in held:
        assert not await may_anything(registering, user.id, each.relation_id)


async def test_a_suspended_person_gets_nothing_by_registering_again(registering: Registering) -> None:
    registering.says_company("710104", electricity=[contract("E-4")])
    first = await registering.complete(customer_number="710104")
    user = await registering.user(first)
    await objected(registering, first)
    registering.says_company("710104", electricity=[contract("E-4")], district_heating=[contract("H-4")])
    again = await registering.begin(customer_number="710104", user=user, person=first.person)
    await registering.identify(again)
    await registering.submit(again)

    with pytest.raises(Refused) as refused:
        await registering.confirm(again)

    assert refused.value.code is Code.AUTHORIZATION_SUSPENDED
    assert await registering.grants(again.id) == []


async def test_the_number_became_another_company_s_after_the_review(registering: Registering) -> None:
    registering.says_company("710102", electricity=[contract("E-2")])
    applicant = await registering.review(await registering.begin(customer_number="710102"))
    today = (await registering.harness.now()).date()
    other = company(
        "710102", name="Helt Annat Bolag Oy", business_id="9000000-3", electricity=[contract("E-2")]
    )
    await pulled(registering, other, today)

    with pytest.raises(Refused) as refused:
        await registering.confirm(applicant)

    assert refused.value.code is Code.REGISTRATION_DETAILS_DO_NOT_MATCH
    assert await registering.grants(applicant.id) == []


async def test_what_the_registry_corrected_is_not_linked(registering: Registering) -> None:
    """Our tables may be older than the registry's answer."""
    person, other = new_person(), new_person("Pekka", "Peltonen")
    before = private("310101", code=person.code, electricity=[contract("P-1")])
    await pulled(registering, before, (await registering.harness.now()).date())
    registering.stand_in.says(private("310101", code=other.code, electricity=[contract("P-1")]))

    applicant = await registering.complete(CustomerKind.PRIVATE, person=person)

    link_id = (await registering.row(applicant)).contract_link_id
    assert link_id is not None
    await registering.link_process(link_id).result()
    assert await registering.grants(link_id) == []


async def test_usernames_do_not_tell_whose_address_is_known(registering: Registering) -> None:
    await factories.make_user(
        registering.harness.database, email="victim@example.com", username="victim@example.com"
    )
    applicant = await registering.begin(CustomerKind.PRIVATE)
    await registering.identify(applicant)

    async def errors(address: str) -> list[tuple[str, str]]:
        with pytest.raises(FieldsRefused) as refused:
            await registering.submit(applicant, email=address, username=address, declared_accurate=False)
        return [(each.pointer, each.code.value) for each in refused.value.errors]

    assert await errors("victim@example.com") == await errors("nobody@example.com")
    await factories.make_user(registering.harness.database, username="known.word")
    with pytest.raises(TooMany):
        for _ in range(100):
            with pytest.raises(FieldsRefused) as taken:
                await registering.submit(
                    applicant, username="known.word", email="new@example.com", declared_accurate=True
                )
            assert [each.code for each in taken.value.errors] == [Code.USER_USERNAME_TAKEN]


async def test_nobody_registers_under_another_name(registering: Registering) -> None:
    applicant = await registering.begin(
        CustomerKind.PRIVATE, person=new_person("Maija Kaarina", "Virtanen-Berg")
    )
    await registering.identify(applicant)

    with pytest.raises(FieldsRefused) as refused:
        await registering.submit(applicant, first_name="Verkställande Direktör", last_name="Someone")

    assert {(each.pointer, each.code) for each in refused.value.errors} == {
        ("/first_name", Code.NAME_NOT_VERIFIED),
        ("/last_name", Code.NAME_NOT_VERIFIED),
    }
    await registering.submit(applicant, first_name="Kaarina", last_name="Virtanen Berg")


async def test_customer_service_hears_of_a_first_administrator_whom_nobody_was_told_of(
    registering: Registering,
) -> None:
    registering.stand_in.says(
        company("710103", name=NAME, electricity=[contract("E-3")]) | {"contact_email": None}
    )
    applicant = await registering.complete(customer_number="710103")

    async def asked() -> bool:
        return [each.kind for each in await registering.all_of(ServiceRequest)] == [ServiceRequestKind.OTHER]

    await eventually_true(asked)
    assert (await registering.row(applicant)).role is Role.ADMINISTRATOR


async def test_nobody_fills_somebody_s_mailbox(registering: Registering) -> None:
    """Over several registrations, too."""
    person = new_person()

    async def ask() -> None:
        applicant = await registering.begin(CustomerKind.PRIVATE, person=person, email="bombed@example.com")
        await registering.identify(applicant)
        await registering.submit(applicant)

    for _ in range(5):
        await ask()
    with pytest.raises(TooMany):
        await ask()


async def test_foreign_answers_do_not_fill_the_audit_trail(registering: Registering) -> None:
    applicant = await registering.begin(CustomerKind.PRIVATE)
    begun = await identifications.begin_for_registration(
        registering.services, await registering.row(applicant), applicant.secret, "nordea"
    )
    foreign = Answer(
        state=state_of(begun.authorization_url), code="x", error="", issuer=None, holders=["somebody else's"]
    )
    for _ in range(10):
        with pytest.raises(Refused):
            await identifications.complete(registering.services, foreign)
    events = [each.event for each in await registering.all_of(AuditEvent)]
    assert events.count(Event.IDENTIFICATION_REFUSED) == 3


async def test_what_follows_at_the_very_moment_falls_too(registering_on_both: Registering) -> None:
    """The registry opens a relation while the customer objects: what is granted there is seen after all."""
    registering = registering_on_both
    database = registering.harness.database
    registering.says_company("710108", electricity=[contract("E-8")])
    first = await registering.complete(customer_number="710108")
    user = await registering.user(first)
    now = await registering.harness.now()
    said = company("710108", name=NAME, electricity=[contract("E-8")], district_heating=[contract("H-8")])
    record = RegistryCustomer.model_validate_json(json.dumps(said))

    async with database.transaction() as session:
        await bring_in(session, [record], keys=KEYS, today=now.date(), now=now)
        objecting = asyncio.create_task(objected(registering, first))
        if not database.is_sqlite:  # there, whoever writes waits in our own queue

            async def waits() -> bool:
                async with database.reading() as reading:
                    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                    return bool(await reading.scalar(waiting))

            await eventually_true(waits)
    await objecting

    held = await registering.all_of(Authorization)
    assert len(held) == 2
    for each in held:
        assert not await may_anything(registering, user.id, each.relation_id)


async def test_nobody_keeps_the_registry_and_the_bank_busy(registering: Registering) -> None:
    """Details, identifications and fetchings of contracts can be asked for so many times."""
    limits = registering.services.settings.registration_limits
    applicant = await registering.begin(CustomerKind.PRIVATE)
    row = await registering.row(applicant)
    for _ in range(limits.identifications_per_holder_and_hour):
        await identifications.begin_for_registration(registering.services, row, applicant.secret, "nordea")
    with pytest.raises(TooMany):
        await identifications.begin_for_registration(registering.services, row, applicant.secret, "nordea")

    other = await registering.begin(CustomerKind.PRIVATE)
    await registering.identify(other)
    async with registering.harness.database.transaction() as session:
        (await session.get_one(Registration, other.id)).revision = limits.submissions
    with pytest.raises(TooMany):
        await registering.submit(other)

    user = await factories.make_user(registering.harness.database)
    for _ in range(limits.contract_links_per_user_and_day):
        with pytest.raises(Refused):  # he has not identified; it is counted all the same
            await contract_links.begin(registering.services, user)
    with pytest.raises(TooMany):
        await contract_links.begin(registering.services, user)
