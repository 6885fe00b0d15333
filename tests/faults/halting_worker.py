"""A worker process that halts at one point, so that a test can kill it there: `halting_worker.py POINT`.

Points: `grant`, just after a grant's commit; `mail`, just after the mail server's 250; `naive`, the same as
`grant` in a build that grants and ends the invitation in two transactions; `none` and `naive-none` halt
nowhere. It says `halted` on standard output. Everything else is the real worker's.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from temporalio import activity

from activities.clients.smtp import Content, DeliveryOutcome, Mailer
from activities.invitations import InvitationActivities
from domain.invitations import DecisionOutcome, GrantAuthorization
from domain.vocabulary import GrantedThrough, InvitationState
from runtime import logs
from runtime.clock import system_clock
from runtime.outbox import Outbox
from runtime.settings import Settings
from runtime.temporal import connect
from store import invitations
from store.authorizations import Authorization
from store.database import Database
from store.invitations import Invitation
from tests.own_registry import own_registry
from worker import bootstrap


async def halt() -> None:
    print("halted", flush=True)  # noqa: T201 - the test waits for it
    await asyncio.Event().wait()


class HaltingDatabase(Database):
    """Halts after the commit of a transaction that granted something."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        granted = False

        def notice(flushing: Session, *_: object) -> None:
            nonlocal granted
            granted = granted or any(isinstance(row, Authorization) for row in flushing.new)

        async with super().transaction() as session:
            event.listen(session.sync_session, "before_flush", notice)
            yield session
        if granted:
            await halt()


class HaltingMailer(Mailer):
    """Halts when the mail server has taken a message."""

    def __init__(self, real: Mailer) -> None:
        self._real = real

    async def send(self, *, recipient: str, sender: str, content: Content) -> DeliveryOutcome:
        outcome = await self._real.send(recipient=recipient, sender=sender, content=content)
        await halt()
        return outcome


class NaiveActivities(InvitationActivities):
    """Grants without asking whether it has been done, and ends the invitation afterwards."""

    @activity.defn(name="GrantAuthorization")
    async def grant(self, grant: GrantAuthorization) -> DecisionOutcome:
        async with self._database.transaction() as session:
            invitation = await session.get_one(Invitation, grant.invitation_id)
            session.add(
                Authorization(
                    user_id=grant.user_id,
                    relation_id=invitation.relation_id,
                    role=invitation.role,
                    levels=dict(invitation.levels),
                    valid_from=grant.now,
                    granted_through=GrantedThrough.INVITATION,
                    granted_by=invitation.inviter_id,
                )
            )
        async with self._database.transaction() as session:
            invitation = await session.get_one(Invitation, grant.invitation_id)
            invitations.end(session, invitation, InvitationState.ACCEPTED, by=grant.user_id, at=grant.now)
        return DecisionOutcome(state=invitation.state, decided_by=grant.user_id)


async def main(point: str) -> None:
    """Runs until it is killed."""
    settings = Settings(_env_file=None)
    logs.configure(settings.log_level)
    client = await connect()
    halting = point in {"grant", "naive"}
    database = (HaltingDatabase if halting else Database)(settings.database_url)
    mailer = bootstrap.smtp_mailer(settings.smtp, settings.mail_domain)
    if point.startswith("naive"):
        setattr(bootstrap, "InvitationActivities", NaiveActivities)  # noqa: B010 - the broken build
    parts = bootstrap.Parts(
        settings=settings,
        database=database,
        mailer=HaltingMailer(mailer) if point == "mail" else mailer,
        outbox=Outbox(client=client, database=database, task_queue=settings.task_queue, clock=system_clock),
        registry=own_registry(settings, database),
    )
    async with bootstrap.worker(client, parts):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
