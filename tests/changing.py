"""Removals and levels in tests, as pages and the API let people do them.

scene = await make_scene(services)                 # a company, its managers, and somebody who holds a role
change = await removals.remove(services, scene.manager, [scene.held.id])
await ended(harness, change)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any
from uuid import UUID

from sqlalchemy import select
from temporalio.client import WorkflowHandle

from domain import ids
from domain.authorization_changes import AuthorizationChangeResult
from domain.vocabulary import CustomerKind, Level, Message, ProcessKind, Role, Subpage
from starter.services.context import Services
from store import audit, policy
from store.audit import AuditEvent
from store.authorization_changes import AuthorizationChange
from store.authorizations import Authorization
from store.customers import CustomerRelation
from store.database import Database
from store.users import User
from tests import factories
from tests.frontend import make_services
from tests.harness import Harness
from tests.smtp_server import ScriptedSmtpServer


@dataclass(frozen=True)
class Scene:
    """A relation with two who manage its users, and a third person who holds `held` on it."""

    database: Database
    relation: CustomerRelation
    manager: User
    other: User
    user: User
    held: Authorization

    async def of(self, user: User) -> Sequence[Authorization]:
        """All that somebody holds or held on the relation, the oldest first."""
        async with self.database.reading() as session:
            query = select(Authorization).where(
                Authorization.user_id == user.id, Authorization.relation_id == self.relation.id
            )
            return (await session.scalars(query.order_by(Authorization.valid_from, Authorization.id))).all()

    async def one_of(self, user: User) -> UUID:
        """The id of the one that he holds."""
        [held] = [each for each in await self.of(user) if each.ended_at is None]
        return held.id

    async def managers(self, services: Services) -> list[UUID]:
        """Who manages the relation's users now."""
        async with self.database.reading() as session:
            return [
                user.id
                for user in (self.manager, self.other, self.user)
                if (await policy.levels(session, user.id, self.relation.id, services.clock()))[Subpage.USERS]
                is Level.WRITE
            ]

    async def changes(self) -> Sequence[AuthorizationChange]:
        """All changes on the relation."""
        async with self.database.reading() as session:
            query = select(AuthorizationChange).where(AuthorizationChange.relation_id == self.relation.id)
            return (await session.scalars(query)).all()

    async def audited(self) -> list[AuditEvent]:
        """All audit events on the relation, in order."""
        async with self.database.reading() as session:
            query = select(AuditEvent).where(AuditEvent.relation_id == self.relation.id)
            return list(await session.scalars(query.order_by(AuditEvent.number)))


async def make_scene(
    database: Database,
    *,
    kind: CustomerKind = CustomerKind.COMPANY,
    role: Role = Role.RELATION_USER,
    levels: Mapping[Subpage, Level] | None = None,
) -> Scene:
    """Each scene has people of its own. `levels`: others than the role's own."""
    relation = await factories.make_relation(database, kind=kind)
    manager = await factories.make_manager(database, relation, first_name="Åsa", last_name="Mallman")
    other = await factories.make_manager(database, relation, first_name="Björn", last_name="Backman")
    user = await factories.make_user(database, first_name="Maria", last_name="Provinen")
    held = await factories.make_authorization(database, user, relation, role=role, levels=levels)
    return Scene(database, relation, manager, other, user, held)


def services_of(harness: Harness) -> Services:
    """The use cases over a harness."""
    return make_services(harness.settings, harness.database, harness.client, harness.clock)


def process(harness: Harness, change: AuthorizationChange) -> WorkflowHandle[Any, AuthorizationChangeResult]:
    """The process that tells of a change."""
    return harness.client.get_workflow_handle(
        ids.workflow_id(ProcessKind.AUTHORIZATION_CHANGE, change.id), result_type=AuthorizationChangeResult
    )


async def events(database: Database, change: AuthorizationChange) -> list[str]:
    """The change's audit events, in order."""
    async with database.reading() as session:
        return [each.event.value for each in await audit.of_process(session, change.id)]


def received(smtp: ScriptedSmtpServer, process_id: UUID, address: str) -> list[Message]:
    """A process's e-mails that somebody has got, in order, known by their Message-IDs."""
    known = {
        str(ids.message_id(process_id, message, sequence)): message
        for message in Message
        for sequence in range(1, 10)
    }
    mails = [message_from_bytes(each.raw) for each in smtp.messages if each.to == address]
    found = [known.get(mail["Message-ID"].strip("<>").partition("@")[0]) for mail in mails]
    return [each for each in found if each is not None]
