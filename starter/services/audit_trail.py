"""The audit trail as people may read it: who did what, to whom, when (spec 2, 3.7)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.vocabulary import Level, Role, Subpage
from starter.services.context import Services
from store import audit_trail, policy
from store.audit import Actor, AuditEvent, Event
from store.authorizations import Authorization
from store.invitations import Invitation
from store.users import User


@dataclass(frozen=True)
class Entry:
    """One event with its people. `actor_name`: None when no user acted, or his data are gone; `whose`: the
    person it was done to, where there is one and his data are there; `by_reader`: whether the reader acted.
    """

    id: UUID
    at: datetime
    event: Event
    actor: Actor
    actor_name: str | None
    by_reader: bool
    whose: str | None
    role: Role | None
    process_id: UUID | None


async def of_relation(
    services: Services, reader: User, relation_id: UUID, *, before: UUID | None, limit: int
) -> Sequence[Entry]:
    """What happened on a relation, the newest first, for those who manage its users.

    Raises Refused: `not_found`, `authorization.missing`.
    """
    async with services.database.reading() as session:
        await policy.require_level(
            session, reader.id, relation_id, Subpage.USERS, Level.WRITE, services.clock()
        )
        found = await audit_trail.of_relation(session, relation_id, before=before, limit=limit)
        return await entries(session, reader, found)


async def of_user(services: Services, reader: User, *, before: UUID | None, limit: int) -> Sequence[Entry]:
    """What the reader did himself, and what was done to him and his authorizations, the newest first."""
    async with services.database.reading() as session:
        found = await audit_trail.concerning(session, reader.id, before=before, limit=limit)
        return await entries(session, reader, found)


async def entries(session: AsyncSession, reader: User, found: Sequence[AuditEvent]) -> Sequence[Entry]:
    """Events with their people."""
    names = await _Names.of(session, found)
    return [
        Entry(
            id=each.id,
            at=each.at,
            event=each.event,
            actor=each.actor,
            actor_name=names.user(each.actor_id),
            by_reader=each.actor_id == reader.id,
            whose=names.whose(each),
            role=Role(each.details["role"]) if each.details.get("role") in set(Role) else None,
            process_id=each.process_id,
        )
        for each in found
    ]


@dataclass(frozen=True)
class _Names:
    """The people of some events: users, whose authorizations are, and who was invited."""

    users: Mapping[UUID, str]
    holders: Mapping[UUID, UUID]
    invitees: Mapping[UUID, str]

    @classmethod
    async def of(cls, session: AsyncSession, found: Collection[AuditEvent]) -> "_Names":
        subjects = {each.subject_id for each in found if each.subject_id is not None}
        held = select(Authorization.id, Authorization.user_id).where(Authorization.id.in_(subjects))
        holders = {row.id: row.user_id for row in await session.execute(held)}
        invited = select(Invitation).where(Invitation.id.in_(subjects), Invitation.purged_at.is_(None))
        people = {each.actor_id for each in found} | subjects | set(holders.values())
        users = select(User).where(User.id.in_([each for each in people if each is not None]))
        return cls(
            users={each.id: each.full_name for each in await session.scalars(users)},
            holders=holders,
            invitees={each.id: each.invitee_name for each in await session.scalars(invited)},
        )

    def user(self, user_id: UUID | None) -> str | None:
        return None if user_id is None else self.users.get(user_id) or None

    def whose(self, event: AuditEvent) -> str | None:
        subject = event.subject_id
        # Who tried what he may not did not get to know whose it is, and does not here.
        if subject is None or event.event is Event.ACCESS_REFUSED:
            return None
        if subject in self.holders:
            return self.user(self.holders[subject])
        return self.invitees.get(subject) or self.user(subject)
