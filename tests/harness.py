"""Running processes in tests: the real worker, database, mail client and outbox, against either Temporal."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import ids
from domain.invitations import (
    Act,
    BeginRegistration,
    Decision,
    DecisionOutcome,
    InvitationProgress,
    InvitationResult,
    InvitationWaits,
    RegistrationBegun,
)
from domain.vocabulary import CustomerKind, DeliveryState, Message, ProcessKind, Role
from registry.client import CustomerRegistry
from runtime.outbox import Outbox
from runtime.settings import Settings, Smtp
from store import audit, authorizations, invitations, messages
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.invitations import Invitation
from store.users import User
from tests import factories
from tests.clock import SettableClock
from tests.own_registry import own_registry
from tests.smtp_server import ScriptedSmtpServer, TakenMessage
from worker.bootstrap import Parts, smtp_mailer, worker
from workflows.invitation import InvitationProcess

_PIECE = timedelta(hours=6)
Handle = WorkflowHandle[InvitationProcess, InvitationResult]


def make_settings(database: Database, server: ScriptedSmtpServer, **changes: Any) -> Settings:
    """Settings that read neither environment nor `.env`; a task queue of their own."""
    values: dict[str, Any] = {
        "database_url": database.url.set(drivername=database.url.get_backend_name()).render_as_string(False),
        "smtp": Smtp(port=server.port, timeout=timedelta(seconds=10)),
        "task_queue": f"test-{uuid4()}",
    }
    return Settings(_env_file=None, **(values | changes))


@dataclass(frozen=True)
class Invited:
    """An invitation under way, and who is concerned. `invitee` is who has the address, registered or not."""

    id: UUID
    handle: Handle
    relation: CustomerRelation
    inviter: User
    invitee: User | None
    email: str


class Harness:
    """Everything around a process. Made by the fixture `harness`."""

    def __init__(
        self,
        environment: WorkflowEnvironment,
        client: Client,
        database: Database,
        smtp: ScriptedSmtpServer,
        clock: SettableClock,
        **settings: Any,
    ) -> None:
        self.environment, self.client, self.database = environment, client, database
        self.smtp, self.clock = smtp, clock
        self.settings = make_settings(database, smtp, **settings)
        self.outbox = Outbox(
            client=client, database=database, task_queue=self.settings.task_queue, clock=clock
        )
        # Another customer registry than our own tables, for tests that have one.
        self.registry: CustomerRegistry | None = None
        self._started: list[Handle] = []

    # Workers

    def parts(self, database: Database | None = None) -> Parts:
        """What the worker is built from; `database` replaces the harness's for activities alone."""
        mailer = smtp_mailer(self.settings.smtp, self.settings.mail_domain)
        return Parts(
            settings=self.settings,
            database=database or self.database,
            mailer=mailer,
            outbox=self.outbox,
            registry=self.registry or own_registry(self.settings, self.database),
        )

    def worker(self, database: Database | None = None) -> Worker:
        """A worker, to be run with `async with`."""
        return worker(self.client, self.parts(database))

    # Processes

    async def invite(
        self,
        *,
        registered: bool = True,
        kind: CustomerKind = CustomerKind.COMPANY,
        role: Role = Role.RELATION_USER,
        waits: InvitationWaits | None = None,
        **row: Any,
    ) -> Invited:
        """Makes an invitation and delivers its start, as the API does; nobody has to be at work yet."""
        relation = await factories.make_relation(self.database, kind=kind)
        inviter = await factories.make_manager(self.database, relation)
        invitee = await factories.make_user(self.database) if registered else None
        email: str = row.pop("email", invitee.email if invitee else f"ny.{uuid4().hex[:8]}@example.com")
        invitation = await factories.make_invitation(
            self.database,
            inviter=inviter,
            relation=relation,
            email=email,
            role=role,
            waits=waits or self.settings.waits,
            now=await self.now(),
            **row,
        )
        assert await self.outbox.deliver(invitation.id)
        handle = self.handle(invitation.id)
        return Invited(invitation.id, handle, relation, inviter, invitee, email)

    def handle(self, process_id: UUID) -> Handle:
        """The handle of a process, which is ended when the test is over."""
        handle = self.client.get_workflow_handle(
            ids.workflow_id(ProcessKind.INVITATION, process_id), result_type=InvitationResult
        )
        self._started.append(handle)
        return handle

    async def end_all(self) -> None:
        """Leaves nothing waiting that later tests' skipped time would wake."""
        for handle in self._started:
            with suppress(RPCError):  # it has ended by itself
                await handle.terminate()

    # Time

    async def now(self) -> datetime:
        """The time that processes see; the clock follows it."""
        return await self.clock.follow(self.environment)

    async def skip(self, by: timedelta) -> datetime:
        """Lets time pass, at once on the time-skipping server."""
        # In pieces: a call has 30 s to answer, and many things may happen in a week.
        for piece in range(0, math.ceil(by / _PIECE)):
            await self.environment.sleep(min(_PIECE, by - piece * _PIECE))
        return await self.now()

    async def skip_to(self, moment: datetime) -> None:
        """Lets time pass until a moment."""
        await self.skip(moment - await self.now())

    # What people do

    async def decide(
        self, invited: Invited, act: Act, by: User, *, key: str | None = None
    ) -> DecisionOutcome:
        """A person's decision; `key` is the request's Idempotency-Key."""
        outcome: DecisionOutcome = await invited.handle.execute_update(
            InvitationProcess.decide,
            Decision(act=act, actor_id=by.id),
            id=ids.update_id(act, by.id, key or uuid4().hex),
        )
        return outcome

    async def accept(self, invited: Invited, *, key: str | None = None) -> DecisionOutcome:
        """The invitee accepts."""
        assert invited.invitee is not None
        return await self.decide(invited, Act.ACCEPT, invited.invitee, key=key)

    async def refusal(self, invited: Invited, act: Act, by: User) -> str | None:
        """The code with which a decision is refused."""
        try:
            await self.decide(invited, act, by)
        except WorkflowUpdateFailedError as error:
            return getattr(error.cause, "type", None)
        raise AssertionError("The decision was not refused")

    async def begin_registration(self, invited: Invited) -> RegistrationBegun:
        """The invitee posts a registration."""
        begun: RegistrationBegun = await invited.handle.execute_update(
            InvitationProcess.begin_registration, BeginRegistration()
        )
        return begun

    # What there is to see

    async def progress(self, invited: Invited) -> InvitationProgress:
        """What the process says of itself."""
        progress: InvitationProgress = await invited.handle.query(InvitationProcess.progress)
        return progress

    async def row(self, invited: Invited) -> Invitation:
        """The invitation as the database has it."""
        async with self.database.reading() as session:
            row = await invitations.invitation(session, invited.id)
            assert row is not None
            return row

    async def grants(self, invited: Invited) -> Sequence[Authorization]:
        """The authorizations on the relation that rest on the inviter's."""
        async with self.database.reading() as session:
            held = await authorizations.of_relation(session, invited.relation.id, await self.now())
            return [each for each in held if each.granted_by == invited.inviter.id]

    async def events(self, invited: Invited) -> list[str]:
        """The process's audit events, in order, without the prefix `invitation.`."""
        async with self.database.reading() as session:
            found = await audit.of_process(session, invited.id)
            return [each.event.removeprefix("invitation.") for each in found]

    async def message_rows(self, invited: Invited) -> dict[Message, str]:
        """What became of each e-mail of the process."""
        async with self.database.reading() as session:
            found = await messages.of_process(session, invited.id)
            return {each.template: each.delivery.value for each in found}

    async def tried(self, invited: Invited, count: int = 2) -> None:
        """Waits until the invitation's e-mail has been tried so often; from two on by the server's queue."""
        await eventually(lambda: self.smtp.attempts.count(invited.email) >= count)

    async def sent(self, invited: Invited) -> TakenMessage:
        """The invitation's e-mail, once the process has recorded it."""
        [first, *_] = await self.smtp.taken(to=invited.email)

        async def recorded() -> bool:
            return (await self.progress(invited)).delivery is DeliveryState.SENT

        await eventually_true(recorded)
        return first

    def received(self, invited: Invited, address: str) -> list[Message]:
        """The process's e-mails that somebody has got, in order, known by their Message-IDs."""
        known = {str(ids.message_id(invited.id, message, 1)): message for message in Message}
        mails = [
            BytesHeaderParser().parsebytes(each.raw) for each in self.smtp.messages if each.to == address
        ]
        return [known[mail["Message-ID"].strip("<>").partition("@")[0]] for mail in mails]


async def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Waits for what can only be seen by looking again. Raises TimeoutError."""

    async def looked() -> bool:
        return condition()

    await eventually_true(looked, seconds)


async def eventually_true(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    """The same, when looking takes a while."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - other processes set no event of ours
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(harness: Harness, *, workers: int = 1) -> AsyncIterator[Harness]:
    """The harness with workers at work; all that it started is ended afterwards."""
    async with AsyncExitStack() as stack:
        for _ in range(workers):
            await stack.enter_async_context(harness.worker())
        try:
            yield harness
        finally:
            await harness.end_all()
