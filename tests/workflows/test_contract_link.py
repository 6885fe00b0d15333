"""Fetching a person's contracts into the service (spec 3.3)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from starlette.responses import JSONResponse

from domain.codes import Code, Refused
from domain.vocabulary import (
    Commodity,
    ContractLinkState,
    CustomerKind,
    GrantedThrough,
    Level,
    Message,
    Role,
    Subpage,
)
from starter.services import contract_links
from store import policy
from store.authorizations import Authorization
from store.contract_links import ContractLink
from store.customers import Customer, CustomerRelation
from store.identifications import StrongIdentity
from store.outbox import OutboxRow
from store.users import User
from tests import factories
from tests.bank import Person, new_person
from tests.factories import KEYS, LONG_AGO
from tests.harness import eventually, eventually_true
from tests.leaks import assert_nothing_personal, raw_history
from tests.registering import Registering
from tests.registry.stand_in import company, contract, private
from tests.smtp_server import Reply
from tests.workflows.test_registration_registry import go_down, nonsense

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


async def identified(registering: Registering, person: Person) -> User:
    """A user with this strong identity."""
    user = await factories.make_user(registering.harness.database)
    async with registering.harness.database.transaction() as session:
        session.add(
            StrongIdentity(
                user_id=user.id,
                identity_index=KEYS.identity_index(person.code),
                identity_sealed=registering.services.vault.seal(person.code, user.id),
                first_name=person.first_name,
                last_name=person.last_name,
                created_at=LONG_AGO,
                identified_at=LONG_AGO,
            )
        )
    return user


async def levels(registering: Registering, user: User, relation: CustomerRelation) -> dict[Subpage, Level]:
    async with registering.harness.database.reading() as session:
        return await policy.levels(session, user.id, relation.id, await registering.harness.now())


async def test_all_contracts_of_the_code(registering: Registering) -> None:
    person, other = new_person(), new_person("Aino", "Korhonen")
    user = await identified(registering, person)
    registering.stand_in.says(
        private(
            "300101",
            code=person.code,
            electricity=[contract("E-1"), contract("E-2", ends_on="2024-01-31")],
            district_heating=[contract("H-1")],
        ),
        private("300102", code=person.code, electricity=[contract("E-3")]),
        private("300103", code=person.code),
        private("300104", code=other.code, electricity=[contract("E-4")]),
        company("300105", electricity=[contract("E-5")]),
    )
    await registering.harness.now()

    result = await contract_links.begin(registering.services, user)

    assert result.link.state is ContractLinkState.LINKED
    assert [(each.customer.customer_number, each.commodity) for each in result.linked] == [
        ("300101", Commodity.DISTRICT_HEATING),
        ("300101", Commodity.ELECTRICITY),
        ("300102", Commodity.ELECTRICITY),
    ]
    assert result.closed == []
    grants = await registering.grants(result.link.id)
    assert {each.relation_id for each in grants} == {each.id for each in result.linked}
    for each in grants:
        assert (each.user_id, each.role, each.granted_through) == (
            user.id,
            Role.OWNER,
            GrantedThrough.CONTRACT,
        )
    for relation in result.linked:
        assert (await levels(registering, user, relation))[Subpage.USERS] is Level.WRITE
    handle = registering.link_process(result.link.id)
    assert (await handle.result()).state is ContractLinkState.LINKED
    assert registering.received(result.link.id, user.email) == [Message.CONTRACTS_LINKED]

    # Repeating changes nothing, but finds what is new.
    again = await contract_links.begin(registering.services, user)
    assert again.link.id != result.link.id
    assert {each.id for each in again.linked} == {each.id for each in result.linked}
    assert await registering.grants(again.link.id) == []
    registering.stand_in.says(private("300103", code=person.code, electricity=[contract("E-6")]))
    more = await contract_links.begin(registering.services, user)
    assert len(more.linked) == 4
    assert [each.relation.customer.customer_number for each in await registering.grants(more.link.id)] == [
        "300103"
    ]
    assert {each.customer_number for each in await registering.all_of(Customer)} == {
        *("300101", "300102", "300103")
    }
    # Others do not see how it went.
    stranger = await factories.make_user(registering.harness.database)
    with pytest.raises(Refused, match=Code.NOT_FOUND):
        await contract_links.find(registering.services, stranger, more.link.id)
    personal = [person.code, person.last_name, user.email, "300101", "E-1", KEYS.identity_index(person.code)]
    assert_nothing_personal(await raw_history(handle), personal)


async def test_ended_ones_can_be_read_for_24_months(registering: Registering) -> None:
    person = new_person()
    user = await identified(registering, person)
    now = await registering.harness.now()
    recently, long_ago = now - 729 * _DAY, now - 731 * _DAY
    index = KEYS.identity_index(person.code)
    for number, ended_at in ("300101", recently), ("300102", long_ago):
        over = contract(f"E-{number}", ends_on="2021-01-31")
        registering.stand_in.says(private(number, code=person.code, electricity=[over]))
        await factories.make_relation(
            registering.harness.database,
            kind=CustomerKind.PRIVATE,
            customer=Customer(
                id=uuid4(),
                customer_number=number,
                kind=CustomerKind.PRIVATE,
                name="Maija Virtanen",
                identity_index=index,
            ),
            ended_at=ended_at,
        )

    result = await contract_links.begin(registering.services, user)

    assert (result.link.state, result.linked) == (ContractLinkState.LINKED, [])
    [closed] = result.closed
    assert closed.customer.customer_number == "300101"
    held = await levels(registering, user, closed)
    assert (held[Subpage.INVOICES], held[Subpage.USERS]) == (Level.READ, Level.NONE)
    [grant] = await registering.all_of(Authorization)
    assert grant.relation_id == closed.id
    await registering.harness.environment.sleep(2 * _DAY)
    assert set((await levels(registering, user, closed)).values()) == {Level.NONE}


async def test_many_at_once(registering_on_both: Registering) -> None:
    registering, person = registering_on_both, new_person()
    user = await identified(registering, person)
    registering.stand_in.says(private(code=person.code, electricity=[contract("E-1")]))
    await registering.harness.now()
    results = await asyncio.gather(*(contract_links.begin(registering.services, user) for _ in range(8)))
    assert {each.link.state for each in results} == {ContractLinkState.LINKED}
    [grant] = await registering.all_of(Authorization)
    assert {each.id for result in results for each in result.linked} == {grant.relation_id}


async def test_two_at_once_are_one(registering: Registering) -> None:
    person = new_person()
    user = await identified(registering, person)
    registering.stand_in.says(private(code=person.code, electricity=[contract("E-1")]))
    go_down(registering.stand_in, come_back=_HOUR)
    await registering.harness.now()
    for _ in range(5):
        registering.leave(contract_links.begin(registering.services, user))
    await eventually(lambda: len(registering.stand_in.asked) >= 2)
    registering.stand_in.answers.clear()
    [link] = await registering.all_of(ContractLink)
    await registering.harness.skip(2 * _HOUR)

    assert (await contract_links.find(registering.services, user, link.id)).link.state == "linked"
    assert len(await registering.grants(link.id)) == 1


async def test_down_for_hours_and_nonsense_in_between(registering: Registering) -> None:
    person = new_person()
    user = await identified(registering, person)
    other_persons = private("300102", code=new_person().code, electricity=[contract("E-2")])
    registering.stand_in.says(private(code=person.code, electricity=[contract("E-1")]))
    registering.stand_in.answers.extend(
        [nonsense, nonsense, lambda: JSONResponse({"customers": [other_persons]})]
    )
    await registering.harness.now()
    registering.leave(contract_links.begin(registering.services, user))
    await eventually(lambda: len(registering.stand_in.asked) >= 2)
    await registering.harness.skip(_HOUR)

    [link] = await registering.all_of(ContractLink)
    assert link.state is ContractLinkState.LINKED
    # Somebody else's contracts were no answer either.
    assert len(registering.stand_in.asked) == 4
    assert [each.customer_number for each in await registering.all_of(Customer)] == ["300001"]


async def test_down_for_a_day(registering: Registering) -> None:
    person = new_person()
    user = await identified(registering, person)
    go_down(registering.stand_in, come_back=_HOUR)
    await registering.harness.now()
    registering.leave(contract_links.begin(registering.services, user))
    await eventually(lambda: len(registering.stand_in.asked) >= 2)
    await registering.harness.skip(23 * _HOUR)
    [link] = await registering.all_of(ContractLink)
    assert link.state is ContractLinkState.LINKING
    await registering.harness.skip(2 * _HOUR)

    assert (await registering.link_process(link.id).result()).state is ContractLinkState.FAILED
    [link] = await registering.all_of(ContractLink)
    assert (link.state, link.linked) == (ContractLinkState.FAILED, [])
    assert registering.received(link.id, user.email) == [Message.CONTRACTS_NOT_LINKED]
    assert await registering.events(link.id) == ["contract_link.started", "contract_link.failed"]
    history = await raw_history(registering.link_process(link.id))
    assert_nothing_personal(history, [person.code, person.last_name, user.email])
    # Another day it works.
    registering.stand_in.answers.clear()
    assert (await contract_links.begin(registering.services, user)).link.state is ContractLinkState.LINKED


async def test_begun_while_nobody_was_at_work_for_a_day(idle_registering: Registering) -> None:
    """Its time is over before it starts: one try, and it neither fails for ever nor blocks the next one."""
    registering = idle_registering
    user = await identified(registering, new_person())
    go_down(registering.stand_in)
    await registering.harness.now()
    registering.leave(contract_links.begin(await registering.without_temporal(), user))

    async def written() -> bool:
        return bool(await registering.all_of(OutboxRow))

    await eventually_true(written)
    owed = await registering.all_of(OutboxRow)
    await registering.harness.skip(2 * _DAY)
    async with registering.harness.worker():
        assert await registering.harness.outbox.deliver(owed[0].process_id)
        await registering.harness.skip(2 * _MINUTE)
        result = await registering.link_process(owed[0].process_id).result()
    assert result.state is ContractLinkState.FAILED
    assert [each.state for each in await registering.all_of(ContractLink)] == [ContractLinkState.FAILED]
    assert registering.received(owed[0].process_id, user.email) == [Message.CONTRACTS_NOT_LINKED]


async def test_a_person_without_contracts(registering: Registering) -> None:
    user = await identified(registering, new_person())
    registering.harness.smtp.behave(user.email, Reply(550))
    await registering.harness.now()
    result = await contract_links.begin(registering.services, user)
    assert (result.link.state, result.linked, result.closed) == (ContractLinkState.LINKED, [], [])
    # That nobody can be told of it fails nothing.
    assert (await registering.link_process(result.link.id).result()).state is ContractLinkState.LINKED


async def test_a_user_who_has_not_identified(registering: Registering) -> None:
    user = await factories.make_user(registering.harness.database)
    with pytest.raises(Refused, match=Code.IDENTIFICATION_REQUIRED):
        await contract_links.begin(registering.services, user)
    assert await registering.all_of(ContractLink) == []
