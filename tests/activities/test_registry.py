"""Pulling the registry's changes, and the nightly end of contracts: repeated, interrupted, at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from starlette.responses import JSONResponse, Response
from temporalio.exceptions import ApplicationError

from activities import registry as pulling
from activities.registry import RegistryActivities
from domain.registry import ContractsEnded, EndContracts, PullRegistry, RegistryPulled
from domain.vocabulary import Role
from registry.client import CustomerRegistry
from registry.sample import identity_code
from registry.tables import SqlRegistry
from store.audit import Event
from store.customers import Customer
from store.database import Database
from store.registry_pulls import RegistryPull
from tests.activities.running import attempt, everything
from tests.factories import KEYS, LONG_AGO
from tests.faulty_database import Fault, FaultyDatabase
from tests.registry.following import bring, events, held_on, owner, relation
from tests.registry.stand_in import StandIn, company, contract, private

HELSINKI = ZoneInfo("Europe/Helsinki")
CODE = identity_code(7)
PULL = PullRegistry(now=LONG_AGO)


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    """Five companies, two a page."""
    async with StandIn().serving() as serving:
        serving.page_size = 2
        serving.says(*(company(f"30000{place}", electricity=[contract(f"E-{place}")]) for place in range(5)))
        yield serving


def activities(database: Database, registry: CustomerRegistry) -> RegistryActivities:
    return RegistryActivities(database=database, registry=registry, keys=KEYS, zone=HELSINKI)


async def numbers(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(
            await session.scalars(select(Customer.customer_number).order_by(Customer.customer_number))
        )


async def cursor(database: Database) -> str | None:
    async with database.reading() as session:
        row = await session.get(RegistryPull, "customers")
        return None if row is None else row.cursor


async def test_all_pages_and_twice_is_once(database: Database, stand_in: StandIn) -> None:
    async with stand_in.asked_by() as registry:
        pull = activities(database, registry).pull
        assert await attempt(pull, PULL) == RegistryPulled(pages=3, customers=5)
        before = await everything(database)
        assert await attempt(pull, PULL) == RegistryPulled(pages=1)
    assert await numbers(database) == [f"30000{place}" for place in range(5)]
    assert await cursor(database) == "after-5"
    assert await everything(database) == before
    assert "/registry/customer-changes?cursor=after-5" in stand_in.asked[-1].address


async def test_what_a_fault_leaves_the_next_pull_takes(database: Database, stand_in: StandIn) -> None:
    """The registry's, and the database's on either side of a commit: no page twice, none left out."""
    faulty = FaultyDatabase(database)
    async with stand_in.asked_by() as registry:
        pull = activities(faulty, registry).pull
        faulty.faults.extend([Fault.NONE, Fault.AFTER_COMMIT])
        with pytest.raises(Exception, match="scripted"):
            await attempt(pull, PULL)
        assert (await cursor(database), len(await numbers(database))) == ("after-4", 4)

        stand_in.answers.append(lambda: Response(status_code=500))
        with pytest.raises(ApplicationError) as failed:
            await attempt(pull, PULL)
        assert (failed.value.type, failed.value.non_retryable) == ("registry.unavailable", False)

        faulty.faults.extend([Fault.BEFORE_COMMIT])
        with pytest.raises(Exception, match="scripted"):
            await attempt(pull, PULL)
        assert (await cursor(database), len(await numbers(database))) == ("after-4", 4)

        assert await attempt(pull, PULL) == RegistryPulled(pages=1, customers=1)
    assert len(await numbers(database)) == 5
    assert len(await events(database, Event.CUSTOMERS_IMPORTED)) == 3
    await faulty.close()


async def test_pulls_at_the_same_moment(database: Database, stand_in: StandIn) -> None:
    async with stand_in.asked_by() as registry:
        pull = activities(database, registry).pull
        await asyncio.gather(*(attempt(pull, PULL) for _ in range(4)), return_exceptions=True)
        await attempt(pull, PULL)
    assert len(await numbers(database)) == 5
    assert await cursor(database) == "after-5"
    assert len(await events(database, Event.CUSTOMERS_IMPORTED)) == 3


async def test_a_bad_record_and_a_contradiction_hold_up_nobody(
    sqlite_database: Database, stand_in: StandIn
) -> None:
    told = [
        company("300000", business_id="0737546-3", electricity=[contract("E-0")]),
        company("300001", electricity=[contract("E-1")]),
        company("300002", electricity=[contract("E-1")]),
    ]
    page = {"customers": told, "cursor": "here", "more": False}
    stand_in.answers.append(lambda: JSONResponse(page))
    async with stand_in.asked_by() as registry:
        pulled = await attempt(activities(sqlite_database, registry).pull, PULL)
    assert pulled == RegistryPulled(pages=1, customers=1, left_out=2)
    assert await cursor(sqlite_database) == "here"


async def test_an_attempt_takes_a_number_of_pages(
    sqlite_database: Database, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "_PAGES", 2)
    async with stand_in.asked_by() as registry:
        pull = activities(sqlite_database, registry).pull
        assert await attempt(pull, PULL) == RegistryPulled(pages=2, customers=4, more=True)
        assert await attempt(pull, PULL) == RegistryPulled(pages=1, customers=1)


async def test_our_own_tables_have_nothing_to_pull(sqlite_database: Database) -> None:
    registry = SqlRegistry(sqlite_database, KEYS.identity_index)
    assert await attempt(activities(sqlite_database, registry).pull, PULL) == RegistryPulled(pages=1)


async def test_contracts_end_with_the_retailers_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "_BATCH", 2)
    last_day = LONG_AGO.astimezone(HELSINKI).date()
    ending = [
        private(f"40000{place}", code=CODE, electricity=[contract(f"E-{place}", ends_on=f"{last_day}")])
        for place in range(5)
    ]
    await bring(database, *ending, today=last_day, now=LONG_AGO)
    on = await relation(database, "400000")
    one = await owner(database, on)
    midnight = (LONG_AGO.astimezone(HELSINKI) + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    end = activities(database, SqlRegistry(database, KEYS.identity_index)).end_contracts

    not_yet = await attempt(end, EndContracts(now=midnight - timedelta(seconds=1)))
    done = await attempt(end, EndContracts(now=midnight))
    again = await attempt(end, EndContracts(now=midnight))

    assert [each.relations for each in (not_yet, done, again)] == [0, 5, 0]
    assert await held_on(database, on) == {one.id: {Role.OWNER}}
    much_later = EndContracts(now=midnight + timedelta(days=731))
    assert await attempt(end, much_later) == ContractsEnded(relations=0, authorizations=1)
