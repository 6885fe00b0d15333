"""Contracts that end by their date alone, and owners whose 24 months are over."""

from datetime import date, timedelta

from domain.vocabulary import CustomerKind, GrantedThrough, Role
from registry.ends import Ended, end_due, end_lapsed
from registry.follow import Followed
from registry.sample import identity_code
from store import policy
from store.audit import Actor, Event
from store.database import Database
from tests import factories
from tests.registry.following import NOW, TODAY, bring, events, held_on, hold, owner, relation
from tests.registry.stand_in import company, contract, private

CODE = identity_code(7)
TOMORROW = TODAY + timedelta(days=1)
MORROW = NOW + timedelta(days=1)


async def due(database: Database, today: date = TOMORROW, limit: int | None = None) -> Ended:
    async with database.transaction() as session:
        return await end_due(session, today=today, now=MORROW, limit=limit)


async def test_a_relation_ends_the_day_after_its_last_contract(database: Database) -> None:
    ending = [contract("E-1", ends_on="2026-11-20"), contract("E-0", ends_on="2024-01-01")]
    await bring(database, private(code=CODE, electricity=ending), company(electricity=[contract("E-2")]))
    on = await relation(database, "300001")
    one, relative = await owner(database, on), await factories.make_user(database)
    await hold(database, relative, on, Role.RELATION_USER, GrantedThrough.INVITATION)

    assert await due(database, today=TODAY) == Ended()
    assert await due(database) == Ended(1, Followed(ended=1))
    assert await due(database) == Ended()

    assert (await relation(database, "300001")).ended_at == MORROW
    assert (await relation(database, "300002")).ended_at is None
    assert await held_on(database, on) == {one.id: {Role.OWNER}}
    assert [each.actor for each in await events(database, Event.CUSTOMERS_IMPORTED)] == [Actor.PROCESS] * 2


async def test_contracts_to_come_and_relations_without_contracts_stay(database: Database) -> None:
    to_come = [contract("E-1", ends_on="2026-11-20"), contract("E-3", starts_on="2027-01-01")]
    await bring(database, private(code=CODE, electricity=to_come))
    await factories.make_relation(database, kind=CustomerKind.PRIVATE)
    assert await due(database) == Ended()


async def test_a_part_at_a_time(sqlite_database: Database) -> None:
    ends = [
        company(f"40000{place}", electricity=[contract(f"E-{place}", ends_on="2026-11-20")])
        for place in range(5)
    ]
    await bring(sqlite_database, *ends)
    assert [(await due(sqlite_database, limit=2)).relations for _ in range(4)] == [2, 2, 1, 0]


async def test_after_24_months_the_owners_right_ends_too(database: Database) -> None:
    await bring(database, private(code=CODE, electricity=[contract("E-1")]))
    on = await relation(database, "300001")
    one = await owner(database, on)
    await bring(database, private(code=CODE, electricity=[contract("E-1", ends_on="2026-11-19")]))

    async def over(after: timedelta) -> int:
        async with database.transaction() as session:
            return await end_lapsed(session, now=NOW + after, limit=10)

    assert await over(policy.OWNER_READS_AFTER_END - timedelta(seconds=1)) == 0
    assert await held_on(database, on) == {one.id: {Role.OWNER}}
    assert await over(policy.OWNER_READS_AFTER_END) == 1
    assert await held_on(database, on) == {}
    [event] = await events(database, Event.AUTHORIZATION_ENDED)
    assert event.details == {"role": "owner"}


async def test_what_was_left_on_an_ended_relation_ends(database: Database) -> None:
    """It gives nothing, and must not come back should the relation open again."""
    on = await factories.make_relation(database, kind=CustomerKind.PRIVATE, ended_at=NOW)
    one, relative = await owner(database, on), await factories.make_user(database)
    await hold(database, relative, on, Role.RELATION_USER, GrantedThrough.INVITATION)
    async with database.transaction() as session:
        assert await end_lapsed(session, now=NOW, limit=10) == 1
    assert await held_on(database, on) == {one.id: {Role.OWNER}}
