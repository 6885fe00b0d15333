"""The processes around the registry, on the time-skipping server: they end, and go on after a fault."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from starlette.responses import Response
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities import registry as pulling
from activities.registry import RegistryActivities
from domain.registry import ContractEndsStart, ContractsEnded, RegistryPulled, RegistryPullStart
from registry.sample import identity_code
from runtime.schedules import all_schedules
from store.audit import Event
from store.database import Database
from tests.clock import SettableClock
from tests.factories import KEYS
from tests.faulty_database import Fault, FaultyDatabase
from tests.leaks import assert_nothing_personal, raw_history
from tests.registry.following import bring, events, relation
from tests.registry.stand_in import StandIn, contract, private
from workflows.contract_ends import ContractEndsProcess
from workflows.registry_pull import RegistryPullProcess

CODE = identity_code(7)
HELSINKI = ZoneInfo("Europe/Helsinki")
Pull = WorkflowHandle[RegistryPullProcess, RegistryPulled]


class Scene:
    """A worker that has these processes alone, the registry that stands in, a database that may fail."""

    def __init__(self, client: Client, database: Database, stand_in: StandIn) -> None:
        self.client, self.stand_in, self.queue = client, stand_in, f"test-{uuid4()}"
        self.database = FaultyDatabase(database)

    async def pull(self) -> Pull:
        """As the schedule starts it."""
        return await self.client.start_workflow(
            RegistryPullProcess.run, RegistryPullStart(), id=f"pull-{uuid4()}", task_queue=self.queue
        )


@pytest.fixture
async def scene(
    time_skipping: WorkflowEnvironment, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """Seven customers, one a page, two pages an attempt."""
    monkeypatch.setattr(pulling, "_PAGES", 2)
    async with StandIn().serving() as stand_in, stand_in.asked_by() as registry:
        stand_in.page_size = 1
        stand_in.says(
            *(private(f"30000{place}", code=CODE, electricity=[contract(f"E-{place}")]) for place in range(7))
        )
        scene = Scene(time_skipping.client, sqlite_database, stand_in)
        activities = RegistryActivities(database=scene.database, registry=registry, keys=KEYS, zone=HELSINKI)
        async with Worker(
            scene.client,
            task_queue=scene.queue,
            workflows=[RegistryPullProcess, ContractEndsProcess],
            activities=[activities.pull, activities.end_contracts],
        ):
            yield scene
        await scene.database.close()


async def test_a_pull_takes_all_there_is_and_the_next_what_is_new(scene: Scene) -> None:
    first = await scene.pull()
    assert await first.result() == RegistryPulled(pages=7, customers=7)
    scene.stand_in.says(private("300000", code=CODE, name="Åsa Berg", electricity=[contract("E-0")]))
    second = await scene.pull()
    assert await second.result() == RegistryPulled(pages=1, customers=1)
    for handle in (first, second):
        assert_nothing_personal(await raw_history(handle), [CODE, "Öhman", "Berg", "300000", "kontakt@"])


async def test_a_pull_that_fails_is_gone_on_with_by_the_next(scene: Scene) -> None:
    await (await scene.pull()).result()
    scene.stand_in.says(*(private(f"30001{place}", code=CODE) for place in range(3)))
    scene.stand_in.answers.append(lambda: Response('{"Öhman": ', media_type="application/json"))
    failing = await scene.pull()
    with pytest.raises(WorkflowFailureError) as failed:
        await failing.result()
    assert isinstance(failed.value.cause, ActivityError)
    assert isinstance(failed.value.cause.cause, ApplicationError)
    assert failed.value.cause.cause.type == "registry.unavailable"
    assert_nothing_personal(await raw_history(failing), ["Öhman"])
    assert await (await scene.pull()).result() == RegistryPulled(pages=3, customers=3)


async def test_contracts_end_however_often_the_database_fails(
    scene: Scene, time_skipping: WorkflowEnvironment, clock: SettableClock
) -> None:
    now = await clock.follow(time_skipping)
    yesterday = now.astimezone(HELSINKI).date() - timedelta(days=1)
    ended = private(code=CODE, electricity=[contract("E-1", ends_on=f"{yesterday}")])
    await bring(scene.database, ended, today=yesterday, now=now)
    assert (await relation(scene.database, "300001")).ended_at is None
    scene.database.faults.extend([Fault.UNREACHABLE, Fault.BEFORE_COMMIT, Fault.AFTER_COMMIT])

    ends = await scene.client.execute_workflow(
        ContractEndsProcess.run, ContractEndsStart(), id=f"ends-{uuid4()}", task_queue=scene.queue
    )

    # The attempt that ended it never told.
    assert ends == ContractsEnded(relations=0, authorizations=0)
    assert (await relation(scene.database, "300001")).ended_at is not None
    assert len(await events(scene.database, Event.CUSTOMERS_IMPORTED)) == 2


def test_the_registry_is_pulled_when_it_is_a_server() -> None:
    assert "registry-pull" not in all_schedules("queue", "Europe/Helsinki")
    schedule = all_schedules("queue", "Europe/Helsinki", timedelta(minutes=15))["registry-pull"]
    [interval] = schedule.spec.intervals
    assert interval.every == timedelta(minutes=15)
