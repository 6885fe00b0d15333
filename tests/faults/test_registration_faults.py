"""Registrations while Temporal is away; a worker killed between commit and completion (F1, F4, F6)."""

import asyncio
import signal
from asyncio.subprocess import Process
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from domain.codes import Code, Refused
from domain.vocabulary import CustomerKind, Message, RegistrationState
from starter.services.refusals import OutcomeUnknown
from store.outbox import OutboxRow
from store.registrations import Registration
from store.users import User
from tests.bank import Bank
from tests.dev_server import RunningDevServer
from tests.faults.processes import python, says
from tests.faults.test_killed_worker import HALTING
from tests.fixtures.registrations import registering_with
from tests.harness import Harness, eventually_true
from tests.registering import Applicant, Registering
from tests.registry.stand_in import contract, private


async def submit_and_leave(registering: Registering, applicant: Applicant) -> None:
    """Sends the details, and closes the window once they are kept: nobody checks them now."""
    registering.leave(registering.submit(applicant))

    async def kept() -> bool:
        return (await registering.row(applicant)).state is RegistrationState.CHECKING

    await eventually_true(kept)


async def test_temporal_is_away_at_every_step(registering: Registering) -> None:
    here, away = registering.services, await registering.without_temporal()
    registering.says_company("700101", electricity=[contract("E-1")])

    async def back() -> None:
        """As the schedule does, within a minute."""
        await registering.harness.now()
        assert (await here.outbox.drain(timedelta(seconds=-1))).left == 0

    registering.services = away
    applicant = await registering.begin(customer_number="700101")
    given_up = await registering.begin()
    assert (await registering.identify(applicant)).refusal is None
    await submit_and_leave(registering, applicant)
    await registering.give_up(given_up)
    assert registering.stand_in.asked == []
    # A start and a signal each for what was done: nothing of it is lost.
    assert len(await registering.all_of(OutboxRow)) == 5
    await back()
    await registering.confirm_email(applicant)
    assert (await registering.process(given_up).result()).state is RegistrationState.ABANDONED

    # The decision needs Temporal: it is refused as unknown, and nothing has happened.
    with pytest.raises(OutcomeUnknown):
        await registering.confirm(applicant)
    assert (await registering.row(applicant)).state is RegistrationState.REVIEW
    assert await registering.all_of(User) == []
    registering.services = here
    assert (await registering.confirm(applicant)).state is RegistrationState.COMPLETED
    registering.services = away
    # What is done is answered without Temporal.
    assert (await registering.confirm(applicant)).state is RegistrationState.COMPLETED
    with pytest.raises(Refused, match=Code.REGISTRATION_COMPLETED):
        await registering.submit(applicant)
    assert len(await registering.all_of(User)) == 1


async def test_the_contract_link_that_a_crash_left_unstarted(registering: Registering) -> None:
    """The API asks to confirm and is gone; the link was owed in the same transaction."""
    applicant = await registering.begin(CustomerKind.PRIVATE)
    registering.stand_in.says(private(code=applicant.person.code, electricity=[contract("E-1")]))
    await registering.review(applicant)
    await registering.process(applicant).execute_update("confirm", {"revision": 1})
    row = await registering.row(applicant)
    assert row.state is RegistrationState.COMPLETED
    assert row.contract_link_id is not None
    await registering.harness.now()
    assert (await registering.services.outbox.drain(timedelta(seconds=-1))).left == 0
    assert (await registering.link_process(row.contract_link_id).result()).state == "linked"
    assert len(await registering.grants(row.contract_link_id)) == 1


async def test_a_worker_killed_between_commit_and_completion(
    dev_harness: Harness, bank: Bank, dev_server: RunningDevServer, tmp_path: Path
) -> None:
    harness, log = dev_harness, tmp_path / "worker.log"
    async with registering_with(harness, bank) as registering:
        registering.says_company("700101", electricity=[contract("E-1")])
        async with harness.worker():
            applicant = await registering.review(await registering.begin(customer_number="700101"))

        async def confirmed() -> Registration:
            while True:
                try:
                    return await registering.confirm(applicant)
                except OutcomeUnknown:
                    continue

        def worker(point: str) -> AbstractAsyncContextManager[Process]:
            return python(HALTING, point, settings=harness.settings, temporal=dev_server.address, log=log)

        async with worker("grant") as killed:
            confirming = asyncio.create_task(confirmed())
            await says(killed, "halted")
            killed.send_signal(signal.SIGKILL)
            await killed.wait()
        async with worker("none"):
            assert (await confirming).state is RegistrationState.COMPLETED
            # The process learns of the end that its worker did not live to tell, and tells everybody once.
            await harness.smtp.taken(to=applicant.typed.email, count=2, seconds=60)
            await harness.smtp.taken(to="kontakt@example.com", seconds=60)

            await registering.knows(applicant, RegistrationState.COMPLETED)
        await registering.process(applicant).terminate()

        assert len(await registering.all_of(User)) == len(await registering.grants(applicant.id)) == 1
        events = await registering.events(applicant.id)
        assert (events.count("authorization.granted"), events.count("registration.completed")) == (1, 1)
        assert registering.received(applicant.id, applicant.typed.email) == [
            Message.EMAIL_CONFIRMATION,
            Message.REGISTRATION_COMPLETED,
        ]
