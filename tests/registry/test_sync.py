"""Bringing in what a registry says, on both databases."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.vocabulary import Commodity, CustomerKind
from registry.records import KeptCustomer
from registry.sample import identity_code
from registry.sync import bring_in
from registry.tables import SqlRegistry
from starter.customer_lookup import show_customer
from store.audit import Actor, Event
from store.customers import Contract, Customer, CustomerRelation
from store.database import Database
from tests.activities.running import everything
from tests.factories import KEYS
from tests.registry.following import NOW, TODAY, bring, events, record, relation
from tests.registry.stand_in import company, contract, private

CODE, OTHER = identity_code(7), identity_code(8)
PERSON = private(code=CODE, electricity=[contract("E-1")], district_heating=[contract("D-1")])
FIRM = company(electricity=[contract("E-2", ends_on="2030-12-31")])


async def test_what_is_kept(database: Database) -> None:
    brought = await bring(database, PERSON, FIRM)

    assert set(brought.customer_ids) == {"300001", "300002"}
    async with database.reading() as session:
        person, firm = (await session.scalars(select(Customer).order_by(Customer.customer_number))).all()
        last = (await session.scalars(select(Contract).where(Contract.contract_number == "E-2"))).one()
    assert (person.id, firm.id) == tuple(brought.customer_ids.values())
    assert (person.kind, person.name) == (CustomerKind.PRIVATE, "Åsa Öhman")
    assert person.identity_index == KEYS.identity_index(CODE)
    assert (firm.business_id, firm.identity_index) == ("0737546-2", None)
    assert last.ends_on == date(2030, 12, 31)
    [event] = await events(database, Event.CUSTOMERS_IMPORTED)
    assert (event.actor, event.details["customers_new"], event.details["contracts_new"]) == (
        Actor.PROCESS,
        2,
        3,
    )


async def test_again_changes_nothing_and_holds_nobody_up(database: Database) -> None:
    first = await bring(database, PERSON, FIRM)
    before = await everything(database)

    async with database.transaction() as session:
        if not database.is_sqlite:
            # Others may bring in at the same moment: there is no lock.
            assert await asyncio.wait_for(bring(database, PERSON, FIRM), 5) == first
        assert (
            await bring_in(session, [record(PERSON), record(FIRM)], keys=KEYS, today=TODAY, now=NOW) == first
        )

    assert await everything(database) == before


async def test_what_is_not_said_stays(database: Database) -> None:
    await bring(database, PERSON)
    await bring(database, private(code=None, electricity=[contract("E-3")], name="Åsa Berg"))
    shown = await show_customer(database, "300001", at=NOW)
    assert shown is not None
    assert shown.name == "Åsa Berg"
    assert {each.contract_number for relation in shown.relations for each in relation.contracts} == {
        "E-1",
        "E-3",
        "D-1",
    }
    async with database.reading() as session:
        [person] = await session.scalars(select(Customer))
    assert person.identity_index == KEYS.identity_index(CODE)


async def test_said_twice_the_last_word_counts(database: Database) -> None:
    await bring(database, PERSON, {**PERSON, "name": "Åsa Berg"})
    async with database.reading() as session:
        assert (await session.scalars(select(Customer.name))).all() == ["Åsa Berg"]


async def test_who_contradicts_what_is_known_is_left_out_and_holds_up_nobody(database: Database) -> None:
    await bring(database, PERSON)
    before = await everything(database)
    contradictions = (
        company("300001", electricity=[contract("E-7")]),
        company("300004", electricity=[contract("E-1")]),
        company("300005", electricity=[contract("E-8")]),
        company("300006", electricity=[contract("E-8")]),
    )
    brought = await bring(database, *contradictions)

    assert brought.left_out == 3
    assert set(brought.customer_ids) == {"300005"}
    kept = await everything(database)
    assert [row for row in kept["contracts"] if row in before["contracts"]] == before["contracts"]
    assert len(kept["customers"]) == 2


async def test_what_the_session_had_loaded_is_fresh(database: Database) -> None:
    await bring(database, PERSON)
    ended = private(code=CODE, electricity=[contract("E-1", ends_on="2026-11-19")])
    async with database.transaction() as session:
        query = select(CustomerRelation).where(CustomerRelation.commodity == Commodity.ELECTRICITY)
        loaded = (await session.scalars(query)).one()
        assert loaded.ended_at is None
        await bring_in(session, [record(ended)], keys=KEYS, today=TODAY, now=NOW)
        assert loaded.ended_at == NOW


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    before = await everything(database)

    async def fail() -> None:
        async with database.transaction() as session:
            await bring_in(session, [record(PERSON)], keys=KEYS, today=TODAY, now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await everything(database) == before


async def test_many_at_once_bring_in_once(database: Database) -> None:
    brought = await asyncio.gather(*(bring(database, PERSON, FIRM) for _ in range(8)))
    assert len({tuple(sorted(each.customer_ids.items())) for each in brought}) == 1
    assert len(await events(database, Event.CUSTOMERS_IMPORTED)) == 1


# Our own tables as a registry


async def test_the_tables_say_what_was_brought_in(database: Database) -> None:
    await bring(database, PERSON, FIRM, private("300005", code=CODE, electricity=[contract("E-5")]))
    registry = SqlRegistry(database, KEYS.identity_index)

    found = await registry.by_customer_number("300002")
    assert found is not None
    assert found.model_dump() == record(FIRM).model_dump()
    assert await registry.by_customer_number("300009") is None
    by_code = await registry.by_identity(CODE)
    assert [each.customer_number for each in by_code] == ["300001", "300005"]
    assert by_code[0].personal_identity_code is None
    assert await registry.by_identity(OTHER) == []
    changes = await registry.changes("here")
    assert (list(changes.customers), changes.cursor, changes.more) == ([], "here", False)


async def test_what_the_tables_said_is_not_written_back(database: Database) -> None:
    """It may be older than what the tables have by now."""
    await bring(database, PERSON)
    [said] = await SqlRegistry(database, KEYS.identity_index).by_identity(CODE)
    assert isinstance(said, KeptCustomer)
    ended = {**PERSON, "relations": private(electricity=[contract("E-1", ends_on="2026-11-01")])["relations"]}
    await bring(database, ended)
    async with database.transaction() as session:
        brought = await bring_in(session, [said], keys=KEYS, today=TODAY, now=NOW)
    assert set(brought.customer_ids) == {"300001"}
    assert (await relation(database, "300001")).ended_at == NOW


async def test_asking_the_tables_ends_what_has_ended_by_its_date(database: Database) -> None:
    await bring(database, private(code=CODE, electricity=[contract("E-1", ends_on="2026-11-20")]))
    said = await SqlRegistry(database, KEYS.identity_index).by_identity(CODE)
    tomorrow = NOW + timedelta(days=1)
    async with database.transaction() as session:
        await bring_in(session, said, keys=KEYS, today=tomorrow.date(), now=tomorrow)
    assert (await relation(database, "300001")).ended_at == tomorrow
