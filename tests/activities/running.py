"""What the tests of activities share: one attempt of an activity at a moment, and everything that is kept."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from temporalio.testing import ActivityEnvironment

from activities.invitation_letters import InvitationLetters
from activities.invitation_messages import InvitationMessages
from activities.notifications import Notifier, Sender
from emails.brand import brand
from store.database import Database
from store.tables import METADATA
from tests.factories import KEYS, LONG_AGO
from tests.harness import make_settings
from tests.smtp_server import ScriptedSmtpServer
from worker.bootstrap import smtp_mailer

Input = TypeVar("Input")
Output = TypeVar("Output")
NOW = LONG_AGO + timedelta(hours=1)


async def attempt(
    activity: Callable[[Input], Awaitable[Output]], order: Input, *, after: timedelta = timedelta(0)
) -> Output:
    """Runs an activity once, in an attempt that Temporal started so long after the process asked for it."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, scheduled_time=LONG_AGO, started_time=LONG_AGO + after)
    return await environment.run(activity, order)


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    async with database.reading() as session:
        return {
            table.name: sorted((tuple(row) for row in await session.execute(select(table))), key=repr)
            for table in METADATA.sorted_tables
        }


async def times_of(database: Database, event: str) -> list[datetime]:
    """When an audit event was recorded."""
    rows = (await everything(database))["audit_events"]
    columns = [column.name for column in METADATA.tables["audit_events"].columns]
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return [each["at"] for each in found if each["event"] == event]


def messages_of(database: Database, smtp: ScriptedSmtpServer) -> InvitationMessages:
    """The activities that send e-mails, with a real mail client."""
    settings = make_settings(database, smtp)
    notifier = Notifier(
        database=database,
        mailer=smtp_mailer(settings.smtp, settings.mail_domain),
        brand=brand(settings),
        sender=Sender(address=settings.smtp.sender, domain=settings.mail_domain),
    )
    return InvitationMessages(database, notifier, InvitationLetters(keys=KEYS, origin=settings.origin_url))
